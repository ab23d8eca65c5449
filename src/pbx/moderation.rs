//! Moderation: what an administrator sees of the conference rooms, and does with those who are in them.

use crate::meeting::Meeting;
use crate::pbx::Pbx;
use call::{Effect, Program, RoomKey};
use model::site;
use model::{CallId, Now, Party, Refusal, RefusalCode, Reply, Room, RoomAction, RoomId, RoomParty};

impl Pbx {
    /// The site's rooms and who is in them.
    pub(crate) fn rooms(&self) -> Vec<Room> {
        let Some(site) = &self.site else { return Vec::new() };
        site.rooms().map(|room| self.room(room)).collect()
    }

    /// Does something with a room in which people are.
    pub(crate) fn moderate(&mut self, now: Now, id: &RoomId, action: &RoomAction) -> Reply {
        let Some(site) = self.site.clone() else { return not_found(format!("there is no room {id}")) };
        let Some(room) = site.room(id) else {
            return not_found(format!("there is no room {id}; `vaxel rooms` lists them"));
        };
        let Some(key) = self.meetings.of(id) else { return not_found(format!("nobody is in {id}")) };
        let done = match action {
            RoomAction::Mute { call } => self.mute(key, *call, true),
            RoomAction::Unmute { call } => self.mute(key, *call, false),
            RoomAction::Kick { call } => self.kick(now, key, *call),
            RoomAction::Lock => self.lock(key, true),
            RoomAction::Unlock => self.lock(key, false),
        };
        match done {
            Some(()) => Reply::Rooms(vec![self.room(room)]),
            None => not_found(format!("that call is not in {id}; `vaxel rooms` lists those that are")),
        }
    }

    /// Somebody in a room has pressed a key. Of who has the say there, `*1` mutes all others and `*2` lets them speak, `*3`
    /// locks and opens the room, `*4` ends the conference.
    pub(crate) fn moderator_pressed(&mut self, now: Now, (key, id): (RoomKey, CallId), digit: char) {
        let Some(meeting) = self.meetings.meetings.get_mut(&key) else { return };
        let locked = meeting.locked;
        let Some(moderator) = meeting.moderators.get_mut(&id) else { return };
        let begun = std::mem::replace(&mut moderator.begun, digit == '*');
        if !begun {
            return;
        }
        let (done, what) = match digit {
            '1' => (self.mute(key, None, true), "all others are muted"),
            '2' => (self.mute(key, None, false), "all others may speak"),
            '3' if locked => (self.lock(key, false), "the room is open"),
            '3' => (self.lock(key, true), "the room is locked"),
            '4' => return self.end_meeting(now, key),
            _ => (None, "there is no such wish"),
        };
        self.decided(now, id, "room", what);
        self.hear(id, if done.is_some() { Program::Done } else { Program::Refused });
    }

    fn end_meeting(&mut self, now: Now, key: RoomKey) {
        let Some(meeting) = self.meetings.meetings.remove(&key) else { return };
        for member in meeting.members {
            self.decided(now, member, "room", "the conference was ended");
            self.turn_away(now, member, "the conference was ended");
        }
    }

    fn mute(&mut self, key: RoomKey, call: Option<CallId>, on: bool) -> Option<()> {
        let meeting = self.meetings.meetings.get_mut(&key)?;
        let whom = match call {
            Some(call) => vec![member(meeting, call)?],
            None => {
                meeting.mutes_all = on;
                let others = meeting.members.iter().filter(|call| !meeting.moderators.contains_key(call));
                others.copied().collect()
            }
        };
        for call in whom {
            let changed = if on { meeting.muted.insert(call) } else { meeting.muted.remove(&call) };
            if changed && let Some((leg, _)) = self.calls.anchor(call) {
                self.calls.perform(Effect::Mute { leg, on });
            }
        }
        Some(())
    }

    fn kick(&mut self, now: Now, key: RoomKey, call: CallId) -> Option<()> {
        member(self.meetings.meetings.get(&key)?, call)?;
        self.left_meeting(now, call);
        self.decided(now, call, "room", "put out by an administrator");
        self.turn_away(now, call, "put out of the room");
        Some(())
    }

    fn lock(&mut self, key: RoomKey, on: bool) -> Option<()> {
        self.meetings.meetings.get_mut(&key)?.locked = on;
        Some(())
    }

    fn room(&self, room: &site::Room) -> Room {
        let meeting = self.meetings.of(&room.id).and_then(|key| self.meetings.meetings.get(&key));
        let parties = meeting.map(|meeting| {
            let parties = meeting.members.iter().filter_map(|call| self.room_party(meeting, *call));
            parties.collect()
        });
        Room {
            id: room.id.clone(),
            name: room.name.clone(),
            locked: meeting.is_some_and(|meeting| meeting.locked),
            max_participants: room.max_participants,
            parties: parties.unwrap_or_default(),
        }
    }

    fn room_party(&self, meeting: &Meeting, call: CallId) -> Option<RoomParty> {
        let (leg, _) = self.calls.anchor(call)?;
        let (party, number) = self.calls.face(leg)?;
        let party = match party {
            Party::Device { device, .. } => format!("device:{device}"),
            Party::Trunk(trunk) => format!("trunk:{trunk}"),
        };
        Some(RoomParty { call, party, number: number.to_owned(), muted: meeting.muted.contains(&call) })
    }
}

fn member(meeting: &Meeting, call: CallId) -> Option<CallId> {
    meeting.members.contains(&call).then_some(call)
}

fn not_found(message: String) -> Reply {
    Reply::Refused(Refusal { code: RefusalCode::NotFound, messages: vec![message] })
}
