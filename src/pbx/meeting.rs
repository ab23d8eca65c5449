//! Many parties: conference rooms reached by telephone, and conferences made of the calls one has.

use crate::pbx::Pbx;
use crate::pin::{self, Typed, Typing};
use call::{Effect, HangUp, LegState, Program, RoomKey};
use model::site::{Pin, Room};
use model::{CallId, Cause, LegId, Now, RoomId};
use std::collections::{BTreeMap, BTreeSet};

/// Parties in a conference that somebody makes of their calls.
const AD_HOC_MAX: usize = 9;

/// Why nobody gets in.
const FULL: &str = "the room is full";
const LOCKED: &str = "the room is locked";

/// The conferences in progress, and who is at their doors.
#[derive(Debug, Default)]
pub(crate) struct Meetings {
    pub meetings: BTreeMap<RoomKey, Meeting>,
    /// Callers who are typing a PIN.
    doors: BTreeMap<CallId, Door>,
    last: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Meeting {
    /// The room of the site; none for one made of calls.
    pub room: Option<RoomId>,
    /// Who is in it, in the order in which they came.
    pub members: Vec<CallId>,
    /// Those of them whom the others do not hear.
    pub muted: BTreeSet<CallId>,
    /// Is whoever comes not heard either?
    pub mutes_all: bool,
    /// Does nobody else get in?
    pub locked: bool,
    /// Those of them who have the say here.
    pub moderators: BTreeMap<CallId, Moderator>,
}

/// Who somebody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// One of those who hear each other.
    Member,
    /// One who has the say.
    Moderator,
}

/// What is known of one who has the say: whether the key before was the one that begins a wish.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moderator {
    pub begun: bool,
}

#[derive(Debug)]
struct Door {
    room: RoomId,
    typing: Typing,
}

impl Meetings {
    pub fn is_empty(&self) -> bool {
        self.meetings.is_empty() && self.doors.is_empty()
    }

    /// The meeting of a room of the site, if anybody is in it.
    pub fn of(&self, room: &RoomId) -> Option<RoomKey> {
        let mut meetings = self.meetings.iter();
        meetings.find(|(_, meeting)| meeting.room.as_ref() == Some(room)).map(|(key, _)| *key)
    }

    fn with(&self, call: CallId) -> Option<RoomKey> {
        let mut meetings = self.meetings.iter();
        meetings.find(|(_, meeting)| meeting.members.contains(&call)).map(|(key, _)| *key)
    }

    /// A key that no room has.
    pub fn fresh(&mut self) -> RoomKey {
        self.last += 1;
        RoomKey(self.last)
    }

    fn open(&mut self, room: Option<RoomId>) -> RoomKey {
        let key = self.fresh();
        self.meetings.insert(key, Meeting { room, ..Meeting::default() });
        key
    }
}

impl Pbx {
    /// A call reaches a conference room: PIN first, where it has one.
    pub(crate) fn enter_room(&mut self, now: Now, id: CallId, room: &Room) {
        let moderated = room.moderator_pin.is_some();
        if let Some(why) = self.closed(room).filter(|why| *why == FULL || !moderated) {
            self.decided(now, id, "room", format!("{}: {why}", room.id));
            return self.refuse(now, id, Cause::Busy, why);
        }
        self.decided(now, id, "room", format!("{} opens", room.id));
        if room.pin.is_none() {
            return self.let_in(now, id, room, Standing::Member);
        }
        let Some(leg) = self.calls.serve(now, id, (Cause::Answered, Some(pin::PATIENCE))) else { return };
        self.calls.perform(Effect::Play { leg, program: Program::Dial });
        let door = Door { room: room.id.clone(), typing: Typing::default() };
        self.meetings.doors.insert(id, door);
    }

