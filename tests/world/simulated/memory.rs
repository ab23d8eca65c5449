//! The disk of the simulated box: takes changes, gives back the snapshot a start begins with.

use model::{
    Binding, CallId, CallRecord, Change, DeviceId, Message, OpenCall, Personal, RecordingId, Snapshot, Spent,
    UserId,
};
use std::collections::BTreeMap;

/// What has been kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub site: Option<String>,
    /// The address before the translator, as the configuration file has it.
    pub external: Option<String>,
    pub bindings: BTreeMap<(DeviceId, String), Binding>,
    pub personals: BTreeMap<UserId, Personal>,
    pub spent: BTreeMap<UserId, Spent>,
    pub messages: BTreeMap<RecordingId, Message>,
    /// The recordings, as samples.
    pub sounds: BTreeMap<RecordingId, Vec<i16>>,
    pub open_calls: BTreeMap<CallId, OpenCall>,
    /// In the order they were written.
    pub records: Vec<CallRecord>,
    /// How many calls ever began.
    pub began: usize,
    pub last_call: u64,
}

impl Memory {
    /// An empty disk with a site in force.
    pub fn with_site(document: String) -> Self {
        Self { site: Some(document), ..Self::default() }
    }

    /// Keeps changes.
    pub fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Site(document) => self.site = Some(document),
                Change::Bound(binding) => {
                    self.bindings.insert((binding.device.clone(), binding.key.clone()), binding);
                }
                Change::Unbound { device, key } => {
                    self.bindings.remove(&(device, key));
                }
                Change::Personal { user, personal } => {
                    self.personals.insert(user, personal);
                }
                Change::Spent { user, spent } => {
                    self.spent.insert(user, spent);
                }
                Change::Message(message) => {
                    self.messages.insert(message.id, message);
                }
                Change::MessageGone(id) => {
                    self.messages.remove(&id);
                }
                Change::CallBegan(call) => {
                    self.began += 1;
                    self.last_call = self.last_call.max(call.id.0);
                    let twice = self.open_calls.insert(call.id, call);
                    assert!(twice.is_none(), "a call began twice: {twice:?}");
                }
                Change::CallEnded(record) => {
                    let open = self.open_calls.remove(&record.call.id);
                    assert_eq!(
                        open.as_ref(),
                        Some(&record.call),
                        "a record without its beginning, or a second one"
                    );
                    self.records.push(record);
                }
            }
        }
    }

    /// What the next start begins with.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            site: self.site.clone(),
            bindings: self.bindings.values().cloned().collect(),
            personals: self.personals.clone().into_iter().collect(),
            spent: self.spent.clone().into_iter().collect(),
            messages: self.messages.values().cloned().collect(),
            recordings: self.sounds.iter().map(|(id, samples)| (*id, samples.len() as u32 / 16)).collect(),
            open_calls: self.open_calls.values().cloned().collect(),
            next_call: (self.last_call > 0).then_some(CallId(self.last_call + 1)),
        }
    }
}
