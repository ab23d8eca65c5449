//! The one command set, and its replies. Console, app, command line and provisioning all send these.
//!
//! On the control socket a request is one line of JSON, [`Request`], and its reply one line, [`Reply`].

use crate::{
    ActivityId, CallId, CallRecord, Cause, DeviceId, Direction, Personal, RecordingId, RoomId, Setting,
    Spending, TrunkId, UserId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who asks. The core checks once what each may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The box's own administrator, on the local control socket.
    Local,
    /// A user of the company.
    User(UserId),
}

/// One line to the control socket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is wanted.
    pub command: Command,
}

/// What can be asked of the box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// How the box is.
    Status,
    /// The site document.
    SiteExport,
    /// What applying a document would change.
    SiteDiff {
        /// The document.
        document: String,
    },
    /// Puts a document in force, all or nothing.
    SiteApply {
        /// The document.
        document: String,
    },
    /// Every contact of every device.
    Registrations,
    /// Calls in progress.
    Calls,
    /// Finished calls, newest first.
    CallLog {
        /// At most so many.
        limit: u32,
    },
    /// One finished call with its trail.
    CallLogShow {
        /// Which.
        id: CallId,
    },
    /// The SIP ladder of a call, running or finished.
    Trace {
        /// Which.
        id: CallId,
    },
    /// The trunks and how they are.
    Trunks,
    /// The newest lines of the box's own log, oldest first.
    Log {
        /// At most so many.
        limit: u32,
    },
    /// What a user has set for themselves.
    Personal {
        /// Whose settings.
        user: UserId,
    },
    /// What a user is doing.
    Activity {
        /// Who.
        user: UserId,
    },
    /// The messages in a mailbox; after something is done with one, where that is wished.
    Voicemail {
        /// Whose: the id of a user, group or queue.
        mailbox: String,
        /// What is done with which message.
        wish: Option<(RecordingId, MessageAction)>,
    },
    /// A stretch of a message's sound.
    VoicemailSound {
        /// Whose: the id of a user, group or queue.
        mailbox: String,
        /// Which message.
        id: RecordingId,
        /// From which octet on.
        from: u64,
    },
    /// The site's conference rooms and who is in them.
    Rooms,
    /// Does something with a room in which people are.
    Room {
        /// Which.
        room: RoomId,
        /// What.
        action: RoomAction,
    },
    /// What a user has called at cost today.
    Spending {
        /// Who.
        user: UserId,
    },
    /// Lets a user begin anew today.
    SpendingReset {
        /// Who.
        user: UserId,
    },
    /// Sets something for a user.
    Set {
        /// For whom.
        user: UserId,
        /// What.
        setting: Setting,
    },
}

/// What can be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageAction {
    /// It goes, and its sound.
    Delete,
    /// It has been heard.
    Save,
    /// It has not.
    Unread,
}

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MailboxEntry {
    /// Which.
    pub id: RecordingId,
    /// The caller's number or extension; none where withheld.
    pub from: Option<String>,
    /// When the caller began to speak.
    pub began: Timestamp,
    /// How long it is, seconds.
    pub duration_s: f64,
    /// Has nobody heard it?
    pub new: bool,
    /// The box stopped while it was recorded: the end is missing.
    pub cut: bool,
}

/// A stretch of a WAV file: mono, 16 bits, 16 kHz.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundStretch {
    /// Octets of the whole.
    pub total: u64,
    /// Those of this stretch; none after the last.
    pub octets: Vec<u8>,
}

/// What a user is doing, as colleagues see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// Who.
    pub user: UserId,
    /// Which activity.
    pub activity: ActivityId,
    /// When they are available again; none until they say so.
    pub until: Option<Timestamp>,
    /// Is that a day, whose clock does not matter?
    pub whole_day: bool,
    /// What they have written beside it.
    pub note: Option<String>,
    /// Are calls stopped?
    pub closed: bool,
}

/// What can be done with a room in which people are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RoomAction {
    /// The others do not hear one, or nobody who is in it or comes is heard.
    Mute {
        /// Whom; all where there is none.
        call: Option<CallId>,
    },
    /// They are heard again.
    Unmute {
        /// Whom; all where there is none.
        call: Option<CallId>,
    },
    /// One has to leave.
    Kick {
        /// Who.
        call: CallId,
    },
    /// Nobody else gets in until it is unlocked or all have left.
    Lock,
    /// Others get in again.
    Unlock,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", content = "value", rename_all = "kebab-case")]
pub enum Reply {
    /// It is done.
    Done,
    /// It was not done; nothing changed.
    Refused(Refusal),
    /// For [`Command::Status`].
    Status(Status),
    /// For [`Command::SiteExport`]: the document.
    Site(String),
    /// For [`Command::SiteDiff`] and [`Command::SiteApply`]: one entry a difference.
    Differences(Vec<Difference>),
    /// For [`Command::Registrations`].
    Registrations(Vec<Registration>),
    /// For [`Command::Calls`].
    Calls(Vec<Call>),
    /// For [`Command::CallLog`].
    CallLog(Vec<LogEntry>),
    /// For [`Command::CallLogShow`].
    CallLogEntry(Box<CallRecord>),
    /// For [`Command::Trace`].
    Trace(Vec<TraceLine>),
    /// For [`Command::Trunks`].
    Trunks(Vec<Trunk>),
    /// For [`Command::Log`].
    Log(Vec<String>),
    /// For [`Command::Personal`] and [`Command::Set`]: how it is now; of an activity that is [`Reply::Activity`].
    Personal(Box<Personal>),
    /// For [`Command::Spending`] and [`Command::SpendingReset`]: how it is now.
    Spending(Box<Spending>),
    /// For [`Command::Activity`], and for [`Command::Set`] with an activity: how it is now.
    Activity(Box<Availability>),
    /// For [`Command::Voicemail`]: the mailbox as it is then, oldest first.
    Voicemail(Vec<MailboxEntry>),
    /// For [`Command::VoicemailSound`].
    Sound(SoundStretch),
    /// For [`Command::Rooms`] and [`Command::Room`]: how they are now.
    Rooms(Vec<Room>),
}

