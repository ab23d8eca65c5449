//! Call records: what is left of a call, and the trail of decisions that explains it.

use crate::{CallId, DeviceId, TrunkId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which way a call went, seen from the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From a trunk to somebody here.
    Inbound,
    /// From somebody here to a trunk.
    Outbound,
    /// Between two of the company's own numbers.
    Internal,
}

/// Why a call ended as it did. The words are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// It was answered, and somebody hung up.
    Answered,
    /// The called party was busy.
    Busy,
    /// The called party refused it.
    Rejected,
    /// It rang until time was up, or nothing was there to ring.
    NoAnswer,
    /// The caller gave up first.
    Cancelled,
    /// The voicemail took it.
    Voicemail,
    /// Nobody has that number.
    UnknownNumber,
    /// The caller may not dial it.
    Barred,
    /// The caller is on a block list.
    Blocked,
    /// No trunk could carry it.
    TrunkFailed,
    /// It went on as another call: its parties were connected with that one's.
    Transferred,
    /// Cut by a crash or a power failure; written at the next start.
    Lost,
}

impl Cause {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Answered => "answered",
            Cause::Busy => "busy",
            Cause::Rejected => "rejected",
            Cause::NoAnswer => "no-answer",
            Cause::Cancelled => "cancelled",
            Cause::Voicemail => "voicemail",
            Cause::UnknownNumber => "unknown-number",
            Cause::Barred => "barred",
            Cause::Blocked => "blocked",
            Cause::TrunkFailed => "trunk-failed",
            Cause::Transferred => "transferred",
            Cause::Lost => "lost",
        }
    }
}

/// Who or what one leg of a call belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// A user on one of their devices.
    Device {
        /// Whose phone it is.
        user: UserId,
        /// Which of their phones.
        device: DeviceId,
    },
    /// Somebody outside, by a trunk.
    Trunk(TrunkId),
}

/// A call that has begun and has no record yet. Kept on disk so that a crash still leaves a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCall {
    /// The call.
    pub id: CallId,
    /// Which way it goes.
    pub direction: Direction,
    /// The caller's number or extension as shown to people; empty when withheld.
    pub from: String,
    /// The number dialled, normalised where it could be.
    pub to: String,
    /// When it was offered.
    pub began: Timestamp,
}

/// What is left of a call: exactly one for each, whatever happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// What was known when it began.
    #[serde(flatten)]
    pub call: OpenCall,
    /// When somebody answered.
    pub answered: Option<Timestamp>,
    /// When it was over.
    pub ended: Timestamp,
    /// Why it ended.
    pub cause: Cause,
    /// The user who answered.
    pub answered_by: Option<UserId>,
    /// The device they answered on.
    pub answered_device: Option<DeviceId>,
    /// Each step, in order.
    pub trail: Vec<Step>,
    /// What each leg's sound was like.
    pub quality: Vec<LegQuality>,
}

/// One step of a call's trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub time: Timestamp,
    /// What happened, with its details.
    #[serde(flatten)]
    pub what: What,
}

/// What a step of the trail says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// The call came in.
    Offered {
        /// From whom.
        by: Party,
        /// What was dialled, as it arrived.
        dialled: String,
    },
    /// The number was understood.
    Numbered {
        /// Its normalised form.
        number: String,
        /// Its class in the number plan, or `internal`.
        class: String,
    },
    /// A rule decided.
    Decided {
        /// The rule's name.
        rule: String,
        /// What it decided, for people.
        outcome: String,
    },
    /// A leg was invited.
    Invited {
        /// Whom.
        party: Party,
    },
    /// A leg rings.
    Rang {
        /// Whom.
        party: Party,
    },
    /// A leg answered.
    Answered {
        /// Who.
        party: Party,
    },
    /// A leg did not become a conversation.
    Failed {
        /// Which.
        party: Party,
        /// Why, in the contract's words.
        cause: Cause,
        /// What the peer said, for example `503 Service Unavailable`.
        said: String,
    },
    /// A party put the other on hold.
    Held {
        /// Who pressed hold.
        party: Party,
    },
    /// A party took the other back.
    Resumed {
        /// Who took the other back.
        party: Party,
    },
    /// A party connected the one it talked to with somebody else.
    Transferred {
        /// Who did.
        by: Party,
        /// With whom, where a conversation went on at once; none where that one had yet to answer.
        to: Option<Party>,
    },
    /// Something was spoken to a party.
    Spoken {
        /// The prompt's name.
        prompt: String,
        /// Every id spoken, in order.
        ids: Vec<String>,
    },
    /// The call ended.
    Ended {
        /// Who ended it; nobody when the box did.
        by: Option<Party>,
        /// Why, in plain words.
        why: String,
    },
}

/// What the sound of one leg was like, from RTP statistics and RTCP reports (RFC 3550 section 6.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegQuality {
    /// Whose leg.
    pub party: Party,
    /// The codec at the end, for example `opus/48000`.
    pub codec: String,
    /// Packets received from the party.
    pub received: u64,
    /// Packets sent to the party.
    pub sent: u64,
    /// Packets from the party that never came.
    pub lost: u64,
    /// Packets the party reports as lost on the way to it, if it sends reports.
    pub lost_remote: Option<u64>,
    /// Interarrival jitter of what the party sent, milliseconds.
    pub jitter_ms: f32,
    /// Round trip, milliseconds, if the party sends reports.
    pub round_trip_ms: Option<f32>,
    /// Estimated mean opinion score, 1.0 to 4.5 (ITU-T G.107 simplified); none without sound.
    pub mos: Option<f32>,
}
