//! What callers and the worker share: the journal, the state in memory, the index.

use crate::archive;
use crate::index::{Index, Trouble};
use crate::journal::Journal;
use crate::keeper::Kept;
use crate::live::{Live, Records};
use crate::opening::Recovery;
use crate::row::ChangeRow;
use crate::worker::Task;
use crate::{StoreError, load};
use jiff::Timestamp;
use model::{CallId, CallRecord};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A journal larger than this is checkpointed. It bounds what opening reads and what memory holds.
pub(crate) const JOURNAL_LIMIT: u64 = 4 << 20;
/// How long a question about old records waits for an index that is being opened or rebuilt.
const PATIENCE: Duration = Duration::from_secs(60);

/// The index, as far as it is there.
#[derive(Debug)]
pub(crate) enum Slot {
    /// Being opened or rebuilt.
    Starting,
    /// Answering.
    Up(Arc<Kept>),
    /// It cannot be had; the next question tries again.
    Down(String),
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
    recoveries: Mutex<Vec<Recovery>>,
    lock: File,
}

/// A lock whose holder panicked still guards good data: every change under these locks is one assignment or made whole
/// by the journal.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(dir: &Path, stamp: String, live: Live, journal: Journal, lock: File) -> Self {
        Self {
            dir: dir.to_owned(),
            stamp,
            journal: Mutex::new(journal),
            live: Mutex::new(live),
            slot: Mutex::new(Slot::Starting),
            changed: Condvar::new(),
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
            Slot::Starting | Slot::Down(_) => None,
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

    /// Whether a call that is said to begin could have a record: its id was used and it is not open.
    pub(crate) fn may_have_ended(&self, call: CallId) -> bool {
        let live = self.live();
        call.0 < live.next_call && !live.is_open(call)
    }

    pub(crate) fn record(
        &self,
        tasks: &SyncSender<Task>,
        call: CallId,
    ) -> Result<Option<CallRecord>, StoreError> {
        if let Some(record) = self.live().record(call) {
            return Ok(Some(CallRecord::clone(record)));
        }
        let found = self.query(tasks, |index| index.get(call.0)?.map(|value| decoded(&value)).transpose())?;
        let live = self.live();
        Ok(found.filter(|record| !live.is_pruned(record.ended)))
    }

    pub(crate) fn records(
        &self,
        tasks: &SyncSender<Task>,
        before: u64,
        limit: usize,
    ) -> Result<Vec<CallRecord>, StoreError> {
        // Memory first: a checkpoint lets go of a record only when the index has it.
        let (mut merged, pruned) = {
            let live = self.live();
            let mut merged = newest(&live.archiving, before, limit);
            merged.append(&mut newest(&live.recent, before, limit));
            (merged, live.pruned)
        };
        let old = self.query(tasks, |index| {
            let found = index.newest(before, limit)?;
            found.iter().map(|(_, value)| decoded(value)).collect::<Result<Vec<_>, Trouble>>()
        })?;
        for record in old {
            merged.entry(record.call.id).or_insert_with(|| Arc::new(record));
        }
        let kept =
            merged.into_values().rev().filter(|record| pruned.is_none_or(|before| record.ended >= before));
        Ok(kept.take(limit).map(Arc::unwrap_or_clone).collect())
    }

    /// Asks the index; when it is in trouble, has it mended and asks once more.
    fn query<R>(
        &self,
        tasks: &SyncSender<Task>,
        question: impl Fn(&Index) -> Result<R, Trouble>,
    ) -> Result<R, StoreError> {
        let mut last = String::new();
        for _ in 0..2 {
            let kept = self.wait_for_index(tasks)?;
            match question(&kept.index) {
                Ok(answer) => return Ok(answer),
                Err(trouble) => {
                    last = trouble.to_string();
                    self.mend(tasks, Task::Mend { kept, trouble })?;
                }
            }
        }
        Err(StoreError::Index(last))
    }

    fn wait_for_index(&self, tasks: &SyncSender<Task>) -> Result<Arc<Kept>, StoreError> {
        // One that went down is tried once more: what held it up may be over, such as a full disk.
        let mut tried = false;
        loop {
            let slot = held(&self.slot);
            let waited =
                self.changed.wait_timeout_while(slot, PATIENCE, |slot| matches!(slot, Slot::Starting));
            let (slot, _) = waited.unwrap_or_else(PoisonError::into_inner);
            match &*slot {
                Slot::Up(kept) => return Ok(Arc::clone(kept)),
                Slot::Down(why) if tried => return Err(StoreError::Index(why.clone())),
                Slot::Starting => return Err(StoreError::Index("it is still being rebuilt".to_owned())),
                Slot::Down(_) => {}
            }
            drop(slot);
            self.mend(tasks, Task::BringUp)?;
            tried = true;
        }
    }

    /// Sends the index to the worker; whoever asks from now on waits for it.
    fn mend(&self, tasks: &SyncSender<Task>, task: Task) -> Result<(), StoreError> {
        {
            let mut slot = held(&self.slot);
            let mine = match (&*slot, &task) {
                (Slot::Up(up), Task::Mend { kept, .. }) => Arc::ptr_eq(up, kept),
                (Slot::Down(_), _) => true,
                _ => false,
            };
            if !mine {
                return Ok(());
            }
            *slot = Slot::Starting;
        }
        tasks.send(task).map_err(|_| StoreError::Index("the store's worker has ended".to_owned()))
    }
}

fn newest(records: &Records, before: u64, limit: usize) -> Records {
    let below = records.range(..CallId(before)).rev().take(limit);
    below.map(|(id, record)| (*id, Arc::clone(record))).collect()
}

fn decoded(value: &[u8]) -> Result<CallRecord, Trouble> {
    let Some((version, payload)) = value.split_first() else {
        return Err(Trouble::Damaged("a record is empty".to_owned()));
    };
    archive::decode(*version, payload).map(CallRecord::from).map_err(Trouble::Damaged)
}

/// Whether a record's call ended, and whether it began, before a time.
pub(crate) fn ended_before(value: &[u8], before: Timestamp) -> Result<(bool, bool), Trouble> {
    let record = decoded(value)?;
    Ok((record.ended < before, record.call.began < before))
}
