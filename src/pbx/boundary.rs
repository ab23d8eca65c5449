//! The core's boundary: what is told to it, and what it wants done.

use jiff::Timestamp;
use model::site::Site;
use model::{
    Actor, Change, Command, ContactId, DeviceId, Difference, Event, LegId, Recorded, RecordingId, Reply,
    Ticket, TrunkHost, TrunkId,
};
use std::net::IpAddr;
use std::sync::Arc;

/// Whose leg comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A device that has proved who it is.
    Device(DeviceId),
    /// A trunk, known by its address or its registration.
    Trunk {
        /// Which.
        trunk: TrunkId,
        /// The caller's number as the operator sent it; none when withheld.
        number: Option<String>,
        /// The caller's name, if the operator sent one.
        name: Option<String>,
    },
}

/// A call that comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The caller's leg, from [`crate::Pbx::next_leg`].
    pub leg: LegId,
    /// Whose it is.
    pub origin: Origin,
    /// What was dialled, with escapes resolved and otherwise as it arrived.
    pub dialled: String,
    /// Where the request came from: decides which of the company's sites the caller is at.
    pub source: IpAddr,
    /// The leg whose place it wants to take (RFC 3891).
    pub replaces: Option<LegId>,
}

/// What the core is told.
#[derive(Debug)]
pub enum Input {
    /// A call comes in.
    Offered(Box<Offered>),
    /// Something happened on a leg.
    Leg {
        /// Which leg.
        leg: LegId,
        /// What happened.
        event: call::LegEvent,
    },
    /// The contacts a device can be reached at now, all of them.
    Contacts {
        /// Which device.
        device: DeviceId,
        /// Its contacts, best first.
        contacts: Vec<ContactId>,
    },
    /// How a trunk's hosts are now, all of them, in order of preference.
    TrunkHosts {
        /// Which trunk.
        trunk: TrunkId,
        /// Its hosts.
        hosts: Vec<TrunkHost>,
        /// For a trunk that registers: is it?
        registration: Option<Registration>,
    },
    /// Somebody asks for something.
    Command {
        /// Comes back with the reply.
        ticket: Ticket,
        /// Who asks.
        actor: Actor,
        /// For what.
        command: Command,
    },
    /// The document of an [`Effect::Parse`] has been read.
    Parsed {
        /// Of the command.
        ticket: Ticket,
        /// The site, or every mistake in it.
        result: Result<Box<Site>, Vec<String>>,
    },
    /// What an [`Effect::Commit`] asked for is durable, or is not.
    Committed {
        /// Of the command.
        ticket: Ticket,
        /// Why not, for people.
        result: Result<(), String>,
    },
    /// A recording is whole and durable, or is not, and why.
    Recorded {
        /// Which.
        recording: RecordingId,
        /// How it is.
        result: Result<Recorded, String>,
    },
    /// Something needs a person, or no longer does.
    Alarm {
        /// Stable name.
        alarm: &'static str,
        /// What is wrong and what to do; none when it is over.
        text: Option<String>,
    },
}

/// A trunk's registration with its operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// The operator knows where we are.
    Registered,
    /// It does not, or not yet.
    Not {
        /// Why, as far as it is known.
        said: Option<String>,
        /// When it is tried again, where it waits.
        next_try: Option<Timestamp>,
    },
}

/// A question that the driver answers from what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Every contact of every device.
    Registrations,
    /// Finished calls, newest first.
    CallLog {
        /// At most so many.
        limit: u32,
    },
    /// One finished call.
    CallLogShow(model::CallId),
    /// A call's SIP ladder: the signalling of these legs, and of those that ended.
    Trace(model::CallId),
    /// A stretch of a recording.
    Sound {
        /// Which.
        recording: RecordingId,
        /// From which octet of its file on.
        from: u64,
    },
    /// The newest log lines.
    Log {
        /// At most so many.
        limit: u32,
    },
}

/// What the core wants done.
#[derive(Debug)]
pub enum Effect {
    /// Something with a leg.
    Leg(call::Effect),
    /// Keep these changes, all or none.
    Commit {
        /// Whom to tell when they are durable; nobody waits where there is none.
        ticket: Option<Ticket>,
        /// The changes.
        changes: Vec<Change>,
    },
    /// Forget a recording.
    Erase(RecordingId),
    /// Tell whoever listens.
    Notify(Event),
    /// Answer a command.
    Reply {
        /// Of the command.
        ticket: Ticket,
        /// The answer.
        reply: Reply,
    },
    /// Answer a command from what the driver keeps.
    Query {
        /// Of the command.
        ticket: Ticket,
        /// The question.
        query: Query,
    },
    /// Read a site document, away from the core: hashing passwords takes time.
    Parse {
        /// Of the command.
        ticket: Ticket,
        /// The document.
        document: String,
        /// The site in force, whose hashes stay where the passwords are the same.
        current: Option<Arc<Site>>,
    },
    /// A new site is in force: devices, trunks and secrets are these from now on.
    SiteInForce {
        /// The site.
        site: Arc<Site>,
        /// What changed; empty at start.
        differences: Vec<Difference>,
    },
}
