//! What must survive: the site document, contacts, calls under way, call records. Read [`Store`] first.
//!
//! A batch of changes is acknowledged when it lies in the journal behind one `fdatasync`: that is the only barrier.
//! Everything else is derived and rebuilt when it is damaged:
//!
//! ```text
//! apply ──► journal.N ──fdatasync──► acknowledged ──► memory (state, recent records)
//!                                                        │ checkpoint, when the journal is large
//!                                                        ▼
//!                             calls.N (records, never changed again) + state.N (the rest), two generations
//!                                                        │
//!                                                        ▼
//!                                                   index.N (sled): finds records
//! ```
//!
//! So a commit costs one `fdatasync` and never waits for sled, whose own flush is no barrier on Linux; opening reads
//! one state and one journal, however many records there are; and a damaged index costs time, no data.
//!
//! On disk everything is JSON in checksummed, versioned frames: describes itself, can be read by a person with a
//! broken box on the table, and needs nothing that the daemon does not have anyway; a record takes about 1 kB. A
//! version newer than this program's is refused and left alone.
//!
//! What it lacks on purpose: decisions (it keeps expired contacts and finds no lost calls), a clock (the time is
//! given), recordings and other large files. It is the only crate that names sled; see `index.rs` for what that needs.

mod alone;
mod archive;
mod checkpoint;
mod disk;
mod error;
mod frame;
mod index;
mod journal;
mod keeper;
mod live;
mod load;
mod opening;
mod records;
mod row;
mod shared;
mod state;
#[cfg(test)]
mod tests;
mod worker;

pub use error::StoreError;
pub use opening::{Opening, Recovery};

use jiff::Timestamp;
use model::{CallId, CallRecord, Change, OpenCall, Snapshot};
use row::ChangeRow;
use shared::Shared;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use worker::{Task, Worker};

/// Tasks waiting for the worker.
const TASKS: usize = 8;

/// An open store. All methods may be called from any thread; commits are one after the other.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    tasks: SyncSender<Task>,
    worker: Option<JoinHandle<()>>,
}

impl Store {
    /// Opens the store in a folder of its own, or makes an empty one. Returns when the state is readable; the index of
    /// old records opens behind it. `now` only names what has to be set aside.
    ///
    /// # Errors
    /// When the disk fails, another process has it open, or a newer version wrote it. Damage is no error: it is set
    /// aside, the newest good state is restored, and [`Opening`] says so.
    pub fn open(dir: &Path, now: Timestamp) -> Result<(Self, Snapshot, Opening), StoreError> {
        fs::create_dir_all(dir).map_err(|error| StoreError::disk(dir, error))?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            disk::sync_dir(parent)?;
        }
        let lock = lock(dir)?;
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut loaded = load::load(dir, &stamp)?;
        let snapshot = loaded.live.snapshot();
        let opening = match (loaded.fresh, loaded.recoveries.is_empty()) {
            (true, _) => Opening::Fresh,
            (false, true) => Opening::Clean,
            (false, false) => Opening::Recovered(std::mem::take(&mut loaded.recoveries)),
        };
        let (archives, states) = (loaded.archives.clone(), std::mem::take(&mut loaded.states));
        let shared = Arc::new(Shared::new(dir, stamp, loaded, lock));
        let (tasks, queue) = sync_channel(TASKS);
        let worker = Worker::new(Arc::clone(&shared), archives, states);
        let worker = std::thread::Builder::new()
            .name("store-worker".to_owned())
            .spawn(move || worker.run(&queue))
            .map_err(|error| StoreError::disk(dir, error))?;
        Ok((Self { shared, tasks, worker: Some(worker) }, snapshot, opening))
    }

    /// Keeps a batch of changes, all or none; durable when it returns.
    ///
    /// A record replaces the open call of its id, and an earlier record of it. A beginning that comes after its call's
    /// record is ignored, as long as that record is not archived: a call is begun or over, never both.
    ///
    /// # Errors
    /// Nothing of the batch is kept then, and it can be tried again. After [`StoreError::Io`] a crash before the next
    /// good commit may still bring it back.
    pub fn apply(&self, changes: &[Change]) -> Result<(), StoreError> {
        self.commit(changes.iter().map(ChangeRow::from).collect())
    }

    /// Call records below an id, or the newest of all, newest first.
    ///
    /// # Errors
    /// The disk's. An index that is down costs time only: the archives are read instead.
    pub fn records(&self, before: Option<CallId>, limit: usize) -> Result<Vec<CallRecord>, StoreError> {
        self.shared.records(&self.tasks, before.map_or(u64::MAX, |id| id.0), limit)
    }

    /// One call's record.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn record(&self, call: CallId) -> Result<Option<CallRecord>, StoreError> {
        self.shared.record(&self.tasks, call)
    }

    /// Calls that have begun and have no record.
    pub fn open_calls(&self) -> Vec<OpenCall> {
        self.shared.live().open_calls()
    }

    /// Lets go of the records of calls that ended before a time, and returns how many the index held of them.
    ///
    /// # Errors
    /// As [`Store::apply`]. When only the index fails they are gone nevertheless.
    pub fn prune_records(&self, older_than: Timestamp) -> Result<u64, StoreError> {
        self.commit(vec![ChangeRow::Pruned { before: older_than }])?;
        let (answer, answered) = sync_channel(1);
        self.ask(Task::Prune { before: older_than, answer })?;
        answered.recv().map_err(|_| gone())?
    }

    /// Writes a new generation of state and archive now. It also happens by itself when the journal has grown.
    ///
    /// # Errors
    /// The disk's. The old generations stay, and nothing is lost.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        let (answer, answered) = sync_channel(1);
        self.ask(Task::Checkpoint { answer: Some(answer) })?;
        answered.recv().map_err(|_| gone())?
    }

    /// What was found damaged since opening: raise an alarm with each. Damage of the index shows only here.
    pub fn take_recoveries(&self) -> Vec<Recovery> {
        self.shared.take_recoveries()
    }

    fn ask(&self, task: Task) -> Result<(), StoreError> {
        self.tasks.send(task).map_err(|_| gone())
    }

    fn commit(&self, rows: Vec<ChangeRow>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        if self.shared.commit(rows)? {
            // A full queue means that one is already waiting.
            drop(self.tasks.try_send(Task::Checkpoint { answer: None }));
        }
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.tasks.send(Task::Stop));
        if let Some(worker) = self.worker.take() {
            drop(worker.join());
        }
        self.shared.unlock();
    }
}

fn gone() -> StoreError {
    StoreError::Index("the store's worker has ended".to_owned())
}

/// Locks the folder for this process; the lock goes with the file.
fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let failed = |error| StoreError::disk(&path, error);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
