//! What happens every 20 ms: rooms mix, stations play, recordings grow.

use super::mix::Mix;
use super::station::{Station, StationId};
use super::tape::{Noticed, Recording};
use super::voice::{Stopped, Voice};
use super::{Command, Cue, Event, Graph, Leg, Role, Room, Take, Tape, Watch, Whom, tell};
use crate::program::{Program, RATE, Repeat};
use std::time::{Duration, Instant};

/// The length of a beat.
pub(super) const FRAME_MS: u32 = 20;
/// The same in samples of the bus.
pub(super) const FRAME: usize = (RATE / 1000 * FRAME_MS) as usize;
/// How long the decoder of a leg that comes out of a call warms up.
const WARMING: Duration = Duration::from_millis(60);
/// The most recordings at once; more are refused, by being over at once.
const RECORDINGS_MAX: usize = 1_000;

impl Graph {
    /// Lets rooms, stations and recordings go on by as many beats as are due.
    pub(super) fn beats(&mut self, now: Instant) {
        if self.mixes.is_empty() && self.stations.is_empty() && self.recordings.is_empty() {
            self.pace = super::pace::Pace::default();
            return;
        }
        while self.pace.due(now, FRAME_MS) {
            self.beat(now);
        }
    }

    fn beat(&mut self, now: Instant) {
        for line in self.lines.iter_mut().flatten() {
            if let Some(hearing) = &mut line.hearing {
                hearing.advance(now);
            }
        }
        self.admit(now);
        for mix in self.mixes.values_mut() {
            if let Some(cue) = mix.beat(now, &mut self.lines, &mut self.out) {
                tell(&mut self.events, Whom::Room(mix.room), Event::Finished { cue });
            }
        }
        let (lines, out) = (&mut self.lines, &mut self.out);
        self.stations.retain_mut(|station| station.beat(now, lines, out));
        self.record();
    }

    /// Takes those who have warmed up out of their calls into their rooms.
    fn admit(&mut self, now: Instant) {
        let rooms: Vec<Room> = self.mixes.keys().copied().collect();
        for room in rooms {
            while let Some(leg) = self.mixes.get_mut(&room).and_then(|mix| mix.poll_warm(now)) {
                let peer = self.line(leg).and_then(|line| line.peer);
                self.cut_off(leg);
                if let Some(peer) = peer
                    && self.mixes.get_mut(&room).is_some_and(|mix| mix.admit(peer))
                {
                    self.begin_hearing(peer);
                }
                self.begin_hearing(leg);
            }
        }
    }

    /// What comes from now on is heard by the room alone.
    fn begin_hearing(&mut self, leg: Leg) {
        if let Some(hearing) = self.line(leg).and_then(|line| line.hearing.as_mut()) {
            hearing.warm(false);
        }
    }

    /// Gives each recording its frame.
    fn record(&mut self) {
        let mut full = Vec::new();
        for index in 0..self.recordings.len() {
            let mut frame = std::mem::take(&mut self.frame);
            self.compose(self.recordings[index].take, &mut frame);
            let recording = &mut self.recordings[index];
            let (tape, about) = (recording.tape, about(recording.take));
            match recording.take(&frame, &mut self.recorded) {
                Noticed::Nothing => {}
                Noticed::Speaking => tell(&mut self.events, about, Event::Speaking { tape }),
                Noticed::Quiet => tell(&mut self.events, about, Event::Quiet { tape }),
                Noticed::Full => full.push(tape),
            }
            self.frame = frame;
        }
        full.into_iter().for_each(|tape| self.end_record(tape));
    }

    /// The sound of a take in this beat.
    fn compose(&mut self, take: Take, frame: &mut Vec<i16>) {
        frame.clear();
        match take {
            Take::Room(room) => frame.extend(self.mixes.get(&room).map_or(&[][..], |mix| mix.sound())),
            Take::Leg(leg) => self.add_said(leg, frame),
            Take::Call(one, other) => {
                self.add_said(one, frame);
                self.add_said(other, frame);
            }
        }
        frame.resize(FRAME, 0);
    }

