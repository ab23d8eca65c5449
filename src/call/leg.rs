//! One party's side of a call.

use model::{CallId, LegQuality, Party};
use std::time::Instant;

/// How far a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegState {
    /// An incoming leg that has no answer yet.
    Offered,
    /// An outgoing leg whose peer has said nothing.
    Inviting,
    /// An outgoing leg whose peer is alive.
    Trying,
    /// An outgoing leg that rings.
    Ringing,
    /// An outgoing leg that answered and must press 1 to take the call.
    Asked,
    /// In conversation.
    Up,
    /// In conversation, and the party holds us.
    Holding,
    /// Ended or hung up; its sound is being closed.
    Closing,
    /// Over.
    Closed,
}

impl LegState {
    /// The word for listings.
    pub fn as_str(self) -> &'static str {
        match self {
            LegState::Offered => "offered",
            LegState::Inviting => "inviting",
            LegState::Trying => "trying",
            LegState::Ringing => "ringing",
            LegState::Asked => "asked",
            LegState::Up => "talking",
            LegState::Holding => "holding",
            LegState::Closing | LegState::Closed => "ending",
        }
    }

    /// Does the party still take part?
    pub fn is_live(self) -> bool {
        !matches!(self, LegState::Closing | LegState::Closed)
    }
}

/// A leg as its call knows it.
#[derive(Debug)]
pub(crate) struct Leg {
    pub call: CallId,
    pub party: Party,
    /// The number or extension the party is known by; empty when withheld.
    pub number: String,
    pub state: LegState,
    /// Must it press 1 to take the call?
    pub confirm: bool,
    /// An outgoing leg that stays silent until then has failed; one that is asked and has not pressed 1 too.
    pub silent_until: Option<Instant>,
    pub quality: Option<Box<LegQuality>>,
}

impl Leg {
    pub fn new(call: CallId, (party, number): (Party, String), state: LegState) -> Self {
        Self { call, party, number, state, confirm: false, silent_until: None, quality: None }
    }
}
