//! Calls that the box begins itself: it rings somebody, and whoever answers is the call's anchor.

use crate::call::{Answered, Call, Phase, answered_by};
use crate::calls::Calls;
use crate::fork::Ring;
use crate::leg::LegState;
use crate::{HangUp, Outcome};
use model::{CallId, Event, LegId, Now, OpenCall, What};

impl Calls {
    /// A call that nobody has placed rings these legs. [`Outcome::Summoned`] when one of them answers: policy then has
    /// the word, as for a caller. Gives the leg that stands for nobody until then.
    pub fn summon(&mut self, now: Now, open: OpenCall, ring: Ring) -> LegId {
        let nobody = self.next_leg();
        let id = open.id;
        let call = Call {
            open: open.clone(),
            anchor: nobody,
            legs: Vec::with_capacity(4),
            phase: Phase::Deciding,
            deadline: None,
            answered: None,
            trail: Vec::with_capacity(8),
        };
        self.calls.insert(id, call);
        self.events.push_back(Event::CallBegan(open));
        self.ring(now, id, ring);
        nobody
    }

    /// Does a call ring that nobody has placed?
    pub(crate) fn is_summons(&self, id: CallId) -> bool {
        self.calls.get(&id).is_some_and(|call| !self.legs.contains_key(&call.anchor))
    }

    /// Somebody has answered a call that the box began.
    pub(crate) fn summoned(&mut self, now: Now, id: CallId, leg: LegId) {
        let Some(party) = self.party(leg) else { return };
        self.note(now, id, What::Answered { party: party.clone() });
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.anchor = leg;
        call.answered = Some(Answered { at: now.wall, by: answered_by(&party) });
        let before = std::mem::replace(&mut call.phase, Phase::Deciding);
        if let Phase::Ringing { branches, .. } = before {
            for loser in branches.into_iter().filter(|branch| *branch != leg) {
                self.drop_leg(loser, HangUp::AnsweredElsewhere);
            }
        }
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.state = LegState::Up;
            entry.silent_until = None;
        }
        self.events.push_back(Event::PartyAnswered { call: id, party });
        self.outcomes.push_back(Outcome::Summoned { call: id, leg });
        self.reschedule(id);
    }
}