    fn add_said(&mut self, leg: Leg, frame: &mut Vec<i16>) {
        let Some(hearing) = self.line(leg).and_then(|line| line.hearing.as_mut()) else { return };
        let said = hearing.bus();
        frame.resize(said.len(), 0);
        frame.iter_mut().zip(said).for_each(|(sum, said)| *sum = sum.saturating_add(*said));
    }

    /// Does what rooms, programs and recordings are told.
    pub(super) fn direct(&mut self, now: Instant, command: Command) {
        match command {
            Command::Join { room, leg, role } => self.join(now, (room, leg), role),
            Command::Play { to: Whom::Leg(leg), cue, program } => self.play_to_leg(leg, cue, program),
            Command::Play { to: Whom::Room(room), cue, program } => {
                let Some(mix) = self.mixes.get_mut(&room) else { return };
                let before = mix.play(cue, super::player::Player::new(program));
                self.tell_stopped(Whom::Room(room), before);
            }
            Command::Stop { to: Whom::Leg(leg) } => self.stop_leg(leg),
            Command::Stop { to: Whom::Room(room) } => {
                let stopped = self.mixes.get_mut(&room).and_then(Mix::stop);
                self.tell_stopped(Whom::Room(room), stopped);
            }
            Command::Record { tape, take, watch } => self.start_record(tape, take, watch),
            Command::EndRecord { tape } => self.end_record(tape),
            Command::Open { .. }
            | Command::Configure { .. }
            | Command::Fax { .. }
            | Command::Connect { .. }
            | Command::Disconnect { .. }
            | Command::SendDigit { .. }
            | Command::Close { .. } => {}
        }
    }

    fn tell_stopped(&mut self, whom: Whom, stopped: Option<(Cue, u64)>) {
        if let Some((cue, at_ms)) = stopped {
            tell(&mut self.events, whom, Event::Stopped { cue, at_ms });
        }
    }

    fn play_to_leg(&mut self, leg: Leg, cue: Cue, program: Program) {
        if !self.index.contains_key(&leg) {
            return;
        }
        self.stop_leg(leg);
        let station = (program.repeat == Repeat::Together).then(|| self.station(&program));
        let Some(line) = self.line(leg) else { return };
        let voice: &mut Voice = line.voice.get_or_insert_default();
        match station {
            Some(station) => voice.listen(cue, station),
            None => voice.play(cue, super::player::Player::new(program)),
        }
        line.egress.mark();
    }

    /// The station that plays a program.
    fn station(&mut self, program: &Program) -> StationId {
        if let Some(station) = self.stations.iter().find(|station| station.program.is_same(program)) {
            return station.id;
        }
        let id = StationId(self.next_station);
        self.next_station += 1;
        self.stations.push(Station::new(id, program.clone()));
        id
    }

    pub(super) fn stop_leg(&mut self, leg: Leg) {
        let stopped = self.line(leg).and_then(|line| line.voice.as_mut()).and_then(|voice| voice.stop());
        let stopped = stopped.map(|stopped| match stopped {
            Stopped::At(cue, at_ms) => (cue, at_ms),
            Stopped::Station(cue, id) => {
                let station = self.stations.iter().find(|station| station.id == id);
                (cue, station.map_or(0, Station::position_ms))
            }
        });
        self.tell_stopped(Whom::Leg(leg), stopped);
    }

