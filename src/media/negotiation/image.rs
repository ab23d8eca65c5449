//! Fax by T.38 (ITU-T T.38 annex D) in place of the sound: the box has no machine of its own, so what it says of the fax
//! is what the leg at the other end of the call has said.

#[cfg(test)]
mod tests;

use super::{Mismatch, Negotiation, NegotiationError, Offer, Slot};
use crate::sdp::{Description, Direction, Protocol, Stream};
use crate::udptl;
use std::net::SocketAddr;

/// A peer's side of a fax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fax {
    /// Where its datagrams go.
    pub remote: SocketAddr,
    /// How it faxes: its attributes beginning with `T38`, as it wrote them, but that no larger datagrams are asked for
    /// than are passed on.
    pub terms: Vec<String>,
}

impl Negotiation {
    /// Whether an offer is about a fax: T.38 over UDPTL, and no sound.
    pub fn is_fax(offer: &[u8]) -> bool {
        Description::parse(offer).is_ok_and(|description| {
            let live = |stream: &&Stream| stream.port != 0;
            let mut streams = description.streams.iter().filter(live);
            streams.clone().any(Stream::is_fax) && !streams.any(Stream::is_audio)
        })
    }

    /// Whether an offer is about sound that goes both ways; anything else cannot end a fax.
    pub fn is_two_way(offer: &[u8]) -> bool {
        let two_way = |stream: &Stream| {
            let reached = stream.address.is_some_and(|address| !address.is_unspecified());
            stream.is_audio() && stream.port != 0 && reached && stream.direction == Direction::SendReceive
        };
        Description::parse(offer).is_ok_and(|description| description.streams.iter().any(two_way))
    }

    /// The fax of an offer.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or [`Mismatch::NoFax`]: also where it is held, since a fax cannot wait.
    pub fn fax_in(offer: &[u8]) -> Result<Fax, NegotiationError> {
        Ok(read(&Description::parse(offer)?)?.1)
    }

    /// The fax agreed in place of the sound.
    pub fn fax(&self) -> Option<&Fax> {
        self.fax.as_ref()
    }

    /// Whether the offer that answers are matched with is about a fax.
    pub fn has_offered_fax(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| offer.stream.is_fax())
    }

    /// The box's offer to fax, in the place of the audio (RFC 3264 section 8.3.3), on the other leg's terms.
    pub fn offer_fax(&mut self, terms: &[String]) -> Vec<u8> {
        let stream = self.image(terms);
        if self.slots.is_empty() {
            self.slots.push(Slot::of(&stream));
        }
        let place = self.slots.iter().position(|slot| slot.kind.eq_ignore_ascii_case("image"));
        self.offer = Some(Offer { stream: stream.clone(), before: self.agreed.clone() });
        self.say(place.unwrap_or(self.audio), stream)
    }

    /// Answers the peer's offer to fax, on the other leg's terms.
    ///
    /// # Errors
    ///
    /// As [`Negotiation::fax_in`].
    pub fn answer_fax(&mut self, offer: &[u8], terms: &[String]) -> Result<(Vec<u8>, Fax), NegotiationError> {
        let description = Description::parse(offer)?;
        let (place, fax) = read(&description)?;
        let mut stream = self.image(terms);
        stream.protocol = description.streams[place].protocol.clone();
        stream.words.clone_from(&description.streams[place].words);
        self.take_slots(&description);
        if !description.streams.get(self.audio).is_some_and(Stream::is_audio) {
            self.audio = description.streams.iter().position(Stream::is_audio).unwrap_or(place);
        }
        self.offer = None;
        self.fax = Some(fax.clone());
        Ok((self.say(place, stream), fax))
    }

    /// Takes the peer's answer to the last offer, which was to fax.
    ///
    /// # Errors
    ///
    /// [`Mismatch::NoFax`] where it has taken something else or nothing.
    pub fn accept_fax(&mut self, answer: &[u8]) -> Result<Fax, NegotiationError> {
        if !self.has_offered_fax() {
            return Err(NegotiationError::NotOffered);
        }
        let fax = Self::fax_in(answer)?;
        self.fax = Some(fax.clone());
        Ok(fax)
    }

    fn image(&self, terms: &[String]) -> Stream {
        let stream = self.stream(Protocol::Other("udptl".into()), Vec::new());
        Stream {
            kind: "image".into(),
            words: vec!["t38".into()],
            direction: Direction::SendReceive,
            rtcp: None,
            fax: terms.to_vec(),
            ..stream
        }
    }
}

/// The fax of a description, and which m-line it is.
fn read(description: &Description) -> Result<(usize, Fax), Mismatch> {
    let live = |stream: &Stream| stream.is_fax() && stream.port != 0;
    let place = description.streams.iter().position(live).ok_or(Mismatch::NoFax)?;
    let stream = &description.streams[place];
    let address = stream.address.filter(|address| !address.is_unspecified()).ok_or(Mismatch::NoFax)?;
    if stream.direction != Direction::SendReceive {
        return Err(Mismatch::NoFax);
    }
    let remote = SocketAddr::new(address, stream.port);
    Ok((place, Fax { remote, terms: stream.fax.iter().map(|term| within(term)).collect() }))
}

/// A term; one that asks for larger datagrams than are passed on asks for those.
fn within(term: &str) -> String {
    let Some((name, value)) = term.split_once(':') else { return term.to_owned() };
    let is_size = name.trim().eq_ignore_ascii_case("T38FaxMaxDatagram");
    let size: Option<u64> = value.trim().parse().ok();
    match size.filter(|size| is_size && *size > udptl::MAX_DATAGRAM as u64) {
        Some(_) => format!("{name}:{}", udptl::MAX_DATAGRAM),
        None => term.to_owned(),
    }
}
