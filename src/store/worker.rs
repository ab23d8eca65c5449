//! The store's own thread: checkpoints, retention, and the index's health. Commits do not wait for it.

use crate::index::Trouble;
use crate::keeper::{self, Kept};
use crate::records::ended_before;
use crate::row::ArchiveRow;
use crate::shared::{JOURNAL_LIMIT, Shared, Slot};
use crate::{StoreError, checkpoint, journal::Journal};
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

/// Records looked at together when pruning.
const PRUNE_STEP: usize = 500;

/// What the worker is asked to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// Write a new generation; without an answer only if the journal is still large.
    Checkpoint { answer: Option<SyncSender<Result<(), StoreError>>> },
    /// Take old records out of the index.
    Prune { before: Timestamp, answer: SyncSender<Result<u64, StoreError>> },
    /// The index failed a question.
    Mend { kept: Arc<Kept>, trouble: Trouble },
    /// The index is down: try again.
    BringUp,
    /// Close.
    Stop,
}

/// The worker's own state.
#[derive(Debug)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    archives: Vec<ArchiveRow>,
    states: Vec<u64>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, archives: Vec<ArchiveRow>, states: Vec<u64>) -> Self {
        Self { shared, archives, states }
    }

    pub(crate) fn run(mut self, tasks: &Receiver<Task>) {
        self.bring_up();
        while let Ok(task) = tasks.recv() {
            match task {
                Task::Checkpoint { answer: Some(answer) } => drop(answer.send(self.checkpoint())),
                Task::Checkpoint { answer: None } => {
                    if self.shared.journal().bytes() >= JOURNAL_LIMIT {
                        // A failure leaves the journal as it is; the next one tries again.
                        drop(self.checkpoint());
                    }
                }
                Task::Prune { before, answer } => drop(answer.send(self.prune(before))),
                Task::Mend { kept, trouble } => self.mend(kept, &trouble),
                Task::BringUp => self.bring_up(),
                Task::Stop => break,
            }
        }
        // Without the note the next opening trusts the journal's end as after a crash.
        drop(self.shared.close());
        drop(self.shared.set_slot(Slot::Down));
    }

    /// Opens the index or rebuilds it, and lets whoever waits go on.
    fn bring_up(&mut self) {
        let mut recoveries = Vec::new();
        let outcome = keeper::bring_up(&self.shared.dir, &self.archives, &self.shared.stamp, &mut recoveries);
        self.shared.recovered(recoveries);
        let slot = match outcome {
            Ok(kept) => Slot::Up(Arc::new(kept)),
            // Whoever asks reads the archives, and has it tried again; so does the next checkpoint.
            Err(_) => Slot::Down,
        };
        drop(self.shared.set_slot(slot));
    }

    fn mend(&mut self, kept: Arc<Kept>, trouble: &Trouble) {
        drop(self.shared.set_slot(Slot::Starting));
        let given_up = match trouble {
            Trouble::Disk(_) => Ok(None),
            trouble => keeper::give_up(&self.shared.dir, &kept, trouble, &self.shared.stamp).map(Some),
        };
        drop(kept);
        match given_up {
            Ok(recovery) => {
                self.shared.recovered(recovery);
                self.bring_up();
            }
            Err(_) => drop(self.shared.set_slot(Slot::Down)),
        }
    }

    fn checkpoint(&mut self) -> Result<(), StoreError> {
        let (generation, state, frozen) = {
            let mut journal = self.shared.journal();
            let base = self.shared.live().seq;
            let next = Journal::create(&self.shared.dir, journal.generation + 1, base)?;
            let generation = next.generation;
            *journal = next;
            let mut live = self.shared.live();
            (generation, live.to_row(), live.freeze())
        };
        match checkpoint::export(&self.shared.dir, generation, state, &self.archives, &frozen) {
            Ok(archives) => {
                self.shared.set_archives(&archives);
                self.archives = archives;
            }
            Err(error) => {
                self.shared.live().thaw();
                return Err(error);
            }
        }
        self.states.push(generation);
        self.update_index();
        self.shared.live().archiving = Arc::default();
        checkpoint::clean_up(&self.shared.dir, &mut self.states)
    }

    /// Brings the index up to date. If it cannot be, old records wait in the archives until it can.
    fn update_index(&mut self) {
        let Some(kept) = self.shared.index() else {
            self.bring_up();
            return;
        };
        let mut recoveries = Vec::new();
        let outcome =
            keeper::catch_up(&self.shared.dir, &kept, &self.archives, &mut recoveries).and_then(|()| {
                let bloated = keeper::is_bloated(&kept, &self.archives)?;
                if bloated {
                    keeper::begin_anew(&self.shared.dir, &kept)?;
                }
                Ok(bloated)
            });
        self.shared.recovered(recoveries);
        match outcome {
            Ok(false) => {}
            Ok(true) => {
                drop(self.shared.set_slot(Slot::Starting));
                drop(kept);
                self.bring_up();
            }
            Err(keeper::Failure::Index(trouble)) => self.mend(kept, &trouble),
            Err(keeper::Failure::Store(_)) => {
                drop(kept);
                drop(self.shared.set_slot(Slot::Down));
            }
        }
    }

    fn prune(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let Some(kept) = self.shared.index() else {
            return Ok(0);
        };
        let outcome = prune(&kept, before);
        match outcome {
            Ok(count) => Ok(count),
            Err(keeper::Failure::Store(error)) => Err(error),
            Err(keeper::Failure::Index(trouble)) => {
                let error = StoreError::Index(trouble.to_string());
                self.mend(kept, &trouble);
                Err(error)
            }
        }
    }
}

/// Takes records out from the oldest call on, up to the first call that began too late to be old.
fn prune(kept: &Kept, before: Timestamp) -> Result<u64, keeper::Failure> {
    kept.mark_busy()?;
    let mut from = 0;
    let mut count = 0;
    loop {
        let step = kept.index.oldest(from, PRUNE_STEP)?;
        let mut old = Vec::new();
        let mut more = !step.is_empty();
        for (call, value) in step {
            let (ended, began) = ended_before(&value, before)?;
            if !began {
                more = false;
                break;
            }
            if ended {
                old.push(call);
            }
            from = call.saturating_add(1);
        }
        count += old.len() as u64;
        kept.index.remove(old)?;
        if !more {
            break;
        }
    }
    kept.settle_again()?;
    Ok(count)
}
