//! One leg in the graph: what comes in, what goes out, and what it is fed with.

use super::chorus::Payloads;
use super::egress::{Egress, Target};
use super::fax::Fax;
use super::hearing::Hearing;
use super::ingress::Ingress;
use super::outbox::Outbox;
use super::pin::Pins;
use super::protection::{Protection, Wire};
use super::relay::Mapping;
use super::repacket::{Piece, RATE, Repacket};
use super::reports::{Party, Reports};
use super::transcode::Transcoder;
use super::voice::{Said, Voice};
use super::{Leg, Room};
use crate::codec::Codec;
use crate::dtmf::{Digit, Event};
use crate::negotiation::Agreed;
use crate::quality::{self, Path, Statistics};
use crate::rtp::Header;
use rand_chacha::ChaCha20Rng;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a leg hears of its peer, and how. Made when the first packet comes, forgotten at every change.
#[derive(Default)]
enum Feed {
    /// Nothing yet.
    #[default]
    Nothing,
    /// Packets as they are.
    Relay(Option<Mapping>),
    /// The same coding in other packets.
    Repacket(Box<Repacket>),
    /// Another coding.
    Transcode(Box<Transcoder>),
}

/// A packet of the peer's.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) now: Instant,
    pub(super) header: &'a Header,
    pub(super) payload: &'a [u8],
    /// The codec the peer speaks, also when this is an event.
    pub(super) codec: Codec,
    /// The clock rate of the peer's events.
    pub(super) event_clock_rate: u32,
}

/// A leg.
pub(super) struct Line {
    pub(super) leg: Leg,
    pub(super) agreed: Option<Box<Agreed>>,
    pub(super) ingress: Ingress,
    pub(super) egress: Egress,
    pub(super) protection: Protection,
    pub(super) reports: Reports,
    /// The leg that hears this one, and is heard by it.
    pub(super) peer: Option<Leg>,
    /// What the box says itself, in place of the peer.
    pub(super) voice: Option<Box<Voice>>,
    /// What its party says, while a room or a recording listens.
    pub(super) hearing: Option<Box<Hearing>>,
    /// The room it is in.
    pub(super) room: Option<Room>,
    pub(super) fax: Fax,
    feed: Feed,
    /// The codec of the peer the feed was made for.
    fed: Codec,
    /// The source last said to be alone in being listened to.
    sole: Option<SocketAddr>,
}

impl Line {
    pub(super) fn new(leg: Leg, random: &mut ChaCha20Rng) -> Self {
        Self {
            leg,
            agreed: None,
            ingress: Ingress::new(),
            egress: Egress::new(random),
            protection: Protection::default(),
            reports: Reports::new(random),
            peer: None,
            voice: None,
            hearing: None,
            room: None,
            fax: Fax::default(),
            feed: Feed::Nothing,
            fed: Codec::Pcma,
            sole: None,
        }
    }

    /// Takes an agreement; whether it says anything new.
    pub(super) fn configure(&mut self, now: Instant, agreed: Box<Agreed>) -> bool {
        self.ingress.configure(now, &agreed);
        self.protection.agree(agreed.srtp.as_ref());
        self.fax.on = false;
        if self.agreed.as_ref() == Some(&agreed) {
            return false;
        }
        self.agreed = Some(agreed);
        self.cut();
        if let Some(voice) = &mut self.voice {
            voice.agreed();
        }
        true
    }

    /// Forgets how the peer was heard; what is sent goes on with the next number and a marker.
    pub(super) fn cut(&mut self) {
        self.feed = Feed::Nothing;
        self.egress.mark();
    }

    /// Hears a packet of sound from the peer.
    pub(super) fn hear(&mut self, heard: &Heard<'_>, out: &mut Outbox) {
        let (Some(agreed), Some(target)) = (self.agreed.as_deref(), self.target()) else { return };
        let Heard { now, header, payload, codec, .. } = *heard;
        if matches!(self.feed, Feed::Nothing) || self.fed != codec {
            (self.feed, self.fed) = (feed(codec, agreed), codec);
        }
        if matches!(self.feed, Feed::Relay(_)) && !is_whole(codec, payload, agreed) {
            self.feed = Feed::Repacket(Box::new(Repacket::new(codec, agreed.ptime_ms)));
            self.egress.mark();
        }
        let speaking = self.voice.is_some();
        let wire = &mut Wire { now, target, out, protection: &mut self.protection };
        match &mut self.feed {
            Feed::Nothing => {}
            // The peer is not heard while the box speaks.
            Feed::Relay(mapping) if speaking => *mapping = None,
            Feed::Relay(mapping) => {
                let units = length(codec, payload);
                self.egress.relay(wire, mapping, (header, payload, units));
            }
            Feed::Repacket(repacket) if speaking => repacket.restart(),
            Feed::Repacket(repacket) => {
                repacket.push(header, payload);
                send_repacked(repacket, &mut self.egress, wire);
            }
            Feed::Transcode(transcoder) => transcoder.listener.push(header, payload, now),
        }
    }

