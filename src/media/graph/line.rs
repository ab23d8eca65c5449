//! One leg in the graph: what comes in, what goes out, and what it is fed with.

use super::Leg;
use super::egress::{Egress, Target};
use super::ingress::{Admitted, Content, Ingress};
use super::outbox::Outbox;
use super::protection::{Protection, Wire};
use super::relay::Mapping;
use super::repacket::{Piece, RATE, Repacket};
use super::reports::Reports;
use super::transcode::Transcoder;
use crate::codec::Codec;
use crate::negotiation::Agreed;
use crate::quality::Statistics;
use rand_chacha::ChaCha20Rng;
use std::time::Instant;

/// What a leg hears of its peer, and how. Made when the first packet comes, forgotten at every change.
#[derive(Default)]
pub(super) enum Feed {
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
    pub(super) feed: Feed,
    /// The codec of the peer the feed was made for.
    pub(super) fed: Codec,
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
            feed: Feed::Nothing,
            fed: Codec::Pcma,
        }
    }

    /// Where and how to send sound, when the leg may be sent any: one that holds the box is left in peace.
    pub(super) fn target(&self) -> Option<Target> {
        let agreed = self.agreed.as_ref().filter(|agreed| agreed.direction.sends())?;
        Some(Target {
            leg: self.leg,
            to: self.ingress.latch.destination()?,
            payload_type: agreed.payload_type,
            clock_rate: agreed.codec.clock_rate(),
        })
    }

    /// Forgets how the peer was heard; what is sent goes on with the next number and a marker.
    pub(super) fn cut(&mut self) {
        self.feed = Feed::Nothing;
        self.egress.mark();
    }

    /// Hears a packet of sound from the peer.
    pub(super) fn hear(&mut self, now: Instant, from: &Admitted, payload: &[u8], out: &mut Outbox) {
        let (Content::Sound(codec), Some(target)) = (from.content, self.target()) else { return };
        let Some(agreed) = &self.agreed else { return };
        if matches!(self.feed, Feed::Nothing) || self.fed != codec {
            self.fed = codec;
            self.feed = feed(codec, agreed);
        }
        let frame = usize::from(agreed.ptime_ms) * RATE;
        if let Feed::Relay(_) = self.feed
            && codec != Codec::Opus
            && payload.len() != frame
        {
            self.feed = Feed::Repacket(Box::new(Repacket::new(codec, agreed.ptime_ms)));
            self.egress.mark();
        }
        match &mut self.feed {
            Feed::Nothing => {}
            Feed::Relay(mapping) => {
                let units = length(codec, payload);
                let wire = &mut Wire { out, protection: &mut self.protection };
                self.egress.relay((now, &target), mapping, (&from.header, payload, units), wire);
            }
            Feed::Repacket(repacket) => {
                repacket.push(&from.header, payload);
                self.send_repacked(now, &target, out);
            }
            Feed::Transcode(transcoder) => transcoder.listener.push(&from.header, payload, now),
        }
    }

    /// Sends what the feed has ready.
    pub(super) fn tick(&mut self, now: Instant, out: &mut Outbox) {
        match &mut self.feed {
            Feed::Nothing | Feed::Relay(_) => {}
            Feed::Repacket(_) => {
                if let Some(target) = self.target() {
                    self.send_repacked(now, &target, out);
                }
            }
            Feed::Transcode(transcoder) => {
                transcoder.advance(now);
                let Some(target) = self.target() else { return };
                let Feed::Transcode(transcoder) = &mut self.feed else { return };
                let wire = &mut Wire { out, protection: &mut self.protection };
                while let Some(frame) = transcoder.payload(now) {
                    self.egress.send(now, &target, wire, frame);
                }
            }
        }
    }

    /// What the leg was like.
    pub(super) fn statistics(&self) -> Statistics {
        let codec = self.agreed.as_ref().map(|_| self.ingress.codec);
        let reception = &self.ingress.reception;
        Statistics {
            codec,
            received: reception.received(),
            sent: self.egress.sent,
            lost: reception.lost(),
            lost_remote: self.reports.lost_remote.unwrap_or(0),
            jitter_ms: reception.jitter_ms(),
            round_trip_ms: self.reports.round_trip.map(|trip| trip.as_secs_f32() * 1000.0),
            mos: 0.0,
        }
    }

    fn send_repacked(&mut self, now: Instant, target: &Target, out: &mut Outbox) {
        let Feed::Repacket(repacket) = &mut self.feed else { return };
        let units = repacket.units();
        let wire = &mut Wire { out, protection: &mut self.protection };
        while let Some(piece) = repacket.poll(now) {
            match piece {
                Piece::Gap(frames) => self.egress.skip(frames, units),
                Piece::Frame(payload) => self.egress.send(now, target, wire, (payload, units)),
            }
        }
    }
}

/// The cheapest way from a codec to what a leg has agreed. Opus says in each packet how long it is (RFC 6716 section
/// 3.1), so any packet time is passed on.
fn feed(from: Codec, agreed: &Agreed) -> Feed {
    if from == agreed.codec {
        Feed::Relay(None)
    } else {
        Feed::Transcode(Box::new(Transcoder::new(from, agreed.codec, agreed.ptime_ms)))
    }
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
