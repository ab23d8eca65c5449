//! Offer and answer (RFC 3264) with the box as one end: what a leg's media looks like, agreed with its peer.
//!
//! ```text
//!            offer()                       accept(answer)
//!   (nothing) ──────▶ offer outstanding ──────────────────▶ agreed ──▶ offer() / answer() again, any number of times
//!       │                   │ withdraw()                      ▲
//!       │                   ▼                                 │
//!       │            as it was before                         │
//!       └────────────── answer(offer) ────────────────────────┘
//! ```
//!
//! What is refused leaves everything as it was agreed before.
//!
//! A session carries sound or a fax, one at a time: `offer_fax()`, `answer_fax()` and `accept_fax()` are the same three
//! steps for T.38 (`negotiation/image.rs`).
//!
//! Encryption (RFC 4568), as phones in the field want it: a leg that must be encrypted is offered `RTP/SAVP`. A leg
//! that may be is offered one m-line of `RTP/AVP` with `a=crypto` lines: Snom, Yealink, Grandstream, baresip and FreeSWITCH
//! take the keys, others, Linphone among them, skip the attribute as RFC 8866 section 5.13 has them do and answer
//! plainly. Those that insist on encryption refuse it with 488 then, and are offered `RTP/SAVP`. Two m-lines, the
//! textbook way, make older phones answer both or neither. Keys stay the same through
//! re-offers, because the sender's packet index goes on: a new key is made only for a suite not used before.

mod choose;
mod image;
mod keys;
mod numbers;
mod outcome;
#[cfg(test)]
mod tests;

use crate::codec::Codec;
use crate::sdp::{
    self, Description, Direction, Format, Origin, Protocol, Receives, RtcpAddress, SdpError, Sends, Stream,
};
use crate::srtp::SrtpKeys;
use choose::{Chosen, Terms};
pub use image::Fax;
use keys::Keys;
use numbers::{Meaning, Numbers};
pub use outcome::{Agreed, Mismatch, NegotiationError};
use std::net::{IpAddr, SocketAddr};

/// The packet time offered before anything is agreed, milliseconds.
const PTIME_MS: u8 = 20;
/// The longest packet time taken, milliseconds.
const MAX_PTIME_MS: u8 = 60;
/// The digits taken as telephone events (RFC 4733 section 3.2).
const EVENTS: &str = "0-15";

/// Whether a leg's media is encrypted with keys from the description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Encryption {
    /// Not offered. A peer that insists, by `RTP/SAVP`, still gets it.
    #[default]
    None,
    /// Offered, and taken when the peer offers it; plain otherwise.
    Offered,
    /// Nothing else is offered or taken.
    Required,
}

/// The box's end of a leg.
#[derive(Clone, Debug)]
pub struct Local {
    /// Where the box is reached.
    pub address: IpAddr,
    /// Its RTP port.
    pub rtp_port: u16,
    /// Its RTCP port.
    pub rtcp_port: u16,
    /// What it may speak, in order of preference.
    pub codecs: Vec<Codec>,
    /// Whether its media is encrypted.
    pub encryption: Encryption,
    /// The session's id in `o=`, unique for the box.
    pub origin_id: u64,
    /// What keys are made from.
    pub seed: [u8; 32],
}

/// An m-line of the session. Their order and number never change once said (RFC 3264 section 8).
#[derive(Clone, Debug)]
struct Slot {
    kind: String,
    protocol: Protocol,
    words: Vec<String>,
}

impl Slot {
    fn of(stream: &Stream) -> Self {
        let (kind, protocol) = (stream.kind.clone(), stream.protocol.clone());
        Self { kind, protocol, words: stream.words.clone() }
    }
}

/// The offer that answers are matched with; kept after the answer, since a fork's or the final one may follow.
#[derive(Clone, Debug)]
struct Offer {
    stream: Stream,
    before: Option<Agreed>,
}

