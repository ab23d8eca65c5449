//! What can go wrong, by who was wrong: the disk, what lies on it, or us.

use std::io;
use std::path::{Path, PathBuf};

/// Why the store could not do it. Whatever it says, nothing of the refused batch was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk has no room. The same batch can be applied again once there is room.
    #[error("the disk is full at {path}; make room and it goes on by itself")]
    Full {
        /// What could not grow.
        path: PathBuf,
    },
    /// The disk refused in another way.
    #[error("the disk failed at {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that must be readable is not, and nothing better is left to read.
    #[error("{path} is damaged: {what}")]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A newer Vaxel wrote it. It is left as it is.
    #[error(
        "{path} was written by a newer version (format {version}); install that version, or restore a backup"
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        version: u8,
    },
    /// Another process has the store open.
    #[error("{path} is in use by another process; stop the other vaxeld first")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// One batch is larger than a batch may be.
    #[error("a batch of {bytes} bytes is larger than {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The index of call records is down; commits go on, old records cannot be read until it is back.
    #[error("the index of call records is down: {0}")]
    Index(String),
    /// A value could not be written down: a defect of ours.
    #[error("a value cannot be written down: {0}")]
    Encode(#[from] serde_json::Error),
}

impl StoreError {
    /// An error of the disk, with a full disk told apart.
    pub(crate) fn disk(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path: path.to_owned() },
            _ => Self::Io { path: path.to_owned(), source },
        }
    }
}
