//! The index of call records: sled, alone on a thread of its own.
//!
//! What sled 0.34.7 does, read in its source, and what is done about it here:
//!
//! - Its `flush` is `sync_file_range`, which empties no disk cache and writes no metadata. So nothing depends on it:
//!   the journal is durable first, and the index can be rebuilt from the archives at any time. After each change
//!   [`barrier`] syncs every file and folder of it, and until then a mark beside it says that it is not to be
//!   trusted; an index found with its mark is compared with the archives record by record.
//! - Its `conf`, and names in its folder (`snap.*`, `blobs/*`), are never synced by it. [`barrier`] does. Values over
//!   a quarter of a segment (128 KiB) go to `blobs/`; records are far smaller, so there are none in practice.
//! - It panics on some damage (slices, `unwrap` on offsets). Everything runs on this thread, which catches a panic and
//!   ends; the caller gets [`Trouble::Damaged`] and the folder is set aside.
//! - Writes run on a pool of threads that is one for the process. An error there poisons that database until it
//!   is reopened; a panic there breaks the pool for good, and whoever waits for a flush waits for ever. So every wait
//!   has an end, and an index that does not answer is left behind with its thread and its folder (never reused: a
//!   late write of the old one must not reach the new one). With the pool broken a new index fails as well: then
//!   old records cannot be read until the process starts again, and commits go on.
//! - Its snapshot file is written only when it opens, and opening reads the log written since: 60 to 110 ms for
//!   100,000 records. So it opens after the store has opened, and the daemon does not wait.
//! - Half-empty segments are only cleaned by its timer thread, which would write at any time; it is off. An index that
//!   has grown far beyond its records is rebuilt instead.

use crate::StoreError;
use crate::archive::Entry;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// No answer takes longer; if one does, the index is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Memory for pages.
const CACHE: u64 = 16 << 20;
/// Records written in one sled batch.
const BATCH: usize = 256;
/// Requests waiting for the index; whoever comes later waits for a place.
const QUEUE: usize = 16;
/// The archives that the index contains.
const CONTAINED: &[u8] = b"contained";

type Job = Box<dyn FnOnce(&sled::Db) + Send>;

/// What is wrong with the index.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The disk; the index itself may be good.
    #[error("{0}")]
    Disk(String),
    /// What it holds cannot be trusted.
    #[error("{0}")]
    Damaged(String),
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
pub(crate) struct Index {
    jobs: Option<SyncSender<Job>>,
    closed: Mutex<Receiver<()>>,
}

