//! The end of a call: refused, given up, hung up by either side, cut by the box. Each leg closes once, then the
//! record is written.

use crate::call::Phase;
use crate::calls::Calls;
use crate::leg::LegState;
use crate::{Effect, EndedBy, HangUp, Outcome, Refusal};
use model::{CallId, Cause, LegId, LegQuality, Now, What};
use std::time::Duration;

/// A leg whose sound has not closed by then is written off, so that every call gets its record.
const CLOSE_MAX: Duration = Duration::from_secs(5);

impl Calls {
    /// Policy's answer to a waiting call: turn the caller away.
    pub fn refuse(&mut self, now: Now, id: CallId, refusal: Refusal) {
        let Some(call) = self.calls.get(&id) else { return };
        if !matches!(call.phase, Phase::Deciding) {
            return;
        }
        let (caller, cause) = (call.anchor, call.cause_or_answered(refusal.cause));
        let ended = What::Ended { by: None, why: refusal.why.clone() };
        self.effects.push_back(Effect::Reject { leg: caller, refusal });
        self.release(caller);
        self.finish(now, id, cause, ended);
    }

    /// Ends a call whatever its phase; its parties are hung up.
    pub fn cut(&mut self, now: Now, id: CallId, why: HangUp) {
        let Some(call) = self.calls.get(&id) else { return };
        let cause = match call.phase {
            Phase::Ending { .. } => return,
            Phase::Talking { .. } => Cause::Answered,
            Phase::Served { cause, .. } => cause,
            Phase::Deciding | Phase::Ringing { .. } => call.cause_or_answered(Cause::TrunkFailed),
        };
        let text = match why {
            HangUp::Preempted => "an emergency call needed the channel",
            HangUp::Normal | HangUp::AnsweredElsewhere | HangUp::TimeUp | HangUp::Released => {
                "the box ended it"
            }
        };
        for leg in call.legs.clone() {
            self.drop_leg(leg, why);
        }
        self.finish(now, id, cause, What::Ended { by: None, why: text.to_owned() });
    }

    /// A leg is over: by its party, because the party vanished, or because it was asked to end.
    pub(crate) fn leg_ended(&mut self, now: Now, id: CallId, leg: LegId, by: EndedBy) {
        let Some(party) = self.party(leg) else { return };
        self.release(leg);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let vanished = by == EndedBy::Vanished;
        let cause = call.cause_or_answered(Cause::Cancelled);
        match &mut call.phase {
            Phase::Deciding | Phase::Ringing { .. } if leg == call.anchor => {
                for leg in call.legs.clone() {
                    self.drop_leg(leg, HangUp::Normal);
                }
                let why = if vanished { "the caller vanished" } else { "the caller gave up" };
                self.finish(now, id, cause, What::Ended { by: Some(party), why: why.to_owned() });
            }
            Phase::Ringing { .. } => self.failed(now, leg, Cause::NoAnswer, "ended while ringing".to_owned()),
            Phase::Talking { .. } => {
                if let Some(other) = call.opposite(leg) {
                    self.drop_leg(other, HangUp::Normal);
                    let why = if vanished { "the party vanished" } else { "hung up" };
                    self.finish(
                        now,
                        id,
                        Cause::Answered,
                        What::Ended { by: Some(party), why: why.to_owned() },
                    );
                }
            }
            Phase::Served { cause, .. } if leg == call.anchor => {
                let cause = *cause;
                let why = if vanished { "the party vanished" } else { "hung up" };
                self.finish(now, id, cause, What::Ended { by: Some(party), why: why.to_owned() });
            }
            Phase::Deciding | Phase::Served { .. } | Phase::Ending { .. } => {}
        }
    }

    /// The last event of a leg.
    pub(crate) fn closed(&mut self, now: Now, leg: LegId, quality: Option<Box<LegQuality>>) {
        let Some(entry) = self.legs.get(&leg) else { return };
        let id = entry.call;
        if entry.state.is_live() {
            self.leg_ended(now, id, leg, EndedBy::Vanished);
        }
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        entry.state = LegState::Closed;
        entry.quality = quality;
        let Some(call) = self.calls.get(&id) else { return };
        let all =
            call.legs.iter().all(|leg| self.legs.get(leg).is_none_or(|leg| leg.state == LegState::Closed));
        if all && matches!(call.phase, Phase::Ending { .. }) {
            self.conclude(id);
        }
    }

    pub(crate) fn finish(&mut self, now: Now, id: CallId, cause: Cause, step: What) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.note(now.wall, step);
            if matches!(call.phase, Phase::Served { .. }) {
                self.outcomes.push_back(Outcome::Gone { call: id });
            }
            call.phase = Phase::Ending { cause, until: now.mono + CLOSE_MAX, ended: now.wall };
        }
        self.reschedule(id);
        // Its last leg has moved on into another call: nothing is left to wait for.
        if self.calls.get(&id).is_some_and(|call| call.legs.is_empty()) {
            self.conclude(id);
        }
    }
}
