//! The grammar: what may be typed, on the command line and in the shell.

use crate::command::Verb;
use clap::{Args, CommandFactory, Parser};
use std::ffi::OsString;
use std::path::PathBuf;

/// Where the daemon listens unless told otherwise.
pub(crate) const DEFAULT_SOCKET: &str = "/run/vaxel/control.sock";

/// Looks after a Vaxel telephone exchange.
///
/// Without a command: an interactive shell.
#[derive(Debug, Parser)]
#[command(name = "vaxel", version)]
pub(crate) struct CommandLine {
    /// The daemon's control socket [default: $VAXEL_SOCKET, else /run/vaxel/control.sock].
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    #[command(flatten)]
    pub form: Form,
    /// One line to run as the shell would; how sshd starts a login shell for a command.
    #[arg(short = 'c', hide = true, value_name = "LINE")]
    pub line: Option<String>,
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// A line typed in the shell.
#[derive(Debug, Parser)]
#[command(
    name = "vaxel",
    no_binary_name = true,
    about = "What the box can be asked",
    override_usage = "COMMAND [--json]",
    after_help = "Also here:\n  exit           Leave the shell; control-D does the same"
)]
pub(crate) struct ShellLine {
    #[command(flatten)]
    pub form: Form,
    #[command(subcommand)]
    pub verb: Verb,
}

/// How the answer is shown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Form {
    /// Print one JSON value; times in UTC.
    #[arg(long, global = true)]
    pub json: bool,
}

impl ShellLine {
    /// Parses the words of one line. A leading `vaxel` is taken as said for politeness.
    pub fn from_words(words: Vec<String>) -> Result<Self, clap::Error> {
        let polite = usize::from(words.first().is_some_and(|word| word == "vaxel"));
        Self::try_parse_from(words.into_iter().skip(polite).map(OsString::from))
    }

    /// The grammar as data, for completion.
    pub fn grammar() -> clap::Command {
        let mut grammar = Self::command();
        grammar.build();
        grammar
    }
}
