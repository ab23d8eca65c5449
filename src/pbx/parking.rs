//! Parking: a call waits with music at a numbered place until somebody takes it, or goes back to who parked it.

use crate::course::Stage;
use crate::pbx::Pbx;
use call::{Effect, HangUp, LegState, Program};
use model::{CallId, Cause, Now, Party};
use std::collections::BTreeMap;
use std::time::Duration;

/// A parked call goes back to who parked it after so long.
const PARKED_MAX: Duration = Duration::from_secs(120);

/// The parking places that are taken.
#[derive(Debug, Default)]
pub(crate) struct Parking {
    places: BTreeMap<u8, Parked>,
}

#[derive(Debug)]
struct Parked {
    call: CallId,
    by: Party,
}

impl Parking {
    pub fn is_free(&self, place: u8) -> bool {
        !self.places.contains_key(&place)
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The call at a place.
    fn at(&self, place: u8) -> Option<CallId> {
        self.places.get(&place).map(|parked| parked.call)
    }

    /// A call has left its place, if it had one. Gives who parked it.
    pub fn leave(&mut self, call: CallId) -> Option<Party> {
        let place = self.places.iter().find(|(_, parked)| parked.call == call).map(|(place, _)| *place)?;
        self.places.remove(&place).map(|parked| parked.by)
    }
}

impl Pbx {
    /// The call that is parked at a place.
    pub(crate) fn parked_at(&self, place: u8) -> Option<CallId> {
        self.parking.at(place)
    }

    /// A user dials a place: the call that is parked there is theirs, or the call they hold is parked there.
    pub(crate) fn park_or_fetch(&mut self, now: Now, id: CallId, place: u8) {
        if let Some(parked) = self.parking.at(place) {
            if self.calls.fetch(now, id, parked) {
                self.parking.leave(parked);
                self.decided(now, parked, "park", format!("taken from place {place}"));
            } else {
                self.confirm(now, id, ("park", Err("the parked call has just gone")));
            }
            return;
        }
        let Some((user, by)) = self.waiting_user(id).zip(self.waiting_party(id)) else { return };
        let held = self.calls.stakes(&user).into_iter().find(|(_, state)| *state == LegState::Holding);
        let Some((call, other)) = held.and_then(|(leg, _)| self.calls.leave(leg, HangUp::Normal)) else {
            return self.confirm(now, id, ("park", Err("nobody is on hold, and nobody is parked there")));
        };
        self.set_anchor(call, other);
        self.park(now, call, (place, by));
        self.confirm(now, id, ("park", Ok("the call is parked")));
    }

    /// A call that waits is parked at a free place.
    pub(crate) fn park(&mut self, now: Now, id: CallId, (place, by): (u8, Party)) {
        let Some(leg) = self.calls.serve(now, id, (Cause::Answered, Some(PARKED_MAX))) else { return };
        self.calls.perform(Effect::Play { leg, program: Program::Music });
        self.decided(now, id, "park", format!("parked at place {place}"));
        self.parking.places.insert(place, Parked { call: id, by });
    }

    /// The time that a call may be with the box is up.
    pub(crate) fn time_up(&mut self, now: Now, id: CallId) {
        let by = self.parking.leave(id);
        self.left_meeting(now, id);
        self.calls.reconsider(id);
        if let Some(course) = self.courses.get_mut(&id) {
            course.referrer = by;
            course.stage = Stage::Starting;
        }
        self.refuse(now, id, Cause::NoAnswer, "the time for it was up");
    }

    fn waiting_party(&self, id: CallId) -> Option<Party> {
        self.calls.anchor(id).map(|(_, party)| party.clone())
    }
}
