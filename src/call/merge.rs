//! Parties change places: one leaves and the other waits, two calls become one, a leg takes another's place.

use crate::call::{Phase, Told};
use crate::calls::Calls;
use crate::{Effect, HangUp};
use model::{CallId, Cause, Event, LegId, Now, What};

/// What became of two calls that were merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The call that goes on.
    pub kept: CallId,
    /// The call that ended in it.
    pub gone: CallId,
    /// It still rings: what was decided about [`Merged::gone`] holds for [`Merged::kept`] now.
    pub rings: bool,
}

impl Calls {
    /// One of two who talk leaves the call; the other becomes its anchor and waits for policy.
    pub fn leave(&mut self, leg: LegId, why: HangUp) -> Option<(CallId, LegId)> {
        let id = self.call_of(leg)?;
        let other = self.opposite(leg)?;
        self.drop_leg(leg, why);
        let call = self.calls.get_mut(&id)?;
        call.anchor = other;
        call.phase = Phase::Deciding;
        self.reschedule(id);
        Some((id, other))
    }

    /// Joins the two whom one party talks to by two legs of its own. The party leaves; of two calls one is left: the
    /// older one, or the one that is no longer ringing. None where one of the legs does not talk to anybody.
    pub fn merge(&mut self, now: Now, one: LegId, other: LegId) -> Option<Merged> {
        let [(kept, own), (gone, spare)] = self.merging(one, other)?;
        let stays = self.opposite(own)?;
        let by = self.party(own)?;
        let whom = self.opposite(spare).and_then(|leg| self.party(leg));
        let what = What::Transferred { by: by.clone(), to: whom };
        self.note(now, kept, what.clone());
        self.note(now, gone, what);
        for leg in [own, spare] {
            self.drop_leg(leg, HangUp::Normal);
        }
        let rings = match self.opposite_in(gone, spare) {
            Some(peer) => {
                self.move_leg(peer, kept);
                if let Some(call) = self.calls.get_mut(&kept) {
                    call.anchor = stays;
                    call.phase = Phase::Talking { peer };
                }
                self.join(stays, peer);
                false
            }
            None => {
                self.inherit_ringing((kept, stays), gone);
                true
            }
        };
        let why = format!("goes on as call {kept}");
        self.finish(now, gone, Cause::Transferred, What::Ended { by: Some(by), why });
        self.reschedule(kept);
        self.events.push_back(Event::CallMerged { call: gone, into: kept });
        Some(Merged { kept, gone, rings })
    }

    /// Can the two whom one party talks to be joined, so that [`Calls::merge`] does it?
    pub fn can_merge(&self, one: LegId, other: LegId) -> bool {
        self.merging(one, other).is_some()
    }

    /// The leg of a call that waits for policy takes another leg's place: it answers what rings there, or talks to
    /// whom that leg talked to. The waiting call ends in the other.
    pub fn take_place(&mut self, now: Now, waiting: CallId, place: LegId) -> Option<CallId> {
        let into = self.call_of(place).filter(|into| *into != waiting)?;
        let newcomer = self.waiting_anchor(waiting)?;
        let call = self.calls.get_mut(&into)?;
        let is_anchor = call.anchor == place;
        match &mut call.phase {
            Phase::Ringing { branches, .. } if branches.contains(&place) => {
                self.admit(now, (waiting, newcomer), into);
                self.converse(now, into, newcomer);
            }
            Phase::Ringing { told, .. } if is_anchor => {
                let told = *told;
                call.anchor = newcomer;
                self.admit(now, (waiting, newcomer), into);
                self.drop_leg(place, HangUp::AnsweredElsewhere);
                self.tell_anchor(newcomer, told);
            }
            Phase::Talking { peer } => {
                let other = if is_anchor { *peer } else { call.anchor };
                if is_anchor {
                    call.anchor = newcomer;
                } else {
                    *peer = newcomer;
                }
                self.admit(now, (waiting, newcomer), into);
                self.drop_leg(place, HangUp::AnsweredElsewhere);
                self.join(other, newcomer);
            }
            _ => return None,
        }
        Some(into)
    }