/// Why a command was not done. Each mistake says where it is and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people: one line a mistake.
    pub messages: Vec<String>,
}

/// Why, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// What was sent is wrong.
    Invalid,
    /// The actor may not.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The disk is full or broken; nothing new is taken.
    Storage,
    /// The box is too busy or stopping; try again.
    Unavailable,
}

/// How the box is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the daemon.
    pub version: String,
    /// When it started.
    pub started: Timestamp,
    /// The company's name, once a site has been applied.
    pub company: Option<String>,
    /// Calls in progress.
    pub calls: u32,
    /// Contacts registered.
    pub registrations: u32,
    /// Trunks that are up.
    pub trunks_up: u32,
    /// Trunks in all.
    pub trunks: u32,
    /// What needs a person.
    pub alarms: Vec<Alarm>,
}

/// Something that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Stable name.
    pub alarm: String,
    /// What is wrong and what to do.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
}

/// One difference between two site documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Where: `users.anna.extension`.
    pub path: String,
    /// The value now in force, as TOML; none where it is new. Secrets are shown as `(secret)`.
    pub was: Option<String>,
    /// The value it would get, as TOML; none where it goes away.
    pub becomes: Option<String>,
}

/// A contact of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Which device.
    pub device: DeviceId,
    /// Whose.
    pub user: UserId,
    /// Contact URI.
    pub contact: String,
    /// `udp`, `tcp` or `tls`.
    pub transport: String,
    /// When it ends unless refreshed.
    pub expires: Timestamp,
    /// The phone's User-Agent.
    pub agent: Option<String>,
}

/// A call in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The call.
    pub id: CallId,
    /// Caller.
    pub from: String,
    /// Called.
    pub to: String,
    /// `ringing`, `talking`, `held` and so on.
    pub state: String,
    /// When it began.
    pub since: Timestamp,
    /// Its legs.
    pub legs: Vec<Leg>,
}

/// A leg of a call in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// `device:anna-bord` or `trunk:operator`.
    pub party: String,
    /// Its state.
    pub state: String,
}

/// A conference room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Which.
    pub id: RoomId,
    /// What it is called.
    pub name: String,
    /// Does nobody else get in?
    pub locked: bool,
    /// How many fit.
    pub max_participants: u32,
    /// Who is in it, in the order in which they came.
    pub parties: Vec<RoomParty>,
}

/// Somebody in a conference room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomParty {
    /// Their call.
    pub call: CallId,
    /// `device:anna-bord` or `trunk:operator`.
    pub party: String,
    /// Their extension or number.
    pub number: String,
    /// Do the others not hear them?
    pub muted: bool,
}

/// A finished call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The call.
    pub id: CallId,
    /// Which way.
    pub direction: Direction,
    /// Caller.
    pub from: String,
    /// Called.
    pub to: String,
    /// When it began.
    pub began: Timestamp,
    /// When it was answered.
    pub answered: Option<Timestamp>,
    /// When it ended.
    pub ended: Timestamp,
    /// Why.
    pub cause: Cause,
    /// Who answered.
    pub answered_by: Option<UserId>,
    /// On which device.
    pub answered_device: Option<DeviceId>,
}

impl From<CallRecord> for LogEntry {
    fn from(record: CallRecord) -> Self {
        let CallRecord { call, answered, ended, cause, answered_by, answered_device, .. } = record;
        let crate::OpenCall { id, direction, from, to, began } = call;
        Self { id, direction, from, to, began, answered, ended, cause, answered_by, answered_device }
    }
}

/// One message of a SIP ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceLine {
    /// When.
    pub time: Timestamp,
    /// Sent by the box, not received.
    pub sent: bool,
    /// No message but an explanation of the box's, for people.
    #[serde(default)]
    pub note: bool,
    /// The peer's address, `udp:10.0.0.5:5060`; of a note, the device or trunk.
    pub peer: String,
    /// The request or status line.
    pub summary: String,
    /// The whole message, secrets removed.
    pub message: String,
}

/// A trunk and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trunk {
    /// Which.
    pub id: TrunkId,
    /// `peer` or `register`.
    pub kind: String,
    /// Is it known to carry calls? While that is unknown, calls are tried.
    pub up: bool,
    /// The same, and whether it is known at all.
    pub state: TrunkState,
    /// For kind `register`: are we registered? None for peers.
    pub registered: Option<bool>,
    /// For kind `register`: what the registrar last refused with, while it refuses.
    pub said: Option<String>,
    /// For kind `register`: when the registrar is asked again, while it refuses.
    pub next_try: Option<Timestamp>,
    /// Channels in use.
    pub channels_used: u32,
    /// Channels in all.
    pub channels: u32,
    /// Its hosts in order of preference.
    pub hosts: Vec<TrunkHost>,
}

/// One host of a trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkHost {
    /// Address and port.
    pub address: String,
    /// Does it answer?
    pub up: bool,
    /// The same, and whether it is known at all.
    pub state: TrunkState,
    /// What it last said, for example `200 OK` or `no answer`.
    pub said: String,
}

/// Whether a trunk, or one host of it, carries calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrunkState {
    /// It has not been heard from yet; calls are tried.
    Unknown,
    /// It answers.
    Up,
    /// It does not answer, refuses us, or asked for a pause.
    Down,
}
