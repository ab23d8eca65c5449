//! Hold and resume: whom a party holds hears music until it is taken back.

use crate::calls::Calls;
use crate::leg::LegState;
use crate::{Effect, Program};
use model::{CallId, Event, LegId, Now, Party, What};

impl Calls {
    pub(crate) fn held(&mut self, now: Now, leg: LegId) {
        let Some((call, party)) = self.change_state(leg, (LegState::Up, LegState::Holding)) else { return };
        self.note(now, call, What::Held { party: party.clone() });
        self.events.push_back(Event::PartyHeld { call, party });
        if let Some(held) = self.opposite(leg) {
            self.effects.push_back(Effect::Play { leg: held, program: Program::Music });
        }
    }

    pub(crate) fn resumed(&mut self, now: Now, leg: LegId) {
        let Some((call, party)) = self.change_state(leg, (LegState::Holding, LegState::Up)) else { return };
        self.note(now, call, What::Resumed { party: party.clone() });
        self.events.push_back(Event::PartyResumed { call, party });
        if let Some(held) = self.opposite(leg) {
            self.effects.push_back(Effect::Stop { leg: held });
        }
    }

    fn change_state(&mut self, leg: LegId, (from, to): (LegState, LegState)) -> Option<(CallId, Party)> {
        let entry = self.legs.get_mut(&leg).filter(|entry| entry.state == from)?;
        entry.state = to;
        Some((entry.call, entry.party.clone()))
    }
}