impl Index {
    /// Opens or makes the index in a folder.
    pub(crate) fn open(path: &Path) -> Result<Self, Trouble> {
        let (jobs, queue) = sync_channel::<Job>(QUEUE);
        let (close, closed) = sync_channel::<()>(1);
        let (ready, opened) = sync_channel(1);
        let folder = path.to_owned();
        let run = move || {
            // Dropped when the thread ends however it ends, after the database.
            let _close = close;
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let config = sled::Config::new().path(folder).cache_capacity(CACHE).flush_every_ms(None);
                match config.open() {
                    Ok(db) => {
                        if ready.send(Ok(())).is_ok() {
                            serve(&db, &queue);
                        }
                    }
                    Err(error) => drop(ready.send(Err(Trouble::from(error)))),
                }
            }));
            // The panic hook has said it; whoever asked sees its channel closed.
            drop(outcome);
        };
        std::thread::Builder::new()
            .name("store-index".to_owned())
            .spawn(run)
            .map_err(|error| Trouble::Disk(error.to_string()))?;
        match opened.recv_timeout(PATIENCE) {
            Ok(outcome) => outcome.map(|()| Self { jobs: Some(jobs), closed: Mutex::new(closed) }),
            Err(error) => Err(silence(error)),
        }
    }

    /// Runs one request on the index's thread.
    fn ask<R: Send + 'static>(
        &self,
        request: impl FnOnce(&sled::Db) -> sled::Result<R> + Send + 'static,
    ) -> Result<R, Trouble> {
        let (answer, answered) = sync_channel(1);
        let job: Job = Box::new(move |db| {
            // Nobody waits any more when the asker's patience ended.
            drop(answer.send(request(db)));
        });
        let sent = self.jobs.as_ref().map(|jobs| jobs.send(job));
        if !matches!(sent, Some(Ok(()))) {
            return Err(Trouble::Damaged("it panicked".to_owned()));
        }
        Ok(answered.recv_timeout(PATIENCE).map_err(silence)??)
    }

    /// The record of a call: its version and payload.
    pub(crate) fn get(&self, call: u64) -> Result<Option<Vec<u8>>, Trouble> {
        self.ask(move |db| Ok(db.get(key(call))?.map(|value| value.to_vec())))
    }

    /// Records of calls below `before`, newest first, each as version and payload.
    pub(crate) fn newest(&self, before: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, Trouble> {
        self.ask(move |db| {
            let below = db.range(key(0)..key(before)).rev().take(limit);
            below.map(|item| item.map(|(key, value)| (call(&key), value.to_vec()))).collect()
        })
    }

    /// The oldest records, ascending, from a call on.
    pub(crate) fn oldest(&self, from: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, Trouble> {
        self.ask(move |db| {
            let above = db
                .range(key(from)..)
                .take_while(|item| item.as_ref().map_or(true, |(key, _)| key[0] == b'r'));
            above.take(limit).map(|item| item.map(|(key, value)| (call(&key), value.to_vec()))).collect()
        })
    }

    /// The archives whose records it contains.
    pub(crate) fn contained(&self) -> Result<BTreeSet<u64>, Trouble> {
        self.ask(|db| {
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
        self.ask(move |db| db.insert(CONTAINED, bytes).map(drop))?;
        self.flush()
    }

    /// Puts records in; returns how many were missing or different.
    pub(crate) fn put(&self, entries: Vec<Entry>) -> Result<u64, Trouble> {
        let mut changed = 0;
        let mut entries = entries.into_iter().peekable();
        while entries.peek().is_some() {
            let part: Vec<Entry> = entries.by_ref().take(BATCH).collect();
            changed += self.ask(move |db| {
                let mut batch = sled::Batch::default();
                let mut changed = 0;
                for Entry { call, version, payload } in part {
                    let mut value = Vec::with_capacity(1 + payload.len());
                    value.push(version);
                    value.extend_from_slice(&payload);
                    if db.get(key(call))?.is_none_or(|old| *old != *value) {
                        batch.insert(&key(call), value);
                        changed += 1;
                    }
                }
                db.apply_batch(batch).map(|()| changed)
            })?;
        }
        Ok(changed)
    }

    /// Takes records out.
    pub(crate) fn remove(&self, calls: Vec<u64>) -> Result<(), Trouble> {
        self.ask(move |db| {
            let mut batch = sled::Batch::default();
            for call in calls {
                batch.remove(&key(call));
            }
            db.apply_batch(batch)
        })
    }

    /// Has sled hand everything to the system; [`barrier`] has the system hand it to the disk.
    pub(crate) fn flush(&self) -> Result<(), Trouble> {
        self.ask(|db| db.flush().map(drop))
    }

    /// Bytes on disk.
    pub(crate) fn size(&self) -> Result<u64, Trouble> {
        self.ask(|db| db.size_on_disk())
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        drop(self.jobs.take());
        let closed = self.closed.get_mut().unwrap_or_else(PoisonError::into_inner);
        match closed.recv_timeout(PATIENCE) {
            // The thread has let go of the database, or hangs and is left behind: its folder is not used again.
            Ok(()) | Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => {}
        }
    }
}

fn serve(db: &sled::Db, queue: &Receiver<Job>) {
    while let Ok(job) = queue.recv() {
        job(db);
    }
}

fn silence(error: RecvTimeoutError) -> Trouble {
    match error {
        RecvTimeoutError::Timeout => Trouble::Damaged("it does not answer".to_owned()),
        RecvTimeoutError::Disconnected => Trouble::Damaged("it panicked".to_owned()),
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