/// One leg's negotiation.
#[derive(Debug)]
pub struct Negotiation {
    local: Local,
    keys: Keys,
    numbers: Numbers,
    slots: Vec<Slot>,
    /// Which of the slots carries the audio.
    audio: usize,
    /// How the audio is transported, once said: a fax in its slot does not change it.
    transport: Option<Protocol>,
    /// What the box would do if the peer let it.
    wish: Direction,
    version: u64,
    sent: Vec<Stream>,
    offer: Option<Offer>,
    agreed: Option<Agreed>,
    /// The fax in place of the sound.
    fax: Option<Fax>,
}

impl Negotiation {
    /// A leg about which nothing is agreed yet.
    pub fn new(local: Local) -> Self {
        let keys = Keys::new(local.seed);
        Self {
            local,
            keys,
            numbers: Numbers::default(),
            slots: Vec::new(),
            audio: 0,
            transport: None,
            wish: Direction::SendReceive,
            version: 1,
            sent: Vec::new(),
            offer: None,
            agreed: None,
            fax: None,
        }
    }

    /// What the box wants to do from the next offer or answer on: [`Direction::SendOnly`] holds the peer.
    pub fn set_direction(&mut self, wish: Direction) {
        self.wish = wish;
    }

    /// From now on nothing but encryption is offered or taken: a new session begins, about which nothing is agreed or
    /// offered.
    pub fn require_encryption(&mut self) {
        let local = Local { encryption: Encryption::Required, ..self.local.clone() };
        *self = Self { wish: self.wish, ..Self::new(local) };
    }

