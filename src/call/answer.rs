//! A leg answers: it wins, the others stop, and the anchor is joined with it.

use crate::call::{Answered, Phase, answered_by};
use crate::calls::Calls;
use crate::leg::LegState;
use crate::{Effect, HangUp, Program};
use model::{CallId, Event, LegId, Now, What};

impl Calls {
    pub(crate) fn answered(&mut self, now: Now, leg: LegId) {
        let Some((id, party)) = self.legs.get(&leg).map(|leg| (leg.call, leg.party.clone())) else { return };
        let Some(Phase::Ringing { .. }) = self.calls.get(&id).map(|call| &call.phase) else {
            // Another leg won, or the caller has gone: an answer nobody waits for.
            self.drop_leg(leg, HangUp::AnsweredElsewhere);
            return;
        };
        if self.legs.get(&leg).is_some_and(|leg| leg.confirm) {
            self.ask(now, id, leg);
            return;
        }
        if self.is_summons(id) {
            return self.summoned(now, id, leg);
        }
        self.note(now, id, What::Answered { party });
        self.converse(now, id, leg);
    }

    /// The anchor and `peer` talk from now on; whatever else rang stops.
    pub(crate) fn converse(&mut self, now: Now, id: CallId, peer: LegId) {
        let Some(party) = self.party(peer) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let anchor = call.anchor;
        let before = std::mem::replace(&mut call.phase, Phase::Talking { peer });
        let by = answered_by(&party);
        // The first to answer is who answered; whoever the call was passed on to is in the trail.
        if call.answered.is_none() || call.answered.as_ref().is_some_and(|answered| answered.by.is_none()) {
            let at = call.answered.as_ref().map_or(now.wall, |answered| answered.at);
            call.answered = Some(Answered { at, by });
        }
        if let Phase::Ringing { branches, .. } = before {
            for loser in branches.into_iter().filter(|branch| *branch != peer) {
                self.drop_leg(loser, HangUp::AnsweredElsewhere);
            }
        }
        self.join(anchor, peer);
        self.events.push_back(Event::PartyAnswered { call: id, party });
        self.reschedule(id);
    }

    /// Two legs hear each other; whom one of them holds hears music.
    pub(crate) fn join(&mut self, one: LegId, other: LegId) {
        for leg in [one, other] {
            if let Some(entry) = self.legs.get_mut(&leg)
                && entry.state != LegState::Holding
            {
                entry.state = LegState::Up;
                entry.silent_until = None;
            }
        }
        self.effects.push_back(Effect::Join { leg: one, with: other });
        for (leg, held) in [(one, other), (other, one)] {
            if self.legs.get(&leg).is_some_and(|leg| leg.state == LegState::Holding) {
                self.effects.push_back(Effect::Play { leg: held, program: Program::Music });
            }
        }
    }
}