    /// Why nobody gets into a room now, if so. Who has the say in it is not locked out.
    fn closed(&self, room: &Room) -> Option<&'static str> {
        let meeting = self.meetings.meetings.get(&self.meetings.of(&room.id)?)?;
        let most = usize::try_from(room.max_participants).unwrap_or(usize::MAX);
        if meeting.members.len() >= most {
            return Some(FULL);
        }
        meeting.locked.then_some(LOCKED)
    }

    fn let_in(&mut self, now: Now, id: CallId, room: &Room, standing: Standing) {
        let key = self.meetings.of(&room.id).unwrap_or_else(|| self.meetings.open(Some(room.id.clone())));
        if standing == Standing::Moderator
            && let Some(meeting) = self.meetings.meetings.get_mut(&key)
        {
            meeting.moderators.insert(id, Moderator::default());
        }
        self.admit(now, id, key);
    }

    /// Somebody with the box alone has pressed a key.
    pub(crate) fn pressed(&mut self, now: Now, (id, leg): (CallId, LegId), digit: char) {
        if self.overrides.asks(id) {
            return self.typed_override(now, (id, leg), digit);
        }
        if self.owners.has(id) {
            return self.owner_pressed(now, (id, leg), digit);
        }
        if self.visits.has(id) {
            return self.visitor_pressed(now, (id, leg), digit);
        }
        if let Some(key) = self.meetings.with(id) {
            return self.moderator_pressed(now, (key, id), digit);
        }
        let Some(site) = self.site.clone() else { return };
        let Some(door) = self.meetings.doors.get_mut(&id) else { return };
        let Some((room, pin)) = site.room(&door.room).and_then(|room| Some((room, room.pin.as_ref()?)))
        else {
            self.meetings.doors.remove(&id);
            return self.turn_away(now, id, "the room has gone");
        };
        let pins: Vec<&Pin> = std::iter::once(pin).chain(&room.moderator_pin).collect();
        let standing = match door.typing.press(digit, &pins) {
            Typed::More => return self.calls.perform(Effect::Stop { leg }),
            Typed::Wrong => return self.calls.perform(Effect::Play { leg, program: Program::Refused }),
            Typed::TooOften => {
                self.meetings.doors.remove(&id);
                return self.turn_away(now, id, "three wrong PINs");
            }
            Typed::Right(0) => Standing::Member,
            Typed::Right(_) => Standing::Moderator,
        };
        self.meetings.doors.remove(&id);
        match self.closed(room) {
            Some(why) if standing == Standing::Member || why == FULL => self.turn_away(now, id, why),
            Some(_) | None => self.let_in(now, id, room, standing),
        }
    }

    /// What was played to somebody has come to its end.
    pub(crate) fn played(&mut self, now: Now, (id, leg): (CallId, LegId)) {
        if self.owners.has(id) {
            return self.owner_heard(now, (id, leg));
        }
        if self.visits.has(id) {
            return self.visitor_heard(now, (id, leg));
        }
        if self.meetings.doors.contains_key(&id) || self.overrides.asks(id) {
            self.calls.perform(Effect::Play { leg, program: Program::Dial });
        } else if self.meetings.with(id).is_none() && self.calls.is_served(id) && !self.pages.has(id) {
            self.turn_away(now, id, "all has been said");
        }
    }

    /// All whom the caller holds on other legs and the caller itself hear each other.
    pub(crate) fn confer(&mut self, now: Now, id: CallId) {
        let Some(user) = self.waiting_user(id) else { return };
        let held = self.calls.stakes(&user).into_iter().filter(|(_, state)| *state == LegState::Holding);
        let held: Vec<LegId> = held.map(|(leg, _)| leg).collect();
        if held.len() >= AD_HOC_MAX {
            return self.confirm(now, id, ("conference", Err("more than nine would be in it")));
        }
        if held.is_empty() {
            return self.confirm(now, id, ("conference", Err("nobody is on hold")));
        }
        let key = self.meetings.open(None);
        for leg in held {
            if let Some((call, other)) = self.calls.leave(leg, HangUp::Normal) {
                self.set_anchor(call, other);
                self.decided(now, call, "conference", format!("{user} makes a conference"));
                self.admit(now, call, key);
            }
        }
        self.decided(now, id, "conference", "made of the calls on hold");
        self.admit(now, id, key);
    }

    /// A call is over: whoever is left alone in a conference made of calls is let go.
    pub(crate) fn left_meeting(&mut self, now: Now, id: CallId) {
        self.meetings.doors.remove(&id);
        let Some(key) = self.meetings.with(id) else { return };
        let Some(meeting) = self.meetings.meetings.get_mut(&key) else { return };
        meeting.members.retain(|member| *member != id);
        meeting.muted.remove(&id);
        meeting.moderators.remove(&id);
        match (meeting.members.as_slice(), &meeting.room) {
            ([], _) => drop(self.meetings.meetings.remove(&key)),
            ([last], None) => {
                let last = *last;
                self.meetings.meetings.remove(&key);
                self.turn_away(now, last, "the others have left the conference");
            }
            ([last], Some(_)) => {
                let last = *last;
                self.hear(last, Program::Music);
            }
            (members, _) => {
                let members = members.to_vec();
                for member in members {
                    self.hear(member, Program::Left);
                }
            }
        }
    }

    fn admit(&mut self, now: Now, id: CallId, key: RoomKey) {
        let Some(leg) = self.calls.serve(now, id, (Cause::Answered, None)) else { return };
        let Some(meeting) = self.meetings.meetings.get_mut(&key) else { return };
        let before = meeting.members.clone();
        meeting.members.push(id);
        let mutes = meeting.mutes_all && !meeting.moderators.contains_key(&id);
        if mutes {
            meeting.muted.insert(id);
        }
        // The room has taken the call: it goes back to nobody any more.
        if let Some(course) = self.courses.get_mut(&id) {
            course.referrer = None;
        }
        self.calls.perform(Effect::Enter { leg, room: key });
        if mutes {
            self.calls.perform(Effect::Mute { leg, on: true });
        }
        match before.as_slice() {
            [] => self.calls.perform(Effect::Play { leg, program: Program::Music }),
            [alone] => {
                if let Some((other, _)) = self.calls.anchor(*alone) {
                    self.calls.perform(Effect::Stop { leg: other });
                }
                self.hear(*alone, Program::Joined);
            }
            members => {
                for member in members {
                    self.hear(*member, Program::Joined);
                }
            }
        }
    }

    pub(crate) fn hear(&mut self, call: CallId, program: Program) {
        if let Some((leg, _)) = self.calls.anchor(call) {
            self.calls.perform(Effect::Play { leg, program });
        }
    }

    pub(crate) fn turn_away(&mut self, now: Now, id: CallId, why: &str) {
        self.calls.reconsider(id);
        self.refuse(now, id, Cause::Answered, why);
    }
}