    /// What was agreed last.
    pub fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_ref()
    }

    /// The box's offer, or re-offer. `prefer` comes first if the box has it, otherwise the codec in use does, so that
    /// nothing changes without reason. Payload types keep their meaning (RFC 3264 section 8.3.2).
    pub fn offer(&mut self, prefer: Option<Codec>) -> Vec<u8> {
        let codecs = self.codecs(prefer);
        let formats = self.formats(&codecs);
        let encrypted = match &self.agreed {
            Some(agreed) => agreed.srtp.is_some() || self.local.encryption == Encryption::Required,
            None => self.local.encryption != Encryption::None,
        };
        let protocol = match &self.transport {
            Some(transport) => transport.clone(),
            None if self.local.encryption == Encryption::Required => Protocol::Secure("RTP/SAVP".into()),
            None => Protocol::Plain("RTP/AVP".into()),
        };
        let mut stream = self.stream(protocol, formats);
        stream.direction = self.wish;
        stream.maxptime = Some(u32::from(MAX_PTIME_MS));
        stream.ptime = Some(u32::from(self.agreed.as_ref().map_or(PTIME_MS, |agreed| agreed.ptime_ms)));
        stream.rtcp_mux = self.agreed.as_ref().is_some_and(|agreed| agreed.rtcp_mux);
        if encrypted {
            stream.crypto = self.keys.offered(self.agreed.as_ref().and_then(|agreed| agreed.srtp.as_ref()));
        }
        if self.slots.is_empty() {
            self.slots.push(Slot::of(&stream));
        }
        self.transport = Some(stream.protocol.clone());
        self.offer = Some(Offer { stream: stream.clone(), before: self.agreed.clone() });
        self.say(self.audio, stream)
    }

    /// Takes back an offer that was refused: what was agreed before holds again.
    pub fn withdraw(&mut self) {
        if let Some(offer) = self.offer.take() {
            self.agreed = offer.before;
        }
    }

    /// Answers the peer's offer: one codec, one stream, every other m-line refused with port 0. The answer repeats
    /// the offer's payload types (RFC 3264 section 6.1). `prefer` wins if both ends have it; otherwise the peer's
    /// order counts.
    pub fn answer(
        &mut self,
        offer: &[u8],
        prefer: Option<Codec>,
    ) -> Result<(Vec<u8>, Agreed), NegotiationError> {
        let description = Description::parse(offer)?;
        let prefer = self.preference(prefer);
        let terms = Terms { codecs: &self.local.codecs, encryption: self.local.encryption, prefer };
        let chosen = match choose::from_offer(&description, terms) {
            Ok(chosen) => chosen,
            Err(mismatch) => return self.remove(&description).ok_or(mismatch.into()),
        };
        let stream = &description.streams[chosen.index];
        let peer = peer_direction(stream, chosen.address);
        let mut formats = vec![format(chosen.codec, chosen.payload_type)];
        formats.extend(chosen.event.map(|(number, rate)| event_format(number, rate)));
        let mut own = self.stream(stream.protocol.clone(), formats);
        own.direction = peer.reversed().and(self.wish);
        own.ptime = Some(u32::from(chosen.ptime_ms));
        own.maxptime = stream.maxptime.map(|_| u32::from(MAX_PTIME_MS));
        own.rtcp_mux = stream.rtcp_mux;
        let srtp = chosen.crypto.map(|crypto| {
            let own_crypto = self.keys.answering(&crypto);
            let keys = SrtpKeys { send: own_crypto.key.clone(), receive: crypto.key };
            own.crypto.push(own_crypto);
            keys
        });
        let agreed = Agreed {
            remote_rtp: SocketAddr::new(chosen.address, stream.port),
            remote_rtcp: remote_rtcp(stream, chosen.address),
            rtcp_mux: stream.rtcp_mux,
            codec: chosen.codec,
            payload_type: chosen.payload_type,
            receive_payload_type: chosen.payload_type,
            also_receive: Vec::new(),
            ptime_ms: chosen.ptime_ms,
            event_payload_type: chosen.event.map(|(number, _)| number),
            event_receive_payload_type: chosen.event.map(|(number, _)| number),
            event_clock_rate: chosen.event.map_or(8000, |(_, rate)| rate),
            direction: own.direction,
            srtp,
            held_by_peer: !peer.receives(),
        };
        self.numbers.learn(&stream.formats);
        self.take_slots(&description);
        self.audio = chosen.index;
        self.transport = Some(own.protocol.clone());
        self.offer = None;
        self.fax = None;
        self.agreed = Some(agreed.clone());
        Ok((self.say(self.audio, own), agreed))
    }

    /// Takes the peer's answer to the last offer. A later answer to the same offer (a fork, or the final one after
    /// early media) replaces it.
    pub fn accept(&mut self, answer: &[u8]) -> Result<Agreed, NegotiationError> {
        let offer = self.offer.as_ref().filter(|offer| !offer.stream.is_fax());
        let offer = offer.ok_or(NegotiationError::NotOffered)?;
        let description = Description::parse(answer)?;
        let stream = description
            .streams
            .get(self.audio)
            .filter(|stream| stream.is_audio())
            .or_else(|| description.streams.iter().find(|stream| stream.is_audio() && stream.port != 0))
            .ok_or(Mismatch::NoAudio)?;
        let chosen = choose::from_answer(stream, &offer.stream, self.local.encryption)?;
        let Chosen { codec, payload_type, address, ptime_ms, .. } = chosen;
        let peer = peer_direction(stream, address);
        let own_number = |codec| choose::number(&offer.stream, codec);
        let srtp = chosen.crypto.and_then(|crypto| {
            let own = offer.stream.crypto.iter().find(|own| own.tag == crypto.tag)?;
            Some(SrtpKeys { send: own.key.clone(), receive: crypto.key })
        });
        let receive_payload_type = own_number(codec).unwrap_or(payload_type);
        let mut also_receive: Vec<(u8, Codec)> = Vec::new();
        for (theirs, other) in choose::codecs(stream) {
            let numbers = own_number(other).map(|ours| [ours, theirs]).into_iter().flatten();
            for number in numbers.filter(|number| *number != receive_payload_type) {
                if !also_receive.iter().any(|(known, _)| *known == number) {
                    also_receive.push((number, other));
                }
            }
        }
        let agreed = Agreed {
            remote_rtp: SocketAddr::new(address, stream.port),
            remote_rtcp: remote_rtcp(stream, address),
            rtcp_mux: stream.rtcp_mux && offer.stream.rtcp_mux,
            codec,
            payload_type,
            receive_payload_type,
            also_receive,
            ptime_ms,
            event_payload_type: chosen.event.map(|(number, _)| number),
            event_receive_payload_type: chosen
                .event
                .map(|(number, rate)| choose::event_number(&offer.stream, rate).unwrap_or(number)),
            event_clock_rate: chosen.event.map_or(8000, |(_, rate)| rate),
            direction: offer.stream.direction.and(peer.reversed()),
            srtp,
            held_by_peer: offer.stream.direction.sends() && !peer.receives(),
        };
        self.fax = None;
        self.agreed = Some(agreed.clone());
        Ok(agreed)
    }

    /// What an offer has that the exchange knows, in the offer's order: for the order of the next leg's offer.
    pub fn codecs_offered(&self, offer: &[u8]) -> Vec<Codec> {
        Self::codecs_in(offer).unwrap_or_default()
    }

    /// Whether an offer can be answered at all, before anything is done about it.
    ///
    /// # Errors
    ///
    /// As [`Negotiation::answer`] would give.
    pub fn fits(offer: &[u8], codecs: &[Codec], encryption: Encryption) -> Result<(), NegotiationError> {
        let terms = Terms { codecs, encryption, prefer: None };
        choose::from_offer(&Description::parse(offer)?, terms)?;
        Ok(())
    }

    /// As [`Negotiation::codecs_offered`], before there is a negotiation; an error where the offer cannot be read.
    pub fn codecs_in(offer: &[u8]) -> Result<Vec<Codec>, SdpError> {
        let description = Description::parse(offer)?;
        let stream = description.streams.iter().find(|stream| stream.is_audio() && stream.port != 0);
        let mut codecs = Vec::new();
        for (_, codec) in stream.into_iter().flat_map(choose::codecs) {
            if !codecs.contains(&codec) {
                codecs.push(codec);
            }
        }
        Ok(codecs)
    }

    /// A re-offer that takes the audio away with port 0 is agreed to: some phones hold that way. Nothing flows until
    /// the next offer. A first offer like that is a mismatch.
    fn remove(&mut self, description: &Description) -> Option<(Vec<u8>, Agreed)> {
        let removed = description.streams.get(self.audio).is_some_and(|s| s.is_audio() && s.port == 0);
        if !removed || description.streams.iter().any(|stream| stream.is_audio() && stream.port != 0) {
            return None;
        }
        let agreed = self.agreed.as_mut()?;
        agreed.direction = Direction::Inactive;
        agreed.held_by_peer = true;
        let agreed = agreed.clone();
        self.take_slots(description);
        self.offer = None;
        self.fax = None;
        let mut stream = self.stream(description.streams[self.audio].protocol.clone(), Vec::new());
        stream.words.clone_from(&description.streams[self.audio].words);
        stream.port = 0;
        Some((self.say(self.audio, stream), agreed))
    }

    /// The box's codecs in the order of an offer.
    fn codecs(&self, prefer: Option<Codec>) -> Vec<Codec> {
        let mut codecs: Vec<Codec> = self.preference(prefer).into_iter().collect();
        for codec in &self.local.codecs {
            if !codecs.contains(codec) {
                codecs.push(*codec);
            }
        }
        codecs
    }

    /// The wish if it can be had, otherwise what is in use.
    fn preference(&self, prefer: Option<Codec>) -> Option<Codec> {
        let in_use = self.agreed.as_ref().map(|agreed| agreed.codec);
        [prefer, in_use].into_iter().flatten().find(|codec| self.local.codecs.contains(codec))
    }

    fn formats(&mut self, codecs: &[Codec]) -> Vec<Format> {
        let mut formats = Vec::new();
        for codec in codecs {
            formats.extend(self.numbers.number(Meaning::Codec(*codec)).map(|number| format(*codec, number)));
        }
        let mut rates: Vec<u32> = codecs.iter().map(|codec| codec.clock_rate()).collect();
        // Phones look for events at 8000 Hz first, whatever else is offered.
        rates.sort_unstable();
        rates.dedup();
        for rate in rates {
            formats
                .extend(self.numbers.number(Meaning::Event(rate)).map(|number| event_format(number, rate)));
        }
        formats
    }

    /// The box's stream without what differs between offer and answer.
    fn stream(&self, protocol: Protocol, formats: Vec<Format>) -> Stream {
        let Local { rtp_port, rtcp_port, .. } = self.local;
        Stream {
            kind: "audio".into(),
            port: rtp_port,
            protocol,
            words: formats.iter().map(|format| format.payload_type.to_string()).collect(),
            formats,
            address: Some(self.local.address),
            direction: self.wish,
            ptime: None,
            maxptime: None,
            rtcp: (rtcp_port != rtp_port.wrapping_add(1))
                .then_some(RtcpAddress { port: rtcp_port, address: None }),
            rtcp_mux: false,
            crypto: Vec::new(),
            fax: Vec::new(),
        }
    }

    fn take_slots(&mut self, description: &Description) {
        self.slots = description.streams.iter().map(Slot::of).collect();
    }

    /// Writes the description with the one live stream in its place and every other m-line refused; a new version only
    /// if it says something new (RFC 3264 section 8).
    fn say(&mut self, at: usize, live: Stream) -> Vec<u8> {
        let mut streams: Vec<Stream> = self.slots.iter().map(refused).collect();
        match streams.get_mut(at) {
            Some(place) => *place = live,
            None => streams.push(live),
        }
        if !self.sent.is_empty() && self.sent != streams {
            self.version += 1;
        }
        let origin = Origin { id: self.local.origin_id, version: self.version, address: self.local.address };
        let bytes = sdp::write(&origin, &streams);
        self.sent = streams;
        bytes
    }
}

