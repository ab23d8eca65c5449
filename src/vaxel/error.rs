//! What can go wrong between a person and the box. Each text says what to do.

use crate::client::MAX_REPLY;
use model::Refusal;
use std::io;
use std::path::PathBuf;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The box said no.
    #[error("{}", .0.messages.join("\n"))]
    Refused(Refusal),
    /// Nobody listens on the control socket.
    #[error(
        "vaxeld is not running: nobody answers at {}. Start it with `systemctl start vaxel`, \
         or say where its control socket is with --socket PATH.",
        .0.display()
    )]
    NotRunning(PathBuf),
    /// The socket is there, but not for this user.
    #[error("you may not use {}. Run this as root or as a member of the group vaxel.", .0.display())]
    NotAllowed(PathBuf),
    /// The conversation with the daemon broke.
    #[error("the conversation with vaxeld at {} broke off: {source}. See its log, then try again.", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// How.
        source: io::Error,
    },
    /// The daemon took too long.
    #[error("vaxeld did not answer in time. See its log with `journalctl -u vaxel`.")]
    TooSlow,
    /// The daemon hung up before a whole line had come.
    #[error("vaxeld closed the connection without an answer. See its log with `journalctl -u vaxel`.")]
    NoAnswer,
    /// The answer passes the limit.
    #[error("the answer is larger than {} MiB. Ask for less with --limit.", MAX_REPLY >> 20)]
    TooLong,
    /// The answer is not one we know.
    #[error(
        "vaxeld answered something this vaxel does not know ({0}). Are both of the same version? Restart vaxeld after an upgrade."
    )]
    Unknown(String),
    /// A file given on the command line cannot be written.
    #[error("cannot write {name}: {source}")]
    Unwritten {
        /// Its name.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// A file given on the command line cannot be read.
    #[error("cannot read {name}: {source}. Nothing was changed.")]
    File {
        /// Its name as given.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// A site document passes the limit.
    #[error("{name} is larger than {} MiB; that is no site document. Nothing was changed.", limit >> 20)]
    FileTooLarge {
        /// Its name as given.
        name: String,
        /// The limit, bytes.
        limit: u64,
    },
    /// A site document is not text.
    #[error("{name} is not text in UTF-8 (byte {at}). Nothing was changed.")]
    NotText {
        /// Its name as given.
        name: String,
        /// Offset of the first wrong byte.
        at: usize,
    },
    /// What we print has nowhere to go.
    #[error("cannot write the answer: {0}")]
    Output(#[from] io::Error),
}
