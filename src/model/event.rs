//! Facts, in the past tense: the only source of presence, call log, lamps, web updates and federation.

use crate::{CallId, CallRecord, DeviceId, OpenCall, Party, TrunkId};
use serde::{Deserialize, Serialize};

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A call began.
    CallBegan(OpenCall),
    /// A party of a call rings.
    PartyRang {
        /// The call.
        call: CallId,
        /// Who.
        party: Party,
    },
    /// A party answered.
    PartyAnswered {
        /// The call.
        call: CallId,
        /// Who.
        party: Party,
    },
    /// A party put the other on hold.
    PartyHeld {
        /// The call.
        call: CallId,
        /// Who pressed hold.
        party: Party,
    },
    /// A party took the other back.
    PartyResumed {
        /// The call.
        call: CallId,
        /// Who.
        party: Party,
    },
    /// A call's parties went on in another.
    CallMerged {
        /// The call that ends.
        call: CallId,
        /// The call that goes on.
        into: CallId,
    },
    /// A call ended.
    CallEnded(CallRecord),
    /// A device can be reached, or a further contact of it can.
    DeviceRegistered {
        /// Which.
        device: DeviceId,
    },
    /// The last contact of a device went away.
    DeviceUnregistered {
        /// Which.
        device: DeviceId,
    },
    /// A trunk can carry calls.
    TrunkUp {
        /// Which.
        trunk: TrunkId,
    },
    /// No host of a trunk answers.
    TrunkDown {
        /// Which.
        trunk: TrunkId,
    },
    /// A new site document is in force.
    SiteApplied,
    /// Something needs a person.
    AlarmRaised {
        /// Stable name, for example `disk-full`.
        alarm: String,
        /// What is wrong and what to do, for people.
        text: String,
    },
    /// It no longer does.
    AlarmCleared {
        /// The name it was raised by.
        alarm: String,
    },
}
