//! Hold and resume, as seen from the call: what the held party hears is the media layer's business.

use crate::calls::Calls;
use crate::leg::LegState;
use model::{Event, LegId, Now, What};

impl Calls {
    pub(crate) fn held(&mut self, now: Now, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        if entry.state != LegState::Up {
            return;
        }
        entry.state = LegState::Holding;
        let (id, party) = (entry.call, entry.party.clone());
        self.note(now, id, What::Held { party: party.clone() });
        self.events.push_back(Event::PartyHeld { call: id, party });
    }

    pub(crate) fn resumed(&mut self, now: Now, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        if entry.state != LegState::Holding {
            return;
        }
        entry.state = LegState::Up;
        let (id, party) = (entry.call, entry.party.clone());
        self.note(now, id, What::Resumed { party: party.clone() });
        self.events.push_back(Event::PartyResumed { call: id, party });
    }
}
