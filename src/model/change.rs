//! What is kept: the changes the core asks the store to make, and the state it gives back at start.

use crate::{CallId, CallRecord, DeviceId, Message, OpenCall, Personal, RecordingId, Spent, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One durable change. A change is acknowledged to anybody only after the store has confirmed it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The site document, as its canonical export (hashes instead of passwords).
    Site(String),
    /// A device's contact was added or refreshed.
    Bound(Binding),
    /// A device's contact went away.
    Unbound {
        /// Whose.
        device: DeviceId,
        /// Which, by [`Binding::key`].
        key: String,
    },
    /// A user's own settings are these now. Nothing set means that nothing is kept.
    Personal {
        /// Whose.
        user: UserId,
        /// All that is set.
        personal: Personal,
    },
    /// What a user has called at cost on a day. Nothing means that nothing is kept.
    Spent {
        /// Whose.
        user: UserId,
        /// All of that day.
        spent: Spent,
    },
    /// A message is this now.
    Message(Message),
    /// A message is gone.
    MessageGone(RecordingId),
    /// A call began.
    CallBegan(OpenCall),
    /// A call ended: its record replaces the open call.
    CallEnded(CallRecord),
}

/// One contact of a device (RFC 3261 section 10.3), as it is kept across restarts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Whose.
    pub device: DeviceId,
    /// What identifies the contact: its instance and reg-id (RFC 5626), else its URI.
    pub key: String,
    /// Contact URI as received.
    pub contact: String,
    /// Route to it: Path values (RFC 3327), first hop first.
    pub path: Vec<String>,
    /// Where the REGISTER came from: `udp:10.0.0.5:5060`.
    pub source: String,
    /// The box's own address that it came to.
    pub local: String,
    /// Call-ID of the last REGISTER.
    pub call_id: String,
    /// CSeq of the last REGISTER.
    pub cseq: u32,
    /// When it ends.
    pub expires: Timestamp,
    /// The phone's User-Agent.
    pub agent: Option<String>,
}

/// All state that the core starts from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The site document's canonical export, once a site has been applied.
    pub site: Option<String>,
    /// Contacts, expired ones included: the core decides.
    pub bindings: Vec<Binding>,
    /// What users have set for themselves.
    pub personals: Vec<(UserId, Personal)>,
    /// What users have called at cost on the last day on which they did.
    pub spent: Vec<(UserId, Spent)>,
    /// Messages, those included under whose caller the box died.
    pub messages: Vec<Message>,
    /// The recordings there are, whole or cut, each with its length in milliseconds.
    pub recordings: Vec<(RecordingId, u32)>,
    /// Calls that had begun and have no record: the box died under them.
    pub open_calls: Vec<OpenCall>,
    /// Greater than every call id ever used.
    pub next_call: Option<CallId>,
}