/// An m-line with port 0 (RFC 3264 section 6); its other words do not matter but must be there.
fn refused(slot: &Slot) -> Stream {
    Stream {
        kind: slot.kind.clone(),
        port: 0,
        protocol: slot.protocol.clone(),
        words: slot.words.clone(),
        formats: Vec::new(),
        address: None,
        direction: Direction::Inactive,
        ptime: None,
        maxptime: None,
        rtcp: None,
        rtcp_mux: false,
        crypto: Vec::new(),
        fax: Vec::new(),
    }
}

fn format(codec: Codec, payload_type: u8) -> Format {
    Format {
        payload_type,
        encoding: codec.name().into(),
        clock_rate: codec.clock_rate(),
        channels: codec.channels(),
        // The peer's stream may be passed on as it is, so nothing here limits its bandwidth (RFC 7587 section 7).
        parameters: (codec == Codec::Opus).then(|| "useinbandfec=1".into()),
    }
}

fn event_format(payload_type: u8, clock_rate: u32) -> Format {
    Format {
        payload_type,
        encoding: "telephone-event".into(),
        clock_rate,
        channels: 1,
        parameters: Some(EVENTS.into()),
    }
}

/// What the peer does with its stream. An unspecified address is the hold of RFC 2543: it receives nothing.
fn peer_direction(stream: &Stream, address: IpAddr) -> Direction {
    let receives = stream.direction.receives() && !address.is_unspecified();
    Direction::of(Sends(stream.direction.sends()), Receives(receives))
}

fn remote_rtcp(stream: &Stream, address: IpAddr) -> SocketAddr {
    if stream.rtcp_mux {
        return SocketAddr::new(address, stream.port);
    }
    match stream.rtcp {
        Some(rtcp) => SocketAddr::new(rtcp.address.unwrap_or(address), rtcp.port),
        None => SocketAddr::new(address, stream.port.saturating_add(1)),
    }
}
