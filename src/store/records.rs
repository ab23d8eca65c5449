//! Reading records: those since the last checkpoint from memory, older ones by the index, and where that is down or
//! does not answer, from the archives themselves: slower, and as complete.

use crate::archive::{self, Entry};
use crate::index::{Index, Trouble};
use crate::live::Records;
use crate::shared::Shared;
use crate::worker::Task;
use crate::{StoreError, alone, disk};
use jiff::Timestamp;
use model::{CallId, CallRecord};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

impl Shared {
    /// One call's record.
    pub(crate) fn record(
        &self,
        tasks: &SyncSender<Task>,
        call: CallId,
    ) -> Result<Option<CallRecord>, StoreError> {
        if let Some(record) = self.live().record(call) {
            return Ok(Some(CallRecord::clone(record)));
        }
        let asked = self.ask(tasks, |index| index.get(call.0)?.map(|value| decoded(&value)).transpose());
        let found = match asked {
            Some(found) => found,
            None => self.archived(call.0.saturating_add(1), 1)?.pop().filter(|found| found.call.id == call),
        };
        let live = self.live();
        Ok(found.filter(|record| !live.is_pruned(record.ended)))
    }

    /// Records of calls below `before`, newest first.
    pub(crate) fn records(
        &self,
        tasks: &SyncSender<Task>,
        before: u64,
        limit: usize,
    ) -> Result<Vec<CallRecord>, StoreError> {
        // Memory first: a checkpoint lets go of a record only when an archive has it.
        let (mut merged, pruned) = {
            let live = self.live();
            let mut merged = newest(&live.archiving, before, limit);
            merged.append(&mut newest(&live.recent, before, limit));
            (merged, live.pruned)
        };
        let asked = self.ask(tasks, |index| {
            let found = index.newest(before, limit)?;
            found.iter().map(|(_, value)| decoded(value)).collect::<Result<Vec<_>, Trouble>>()
        });
        let old = match asked {
            Some(old) => old,
            None => self.archived(before, limit)?,
        };
        for record in old {
            merged.entry(record.call.id).or_insert_with(|| Arc::new(record));
        }
        let kept =
            merged.into_values().rev().filter(|record| pruned.is_none_or(|before| record.ended >= before));
        Ok(kept.take(limit).map(Arc::unwrap_or_clone).collect())
    }

    /// Asks the index; when it is in trouble, has it mended and asks once more. None when it cannot say.
    fn ask<R>(&self, tasks: &SyncSender<Task>, question: impl Fn(&Index) -> Result<R, Trouble>) -> Option<R> {
        for _ in 0..2 {
            if alone::PROCESS.is_stuck() {
                return None;
            }
            match self.wait_for_index() {
                Some(kept) => match question(&kept.index) {
                    Ok(answer) => return Some(answer),
                    Err(trouble) => self.mend(tasks, Task::Mend { kept, trouble }),
                },
                // What held it up may be over, such as a full disk.
                None => self.mend(tasks, Task::BringUp),
            }
        }
        None
    }

    /// Records of calls below `before`, newest first, read from the archives. Their files may be merged meanwhile:
    /// then it reads the new ones.
    fn archived(&self, before: u64, limit: usize) -> Result<Vec<CallRecord>, StoreError> {
        loop {
            let archives = self.archives();
            let mut found = BTreeMap::new();
            let mut damaged = None;
            for row in &archives {
                let contents = archive::read(&self.dir, row)?;
                if let Some(what) = contents.damage {
                    damaged = Some((disk::numbered(&self.dir, archive::KIND, row.generation), what));
                }
                for entry in contents.entries.into_iter().filter(|entry| entry.call < before) {
                    found.insert(entry.call, entry);
                    if found.len() > limit {
                        found.pop_first();
                    }
                }
            }
            match damaged {
                None => return found.into_values().rev().map(|entry| read(&entry)).collect(),
                Some(_) if self.archives() != archives => {}
                Some((path, what)) => return Err(StoreError::Corrupt { path, what }),
            }
        }
    }
}

fn newest(records: &Records, before: u64, limit: usize) -> Records {
    let below = records.range(..CallId(before)).rev().take(limit);
    below.map(|(id, record)| (*id, Arc::clone(record))).collect()
}

fn read(entry: &Entry) -> Result<CallRecord, StoreError> {
    let record = archive::decode(entry.version, &entry.payload).map(CallRecord::from);
    record
        .map_err(|what| StoreError::Index(format!("the record of call {} is unreadable: {what}", entry.call)))
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
