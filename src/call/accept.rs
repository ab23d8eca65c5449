//! Accepting by a digit: a leg that must confirm has answered, and is asked. Only 1 makes it the winner; meanwhile the
//! others ring on and the caller hears ringing.

use crate::call::Phase;
use crate::calls::Calls;
use crate::leg::LegState;
use crate::{Effect, HangUp, Program};
use model::{CallId, Cause, LegId, Now, What};
use std::time::Duration;

/// Whoever has pressed nothing by then does not take the call. A mobile's own voicemail talks longer than that.
const PATIENCE: Duration = Duration::from_secs(10);
/// For the trail.
pub(crate) const NOT_TAKEN: &str = "it answered, and nobody pressed 1";

impl Calls {
    /// A leg that must confirm has answered.
    pub(crate) fn ask(&mut self, now: Now, id: CallId, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        if entry.state == LegState::Asked {
            return;
        }
        entry.state = LegState::Asked;
        entry.silent_until = Some(now.mono + PATIENCE);
        self.effects.push_back(Effect::Play { leg, program: Program::Accept });
        let outcome = "whoever answered is asked to press 1".to_owned();
        self.note(now, id, What::Decided { rule: "accept".to_owned(), outcome });
        self.reschedule(id);
    }

    /// A leg that is asked has pressed a key.
    pub(crate) fn pressed(&mut self, now: Now, leg: LegId, digit: char) {
        let Some((id, party)) = self.legs.get(&leg).map(|leg| (leg.call, leg.party.clone())) else { return };
        if digit == '1' {
            self.effects.push_back(Effect::Stop { leg });
            self.note(now, id, What::Answered { party });
            self.converse(now, id, leg);
        } else {
            self.effects.push_back(Effect::HangUp { leg, why: HangUp::Normal });
            self.failed(now, leg, Cause::NoAnswer, format!("it answered and pressed {digit}"));
        }
    }

    pub(crate) fn is_asked(&self, leg: LegId) -> bool {
        self.legs.get(&leg).is_some_and(|leg| leg.state == LegState::Asked)
    }

    /// The round is over but for those who are being asked.
    pub(crate) fn only_asked(&mut self, id: CallId, asked: Vec<LegId>) {
        let last = asked.iter().filter_map(|leg| self.legs.get(leg)?.silent_until).max();
        if let Some(Phase::Ringing { branches, until, .. }) =
            self.calls.get_mut(&id).map(|call| &mut call.phase)
        {
            *branches = asked;
            *until = last.unwrap_or(*until);
        }
    }
}
