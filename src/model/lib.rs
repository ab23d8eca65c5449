//! The vocabulary of the exchange: identifiers, numbers, the site document, commands, events, records, changes.
//!
//! Data and its validation only: no sockets, clocks, files or policy. Read [`Command`] and [`Event`] first.

mod change;
mod class;
mod command;
mod event;
mod id;
mod message;
mod number;
mod personal;
mod record;
pub mod site;
mod spend;
mod time;

pub use change::{Binding, Change, Snapshot};
pub use class::{Class, Classes, Zone};
pub use command::{
    Actor, Alarm, Availability, Call, Command, Difference, Leg, LogEntry, MailboxEntry, MessageAction,
    Refusal, RefusalCode, Registration, Reply, Request, Room, RoomAction, RoomParty, SoundStretch, Status,
    TraceLine, Trunk, TrunkHost, TrunkState,
};
pub use event::Event;
pub use id::{
    ActivityId, AnnouncementId, CallId, ContactId, DeviceId, GroupId, HoursId, LegId, MenuId, PlanId,
    QueueId, RoomId, SiteId, Ticket, TrunkId, UserId,
};
pub use message::{Message, MessageState, NotARecording, Recorded, RecordingId};
pub use number::{
    AreaCode, E164, Extension, NotARange, NotAnAreaCode, NotAnExtension, NotE164, Number, NumberRange,
    Numbering, ShortNumber, Unknown,
};
pub use personal::{Callers, Doing, FORWARD_AFTER_S, Forward, NOTE_MAX, Personal, Setting, When};
pub use record::{CallRecord, Cause, Direction, LegQuality, OpenCall, Party, Step, What};
pub use spend::{Spending, SpendingOf, Spent, Used};
pub use time::Now;
