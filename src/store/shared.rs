//! What callers and the worker share: the journal, the state in memory, the index.

use crate::StoreError;
use crate::journal::Journal;
use crate::keeper::Kept;
use crate::live::Live;
use crate::load::{self, Loaded};
use crate::opening::Recovery;
use crate::row::{ArchiveRow, ChangeRow};
use crate::worker::Task;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A journal larger than this is checkpointed. It bounds what opening reads and what memory holds.
pub(crate) const JOURNAL_LIMIT: u64 = 4 << 20;
/// How long a question about old records waits for an index that is being opened or rebuilt; then it reads the archives.
const PATIENCE: Duration = Duration::from_secs(5);

/// The index, as far as it is there.
#[derive(Debug)]
pub(crate) enum Slot {
    /// Being opened or rebuilt.
    Starting,
    /// Answering.
    Up(Arc<Kept>),
    /// It cannot be had; the next question tries again, unless sled is stuck.
    Down,
}

/// Everything shared. Locks are taken in the order of the fields, never the other way round.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    pub(crate) stamp: String,
    journal: Mutex<Journal>,
    live: Mutex<Live>,
    slot: Mutex<Slot>,
    changed: Condvar,
    archives: Mutex<Vec<ArchiveRow>>,
    recoveries: Mutex<Vec<Recovery>>,
    lock: File,
}

/// A lock whose holder panicked still guards good data: every change under these locks is one assignment or made whole
/// by the journal.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(dir: &Path, stamp: String, loaded: Loaded, lock: File) -> Self {
        Self {
            dir: dir.to_owned(),
            stamp,
            journal: Mutex::new(loaded.journal),
            live: Mutex::new(loaded.live),
            slot: Mutex::new(Slot::Starting),
            changed: Condvar::new(),
            archives: Mutex::new(loaded.archives),
            recoveries: Mutex::default(),
            lock,
        }
    }

    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        held(&self.journal)
    }

    pub(crate) fn live(&self) -> MutexGuard<'_, Live> {
        held(&self.live)
    }

    pub(crate) fn set_slot(&self, slot: Slot) -> Slot {
        let old = std::mem::replace(&mut *held(&self.slot), slot);
        self.changed.notify_all();
        old
    }

    pub(crate) fn index(&self) -> Option<Arc<Kept>> {
        match &*held(&self.slot) {
            Slot::Up(kept) => Some(Arc::clone(kept)),
            Slot::Starting | Slot::Down => None,
        }
    }

    pub(crate) fn recovered(&self, recoveries: impl IntoIterator<Item = Recovery>) {
        held(&self.recoveries).extend(recoveries);
    }

    pub(crate) fn take_recoveries(&self) -> Vec<Recovery> {
        std::mem::take(&mut held(&self.recoveries))
    }

    /// Commits one batch, and says whether a checkpoint is due.
    pub(crate) fn commit(&self, rows: Vec<ChangeRow>) -> Result<bool, StoreError> {
        let mut journal = self.journal();
        let seq = self.live().seq + 1;
        if journal.doubtful {
            *journal = Journal::create(&self.dir, journal.generation + 1, seq - 1)?;
        }
        if let Err(error) = journal.append(seq, &rows) {
            if journal.doubtful
                && let Ok(next) = Journal::create(&self.dir, journal.generation + 1, seq - 1)
            {
                // From here on the doubtful batch does not count, whatever the old file turns out to hold.
                *journal = next;
            }
            return Err(error);
        }
        self.live().take(seq, rows);
        Ok(journal.bytes() >= JOURNAL_LIMIT)
    }

    /// Notes a clean stop.
    pub(crate) fn close(&self) -> Result<(), StoreError> {
        let journal = self.journal();
        let seq = self.live().seq;
        if journal.doubtful { Ok(()) } else { load::close(&self.dir, seq) }
    }

    /// Lets another process in. Closing the file is not enough: a child being started holds a copy of it until it
    /// runs its own program.
    pub(crate) fn unlock(&self) {
        // It fails only on a file that is no file; the lock then goes with the last copy.
        drop(self.lock.unlock());
    }

    /// The index, which may be on its way; none after [`PATIENCE`] or when it is down.
    pub(crate) fn wait_for_index(&self) -> Option<Arc<Kept>> {
        let slot = held(&self.slot);
        let waited = self.changed.wait_timeout_while(slot, PATIENCE, |slot| matches!(slot, Slot::Starting));
        match &*waited.unwrap_or_else(PoisonError::into_inner).0 {
            Slot::Up(kept) => Some(Arc::clone(kept)),
            Slot::Starting | Slot::Down => None,
        }
    }

    /// Sends an index in trouble, or none, to the worker; whoever asks from now on waits for what comes of it.
    pub(crate) fn mend(&self, tasks: &SyncSender<Task>, task: Task) {
        let mut slot = held(&self.slot);
        let mine = match (&*slot, &task) {
            (Slot::Up(up), Task::Mend { kept, .. }) => Arc::ptr_eq(up, kept),
            (Slot::Down, _) => true,
            _ => false,
        };
        // A full queue means that the worker is busy; the next question tries again.
        if mine && tasks.try_send(task).is_ok() {
            *slot = Slot::Starting;
        }
    }

    /// The archives that hold all records up to the last checkpoint.
    pub(crate) fn archives(&self) -> Vec<ArchiveRow> {
        held(&self.archives).clone()
    }

    pub(crate) fn set_archives(&self, archives: &[ArchiveRow]) {
        archives.clone_into(&mut held(&self.archives));
    }
}
