//! The writer: one thread that commits what the core wants kept, many changes at once.
//!
//! What calls leave (beginnings, records) is kept in memory while the disk is full and written when it no longer is;
//! other changes that somebody waits for are refused, and say so.

use crate::exchange::Receipt;
use model::Change;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use store::{Store, StoreError};
use tokio::sync::mpsc;

/// Something to be kept.
struct Wanted {
    receipt: Option<Receipt>,
    changes: Vec<Change>,
}

/// What the writer tells the core.
#[derive(Debug)]
pub enum Kept {
    /// Durable, or refused with a reason for people.
    Done {
        /// Of what.
        receipt: Receipt,
        /// Why not.
        result: Result<(), String>,
    },
    /// An alarm, or its end.
    Alarm {
        /// Stable name.
        alarm: &'static str,
        /// What is wrong and what to do.
        text: Option<String>,
    },
}

/// Wishes that may wait for the writer; beyond that the core waits, which slows callers rather than losing records.
const QUEUE_MAX: usize = 16_384;
/// Wishes written in one commit.
const BATCH_MAX: usize = 1_024;
/// Changes kept in memory while the disk takes nothing: some 10 MB of call records.
const UNWRITTEN_MAX: usize = 20_000;
/// A commit that nobody waits for is put off this often by so much, to take others along.
const GATHER_TIMES: u32 = 4;
const GATHER: Duration = Duration::from_millis(4);
/// How often a full disk is tried again, and damage is asked about.
const RETRY: Duration = Duration::from_secs(2);

/// The writer's thread; ends, with everything written, when dropped.
pub struct Disk {
    wishes: Option<SyncSender<Wanted>>,
    thread: Option<JoinHandle<()>>,
}

impl Disk {
    /// Starts the writer.
    pub fn start(store: Arc<Store>, tell: mpsc::Sender<Kept>) -> io::Result<Self> {
        let (wishes, receiver) = sync_channel(QUEUE_MAX);
        let writer = Writer { store, tell, unwritten: VecDeque::new(), alarmed: None };
        let thread =
            std::thread::Builder::new().name("disk".to_owned()).spawn(move || writer.run(&receiver))?;
        Ok(Self { wishes: Some(wishes), thread: Some(thread) })
    }

    /// Asks for changes to be kept.
    pub fn keep(&self, receipt: Option<Receipt>, changes: Vec<Change>) {
        let Some(wishes) = &self.wishes else { return };
        let sent = match wishes.try_send(Wanted { receipt, changes }) {
            Err(TrySendError::Full(wanted)) => {
                tracing::warn!("the disk does not keep up");
                wishes.send(wanted).is_ok()
            }
            Err(TrySendError::Disconnected(_)) => false,
            Ok(()) => true,
        };
        if !sent {
            tracing::error!("the writer has stopped; a change is lost");
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.wishes = None;
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the writer panicked");
        }
    }
}

struct Writer {
    store: Arc<Store>,
    tell: mpsc::Sender<Kept>,
    /// Oldest first: what calls left, and contacts that ran out.
    unwritten: VecDeque<Change>,
    alarmed: Option<&'static str>,
}

