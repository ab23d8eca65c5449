//! The journal: one frame a batch, one `fdatasync` a batch. It is the barrier; everything else is derived from it.
//!
//! The file grows by zeros ahead of the frames, so that a commit changes no length and its `fdatasync` writes data
//! only. A reader takes zeros for the end.

use crate::frame::{self, Item, Reader};
use crate::row::{self, ChangeRow, Unreadable};
use crate::{StoreError, disk};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Kind of file.
pub(crate) const KIND: &str = "journal";
/// How far zeros are laid out ahead.
const AHEAD: u64 = 256 << 10;

/// First frame of a journal: the batch it continues from is its sequence number.
#[derive(Serialize, Deserialize)]
struct Head {
    journal: u64,
}

/// The journal being written.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    pub(crate) generation: u64,
    /// Where the next frame goes.
    end: u64,
    /// How far zeros are laid out.
    laid_out: u64,
    /// Set when a barrier failed: what the file holds is then unknown, and only a new one can be trusted.
    pub(crate) doubtful: bool,
}

impl Journal {
    /// Makes an empty journal that continues after batch `base`; durable on return.
    pub(crate) fn create(dir: &Path, generation: u64, base: u64) -> Result<Self, StoreError> {
        let path = disk::numbered(dir, KIND, generation);
        let mut head = Vec::new();
        frame::push(&mut head, base, row::VERSION, &row::encode(&Head { journal: generation })?);
        disk::write_whole(&path, &head)?;
        Self::resume(path, generation, head.len())
    }

    /// Goes on writing a journal after its last good frame. What lies behind that was never acknowledged.
    pub(crate) fn resume(path: PathBuf, generation: u64, end: usize) -> Result<Self, StoreError> {
        let end = end as u64;
        let open = || {
            let file = File::options().read(true).write(true).open(&path)?;
            if file.metadata()?.len() != end {
                file.set_len(end)?;
                file.sync_all()?;
            }
            Ok(file)
        };
        let file = open().map_err(|error| StoreError::disk(&path, error))?;
        Ok(Self { file, path, generation, end, laid_out: end, doubtful: false })
    }

    /// Bytes of frames in it.
    pub(crate) fn bytes(&self) -> u64 {
        self.end
    }

    /// Adds one batch; durable on return. On an error nothing of it is in the journal.
    pub(crate) fn append(&mut self, seq: u64, changes: &[ChangeRow]) -> Result<(), StoreError> {
        let payload = row::encode(&changes)?;
        if payload.len() > frame::MAX_PAYLOAD {
            return Err(StoreError::TooLarge { bytes: payload.len(), limit: frame::MAX_PAYLOAD });
        }
        let mut bytes = Vec::with_capacity(frame::HEAD + payload.len());
        frame::push(&mut bytes, seq, row::VERSION, &payload);
        let written =
            self.lay_out(bytes.len() as u64).and_then(|()| self.file.write_all_at(&bytes, self.end));
        if let Err(error) = written {
            self.take_back();
            return Err(StoreError::disk(&self.path, error));
        }
        if let Err(error) = self.file.sync_data() {
            // After a failed barrier the system may have forgotten which pages were dirty: no second try can be
            // trusted, so the file is given up.
            self.doubtful = true;
            return Err(StoreError::disk(&self.path, error));
        }
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn lay_out(&mut self, needed: u64) -> std::io::Result<()> {
        if self.end + needed <= self.laid_out {
            return Ok(());
        }
        let target = (self.end + needed).next_multiple_of(AHEAD);
        let zeros = vec![0; usize::try_from(target - self.laid_out).unwrap_or(0)];
        self.file.write_all_at(&zeros, self.laid_out)?;
        self.laid_out = target;
        Ok(())
    }

    /// Cuts off a frame that did not fit.
    fn take_back(&mut self) {
        match self.file.set_len(self.end) {
            Ok(()) => self.laid_out = self.end,
            Err(_) => self.doubtful = true,
        }
    }
}

/// A journal as read.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// The batch it continues from; none when the head is not readable.
    pub(crate) base: Option<u64>,
    /// Its batches, in order.
    pub(crate) batches: Vec<(u64, Vec<ChangeRow>)>,
    /// Where the last good frame ends.
    pub(crate) end: usize,
    /// What was found damaged before that, in words.
    pub(crate) damage: Vec<String>,
}

/// Reads a journal, jumping over damage. A torn tail is no damage: it was never acknowledged.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<Contents, StoreError> {
    let mut contents = Contents::default();
    let mut first = true;
    for item in Reader::new(bytes) {
        match item {
            Item::Frame(found) if first && row::decode::<Head>(found.version, found.payload).is_ok() => {
                contents.base = Some(found.seq);
            }
            Item::Frame(found) => match row::decode(found.version, found.payload) {
                Ok(changes) => contents.batches.push((found.seq, changes)),
                Err(Unreadable::Newer(version)) => {
                    return Err(StoreError::Newer { path: path.to_owned(), version });
                }
                Err(Unreadable::Malformed(what)) => {
                    contents.damage.push(format!("batch {} is malformed: {what}", found.seq));
                }
            },
            Item::Damage { bytes } => contents.damage.push(format!("{bytes} bytes are no batch")),
            Item::End { at, clean: _ } => contents.end = at,
        }
        first = false;
    }
    Ok(contents)
}
