//! A leg answers: it wins, the others stop, and the caller is joined with it.

use crate::call::{Answered, Phase, answered_by};
use crate::calls::Calls;
use crate::leg::LegState;
use crate::{Effect, HangUp};
use model::{Event, LegId, Now, What};

impl Calls {
    pub(crate) fn answered(&mut self, now: Now, leg: LegId) {
        let Some((id, party)) = self.legs.get(&leg).map(|leg| (leg.call, leg.party.clone())) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Phase::Ringing { branches, .. } = &mut call.phase else {
            // Another leg won, or the caller has gone: an answer nobody waits for.
            self.drop_leg(leg, HangUp::AnsweredElsewhere);
            return;
        };
        let losers: Vec<LegId> = branches.iter().copied().filter(|branch| *branch != leg).collect();
        let caller = call.caller;
        call.phase = Phase::Talking { peer: leg };
        call.answered = Some(Answered { at: now.wall, by: answered_by(&party) });
        call.note(now.wall, What::Answered { party: party.clone() });
        for loser in losers {
            self.drop_leg(loser, HangUp::AnsweredElsewhere);
        }
        for joined in [caller, leg] {
            if let Some(entry) = self.legs.get_mut(&joined) {
                entry.state = LegState::Up;
                entry.silent_until = None;
            }
        }
        self.effects.push_back(Effect::Answer { leg: caller, with: leg });
        self.events.push_back(Event::PartyAnswered { call: id, party });
        self.reschedule(id);
    }
}
