//! A leg's own outgoing stream: its SSRC, numbers and keys, from its opening to its end.
//!
//! Whoever feeds it (a relayed peer, a player, later a mix), the peer sees one source whose sequence numbers and
//! timestamps go on. Timestamps advance by samples. A pause longer than [`PAUSE`] counts as the samples that were not
//! sent (RFC 3550 section 5.1), because a timestamp that stood still would make the far jitter buffer believe that
//! everything after it is late.

use super::protection::Wire;
use super::relay::{Mapping, Place};
use super::{Channel, Leg};
use crate::rtp::{self, Header};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A shorter silence is a packet delayed, not a pause.
const PAUSE: Duration = Duration::from_millis(100);

/// A tenth of a second of G.722, in octets.
const RECENT: usize = 800;

/// What a packet is sent with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) leg: Leg,
    pub(super) to: SocketAddr,
    pub(super) payload_type: u8,
    /// Units of the RTP timestamp in a second.
    pub(super) clock_rate: u32,
    /// Whether the far decoder adapts to what it hears, so that the next encoder has to follow the last.
    pub(super) adapts: bool,
}

/// A leg's outgoing stream.
pub(super) struct Egress {
    pub(super) ssrc: u32,
    sequence: u16,
    timestamp: u32,
    marker: bool,
    pub(super) sent: u64,
    pub(super) octets: u64,
    last: Option<(Instant, u32)>,
    /// The sound sent last, of a codec that adapts.
    recent: VecDeque<u8>,
}

impl Egress {
    pub(super) fn new(random: &mut ChaCha20Rng) -> Self {
        Self {
            ssrc: random.next_u32(),
            // RFC 3711 section 3.3.1: starting low keeps a loss of the first packets from turning the roll-over
            // counter wrong.
            sequence: (random.next_u32() & 0x7fff) as u16,
            timestamp: random.next_u32(),
            marker: true,
            sent: 0,
            octets: 0,
            last: None,
            recent: VecDeque::new(),
        }
    }

    /// The next packet begins a talk spurt.
    pub(super) fn mark(&mut self) {
        self.marker = true;
    }

    /// The timestamp of `now`, for sender reports: the last packet's plus what has passed since.
    pub(super) fn timestamp_at(&self, now: Instant, clock_rate: u32) -> u32 {
        match self.last {
            Some((at, timestamp)) => {
                timestamp.wrapping_add(units(now.saturating_duration_since(at), clock_rate))
            }
            None => self.timestamp,
        }
    }

    /// The sound sent last: as much as an encoder needs to go on after it.
    pub(super) fn recent(&self) -> impl Iterator<Item = &u8> {
        self.recent.iter()
    }

    /// Makes up for a pause, in whole frames of 10 ms, and marks the end of it.
    fn resume(&mut self, wire: &Wire<'_>) {
        let Some((at, timestamp)) = self.last else { return };
        let clock_rate = wire.target.clock_rate;
        let passed = wire.now.saturating_duration_since(at);
        let ahead = self.timestamp.wrapping_sub(timestamp);
        let due = units(passed, clock_rate).saturating_sub(ahead);
        if passed >= PAUSE && due < u32::MAX / 2 {
            let frame = (clock_rate / 100).max(1);
            self.timestamp = self.timestamp.wrapping_add(due / frame * frame);
            self.marker = true;
        }
    }

    /// Where the next frame would begin; a telephone event keeps this for all of its packets (RFC 4733 section 2.2.1).
    pub(super) fn begin(&mut self, wire: &Wire<'_>) -> u32 {
        self.resume(wire);
        self.timestamp
    }

    /// Moves the timestamp on after an event.
    pub(super) fn advance_to(&mut self, timestamp: u32) {
        self.timestamp = timestamp;
    }

    /// Leaves out frames that were lost on the way here, so that the far end notices.
    pub(super) fn skip(&mut self, frames: u16, units: u32) {
        self.sequence = self.sequence.wrapping_add(frames);
        self.timestamp = self.timestamp.wrapping_add(u32::from(frames).wrapping_mul(units));
    }

    /// Sends a frame of the box's own making at the next numbers; `units` is its length on the timestamp's scale.
    pub(super) fn send(&mut self, wire: &mut Wire<'_>, (payload, units): (&[u8], u32)) {
        let timestamp = self.begin(wire);
        self.timestamp = timestamp.wrapping_add(units);
        self.send_at(wire, timestamp, payload);
    }

    /// Sends a packet at a given timestamp and the next sequence number.
    pub(super) fn send_at(&mut self, wire: &mut Wire<'_>, timestamp: u32, payload: &[u8]) {
        let header = Header {
            marker: std::mem::take(&mut self.marker),
            payload_type: wire.target.payload_type,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.put(wire, &header, payload);
    }

    /// Passes on a packet with the leg's own numbers; `units` is its length on the timestamp's scale.
    pub(super) fn relay(
        &mut self,
        wire: &mut Wire<'_>,
        mapping: &mut Option<Mapping>,
        (header, payload, units): (&Header, &[u8], u32),
    ) {
        let place = mapping.as_mut().map_or(Place::Elsewhere, |mapping| mapping.place(header));
        let (sequence, timestamp) = match place {
            Place::At { sequence, timestamp } => (sequence, timestamp),
            Place::Before => return,
            Place::Elsewhere => {
                self.resume(wire);
                self.marker = true;
                *mapping = Some(Mapping::new(header, self.sequence, self.timestamp));
                (self.sequence, self.timestamp)
            }
        };
        if sequence.wrapping_sub(self.sequence) < u16::MAX / 2 {
            self.sequence = sequence.wrapping_add(1);
            let end = timestamp.wrapping_add(units);
            // The packets of an event all begin with it, and the last ones are repeated.
            if end.wrapping_sub(self.timestamp) < u32::MAX / 2 {
                self.timestamp = end;
            }
        }
        let marker = header.marker | std::mem::take(&mut self.marker);
        let payload_type = wire.target.payload_type;
        let own = Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc };
        self.put(wire, &own, payload);
    }

    fn put(&mut self, wire: &mut Wire<'_>, header: &Header, payload: &[u8]) {
        let protection = &mut *wire.protection;
        let good = wire.out.push((wire.target.leg, Channel::Rtp), wire.target.to, |buffer| {
            rtp::write(header, payload, buffer);
            protection.protect(buffer)
        });
        if good {
            self.sent += 1;
            self.octets += payload.len() as u64;
            self.last = Some((wire.now, header.timestamp));
            if wire.target.adapts {
                let payload = &payload[payload.len().saturating_sub(RECENT)..];
                let surplus = (self.recent.len() + payload.len()).saturating_sub(RECENT);
                self.recent.drain(..surplus);
                self.recent.extend(payload);
            }
        }
    }
}

fn units(duration: Duration, clock_rate: u32) -> u32 {
    (duration.as_millis() * u128::from(clock_rate) / 1000) as u32
}
