//! Ringing: one or several legs at once, until one answers, all fail, or time is up.

use crate::accept::NOT_TAKEN;
use crate::call::{Phase, Told};
use crate::calls::{Calls, party_of};
use crate::leg::LegState;
use crate::{Effect, HangUp, Invite, Outcome};
use model::{CallId, Cause, Event, LegId, Now, What};
use std::time::Duration;

/// One round of ringing.
#[derive(Clone, Debug)]
pub struct Ring {
    /// The legs to set up.
    pub invites: Vec<Invite>,
    /// How long they may ring.
    pub patience: Duration,
    /// A leg whose peer is silent for so long has failed; none waits as long as the signalling does.
    pub silence: Option<Duration>,
}

impl Calls {
    /// Policy's answer to a waiting call: ring these legs.
    pub fn ring(&mut self, now: Now, id: CallId, ring: Ring) {
        let phase = self.calls.get(&id).map(|call| &call.phase);
        if !matches!(phase, Some(Phase::Deciding | Phase::Served { .. })) {
            return;
        }
        let mut branches = Vec::with_capacity(ring.invites.len());
        for invite in ring.invites {
            let leg = self.next_leg();
            let party = party_of(&invite.destination);
            self.note(now, id, What::Invited { party: party.clone() });
            self.add_leg(id, leg, (party, invite.called.clone()), LegState::Inviting);
            if let Some(entry) = self.legs.get_mut(&leg) {
                entry.silent_until = ring.silence.map(|silence| now.mono + silence);
                entry.confirm = invite.confirm;
            }
            self.effects.push_back(Effect::Invite { leg, invite: Box::new(invite) });
            branches.push(leg);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        let empty = branches.is_empty();
        let until = now.mono + ring.patience;
        call.phase = Phase::Ringing { branches, until, best: None, moved: None, told: Told::Nothing };
        if empty {
            self.exhausted(id, Cause::NoAnswer);
        }
        self.reschedule(id);
    }

    pub(crate) fn trying(&mut self, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        if entry.state == LegState::Inviting {
            entry.state = LegState::Trying;
        }
        entry.silent_until = None;
        let call = entry.call;
        self.reschedule(call);
    }

    pub(crate) fn ringing(&mut self, now: Now, leg: LegId) {
        let Some((id, first)) = self.heard(now, leg) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let anchor = call.anchor;
        let Phase::Ringing { told, .. } = &mut call.phase else { return };
        if first && *told == Told::Nothing {
            *told = Told::Ringing;
            self.effects.push_back(Effect::Ring { leg: anchor });
        }
    }

    /// Sound before the answer reaches the caller only where a single leg rings: two at once would be noise.
    pub(crate) fn early(&mut self, now: Now, leg: LegId) {
        let Some((id, _)) = self.heard(now, leg) else { return };
        // Nobody knows yet that it is a person: the caller hears ringing until 1 is pressed.
        let asks = self.legs.get(&leg).is_some_and(|leg| leg.confirm);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let anchor = call.anchor;
        let Phase::Ringing { told, branches, .. } = &mut call.phase else { return };
        match told {
            Told::Sound(_) => {}
            Told::Nothing | Told::Ringing if branches.as_slice() == [leg] && !asks => {
                *told = Told::Sound(leg);
                self.effects.push_back(Effect::Early { leg: anchor, from: leg });
            }
            Told::Nothing => {
                *told = Told::Ringing;
                self.effects.push_back(Effect::Ring { leg: anchor });
            }
            Told::Ringing => {}
        }
    }

    pub(crate) fn failed(&mut self, now: Now, leg: LegId, cause: Cause, said: String) {
        let Some((id, party)) = self.legs.get(&leg).map(|leg| (leg.call, leg.party.clone())) else { return };
        self.note(now, id, What::Failed { party, cause, said });
        self.release(leg);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Phase::Ringing { branches, best, .. } = &mut call.phase else { return };
        branches.retain(|branch| *branch != leg);
        *best = Some(best.map_or(cause, |best| better(best, cause)));
        if branches.is_empty() {
            let cause = best.unwrap_or(Cause::NoAnswer);
            self.exhausted(id, cause);
        }
        self.reschedule(id);
    }

    /// A leg says who should take the call instead. Policy hears of it when nobody else of this round has taken it: what
    /// one phone says is no reason to silence the others.
    pub(crate) fn moved(&mut self, now: Now, leg: LegId, to: String, said: String) {
        let call = self.legs.get(&leg).map(|leg| leg.call).and_then(|id| self.calls.get_mut(&id));
        if let Some(Phase::Ringing { branches, moved, .. }) = call.map(|call| &mut call.phase)
            && branches.contains(&leg)
        {
            moved.get_or_insert(to);
        }
        self.failed(now, leg, Cause::NoAnswer, said);
    }

    /// Time is up for the whole round, or for legs that never said a word.
    pub(crate) fn ring_timeout(&mut self, now: Now, id: CallId) {
        let Some(Phase::Ringing { branches, until, .. }) = self.calls.get(&id).map(|call| &call.phase) else {
            return;
        };
        if *until <= now.mono {
            // Whoever is just being asked has answered in time, and may finish.
            let (asked, ringing): (Vec<LegId>, Vec<LegId>) =
                branches.iter().partition(|leg| self.is_asked(**leg) && !self.is_due(now, **leg));
            for leg in ringing {
                self.drop_leg(leg, HangUp::TimeUp);
            }
            if asked.is_empty() {
                self.exhausted(id, Cause::NoAnswer);
            } else {
                self.only_asked(id, asked);
            }
        } else {
            let silent: Vec<LegId> = branches.iter().filter(|leg| self.is_due(now, **leg)).copied().collect();
            for leg in silent {
                self.effects.push_back(Effect::HangUp { leg, why: HangUp::TimeUp });
                if self.is_asked(leg) {
                    self.failed(now, leg, Cause::NoAnswer, NOT_TAKEN.to_owned());
                } else {
                    self.failed(now, leg, Cause::TrunkFailed, "no answer to the invitation".to_owned());
                }
            }
        }
        self.reschedule(id);
    }

    fn is_due(&self, now: Now, leg: LegId) -> bool {
        self.legs.get(&leg).and_then(|leg| leg.silent_until).is_some_and(|until| until <= now.mono)
    }

    /// Hangs up a leg that still takes part.
    pub(crate) fn drop_leg(&mut self, leg: LegId, why: HangUp) {
        if self.legs.get(&leg).is_some_and(|leg| leg.state.is_live()) {
            self.effects.push_back(Effect::HangUp { leg, why });
            self.release(leg);
        }
    }

    fn exhausted(&mut self, id: CallId, cause: Cause) {
        if let Some(call) = self.calls.get_mut(&id) {
            let moved = match std::mem::replace(&mut call.phase, Phase::Deciding) {
                Phase::Ringing { moved, .. } => moved,
                _ => None,
            };
            self.outcomes.push_back(Outcome::Unanswered { call: id, cause, moved });
        }
    }

    /// A branch shows that its phone rings. Gives its call, and whether this is news.
    fn heard(&mut self, now: Now, leg: LegId) -> Option<(CallId, bool)> {
        let entry = self.legs.get_mut(&leg)?;
        if matches!(entry.state, LegState::Asked | LegState::Up | LegState::Holding | LegState::Offered) {
            return None;
        }
        let first = entry.state != LegState::Ringing;
        entry.state = LegState::Ringing;
        entry.silent_until = None;
        let (id, party) = (entry.call, entry.party.clone());
        if first {
            self.note(now, id, What::Rang { party: party.clone() });
            self.events.push_back(Event::PartyRang { call: id, party });
            self.reschedule(id);
        }
        Some((id, first))
    }
}

/// Of two refusals the one that tells the caller more (in the spirit of RFC 3261 section 16.7 step 6): a person's
/// own refusal beats a busy phone, which beats a wrong number, which beats silence, which beats a broken line.
fn better(one: Cause, other: Cause) -> Cause {
    let rank = |cause: Cause| match cause {
        Cause::Rejected => 0,
        Cause::Busy => 1,
        Cause::UnknownNumber => 2,
        Cause::NoAnswer => 3,
        _ => 4,
    };
    if rank(other) < rank(one) { other } else { one }
}