    fn join(&mut self, now: Instant, (room, leg): (Room, Leg), role: Role) {
        let Some(&at) = self.index.get(&leg) else { return };
        if self.line(leg).is_some_and(|line| line.room != Some(room)) {
            self.leave(leg);
        }
        let Some(line) = self.line(leg) else { return };
        let warms = line.room.is_none() && line.peer.is_some();
        let fresh = line.hearing.is_none();
        // Whoever is heard by a decoder already needs no warming, only the cut at the next beat.
        let warming = warms.then(|| if fresh { now + WARMING } else { now });
        if !self.mixes.entry(room).or_insert_with(|| Mix::new(room)).join((leg, at), role, warming) {
            return tell(&mut self.events, Whom::Room(room), Event::Full { leg });
        }
        if let Some(line) = self.line(leg) {
            line.room = Some(room);
        }
        self.listen_to(leg);
        if let Some(hearing) =
            self.line(leg).and_then(|line| line.hearing.as_mut()).filter(|_| warms && fresh)
        {
            hearing.warm(true);
        }
    }

    /// Takes a leg out of its room, if it is in one; the last one closes the room.
    pub(super) fn leave(&mut self, leg: Leg) {
        let Some(&at) = self.index.get(&leg) else { return };
        let Some(line) = self.lines[at].as_deref_mut() else { return };
        let Some(room) = line.room.take() else { return };
        line.cut();
        let Some(mix) = self.mixes.get_mut(&room) else { return };
        mix.leave(leg, Some(line));
        if mix.is_empty() {
            let stopped = mix.stop();
            self.mixes.remove(&room);
            self.tell_stopped(Whom::Room(room), stopped);
            self.end_records(|take| take == Take::Room(room));
        }
        self.listen_to(leg);
    }

    /// Listens to what a leg says, or not any more, as rooms and recordings need it.
    fn listen_to(&mut self, leg: Leg) {
        let taped = self.recordings.iter().any(|recording| recording.hears(leg));
        let Some(line) = self.line(leg) else { return };
        if taped || line.room.is_some() {
            let codec = line.ingress.codec;
            line.hearing.get_or_insert_with(|| Box::new(super::hearing::Hearing::new(codec)));
        } else {
            line.hearing = None;
        }
    }

    fn start_record(&mut self, tape: Tape, take: Take, watch: Watch) {
        let there = match take {
            Take::Leg(leg) => self.index.contains_key(&leg),
            Take::Call(one, other) => self.index.contains_key(&one) && self.index.contains_key(&other),
            Take::Room(room) => self.mixes.contains_key(&room),
        };
        let known = self.recordings.iter().any(|recording| recording.tape == tape);
        if known {
            return;
        }
        self.recordings.push(Recording::new(tape, take, watch));
        if !there || self.recordings.len() > RECORDINGS_MAX {
            return self.end_record(tape);
        }
        self.listen_to_all(take);
    }

    fn listen_to_all(&mut self, take: Take) {
        match take {
            Take::Leg(leg) => self.listen_to(leg),
            Take::Call(one, other) => [one, other].into_iter().for_each(|leg| self.listen_to(leg)),
            Take::Room(_) => {}
        }
    }

    fn end_record(&mut self, tape: Tape) {
        let Some(index) = self.recordings.iter().position(|recording| recording.tape == tape) else { return };
        let mut recording = self.recordings.remove(index);
        recording.hand_over(&mut self.recorded);
        let (duration_ms, dropped_ms) = (recording.duration_ms(), recording.dropped_ms());
        // An ending is kept also when events are dropped, like that of a leg.
        self.events.push_back((about(recording.take), Event::Recorded { tape, duration_ms, dropped_ms }));
        self.listen_to_all(recording.take);
    }

    /// Ends the recordings of such takes.
    pub(super) fn end_records(&mut self, is: impl Fn(Take) -> bool) {
        let over = self.recordings.iter().filter(|recording| is(recording.take));
        let over: Vec<Tape> = over.map(|recording| recording.tape).collect();
        over.into_iter().for_each(|tape| self.end_record(tape));
    }
}

/// Whom a recording's events are about.
fn about(take: Take) -> Whom {
    match take {
        Take::Leg(leg) | Take::Call(leg, _) => Whom::Leg(leg),
        Take::Room(room) => Whom::Room(room),
    }
}
