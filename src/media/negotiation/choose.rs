//! Reading the peer's side: which stream, codec, keys and event format are taken.

use super::{Encryption, MAX_PTIME_MS, Mismatch, PTIME_MS};
use crate::codec::Codec;
use crate::sdp::{Description, Format, Protocol, Stream};
use crate::srtp::Crypto;
use std::net::IpAddr;

/// What was taken out of the peer's description.
pub(super) struct Chosen {
    /// Which m-line; 0 for answers, where it is known.
    pub(super) index: usize,
    pub(super) codec: Codec,
    /// The peer's number of the codec.
    pub(super) payload_type: u8,
    /// The peer's number of telephone events, and their clock rate.
    pub(super) event: Option<(u8, u32)>,
    pub(super) ptime_ms: u8,
    pub(super) address: IpAddr,
    /// The peer's key line that was taken, when the stream is encrypted.
    pub(super) crypto: Option<Crypto>,
}

/// What the box takes of an offer.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) codecs: &'a [Codec],
    pub(super) encryption: Encryption,
    /// Wins where both ends have it.
    pub(super) prefer: Option<Codec>,
}

/// The best audio stream of an offer: of those that fit, one with the protection the box would rather have, then the
/// first.
pub(super) fn from_offer(description: &Description, terms: Terms<'_>) -> Result<Chosen, Mismatch> {
    let mut best: Option<Chosen> = None;
    let mut worst = Mismatch::NoAudio;
    for (index, stream) in description.streams.iter().enumerate() {
        if !stream.is_audio() || stream.port == 0 || matches!(stream.protocol, Protocol::Other(_)) {
            continue;
        }
        match candidate(stream, terms) {
            Ok(chosen) => {
                let better = match &best {
                    None => true,
                    Some(best) => {
                        let wants = terms.encryption != Encryption::None;
                        best.crypto.is_some() != wants && chosen.crypto.is_some() == wants
                    }
                };
                if better {
                    best = Some(Chosen { index, ..chosen });
                }
            }
            Err(mismatch) => worst = mismatch,
        }
    }
    best.ok_or(worst)
}

fn candidate(stream: &Stream, terms: Terms<'_>) -> Result<Chosen, Mismatch> {
    let crypto = match (&stream.protocol, stream.crypto.first(), terms.encryption) {
        (Protocol::Secure(_), Some(crypto), _) => Some(crypto),
        (Protocol::Secure(_), None, _) => return Err(Mismatch::Encryption),
        (_, Some(crypto), Encryption::Offered | Encryption::Required) => Some(crypto),
        (_, None, Encryption::Required) => return Err(Mismatch::Encryption),
        (_, _, _) => None,
    };
    let known: Vec<(u8, Codec)> =
        codecs(stream).into_iter().filter(|(_, codec)| terms.codecs.contains(codec)).collect();
    let (payload_type, codec) = known
        .iter()
        .find(|(_, codec)| Some(*codec) == terms.prefer)
        .or_else(|| known.first())
        .copied()
        .ok_or(Mismatch::NoCodec)?;
    finish(stream, (payload_type, codec), crypto)
}

/// What an answer settled, given the box's stream of the offer.
pub(super) fn from_answer(
    stream: &Stream,
    offered: &Stream,
    encryption: Encryption,
) -> Result<Chosen, Mismatch> {
    if stream.port == 0 {
        return Err(Mismatch::Refused);
    }
    if matches!(stream.protocol, Protocol::Other(_)) {
        return Err(Mismatch::NoAudio);
    }
    // The tag names the offered line; the suite must be that line's (RFC 4568 section 5.1.3).
    let own = |crypto: &&Crypto| {
        offered.crypto.iter().any(|own| own.tag == crypto.tag && own.key.suite() == crypto.key.suite())
    };
    let secure = matches!(offered.protocol, Protocol::Secure(_))
        || matches!(stream.protocol, Protocol::Secure(_))
        || encryption == Encryption::Required;
    let crypto = stream.crypto.iter().find(own);
    if crypto.is_none() && secure {
        return Err(Mismatch::Encryption);
    }
    let taken = codecs(stream)
        .into_iter()
        .find(|(_, codec)| number(offered, *codec).is_some())
        .ok_or(Mismatch::NoCodec)?;
    finish(stream, taken, crypto)
}

fn finish(
    stream: &Stream,
    (payload_type, codec): (u8, Codec),
    crypto: Option<&Crypto>,
) -> Result<Chosen, Mismatch> {
    Ok(Chosen {
        index: 0,
        codec,
        payload_type,
        event: event(stream, codec),
        ptime_ms: packet_time(stream, codec),
        address: stream.address.ok_or(Mismatch::NoAddress)?,
        crypto: crypto.cloned(),
    })
}

/// The codec a format means, if the exchange has it. A few phones write G.722's true 16 kHz.
pub(super) fn codec(format: &Format) -> Option<Codec> {
    let codec = Codec::from_name(&format.encoding)?;
    let rate = format.clock_rate == codec.clock_rate()
        || (codec == Codec::G722 && format.clock_rate == codec.sample_rate());
    let channels = format.channels <= codec.channels();
    (rate && channels).then_some(codec)
}

/// The codecs of a stream with their numbers, in the peer's order.
pub(super) fn codecs(stream: &Stream) -> Vec<(u8, Codec)> {
    stream
        .formats
        .iter()
        .filter_map(|format| codec(format).map(|codec| (format.payload_type, codec)))
        .collect()
}

/// A stream's number of a codec.
pub(super) fn number(stream: &Stream, wanted: Codec) -> Option<u8> {
    codecs(stream).into_iter().find(|(_, codec)| *codec == wanted).map(|(number, _)| number)
}

pub(super) fn is_event(format: &Format) -> bool {
    format.encoding.eq_ignore_ascii_case("telephone-event")
}

/// A stream's number of telephone events at a clock rate.
pub(super) fn event_number(stream: &Stream, clock_rate: u32) -> Option<u8> {
    let matching = |format: &&Format| is_event(format) && format.clock_rate == clock_rate;
    stream.formats.iter().find(matching).map(|format| format.payload_type)
}

/// Telephone events, best at the codec's own clock rate; phones that list 8000 Hz beside Opus mean it too.
fn event(stream: &Stream, codec: Codec) -> Option<(u8, u32)> {
    let rate = codec.clock_rate();
    let own = event_number(stream, rate).map(|number| (number, rate));
    own.or_else(|| {
        let any = stream.formats.iter().find(|format| is_event(format));
        any.map(|format| (format.payload_type, format.clock_rate))
    })
}

/// What the peer wants to receive, within what the box can do.
fn packet_time(stream: &Stream, codec: Codec) -> u8 {
    let asked = stream.ptime.unwrap_or(u32::from(PTIME_MS));
    let asked = asked.min(stream.maxptime.unwrap_or(u32::MAX)).min(u32::from(MAX_PTIME_MS));
    codec.packet_time_ms(u8::try_from(asked).unwrap_or(PTIME_MS))
}
