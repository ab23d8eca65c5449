//! A call and its phases.
//!
//! ```text
//!              ring()                    a leg answers
//!  Deciding ───────────▶ Ringing ─────────────────────▶ Talking
//!   │ ▲  │                 │  │                          │ │
//!   │ │  │ refuse()        │  │ caller gives up          │ │ somebody hangs up
//!   │ │  │                 │  └───────────────┐          │ │
//!   │ │  └──────────────────────────────────┐ │          │ │
//!   │ │    nobody took it  │                ▼ ▼          │ ▼
//!   │ └────────────────────┘               Ending: all legs close ──▶ record
//!   │ ▲                                     ▲            │
//!   ▼ └──────────── Served ─────────────────┘            │
//!  serve(): with the box alone    hangs up               │
//!     Deciding ◀──────────── leave(): one goes, the other waits for what is next
//! ```
//!
//! The anchor is the leg a call hangs on: its caller, or who is left of it after the caller connected them with
//! somebody else. It alone waits while others ring.

use model::{Cause, DeviceId, LegId, OpenCall, Party, Step, UserId, What};
use std::time::Instant;

/// Where a call stands, with what is valid only there.
#[derive(Debug)]
pub(crate) enum Phase {
    /// Policy has the word.
    Deciding,
    /// Legs ring.
    Ringing {
        /// Legs that have not failed yet.
        branches: Vec<LegId>,
        /// Until when.
        until: Instant,
        /// The best refusal so far.
        best: Option<Cause>,
        /// Where the first leg that was moved says to go instead.
        moved: Option<String>,
        /// What the caller has been told.
        told: Told,
    },
    /// Two legs talk.
    Talking {
        /// The leg that answered.
        peer: LegId,
    },
    /// The anchor is with the box alone: parked, in a room, hearing something.
    Served {
        /// Policy wants to be asked then.
        until: Option<Instant>,
        /// What the record says when it ends here.
        cause: Cause,
    },
    /// Over; legs are closing.
    Ending {
        /// For the record.
        cause: Cause,
        /// The record is written then, whoever has not closed.
        until: Instant,
        /// When it was over.
        ended: jiff::Timestamp,
    },
}

/// What the caller hears while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing yet.
    Nothing,
    /// That it rings.
    Ringing,
    /// A leg's own sound.
    Sound(LegId),
}

/// Who answered, and when.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub at: jiff::Timestamp,
    pub by: Option<(UserId, DeviceId)>,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    pub open: OpenCall,
    /// The leg it hangs on.
    pub anchor: LegId,
    /// Every leg it ever had and that did not move on into another call, in order.
    pub legs: Vec<LegId>,
    pub phase: Phase,
    /// When the phase asks to be woken; kept equal to the entry in the table of deadlines.
    pub deadline: Option<Instant>,
    pub answered: Option<Answered>,
    pub trail: Vec<Step>,
}

/// A trail longer than this keeps its beginning and drops the middle; no honest call comes near.
const TRAIL_MAX: usize = 500;

impl Call {
    /// Adds a step to the trail.
    pub fn note(&mut self, wall: jiff::Timestamp, what: What) {
        if self.trail.len() < TRAIL_MAX || matches!(what, What::Ended { .. }) {
            self.trail.push(Step { time: wall, what });
        }
    }

    /// The cause of the record: once somebody has answered, it was answered whatever came after.
    pub fn cause_or_answered(&self, cause: Cause) -> Cause {
        if self.answered.is_some() { Cause::Answered } else { cause }
    }

    /// The leg a given leg talks to.
    pub fn opposite(&self, leg: LegId) -> Option<LegId> {
        match self.phase {
            Phase::Talking { peer } if leg == self.anchor => Some(peer),
            Phase::Talking { peer } if leg == peer => Some(self.anchor),
            _ => None,
        }
    }
}

/// Notes who answered, where the party is one of the company's own.
pub(crate) fn answered_by(party: &Party) -> Option<(UserId, DeviceId)> {
    match party {
        Party::Device { user, device } => Some((user.clone(), device.clone())),
        Party::Trunk(_) => None,
    }
}
