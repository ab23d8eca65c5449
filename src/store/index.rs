//! The index of call records in sled, which runs [`Alone`].
//!
//! What else sled 0.34.7 does, read in its source, and what is done about it here:
//!
//! - Its `flush` is `sync_file_range`, which empties no disk cache and writes no metadata. So nothing depends on it:
//!   the journal is durable first, and the index can be rebuilt from the archives at any time. After each change
//!   [`barrier`] syncs every file and folder of it, and until then a mark beside it says that it is not to be
//!   trusted; an index found with its mark is compared with the archives record by record. So records are put in one
//!   by one, and nothing is missed by doing without batches.
//! - Its `conf`, and names in its folder (`snap.*`, `blobs/*`), are never synced by it. [`barrier`] does. Values over
//!   a quarter of a segment (128 KiB) go to `blobs/`; records are far smaller, so there are none in practice.
//! - It panics on some damage (slices, `unwrap` on offsets), and where an I/O error meets it closing. The panic is
//!   caught on its thread, and the folder set aside ([`Trouble::Damaged`]); never reused, because a late write of the
//!   old one must not reach the new one.
//! - Its snapshot file is written only when it opens, and opening reads the log written since: 60 to 110 ms for
//!   100,000 records. So it opens after the store has opened, and the daemon does not wait.
//! - Half-empty segments are only cleaned by its timer thread, which would write at any time; it is off. An index that
//!   has grown far beyond its records is rebuilt instead.

use crate::StoreError;
use crate::alone::{self, Alone};
use crate::archive::Entry;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Records written before they are flushed: little enough to be done within the patience.
const PART: usize = 256;
/// Records read at once, for the same reason.
const PAGE: usize = 1_000;
/// The archives that the index contains.
const CONTAINED: &[u8] = b"contained";

/// What is wrong with the index.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The disk; the index itself may be good.
    #[error("{0}")]
    Disk(String),
    /// What it holds cannot be trusted.
    #[error("{0}")]
    Damaged(String),
    /// It did not answer, and is not asked again in this process.
    #[error("it does not answer")]
    Stuck,
}

impl From<sled::Error> for Trouble {
    fn from(error: sled::Error) -> Self {
        match &error {
            // A file shorter than what points into it is damage.
            sled::Error::Io(io) if io.kind() != io::ErrorKind::UnexpectedEof => Self::Disk(error.to_string()),
            _ => Self::Damaged(error.to_string()),
        }
    }
}

/// An open index. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Index(Alone);

impl Index {
    /// Opens or makes the index in a folder.
    pub(crate) fn open(path: &Path) -> Result<Self, Trouble> {
        Alone::open(path, &alone::PROCESS).map(Self)
    }

    /// The record of a call: its version and payload.
    pub(crate) fn get(&self, call: u64) -> Result<Option<Vec<u8>>, Trouble> {
        self.0.ask(move |db| Ok(db.get(key(call))?.map(|value| value.to_vec())))
    }

    /// Records of calls below `before`, newest first, each as version and payload.
    pub(crate) fn newest(&self, before: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, Trouble> {
        let mut found = Vec::new();
        let mut before = before;
        while found.len() < limit {
            let count = (limit - found.len()).min(PAGE);
            let page = self.0.ask(move |db| {
                let below = db.range(key(0)..key(before)).rev().take(count);
                below
                    .map(|item| item.map(|(key, value)| (call(&key), value.to_vec())))
                    .collect::<sled::Result<Vec<_>>>()
            })?;
            let Some((oldest, _)) = page.last() else { break };
            before = *oldest;
            found.extend(page);
        }
        Ok(found)
    }

    /// The oldest records, ascending, from a call on.
    pub(crate) fn oldest(&self, from: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, Trouble> {
        self.0.ask(move |db| {
            let above = db
                .range(key(from)..)
                .take_while(|item| item.as_ref().map_or(true, |(key, _)| key[0] == b'r'));
            above.take(limit).map(|item| item.map(|(key, value)| (call(&key), value.to_vec()))).collect()
        })
    }

    /// The archives whose records it contains.
    pub(crate) fn contained(&self) -> Result<BTreeSet<u64>, Trouble> {
        self.0.ask(|db| {
            let bytes = db.get(CONTAINED)?.unwrap_or_default();
            Ok(bytes
                .chunks_exact(8)
                .filter_map(|chunk| chunk.first_chunk().copied())
                .map(u64::from_be_bytes)
                .collect())
        })
    }

    /// Notes which archives it contains. Only after a barrier, so that the note is never ahead of the records.
    pub(crate) fn note_contained(&self, archives: &BTreeSet<u64>) -> Result<(), Trouble> {
        let bytes: Vec<u8> = archives.iter().flat_map(|archive| archive.to_be_bytes()).collect();
        self.0.ask(move |db| db.insert(CONTAINED, bytes).map(drop))?;
        self.flush()
    }

    /// Puts records in; returns how many were missing or different.
    pub(crate) fn put(&self, entries: Vec<Entry>) -> Result<u64, Trouble> {
        let mut changed = 0;
        let mut entries = entries.into_iter().peekable();
        while entries.peek().is_some() {
            let part: Vec<Entry> = entries.by_ref().take(PART).collect();
            changed += self.0.ask(move |db| {
                let mut changed = 0;
                for Entry { call, version, payload } in part {
                    let mut value = Vec::with_capacity(1 + payload.len());
                    value.push(version);
                    value.extend_from_slice(&payload);
                    if db.get(key(call))?.is_none_or(|old| *old != *value) {
                        db.insert(key(call), value)?;
                        changed += 1;
                    }
                }
                db.flush().map(|_| changed)
            })?;
        }
        Ok(changed)
    }

    /// Takes records out.
    pub(crate) fn remove(&self, calls: Vec<u64>) -> Result<(), Trouble> {
        self.0.ask(move |db| {
            for call in calls {
                db.remove(key(call))?;
            }
            db.flush().map(drop)
        })
    }

    /// Has sled hand everything to the system; [`barrier`] has the system hand it to the disk.
    pub(crate) fn flush(&self) -> Result<(), Trouble> {
        self.0.ask(|db| db.flush().map(drop))
    }

    /// Bytes on disk.
    pub(crate) fn size(&self) -> Result<u64, Trouble> {
        self.0.ask(|db| db.size_on_disk())
    }
}

fn key(call: u64) -> [u8; 9] {
    let mut key = [b'r'; 9];
    key[1..].copy_from_slice(&call.to_be_bytes());
    key
}

fn call(key: &[u8]) -> u64 {
    key.last_chunk().copied().map_or(0, u64::from_be_bytes)
}

/// Makes everything in the index's folder durable: contents and names.
pub(crate) fn barrier(folder: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::disk(folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            barrier(&path)?;
        } else if let Err(error) = File::open(&path).and_then(|file| file.sync_all())
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(StoreError::disk(&path, error));
        }
    }
    crate::disk::sync_dir(folder)
}
