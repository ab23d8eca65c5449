//! Parking: a call waits with music at a numbered place until somebody takes it, or goes back to who parked it.

use crate::course::Stage;
use crate::pbx::Pbx;
use call::{Effect, HangUp, LegState, Program};
use model::{CallId, Cause, Now, Party};
use std::collections::BTreeMap;
use std::time::Duration;

/// A parked call goes back to who parked it after so long.
const PARKED_MAX: Duration = Duration::from_secs(120);

/// A call that nobody takes where it goes back to is parked again so often, and then ends.
const RETURNS_MAX: u8 = 3;
/// The places there are.
const PLACES: std::ops::RangeInclusive<u8> = 1..=9;

/// Where a call was parked that goes back to who parked it.
#[derive(Clone, Debug)]
pub(crate) struct Returned {
    place: u8,
    by: Party,
    times: u8,
}

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

    /// A call has left its place, if it had one. Gives the place and who parked it there.
    pub fn leave(&mut self, call: CallId) -> Option<(u8, Party)> {
        let place = self.places.iter().find(|(_, parked)| parked.call == call).map(|(place, _)| *place)?;
        self.places.remove(&place).map(|parked| (place, parked.by))
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
        if let Some(course) = self.courses.get_mut(&id) {
            course.returned = None;
        }
        self.put(now, id, (place, by));
    }

    fn put(&mut self, now: Now, id: CallId, (place, by): (u8, Party)) {
        let Some(leg) = self.calls.serve(now, id, (Cause::Answered, Some(PARKED_MAX))) else { return };
        self.calls.perform(Effect::Play { leg, program: Program::Music });
        self.decided(now, id, "park", format!("parked at place {place}"));
        self.parking.places.insert(place, Parked { call: id, by });
    }

    /// The time that a call may be with the box is up.
    pub(crate) fn time_up(&mut self, now: Now, id: CallId) {
        if self.overrides.asks(id) {
            return self.end_override(now, id, "no PIN was typed");
        }
        if self.owners.has(id) {
            return self.owner_timeout(now, id);
        }
        if self.visits.has(id) {
            return self.calls.cut(now, id, call::HangUp::TimeUp);
        }
        let parked = self.parking.leave(id);
        self.left_meeting(now, id);
        self.calls.reconsider(id);
        if let Some(course) = self.courses.get_mut(&id) {
            course.stage = Stage::Starting;
            course.referrer = parked.as_ref().map(|(_, by)| by.clone());
            let times = course.returned.as_ref().map_or(0, |returned| returned.times) + 1;
            course.returned = parked.map(|(place, by)| Returned { place, by, times });
        }
        const WHY: &str = "the time for it was up";
        if !self.give_back(now, id, WHY) && !self.park_again(now, id) {
            self.refuse(now, id, Cause::NoAnswer, WHY);
        }
    }

    /// A parked call that nobody took where it went back to waits on, at its place or the next that is free. False
    /// where it was not parked, or has gone back often enough.
    pub(crate) fn park_again(&mut self, now: Now, id: CallId) -> bool {
        let returned = self.courses.get(&id).and_then(|course| course.returned.clone());
        let Some(Returned { place, by, .. }) = returned.filter(|returned| returned.times < RETURNS_MAX)
        else {
            return false;
        };
        let Some(place) = std::iter::once(place).chain(PLACES).find(|place| self.parking.is_free(*place))
        else {
            return false;
        };
        self.put(now, id, (place, by));
        true
    }

    fn waiting_party(&self, id: CallId) -> Option<Party> {
        self.calls.anchor(id).map(|(_, party)| party.clone())
    }
}