    /// The leg of a call that waits for policy is joined with the anchor of a call that the box serves.
    pub fn fetch(&mut self, now: Now, waiting: CallId, served: CallId) -> bool {
        let Some(newcomer) = self.waiting_anchor(waiting) else { return false };
        if waiting == served
            || !matches!(self.calls.get(&served).map(|call| &call.phase), Some(Phase::Served { .. }))
        {
            return false;
        }
        self.admit(now, (waiting, newcomer), served);
        self.converse(now, served, newcomer);
        true
    }

    /// The leg a given leg talks to.
    pub fn opposite(&self, leg: LegId) -> Option<LegId> {
        self.opposite_in(self.call_of(leg)?, leg)
    }

    /// The call that is kept and the one that goes, each with the leg that leaves it.
    fn merging(&self, one: LegId, other: LegId) -> Option<[(CallId, LegId); 2]> {
        let (first, second) = (self.call_of(one)?, self.call_of(other)?);
        if first == second {
            return None;
        }
        match (self.opposite(one).is_some(), self.opposite(other).is_some()) {
            (true, true) if second < first => Some([(second, other), (first, one)]),
            (true, true) => Some([(first, one), (second, other)]),
            (true, false) if self.rings_for(other) => Some([(first, one), (second, other)]),
            (false, true) if self.rings_for(one) => Some([(second, other), (first, one)]),
            _ => None,
        }
    }

    /// Does a call ring, with this leg waiting?
    fn rings_for(&self, leg: LegId) -> bool {
        let call = self.call_of(leg).and_then(|id| self.calls.get(&id));
        call.is_some_and(|call| call.anchor == leg && matches!(call.phase, Phase::Ringing { .. }))
    }

    fn opposite_in(&self, id: CallId, leg: LegId) -> Option<LegId> {
        self.calls.get(&id)?.opposite(leg)
    }

    fn waiting_anchor(&self, id: CallId) -> Option<LegId> {
        let call = self.calls.get(&id)?;
        matches!(call.phase, Phase::Deciding).then_some(call.anchor)
    }

    /// The only leg of a call moves into another; the call it came with ends.
    fn admit(&mut self, now: Now, (from, leg): (CallId, LegId), into: CallId) {
        let party = self.party(leg);
        self.move_leg(leg, into);
        if let Some(party) = party.clone() {
            self.note(now, into, What::Answered { party });
        }
        let ended = What::Ended { by: party, why: format!("goes on as call {into}") };
        self.finish(now, from, Cause::Transferred, ended);
        self.events.push_back(Event::CallMerged { call: from, into });
        self.reschedule(into);
    }

    fn move_leg(&mut self, leg: LegId, into: CallId) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        let from = std::mem::replace(&mut entry.call, into);
        if let Some(call) = self.calls.get_mut(&from) {
            call.legs.retain(|other| *other != leg);
        }
        if let Some(call) = self.calls.get_mut(&into) {
            call.legs.push(leg);
        }
    }

    /// What rings for one call rings for another from now on, with `stays` waiting.
    fn inherit_ringing(&mut self, (kept, stays): (CallId, LegId), gone: CallId) {
        let Some(call) = self.calls.get_mut(&gone) else { return };
        let ringing = std::mem::replace(&mut call.phase, Phase::Deciding);
        let Phase::Ringing { branches, told, .. } = &ringing else { return };
        let (branches, told) = (branches.clone(), *told);
        for leg in branches {
            self.move_leg(leg, kept);
        }
        if let Some(call) = self.calls.get_mut(&kept) {
            call.anchor = stays;
            call.phase = ringing;
        }
        self.tell_anchor(stays, told);
    }

    fn tell_anchor(&mut self, leg: LegId, told: Told) {
        match told {
            Told::Nothing => {}
            Told::Ringing => self.effects.push_back(Effect::Ring { leg }),
            Told::Sound(from) => self.effects.push_back(Effect::Early { leg, from }),
        }
    }
}
