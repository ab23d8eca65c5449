//! What a leg's peer sends: who is listened to, what is counted, what it means.

use super::latch::{Latch, Verdict};
use super::listening::Inband;
use super::protection::Protection;
use crate::codec::Codec;
use crate::dtmf::EventReceiver;
use crate::negotiation::Agreed;
use crate::quality::Refused;
use crate::reception::Reception;
use crate::rtp::{self, Header};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

/// A peer that should send and does not is reported after this long.
pub(super) const SILENCE: Duration = Duration::from_secs(30);

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Sound in a codec.
    Sound(Codec),
    /// A telephone event.
    Event,
}

/// A packet that was let in.
pub(super) struct Admitted {
    pub(super) header: Header,
    pub(super) payload: Range<usize>,
    pub(super) content: Content,
    /// The source that was learned with it.
    pub(super) latched: Option<SocketAddr>,
}

/// The incoming half of a leg.
pub(super) struct Ingress {
    pub(super) latch: Latch,
    pub(super) reception: Reception,
    /// The codec the peer sends now.
    pub(super) codec: Codec,
    /// When something good last came, or silence began to matter.
    pub(super) heard: Option<Instant>,
    pub(super) silence_told: bool,
    pub(super) flowing: bool,
    pub(super) refused: Refused,
    event_clock_rate: u32,
    pub(super) events: EventReceiver,
    /// Listens for digits when events are not agreed.
    pub(super) inband: Option<Box<Inband>>,
}

impl Ingress {
    pub(super) fn new() -> Self {
        Self {
            latch: Latch::default(),
            reception: Reception::new(8000),
            codec: Codec::Pcma,
            heard: None,
            silence_told: false,
            flowing: false,
            refused: Refused::default(),
            event_clock_rate: 8000,
            events: EventReceiver::new(8000),
            inband: None,
        }
    }

    pub(super) fn configure(&mut self, now: Instant, agreed: &Agreed) {
        self.latch.declare(now, agreed.remote_rtp);
        self.codec = agreed.codec;
        self.reception.set_clock_rate(agreed.codec.clock_rate());
        self.live(now);
        if self.event_clock_rate != agreed.event_clock_rate {
            self.event_clock_rate = agreed.event_clock_rate;
            self.events = EventReceiver::new(agreed.event_clock_rate);
        }
        let listens = agreed.event_payload_type.is_none();
        self.inband = listens.then(|| Box::new(Inband::new(agreed.codec)));
    }

    /// Lets a packet in or not. In `packet` it is decrypted in place.
    pub(super) fn admit(
        &mut self,
        (now, from): (Instant, SocketAddr),
        (agreed, protection): (&Agreed, &mut Protection),
        packet: &mut Vec<u8>,
    ) -> Option<Admitted> {
        let verdict = self.latch.judge(now, from);
        if verdict == Verdict::Refuse {
            self.refused.elsewhere += 1;
            return None;
        }
        // Only what was agreed may be learned from: a stray datagram pins nothing.
        let Some(content) = content(agreed, packet.get(1)? & 0x7f) else {
            self.refused.unagreed += 1;
            return None;
        };
        if !protection.unprotect(packet) {
            self.refused.sealed += 1;
            return None;
        }
        let (header, payload) = rtp::parse(packet)?;
        if payload.is_empty() {
            return None;
        }
        let latched = self.latch.heard(now, from, verdict).then_some(from);
        self.live(now);
        if let Content::Sound(codec) = content
            && codec != self.codec
        {
            self.codec = codec;
            self.reception.set_clock_rate(codec.clock_rate());
        }
        // What lies far outside the sequence is passed on all the same: the far end judges it.
        self.reception.handle(&header, now);
        Some(Admitted { header, payload, content, latched })
    }

    /// Something other than sound is awaited from there.
    pub(super) fn await_at(&mut self, now: Instant, remote: SocketAddr) {
        self.latch.declare(now, remote);
        self.live(now);
    }

    /// The peer is there.
    pub(super) fn live(&mut self, now: Instant) {
        self.heard = Some(now);
        self.silence_told = false;
    }

    /// Nothing is awaited of the peer.
    pub(super) fn excuse(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// How long the peer has been silent, when it is time to say so.
    pub(super) fn silence(&mut self, now: Instant) -> Option<Duration> {
        let silent = now.saturating_duration_since(self.heard?);
        let due = silent >= SILENCE && !self.silence_told;
        self.silence_told |= due;
        due.then_some(silent)
    }
}

/// What a payload type means. Comfort noise (RFC 3389) and all that was not agreed is nothing.
fn content(agreed: &Agreed, payload_type: u8) -> Option<Content> {
    if payload_type == agreed.receive_payload_type {
        return Some(Content::Sound(agreed.codec));
    }
    let event = [agreed.event_receive_payload_type, agreed.event_payload_type];
    if event.contains(&Some(payload_type)) {
        return Some(Content::Event);
    }
    let also = agreed.also_receive.iter().find(|(number, _)| *number == payload_type);
    also.map(|(_, codec)| Content::Sound(*codec))
}