    /// Hears a packet of a telephone event from the peer: it is passed on where packets are and the leg knows events,
    /// otherwise taken out, and [`Line::press`] makes up for it when the digit ends.
    pub(super) fn hear_event(&mut self, heard: &Heard<'_>, out: &mut Outbox) {
        let (Some(agreed), Some(target)) = (self.agreed.as_deref(), self.target()) else { return };
        if matches!(self.feed, Feed::Nothing) || self.fed != heard.codec {
            (self.feed, self.fed) = (feed(heard.codec, agreed), heard.codec);
        }
        let passes = self.passes_events(heard.codec, heard.event_clock_rate);
        let number = agreed.event_payload_type.unwrap_or(target.payload_type);
        let Heard { now, header, payload, .. } = *heard;
        match &mut self.feed {
            Feed::Nothing => {}
            Feed::Relay(mapping) if passes => {
                let units = Event::parse(payload).map_or(0, |event| u32::from(event.duration));
                let target = Target { payload_type: number, adapts: false, ..target };
                let wire = &mut Wire { now, target, out, protection: &mut self.protection };
                self.egress.relay(wire, mapping, (header, payload, units));
            }
            Feed::Relay(Some(mapping)) => mapping.remove(header),
            Feed::Relay(None) => {}
            Feed::Repacket(repacket) => repacket.restart(),
            Feed::Transcode(transcoder) => transcoder.listener.skip(header, now),
        }
    }

    /// Whether the peer's event packets go through as they are.
    pub(super) fn passes_events(&self, codec: Codec, event_clock_rate: u32) -> bool {
        let Some(agreed) = &self.agreed else { return false };
        let relays = match self.feed {
            Feed::Relay(_) => true,
            Feed::Nothing => agreed.codec == codec,
            Feed::Repacket(_) | Feed::Transcode(_) => false,
        };
        let knows = agreed.event_payload_type.is_some() && agreed.event_clock_rate == event_clock_rate;
        relays && knows && self.voice.is_none()
    }

    /// Sends a digit, as an event or as sound.
    pub(super) fn press(&mut self, digit: Digit) {
        if self.target().is_some() {
            self.voice.get_or_insert_default().press(digit);
        }
    }

    /// Sends what a room says, unless the box speaks itself.
    pub(super) fn send(&mut self, now: Instant, payloads: &Payloads, out: &mut Outbox) {
        if self.voice.is_none() {
            self.send_all(now, payloads, out);
        }
    }

    /// Sends what a station plays, unless digits go before.
    pub(super) fn send_played(&mut self, now: Instant, payloads: &Payloads, out: &mut Outbox) {
        if self.voice.as_ref().is_some_and(|voice| !voice.is_dialling()) {
            self.send_all(now, payloads, out);
        }
    }

    fn send_all(&mut self, now: Instant, payloads: &Payloads, out: &mut Outbox) {
        let Some(target) = self.target() else { return };
        let mut wire = Wire { now, target, out, protection: &mut self.protection };
        payloads.iter().for_each(|frame| self.egress.send(&mut wire, frame));
    }

    /// Sends what is due; whether something played has come to its end.
    pub(super) fn tick(&mut self, now: Instant, out: &mut Outbox) -> Said {
        let mut said = Said::More;
        let target = self.target();
        let Some(agreed) = self.agreed.as_deref() else { return said };
        let mut wire = target.map(|target| Wire { now, target, out, protection: &mut self.protection });
        let speaking = self.voice.is_some();
        if let Some(voice) = &mut self.voice {
            said = match &mut wire {
                Some(wire) => voice.tick(agreed, &mut self.egress, wire),
                None => voice.pass(now, agreed),
            };
            if voice.is_over() {
                self.voice = None;
                self.egress.mark();
            }
        }
        match (&mut self.feed, wire) {
            (Feed::Transcode(transcoder), wire) => {
                transcoder.advance(now);
                let mut wire = wire.filter(|_| !speaking);
                while let Some(frame) = transcoder.payload(now, &self.egress) {
                    if let Some(wire) = &mut wire {
                        self.egress.send(wire, frame);
                    }
                }
            }
            (Feed::Repacket(repacket), Some(mut wire)) if !speaking => {
                send_repacked(repacket, &mut self.egress, &mut wire);
            }
            (Feed::Nothing | Feed::Relay(_) | Feed::Repacket(_), _) => {}
        }
        said
    }