impl Writer {
    fn run(mut self, wishes: &Receiver<Wanted>) {
        loop {
            let batch = match wishes.recv_timeout(RETRY) {
                Ok(first) => gather(first, wishes),
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            match self.catch_up() {
                Ok(()) if batch.is_empty() => self.look_again(),
                Ok(()) => self.commit(batch),
                Err(error) => self.turn_down(batch, &error),
            }
            self.report_damage();
        }
        if self.catch_up().is_err() {
            tracing::error!(changes = self.unwritten.len(), "the disk took nothing more; these are lost");
        }
    }

    /// Writes what was put aside, oldest first: a call's record never comes before its beginning.
    fn catch_up(&mut self) -> Result<(), StoreError> {
        while !self.unwritten.is_empty() {
            let count = self.unwritten.len().min(BATCH_MAX);
            self.store.apply(&self.unwritten.make_contiguous()[..count])?;
            self.unwritten.drain(..count);
        }
        Ok(())
    }

    /// With nothing to write, an alarm ends when the disk takes something again.
    fn look_again(&mut self) {
        if self.alarmed.is_some() && self.store.checkpoint().is_ok() {
            self.alarm(None);
        }
    }

    /// One commit for all, or two where one would be larger than the store takes.
    fn commit(&mut self, mut batch: Vec<Wanted>) {
        let changes: Vec<Change> = batch.iter().flat_map(|wanted| wanted.changes.iter().cloned()).collect();
        match self.store.apply(&changes) {
            Ok(()) => {
                self.alarm(None);
                for receipt in batch.into_iter().filter_map(|wanted| wanted.receipt) {
                    self.say(Kept::Done { receipt, result: Ok(()) });
                }
            }
            Err(StoreError::TooLarge { .. }) if batch.len() > 1 => {
                let rest = batch.split_off(batch.len() / 2);
                self.commit(batch);
                self.commit(rest);
            }
            Err(error) => self.turn_down(batch, &error),
        }
    }

    /// The disk takes nothing: those who wait are told, the rest stays in memory.
    fn turn_down(&mut self, batch: Vec<Wanted>, error: &StoreError) {
        for wanted in batch {
            // A call goes on, and its beginning is written before its record.
            if matches!(wanted.receipt, None | Some(Receipt::Call(_))) {
                self.put_aside(wanted.changes);
            }
            if let Some(receipt) = wanted.receipt {
                self.say(Kept::Done { receipt, result: Err(error.to_string()) });
            }
        }
        self.alarm(Some(error));
    }

    fn put_aside(&mut self, changes: Vec<Change>) {
        for change in changes {
            if self.unwritten.len() >= UNWRITTEN_MAX {
                tracing::error!("the disk has taken nothing for long; the oldest call records are lost");
                self.unwritten.pop_front();
            }
            self.unwritten.push_back(change);
        }
    }

    fn alarm(&mut self, error: Option<&StoreError>) {
        let name = error.map(|error| match error {
            StoreError::Full { .. } => "disk-full",
            _ => "disk-failed",
        });
        if self.alarmed == name {
            return;
        }
        if let Some(alarm) = self.alarmed.take() {
            self.say(Kept::Alarm { alarm, text: None });
        }
        if let (Some(alarm), Some(error)) = (name, error) {
            tracing::error!(%error, "nothing new can be kept; calls go on");
            self.say(Kept::Alarm { alarm, text: Some(error.to_string()) });
        }
        self.alarmed = name;
    }

    fn report_damage(&mut self) {
        for recovery in self.store.take_recoveries() {
            let text = described(&recovery);
            tracing::error!(text, "the store was damaged");
            self.say(Kept::Alarm { alarm: "store-damaged", text: Some(text) });
        }
    }

    fn say(&self, kept: Kept) {
        if self.tell.blocking_send(kept).is_err() {
            tracing::debug!("the core has stopped");
        }
    }
}

/// What has been asked for by now. Where nobody waits for it, that of the next moment as well: one commit of many
/// changes costs the processor and the disk little more than one of a single change.
#[allow(clippy::disallowed_methods)] // the pause is the purpose: nothing is waited for
fn gather(first: Wanted, wishes: &Receiver<Wanted>) -> Vec<Wanted> {
    let mut awaited = first.receipt.is_some();
    let mut batch = vec![first];
    for _ in 0..=GATHER_TIMES {
        while batch.len() < BATCH_MAX
            && let Ok(wanted) = wishes.try_recv()
        {
            awaited |= wanted.receipt.is_some();
            batch.push(wanted);
        }
        if awaited || batch.len() >= BATCH_MAX {
            break;
        }
        std::thread::sleep(GATHER);
    }
    batch
}

/// What was damaged and what became of it, for people.
pub(crate) fn described(recovery: &store::Recovery) -> String {
    let lost = recovery.lost.as_deref().unwrap_or("nothing is missing");
    format!("{}; set aside at {}; {lost}", recovery.found, recovery.set_aside.display())
}
