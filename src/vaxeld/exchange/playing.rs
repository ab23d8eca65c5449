//! What a leg hears of the box itself, and rooms in which many hear each other.

use super::{Exchange, Network};
use call::{LegEvent, RoomKey};
use media::{Command, Cue, Program, Role};
use model::{LegId, Now};
use pbx::Input;
use sip::endpoint::{Digit, SessionId};
use std::time::Duration;

impl<N: Network> Exchange<N> {
    /// Lets a leg hear the box in place of whom it is joined with.
    pub(crate) fn play(&mut self, leg: LegId, program: Program) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        self.next_cue += 1;
        let cue = Cue(self.next_cue);
        entry.cue = Some(cue);
        let leg = media::Leg(leg.0);
        self.network.command(leg, Command::Play { to: leg.into(), cue, program });
    }

    /// Ends what the box plays to a leg.
    pub(crate) fn stop_playing(&mut self, leg: LegId) {
        let Some(_) = self.legs.get_mut(&leg).and_then(|leg| leg.cue.take()) else { return };
        let leg = media::Leg(leg.0);
        self.network.command(leg, Command::Stop { to: leg.into() });
    }

    /// What was played has come to its end; the core hears of it unless something newer is played.
    pub(crate) fn finished(&mut self, now: Now, leg: LegId, cue: Cue) {
        let Some(entry) = self.legs.get_mut(&leg).filter(|leg| leg.cue == Some(cue)) else { return };
        entry.cue = None;
        self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Played });
    }

    /// A key came by INFO: it is heard as one in the sound is, by the core and by whom the leg is joined with.
    pub(crate) fn pressed(&mut self, now: Now, session: SessionId, (digit, lasting): (Digit, Duration)) {
        let Some(leg) = self.sessions.get(&session).copied() else { return };
        let digit = digit.as_char();
        if let Some(peer) = self.legs.get(&leg).and_then(|leg| leg.joined) {
            let leg = media::Leg(peer.0);
            let ms = u32::try_from(lasting.as_millis()).unwrap_or(u32::MAX);
            self.network.command(leg, Command::SendDigit { leg, digit, ms });
        }
        self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Digit(digit) });
    }

    /// A leg hears all others of a room, and they hear it.
    pub(crate) fn enter(&mut self, now: Now, leg: LegId, room: RoomKey) {
        self.stop_playing(leg);
        self.part(now, leg);
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.muted = false;
            entry.room = Some(media::Room(room.0));
        }
        self.take_part(leg);
    }

    /// The others in its room hear a leg no more, or again.
    pub(crate) fn mute(&mut self, leg: LegId, on: bool) {
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.muted = on;
        }
        self.take_part(leg);
    }

    /// Takes part in its room; who has pressed hold neither hears nor is heard meanwhile.
    pub(crate) fn take_part(&mut self, leg: LegId) {
        let Some(entry) = self.legs.get(&leg) else { return };
        let Some(room) = entry.room else { return };
        let role = if entry.held || entry.muted { Role::LISTENER } else { Role::MEMBER };
        let leg = media::Leg(leg.0);
        self.network.command(leg, Command::Join { room, leg, role });
    }

    /// A leg is in no room any more.
    pub(crate) fn leave(&mut self, leg: LegId) {
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.room = None;
        }
        let leg = media::Leg(leg.0);
        self.network.command(leg, Command::Disconnect { leg });
    }
}
