//! The state in memory: everything but the old records. It is what the journal says, batch by batch.

use crate::row::{ChangeRow, StateRow};
use jiff::Timestamp;
use model::{Binding, CallId, CallRecord, Message, OpenCall, Personal, RecordingId, Snapshot, Spent, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Records in memory, by call.
pub(crate) type Records = BTreeMap<CallId, Arc<CallRecord>>;

/// Everything that the last batch left, and the records since the last checkpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Live {
    /// The last batch contained.
    pub(crate) seq: u64,
    pub(crate) site: Option<String>,
    bindings: BTreeMap<(String, String), Binding>,
    personals: BTreeMap<String, Personal>,
    spent: BTreeMap<String, Spent>,
    messages: BTreeMap<RecordingId, Message>,
    open: BTreeMap<CallId, OpenCall>,
    pub(crate) next_call: u64,
    pub(crate) pruned: Option<Timestamp>,
    /// Records no archive holds yet.
    pub(crate) recent: Records,
    /// Records being archived by the checkpoint under way; the index may not have them yet.
    pub(crate) archiving: Arc<Records>,
}

impl Live {
    /// The state as exported.
    pub(crate) fn from_row(row: &StateRow) -> Self {
        let bindings = row.bindings.iter().cloned().map(Binding::from);
        let personals = row.personals.iter().cloned();
        let open = row.open_calls.iter().cloned().map(OpenCall::from);
        Self {
            seq: row.seq,
            site: row.site.clone(),
            bindings: bindings.map(|binding| (binding_key(&binding), binding)).collect(),
            personals: personals.map(|(user, personal)| (user, personal.into())).collect(),
            spent: row.spent.iter().map(|(user, spent)| (user.clone(), spent.clone().into())).collect(),
            messages: row
                .messages
                .iter()
                .cloned()
                .map(Message::from)
                .map(|message| (message.id, message))
                .collect(),
            open: open.map(|call| (call.id, call)).collect(),
            next_call: row.next_call,
            pruned: row.pruned,
            ..Self::default()
        }
    }

    /// The state to export; its archives are the checkpoint's business.
    pub(crate) fn to_row(&self) -> StateRow {
        StateRow {
            site: self.site.clone(),
            bindings: self.bindings.values().map(Into::into).collect(),
            personals: self.personals.iter().map(|(user, of)| (user.clone(), of.into())).collect(),
            spent: self.spent.iter().map(|(user, of)| (user.clone(), of.into())).collect(),
            messages: self.messages.values().map(Into::into).collect(),
            open_calls: self.open.values().map(Into::into).collect(),
            next_call: self.next_call,
            pruned: self.pruned,
            seq: self.seq,
            archives: Vec::new(),
        }
    }

    /// What the core starts from.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            site: self.site.clone(),
            bindings: self.bindings.values().cloned().collect(),
            personals: self.personals.iter().map(|(user, of)| (UserId::new(user), of.clone())).collect(),
            spent: self.spent.iter().map(|(user, of)| (UserId::new(user), *of)).collect(),
            messages: self.messages.values().cloned().collect(),
            // The sound is not the store's.
            recordings: Vec::new(),
            open_calls: self.open_calls(),
            next_call: (self.next_call > 0).then_some(CallId(self.next_call)),
        }
    }

    pub(crate) fn open_calls(&self) -> Vec<OpenCall> {
        self.open.values().cloned().collect()
    }

    /// A record in memory.
    pub(crate) fn record(&self, call: CallId) -> Option<&Arc<CallRecord>> {
        self.recent.get(&call).or_else(|| self.archiving.get(&call))
    }

    /// Whether retention has let a record go.
    pub(crate) fn is_pruned(&self, ended: Timestamp) -> bool {
        self.pruned.is_some_and(|before| ended < before)
    }

    /// Takes in one batch that the journal holds.
    pub(crate) fn take(&mut self, seq: u64, changes: Vec<ChangeRow>) {
        self.seq = seq;
        for change in changes {
            self.take_one(change);
        }
    }

    fn take_one(&mut self, change: ChangeRow) {
        match change {
            ChangeRow::Site(text) => self.site = Some(text),
            ChangeRow::Bound(row) => {
                let binding = Binding::from(row);
                self.bindings.insert(binding_key(&binding), binding);
            }
            ChangeRow::Unbound { device, key } => {
                self.bindings.remove(&(device, key));
            }
            ChangeRow::Personal { user, personal } => {
                let personal = Personal::from(personal);
                if personal.is_empty() {
                    self.personals.remove(&user);
                } else {
                    self.personals.insert(user, personal);
                }
            }
            ChangeRow::Spent { user, spent } => {
                let spent = Spent::from(spent);
                if spent.is_nothing() {
                    self.spent.remove(&user);
                } else {
                    self.spent.insert(user, spent);
                }
            }
            ChangeRow::Message(row) => {
                let message = Message::from(row);
                self.messages.insert(message.id, message);
            }
            ChangeRow::MessageGone(id) => drop(self.messages.remove(&id)),
            ChangeRow::Began(row) => {
                let call = OpenCall::from(row);
                self.seen(call.id);
                if self.record(call.id).is_none() {
                    self.open.insert(call.id, call);
                }
            }
            ChangeRow::Ended(row) => {
                let record = CallRecord::from(*row);
                let id = record.call.id;
                self.seen(id);
                self.open.remove(&id);
                self.recent.insert(id, Arc::new(record));
            }
            ChangeRow::Pruned { before } => {
                self.pruned = self.pruned.max(Some(before));
                self.recent.retain(|_, record| record.ended >= before);
            }
        }
    }

    fn seen(&mut self, call: CallId) {
        self.next_call = self.next_call.max(call.0.saturating_add(1));
    }

    /// Hands the recent records to a checkpoint; they stay readable meanwhile.
    pub(crate) fn freeze(&mut self) -> Arc<Records> {
        self.archiving = Arc::new(std::mem::take(&mut self.recent));
        Arc::clone(&self.archiving)
    }

    /// Takes records back that a checkpoint could not archive. Newer ones of the same call stay.
    pub(crate) fn thaw(&mut self) {
        for (id, record) in std::mem::take(&mut self.archiving).iter() {
            self.recent.entry(*id).or_insert_with(|| Arc::clone(record));
        }
    }
}

fn binding_key(binding: &Binding) -> (String, String) {
    (binding.device.as_str().to_owned(), binding.key.clone())
}
