//! The box itself answers: the anchor is with it alone, and policy says what it hears.

use crate::call::{Answered, Phase};
use crate::calls::Calls;
use crate::leg::LegState;
use crate::{Effect, Outcome};
use model::{CallId, Cause, LegId, Now};
use std::time::Duration;

impl Calls {
    /// Policy's answer to a waiting call: the box takes it. `cause` is what the record says when it ends here;
    /// [`Outcome::TimeUp`] follows after `patience`, if there is any. Gives the leg to be served.
    pub fn serve(
        &mut self,
        now: Now,
        id: CallId,
        (cause, patience): (Cause, Option<Duration>),
    ) -> Option<LegId> {
        let call = self.calls.get_mut(&id)?;
        if !matches!(call.phase, Phase::Deciding | Phase::Served { .. }) {
            return None;
        }
        call.phase = Phase::Served { until: patience.map(|patience| now.mono + patience), cause };
        let anchor = call.anchor;
        call.answered.get_or_insert(Answered { at: now.wall, by: None });
        if let Some(entry) = self.legs.get_mut(&anchor)
            && entry.state == LegState::Offered
        {
            entry.state = LegState::Up;
            self.effects.push_back(Effect::Answer { leg: anchor });
        }
        self.reschedule(id);
        Some(anchor)
    }

    /// Is the call with the box?
    pub fn is_served(&self, id: CallId) -> bool {
        matches!(self.calls.get(&id).map(|call| &call.phase), Some(Phase::Served { .. }))
    }

    /// A call that the box serves waits for policy again.
    pub fn reconsider(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(&id)
            && matches!(call.phase, Phase::Served { .. })
        {
            call.phase = Phase::Deciding;
            self.reschedule(id);
        }
    }

    /// The box took a call only to ask its caller something: it waits for policy again, and nobody has answered it.
    pub fn ask_on(&mut self, id: CallId) {
        self.reconsider(id);
        if let Some(call) = self.calls.get_mut(&id)
            && call.answered.as_ref().is_some_and(|answered| answered.by.is_none())
        {
            call.answered = None;
        }
    }

    /// Does something with the sound of a call's legs; nothing where the leg is not in progress.
    pub fn perform(&mut self, effect: Effect) {
        let leg = match &effect {
            Effect::Play { leg, .. }
            | Effect::Stop { leg }
            | Effect::Enter { leg, .. }
            | Effect::Mute { leg, .. }
            | Effect::Leave { leg }
            | Effect::Record { leg, .. }
            | Effect::EndRecord { leg, .. }
            | Effect::Refer { leg, .. } => *leg,
            _ => return,
        };
        if self.legs.get(&leg).is_some_and(|leg| leg.state.is_live()) {
            self.effects.push_back(effect);
        }
    }

    pub(crate) fn serve_timeout(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(&id)
            && let Phase::Served { until, .. } = &mut call.phase
        {
            *until = None;
            self.outcomes.push_back(Outcome::TimeUp { call: id });
        }
    }
}