    /// Says whom the leg listens to, where that has changed.
    pub(super) fn settle(&mut self, now: Instant, pins: &mut Pins) {
        pins.note(self.leg, &mut self.sole, self.ingress.latch.sole(now));
    }

    /// Says that anybody is listened to: who drives the leg next knows nothing yet.
    pub(super) fn unsettle(&mut self, pins: &mut Pins) {
        pins.note(self.leg, &mut self.sole, None);
        self.sole = None;
    }

    /// How long the peer has been silent, when it is time to say so. One that holds the box may play music to it, and
    /// need not.
    pub(super) fn silence(&mut self, now: Instant) -> Option<Duration> {
        let agreed = self.agreed.as_deref();
        let talks = agreed.is_some_and(|agreed| agreed.direction.receives() && !agreed.held_by_peer);
        if !talks && !self.fax.on {
            self.ingress.excuse(now);
            return None;
        }
        self.ingress.silence(now)
    }

    /// What reporting needs of the leg, if it has agreed on any sound. A fax has no reports.
    pub(super) fn party(&mut self) -> Option<(&mut Reports, Party<'_>)> {
        if self.fax.on {
            return None;
        }
        let party = Party {
            leg: self.leg,
            agreed: self.agreed.as_deref()?,
            ingress: &mut self.ingress,
            egress: &self.egress,
            protection: &mut self.protection,
        };
        Some((&mut self.reports, party))
    }

    /// What the leg was like.
    pub(super) fn statistics(&self) -> Statistics {
        let reception = &self.ingress.reception;
        let (received, lost) = (reception.received(), reception.lost());
        let round_trip_ms = self.reports.round_trip.map(|trip| trip.as_secs_f32() * 1000.0);
        let path = Path {
            codec: self.ingress.codec,
            loss: lost as f32 / (received + lost).max(1) as f32,
            jitter_ms: reception.jitter_ms(),
            round_trip_ms: round_trip_ms.unwrap_or(0.0),
        };
        Statistics {
            codec: self.agreed.as_ref().map(|_| self.ingress.codec),
            received: received + self.fax.received,
            sent: self.egress.sent + self.fax.sent,
            lost,
            lost_remote: self.reports.lost_remote.unwrap_or(0),
            jitter_ms: path.jitter_ms,
            round_trip_ms,
            mos: quality::mos(&path),
            source: self.ingress.latch.source(),
            refused: self.ingress.refused,
        }
    }

    /// Where and how to send sound, when the leg may be sent any: one that holds the box is left in peace, and so is one
    /// that faxes.
    fn target(&self) -> Option<Target> {
        let agreed = self.agreed.as_ref().filter(|agreed| agreed.direction.sends() && !self.fax.on)?;
        Some(Target {
            leg: self.leg,
            to: self.ingress.latch.destination()?,
            payload_type: agreed.payload_type,
            clock_rate: agreed.codec.clock_rate(),
            adapts: agreed.codec == Codec::G722,
        })
    }
}

fn send_repacked(repacket: &mut Repacket, egress: &mut Egress, wire: &mut Wire<'_>) {
    let units = repacket.units();
    while let Some(piece) = repacket.poll(wire.now) {
        match piece {
            Piece::Gap(frames) => egress.skip(frames, units),
            Piece::Frame(payload) => egress.send(wire, (payload, units)),
        }
    }
}

/// The cheapest way from a codec to what a leg has agreed.
fn feed(from: Codec, agreed: &Agreed) -> Feed {
    if from == agreed.codec {
        Feed::Relay(None)
    } else {
        Feed::Transcode(Box::new(Transcoder::new(from, agreed.codec, agreed.ptime_ms)))
    }
}

/// Whether a payload has the packet time a leg wants. Opus says in each packet how long it is (RFC 6716 section 3.1),
/// so any is right.
fn is_whole(codec: Codec, payload: &[u8], agreed: &Agreed) -> bool {
    codec == Codec::Opus || payload.len() == usize::from(agreed.ptime_ms) * RATE
}

/// How long a payload is, in timestamp units.
fn length(codec: Codec, payload: &[u8]) -> u32 {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 => payload.len() as u32,
        Codec::Opus => opus_length(payload),
    }
}

/// RFC 6716 section 3.1: configuration and frame count are in the first octets.
fn opus_length(payload: &[u8]) -> u32 {
    let Some(first) = payload.first() else { return 0 };
    let configuration = first >> 3;
    let frame = match (configuration, configuration & 3) {
        (0..12, 0) | (12..16, 0 | 2) => 480,
        (0..12, 1) | (12..16, _) => 960,
        (0..12, 2) => 1920,
        (0..12, _) => 2880,
        (_, size) => 120 << size,
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(payload.get(1).map_or(0, |second| second & 0x3f)),
    };
    (frame * frames).min(5760)
}
