//! The shapes on disk, version 1, separate from the model so that the model may change.
//!
//! Every frame carries its version. A change of shape is a new version with its own file of shapes; the old ones
//! stay readable, each with a fixture in `tests/data/store`.

mod call;
mod message;
mod personal;
mod spent;
mod trail;

pub(crate) use call::{OpenRow, RecordRow};
pub(crate) use message::MessageRow;
pub(crate) use personal::PersonalRow;
pub(crate) use spent::SpentRow;

use crate::StoreError;
use jiff::Timestamp;
use model::{Binding, Change, DeviceId, RecordingId};
use serde::{Deserialize, Serialize};

/// The version written.
pub(crate) const VERSION: u8 = 1;

/// One change as journalled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChangeRow {
    Site(String),
    Bound(BindingRow),
    Unbound { device: String, key: String },
    Personal { user: String, personal: PersonalRow },
    Spent { user: String, spent: SpentRow },
    Message(MessageRow),
    MessageGone(RecordingId),
    Began(OpenRow),
    Ended(Box<RecordRow>),
    Pruned { before: Timestamp },
}

impl From<&Change> for ChangeRow {
    fn from(change: &Change) -> Self {
        match change {
            Change::Site(text) => Self::Site(text.clone()),
            Change::Bound(binding) => Self::Bound(binding.into()),
            Change::Unbound { device, key } => {
                Self::Unbound { device: device.as_str().to_owned(), key: key.clone() }
            }
            Change::Personal { user, personal } => {
                Self::Personal { user: user.as_str().to_owned(), personal: personal.into() }
            }
            Change::Spent { user, spent } => {
                Self::Spent { user: user.as_str().to_owned(), spent: spent.into() }
            }
            Change::Message(message) => Self::Message(message.into()),
            Change::MessageGone(id) => Self::MessageGone(*id),
            Change::CallBegan(call) => Self::Began(call.into()),
            Change::CallEnded(record) => Self::Ended(Box::new(record.into())),
        }
    }
}

/// One contact as kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BindingRow {
    device: String,
    key: String,
    contact: String,
    path: Vec<String>,
    source: String,
    local: String,
    call_id: String,
    cseq: u32,
    expires: Timestamp,
    agent: Option<String>,
}

impl From<&Binding> for BindingRow {
    fn from(from: &Binding) -> Self {
        let Binding { device, key, contact, path, source, local, call_id, cseq, expires, agent } =
            from.clone();
        let device = device.as_str().to_owned();
        Self { device, key, contact, path, source, local, call_id, cseq, expires, agent }
    }
}

impl From<BindingRow> for Binding {
    fn from(row: BindingRow) -> Self {
        let BindingRow { device, key, contact, path, source, local, call_id, cseq, expires, agent } = row;
        let device = DeviceId::new(device);
        Self { device, key, contact, path, source, local, call_id, cseq, expires, agent }
    }
}

/// The state beside the records, as exported at each checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StateRow {
    pub(crate) site: Option<String>,
    pub(crate) bindings: Vec<BindingRow>,
    /// By user.
    #[serde(default)]
    pub(crate) personals: Vec<(String, PersonalRow)>,
    /// By user.
    #[serde(default)]
    pub(crate) spent: Vec<(String, SpentRow)>,
    #[serde(default)]
    pub(crate) messages: Vec<MessageRow>,
    pub(crate) open_calls: Vec<OpenRow>,
    pub(crate) next_call: u64,
    /// Records that ended before this are gone.
    pub(crate) pruned: Option<Timestamp>,
    /// The last batch contained.
    pub(crate) seq: u64,
    /// The archives that hold all records up to that batch.
    pub(crate) archives: Vec<ArchiveRow>,
}

/// One archive of records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ArchiveRow {
    pub(crate) generation: u64,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    /// When the last of its calls ended: the archive goes when that is out of retention.
    pub(crate) newest: Timestamp,
}

/// Writes a row down.
pub(crate) fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>, StoreError> {
    Ok(serde_json::to_vec(row)?)
}

/// Why a payload could not be read.
pub(crate) enum Unreadable {
    /// A newer version wrote it.
    Newer(u8),
    /// It is not what its version says.
    Malformed(String),
}

/// Reads a row of a version.
pub(crate) fn decode<T: for<'a> Deserialize<'a>>(version: u8, payload: &[u8]) -> Result<T, Unreadable> {
    match version {
        VERSION => serde_json::from_slice(payload).map_err(|error| Unreadable::Malformed(error.to_string())),
        0 => Err(Unreadable::Malformed("format 0 never was".to_owned())),
        newer => Err(Unreadable::Newer(newer)),
    }
}
