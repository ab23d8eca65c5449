//! What a user's telephones are doing, one entry for each call: what lamps and colleagues are shown.

use crate::call::{Call, Phase, Told};
use crate::calls::Calls;
use crate::leg::LegState;
use model::{CallId, LegId, Party, UserId};
use std::collections::BTreeMap;

/// A user's part in one call, over all of their devices that take part in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engagement {
    /// The call.
    pub call: CallId,
    /// The leg that tells most: the one in conversation, else one that rings.
    pub leg: LegId,
    /// How it goes.
    pub state: Engaged,
    /// Whether the user was called.
    pub called: bool,
    /// The other end, and the number it is known by; that is empty when withheld. None while the user has dialled and
    /// nobody has answered.
    pub other: Option<(Party, String)>,
}

/// How a user's part in a call goes; what comes later tells more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engaged {
    /// A phone is called and has not said that it rings, or the user has dialled and nothing rings.
    Trying,
    /// It rings, here or at whom the user has called.
    Ringing,
    /// In conversation, and the user has pressed hold.
    Holding,
    /// In conversation.
    Talking,
}

impl Calls {
    /// The calls that a user has a part in, oldest first.
    pub fn engagements(&self, user: &UserId) -> Vec<Engagement> {
        if self.legs_of(user) == 0 {
            return Vec::new();
        }
        let mut all: BTreeMap<CallId, Engagement> = BTreeMap::new();
        for (leg, state) in self.stakes(user) {
            let Some(engagement) = self.engagement(leg, state) else { continue };
            match all.get_mut(&engagement.call) {
                Some(known) if known.state >= engagement.state => {}
                _ => drop(all.insert(engagement.call, engagement)),
            }
        }
        all.into_values().collect()
    }

    /// A call as it is for one leg of it.
    pub fn engagement(&self, leg: LegId, state: LegState) -> Option<Engagement> {
        let id = self.call_of(leg)?;
        let call = self.calls.get(&id)?;
        let state = match state {
            LegState::Offered => before_answer(call),
            LegState::Inviting | LegState::Trying => Engaged::Trying,
            LegState::Ringing | LegState::Asked => Engaged::Ringing,
            LegState::Up => Engaged::Talking,
            LegState::Holding => Engaged::Holding,
            LegState::Closing | LegState::Closed => return None,
        };
        let called = leg != call.anchor || call.legs.first() != Some(&leg);
        let other = match call.phase {
            Phase::Ringing { .. } if leg != call.anchor => Some(call.anchor),
            _ => call.opposite(leg),
        };
        let other = other.and_then(|other| self.face(other));
        let other = other.map(|(party, number)| (party.clone(), number.to_owned()));
        Some(Engagement { call: id, leg, state, called, other })
    }

    /// The number that a call was for, as its record has it.
    pub fn dialled(&self, call: CallId) -> Option<&str> {
        self.calls.get(&call).map(|call| call.open.to.as_str())
    }
}

fn before_answer(call: &Call) -> Engaged {
    match call.phase {
        Phase::Ringing { told: Told::Ringing | Told::Sound(_), .. } => Engaged::Ringing,
        Phase::Deciding
        | Phase::Ringing { told: Told::Nothing, .. }
        | Phase::Talking { .. }
        | Phase::Served { .. }
        | Phase::Ending { .. } => Engaged::Trying,
    }
}
