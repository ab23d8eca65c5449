//! The graph: legs, and who hears whom. One a worker thread; driven by packets and a tick of 10 or 20 ms.
//!
//! ```text
//!  packet ─▶ Ingress ──────────────▶ Feed of the other leg ─────────────▶ Egress ─▶ packet
//!            latch, SRTP, counting   as it is │ repacked │ transcoded     own SSRC, numbers, SRTP
//! ```
//!
//! Every leg owns its outgoing stream from its opening on; what feeds it may change at any packet:
//!
//! | command | what the leg hears |
//! |---|---|
//! | `Connect` | one other leg: its packets as they are where codecs agree |
//! | `Join` | a room: all others who are heard there, mixed every 20 ms |
//! | `Play` | a program in place of either, until it ends or `Stop` |
//! | `SendDigit` | a digit before anything else |
//!
//! A leg that faxes (`Fax`) has no stream meanwhile: its datagrams and its peer's are passed on as they are.
//!
//! `Record` takes what a leg, a call or a room says without touching any of these. Digits are events whatever a leg is
//! doing, and no room hears them. After every `handle_…`, drain [`Graph::poll_transmit`], [`Graph::poll_event`],
//! [`Graph::poll_recorded`] and [`Graph::poll_pin`].

mod beat;
mod chorus;
mod command;
mod egress;
mod fax;
mod hearing;
mod ingress;
mod latch;
mod legs;
mod line;
mod listening;
mod mix;
mod outbox;
mod pace;
mod pin;
mod player;
mod protection;
mod relay;
mod repacket;
mod reports;
mod station;
mod tape;
#[cfg(test)]
mod tests;
mod transcode;
mod voice;

use crate::codec::Codec;
use crate::dtmf::Digit;
use crate::negotiation::Agreed;
use crate::rtcp::NtpClock;
use crate::rtp;
pub use command::{
    Channel, Command, Cue, Event, HeardBy, Hears, Leg, Recorded, Role, Room, Take, Tape, Transmit, Watch,
    Whom,
};
use ingress::Content;
pub use legs::{LegHasher, LegMap};
use line::{Heard, Line};
use mix::Mix;
use outbox::Outbox;
use pace::Pace;
pub use pin::Pin;
use pin::Pins;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use reports::{Farewell, Moment};
use station::Station;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tape::Recording;
use voice::Said;

/// Longer datagrams are no telephone audio.
const MAX_PACKET: usize = 2048;
/// The most events waiting; beyond it only endings are kept. The driver drains after each input.
const MAX_EVENTS: usize = 8192;

/// A leg between two graphs.
pub struct Moving(Box<Line>);

impl std::fmt::Debug for Moving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Moving").field(&self.0.leg).finish()
    }
}

/// Legs and who hears whom.
pub struct Graph {
    random: ChaCha20Rng,
    lines: Vec<Option<Box<Line>>>,
    index: LegMap<usize>,
    mixes: BTreeMap<Room, Mix>,
    stations: Vec<Station>,
    next_station: u64,
    recordings: Vec<Recording>,
    pace: Pace,
    frame: Vec<i16>,
    recorded: VecDeque<Recorded>,
    out: Outbox,
    events: VecDeque<(Whom, Event)>,
    pins: Pins,
    scratch: Vec<u8>,
    clock: Option<NtpClock>,
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("legs", &self.index.len()).finish_non_exhaustive()
    }
}

