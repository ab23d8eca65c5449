//! Moderation: what an administrator sees of the conference rooms, and does with those who are in them.

use crate::meeting::Meeting;
use crate::pbx::Pbx;
use call::{Effect, RoomKey};
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

    fn mute(&mut self, key: RoomKey, call: Option<CallId>, on: bool) -> Option<()> {
        let meeting = self.meetings.meetings.get_mut(&key)?;
        let whom = match call {
            Some(call) => vec![member(meeting, call)?],
            None => {
                meeting.mutes_all = on;
                meeting.members.clone()
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