impl Graph {
    /// An empty graph; what must be unguessable is drawn from the seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            random: ChaCha20Rng::from_seed(seed),
            lines: Vec::new(),
            index: LegMap::default(),
            mixes: BTreeMap::new(),
            stations: Vec::new(),
            next_station: 0,
            recordings: Vec::new(),
            pace: Pace::default(),
            frame: Vec::new(),
            recorded: VecDeque::new(),
            out: Outbox::default(),
            events: VecDeque::new(),
            pins: Pins::default(),
            scratch: Vec::with_capacity(MAX_PACKET),
            clock: None,
        }
    }

    /// An empty graph beside others between which legs move: their reports count time from the same `beginning`, as what
    /// one has sent is answered to another.
    pub fn beside(seed: [u8; 32], beginning: Instant) -> Self {
        Self { clock: Some(clock(beginning)), ..Self::new(seed) }
    }

    /// Does what it is told.
    pub fn handle_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Open { leg } => self.open(leg),
            Command::Configure { leg, agreed } => self.configure(now, leg, agreed),
            Command::Fax { leg, remote } => self.fax(now, leg, remote),
            Command::Connect { a, b } => self.connect(now, a, b),
            Command::Disconnect { leg } => self.disconnect(leg),
            Command::SendDigit { leg, digit, ms } => {
                if let Some(line) = self.line(leg) {
                    line.press(Digit { digit, duration_ms: ms });
                }
            }
            Command::Close { leg } => self.close(now, leg),
            Command::Join { .. }
            | Command::Play { .. }
            | Command::Stop { .. }
            | Command::Record { .. }
            | Command::EndRecord { .. } => self.direct(now, command),
        }
    }

    /// Takes a datagram from a leg's RTP port; RTCP on it is recognised (RFC 5761 section 4).
    pub fn handle_rtp(&mut self, now: Instant, leg: Leg, from: SocketAddr, packet: &[u8]) {
        let Some(&at) = self.index.get(&leg).filter(|_| packet.len() <= MAX_PACKET) else { return };
        let Some(line) = self.lines[at].as_deref_mut() else { return };
        if line.fax.on {
            return self.pass(now, at, (from, packet));
        }
        if rtp::is_rtcp(packet) {
            return self.handle_rtcp(now, leg, from, packet);
        }
        let Some(agreed) = line.agreed.as_deref() else { return };
        self.scratch.clear();
        self.scratch.extend_from_slice(packet);
        let Some(admitted) =
            line.ingress.admit((now, from), (agreed, &mut line.protection), &mut self.scratch)
        else {
            return;
        };
        if !std::mem::replace(&mut line.ingress.flowing, true) {
            tell(&mut self.events, leg, Event::Flowing);
        }
        if let Some(address) = admitted.latched {
            tell(&mut self.events, leg, Event::Latched { address });
        }
        if !agreed.direction.receives() {
            return;
        }
        let payload = &self.scratch[admitted.payload];
        let (codec, event_clock_rate) = (line.ingress.codec, agreed.event_clock_rate);
        let heard = Heard { now, header: &admitted.header, payload, codec, event_clock_rate };
        let digit = match admitted.content {
            Content::Sound(_) => {
                line.ingress.inband.as_mut().and_then(|inband| inband.handle(codec, payload))
            }
            Content::Event => line.ingress.events.handle(now, &admitted.header, payload),
        };
        if let Some(hearing) = &mut line.hearing {
            match admitted.content {
                Content::Sound(_) => {
                    hearing.push(codec, (&admitted.header, payload), now);
                    if line.ingress.inband.as_ref().is_some_and(|inband| inband.is_pressed()) {
                        hearing.blank(now);
                    }
                }
                Content::Event => hearing.skip(&admitted.header, now),
            }
        }
        let peer = line.peer.and_then(|peer| self.index.get(&peer));
        if let Some(hearing) = peer.and_then(|peer| self.lines[*peer].as_deref_mut()) {
            match admitted.content {
                Content::Sound(_) => hearing.hear(&heard, &mut self.out),
                Content::Event => hearing.hear_event(&heard, &mut self.out),
            }
        }
        if let Some(digit) = digit {
            self.digit(at, digit);
        }
    }

    /// Takes a datagram from a leg's RTCP port.
    pub fn handle_rtcp(&mut self, now: Instant, leg: Leg, from: SocketAddr, packet: &[u8]) {
        let moment = self.moment(now);
        let Some(&at) = self.index.get(&leg).filter(|_| packet.len() <= MAX_PACKET) else { return };
        let Some(line) = self.lines[at].as_deref_mut() else { return };
        self.scratch.clear();
        self.scratch.extend_from_slice(packet);
        let Some((reports, party)) = line.party() else { return };
        if reports.receive(&moment, party, (from, &mut self.scratch)) {
            line.ingress.heard = Some(now);
        }
    }

    /// Lets time pass: what is made by the clock is made now. To be called every 10 or 20 ms.
    pub fn handle_tick(&mut self, now: Instant) {
        let moment = self.moment(now);
        self.beats(now);
        for at in 0..self.lines.len() {
            let Some(line) = self.lines[at].as_deref_mut() else { continue };
            if let Said::Finished(cue) = line.tick(now, &mut self.out) {
                tell(&mut self.events, line.leg, Event::Finished { cue });
            }
            line.settle(now, &mut self.pins);
            if line.reports.is_due(now, &mut self.random)
                && let Some((reports, party)) = line.party()
            {
                reports.send(&moment, party, Farewell::No, &mut self.out);
            }
            if let Some(silent) = line.silence(now) {
                let for_ms = silent.as_millis() as u64;
                tell(&mut self.events, line.leg, Event::Silent { for_ms });
            }
            if let Some(digit) = line.ingress.events.expire(now) {
                self.digit(at, digit);
            }
        }
    }

    /// The next packet to be sent.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.out.poll()
    }

    /// The next thing noticed.
    pub fn poll_event(&mut self) -> Option<(Whom, Event)> {
        self.events.pop_front()
    }

    /// The next stretch of a recording. What is not fetched is kept for a while and then dropped, never anything else.
    pub fn poll_recorded(&mut self) -> Option<Recorded> {
        self.recorded.pop_front()
    }

    /// The next change of who is listened to. Who does not ask misses nothing: packets are judged all the same.
    pub fn poll_pin(&mut self) -> Option<Pin> {
        self.pins.poll()
    }

    /// How many legs are open.
    pub fn legs(&self) -> usize {
        self.index.len()
    }

    /// Takes a leg out, with its stream, keys and figures, to be put into another graph: of another thread. It leaves
    /// its call or room, and recordings of it end.
    pub fn take(&mut self, leg: Leg) -> Option<Moving> {
        self.disconnect(leg);
        self.end_records(|take| take.is_of(leg));
        if self.line(leg)?.voice.as_ref().is_some_and(|voice| voice.station().is_some()) {
            self.stop_leg(leg);
        }
        let at = self.index.remove(&leg)?;
        let mut line = self.lines[at].take()?;
        line.unsettle(&mut self.pins);
        Some(Moving(line))
    }

    /// Takes a leg in that another graph has given; one with its number must not be open here.
    pub fn put(&mut self, moving: Moving) {
        if !self.index.contains_key(&moving.0.leg) {
            self.place(moving.0);
        }
    }

    fn open(&mut self, leg: Leg) {
        if !self.index.contains_key(&leg) {
            let line = Box::new(Line::new(leg, &mut self.random));
            self.place(line);
        }
    }

    fn place(&mut self, line: Box<Line>) {
        let leg = line.leg;
        let at = match self.lines.iter().position(Option::is_none) {
            Some(at) => at,
            None => {
                self.lines.push(None);
                self.lines.len() - 1
            }
        };
        self.lines[at] = Some(line);
        self.index.insert(leg, at);
    }

    fn line(&mut self, leg: Leg) -> Option<&mut Line> {
        self.lines[*self.index.get(&leg)?].as_deref_mut()
    }

    fn configure(&mut self, now: Instant, leg: Leg, agreed: Box<Agreed>) {
        let Some(&at) = self.index.get(&leg) else { return };
        let Some(line) = self.lines[at].as_deref_mut() else { return };
        line.reports.start(now, &mut self.random);
        let new = line.configure(now, agreed);
        line.settle(now, &mut self.pins);
        if !new {
            return;
        }
        if let Some(peer) = line.peer.and_then(|peer| self.line(peer)) {
            peer.cut();
        }
    }

    fn connect(&mut self, now: Instant, a: Leg, b: Leg) {
        let together = self.line(a).is_some_and(|line| line.peer == Some(b) && line.room.is_none());
        if a == b || together || !self.index.contains_key(&a) || !self.index.contains_key(&b) {
            return;
        }
        let waiting = [self.unheard(a, b), self.unheard(b, a)];
        self.disconnect(a);
        self.disconnect(b);
        for (leg, peer) in [(a, b), (b, a)] {
            if let Some(line) = self.line(leg) {
                line.peer = Some(peer);
            }
        }
        for (leg, (codec, packets)) in [b, a].into_iter().zip(waiting) {
            let Some(line) = self.index.get(&leg).and_then(|at| self.lines[*at].as_deref_mut()) else {
                continue;
            };
            for (header, payload) in &packets {
                let heard = Heard { now, header, payload, codec, event_clock_rate: 0 };
                line.hear(&heard, &mut self.out);
            }
        }
    }

    /// What has come from a leg in a room and not been mixed yet: passed on as it is, nothing of it is lost when the
    /// room becomes a call. Where it will be transcoded it is let go, as waiting there again would only add delay.
    fn unheard(&mut self, leg: Leg, by: Leg) -> (Codec, Vec<(rtp::Header, Vec<u8>)>) {
        let wanted = self.line(by).and_then(|line| line.agreed.as_ref()).map(|agreed| agreed.codec);
        let line = self.line(leg).filter(|line| line.room.is_some());
        let Some(hearing) = line.and_then(|line| line.hearing.as_ref()) else {
            return (Codec::Pcma, Vec::new());
        };
        let (codec, packets) = hearing.waiting();
        let packets = packets.filter(|_| wanted == Some(codec));
        (codec, packets.map(|(header, payload)| (*header, payload.to_vec())).collect())
    }

    fn disconnect(&mut self, leg: Leg) {
        self.leave(leg);
        self.cut_off(leg);
    }

    /// Ends a call, and nothing else.
    fn cut_off(&mut self, leg: Leg) {
        let Some(line) = self.line(leg) else { return };
        line.cut();
        if let Some(peer) = line.peer.take().and_then(|peer| self.line(peer)) {
            peer.peer = None;
            peer.cut();
        }
    }

    fn close(&mut self, now: Instant, leg: Leg) {
        self.disconnect(leg);
        self.end_records(|take| take.is_of(leg));
        let moment = self.moment(now);
        let Some(mut line) = self.index.remove(&leg).and_then(|at| self.lines[at].take()) else { return };
        if let Some((reports, party)) = line.party() {
            reports.send(&moment, party, Farewell::Yes, &mut self.out);
        }
        self.events.push_back((Whom::Leg(leg), Event::Closed(line.statistics())));
    }

    /// A digit of a leg's peer is told, and sent on to who hears the leg unless its packets were passed on already.
    fn digit(&mut self, at: usize, digit: Digit) {
        let Some(line) = self.lines[at].as_deref() else { return };
        let (codec, peer) = (line.ingress.codec, line.peer);
        let Some(agreed) = line.agreed.as_deref() else { return };
        let (as_event, clock_rate) = (agreed.event_payload_type.is_some(), agreed.event_clock_rate);
        let Digit { digit: key, duration_ms } = digit;
        tell(&mut self.events, line.leg, Event::Digit { digit: key, duration_ms });
        let Some(hearing) = peer.and_then(|peer| self.line(peer)) else { return };
        let events = hearing.agreed.as_ref().is_some_and(|agreed| agreed.event_payload_type.is_some());
        let done = match as_event {
            true => hearing.passes_events(codec, clock_rate),
            // As sound it has been heard; only who knows events gets one as well.
            false => !events,
        };
        if !done {
            hearing.press(digit);
        }
    }

    /// Times in reports count from the graph's first input: reports need differences only, and a system without a
    /// wall clock may count from where it likes (RFC 3550 section 4).
    fn moment(&mut self, now: Instant) -> Moment {
        let clock = *self.clock.get_or_insert_with(|| clock(now));
        Moment { now, clock }
    }
}

/// Reports tell no wall clock; theirs begins when the graph does.
fn clock(beginning: Instant) -> NtpClock {
    NtpClock::new(beginning, Duration::from_secs(1))
}

fn tell(events: &mut VecDeque<(Whom, Event)>, about: impl Into<Whom>, event: Event) {
    if events.len() < MAX_EVENTS {
        events.push_back((about.into(), event));
    }
}
