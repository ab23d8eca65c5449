//! The codecs of the exchange, and one encoder and one decoder type over all of them.
//!
//! Samples are 16-bit mono at [`Codec::sample_rate`]. Opus runs at 16 kHz, the rate of the mixing bus: decoding
//! straight to it costs less than half of decoding to 48 kHz.

mod concealment;
mod g711;
mod g722;
mod opus;

use std::fmt;

use concealment::Concealment;
pub use opus::OpusSettings;

/// An audio codec, in the order in which names sort, not of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// G.711 µ-law, 64 kbit/s, 8 kHz.
    Pcmu,
    /// G.711 A-law, 64 kbit/s, 8 kHz.
    Pcma,
    /// G.722 mode 1, 64 kbit/s, 16 kHz.
    G722,
    /// Opus (RFC 6716), mono, coded at 16 kHz, whatever is received.
    Opus,
}

impl Codec {
    /// Every codec there is.
    pub const ALL: [Self; 4] = [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus];

    /// The encoding name of `a=rtpmap` (RFC 3551, RFC 7587).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// The codec of an `a=rtpmap` encoding name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    /// Units of the RTP timestamp in a second: 8000 for G.722 by the historical error kept in RFC 3551 section 4.5.2,
    /// always 48000 for Opus (RFC 7587 section 4.1).
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// Samples in a second on the uncoded side of [`Encoder`] and [`Decoder`].
    pub const fn sample_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8_000,
            Self::G722 | Self::Opus => 16_000,
        }
    }

    /// The rate at which samples of `rate` are best encoded, and at which those for a hearer of `rate` are best decoded.
    /// What comes from or goes to narrow-band telephony stays narrow-band in Opus: nothing is lost, and coding costs
    /// about half.
    pub const fn rate_beside(self, rate: u32) -> u32 {
        match self {
            Self::Opus if rate <= 8_000 => 8_000,
            _ => self.sample_rate(),
        }
    }

    /// The channel count of `a=rtpmap`, left out when 1: Opus always says 2 (RFC 7587 section 7).
    pub const fn channels(self) -> u8 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 1,
            Self::Opus => 2,
        }
    }

    /// The payload type assigned by RFC 3551 table 4.
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
            Self::Opus => None,
        }
    }

    /// The codec of a payload type assigned by RFC 3551.
    pub fn from_static_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.static_payload_type() == Some(payload_type))
    }

    /// The packet time used when `asked` ms is wished for: whole 10 ms between 10 and 60, and for Opus one of its
    /// frame sizes 10, 20, 40, 60 (RFC 6716 section 2.1.4), never longer than asked.
    pub const fn packet_time_ms(self, asked: u8) -> u8 {
        let tens = match asked / 10 {
            0 => 1,
            tens if tens > 6 => 6,
            tens => tens,
        };
        match (self, tens) {
            (Self::Opus, 3) => 20,
            (Self::Opus, 5) => 40,
            _ => tens * 10,
        }
    }

    /// Samples at [`Codec::sample_rate`] in `ms` milliseconds.
    pub const fn samples(self, ms: u32) -> usize {
        (self.sample_rate() / 1_000 * ms) as usize
    }

    /// Units of the RTP timestamp in `ms` milliseconds.
    pub const fn units(self, ms: u32) -> u32 {
        self.clock_rate() / 1_000 * ms
    }
}

/// Turns samples into payloads, with the state of one stream.
pub struct Encoder(Coding);

enum Coding {
    Pcmu,
    Pcma,
    G722(Box<g722::Encoder>),
    Opus(opus::Encoder),
}

impl Encoder {
    /// An encoder for a new stream; Opus with default settings.
    pub fn new(codec: Codec) -> Self {
        Self::beside(codec, codec.sample_rate())
    }

    /// An encoder for a new stream, of samples at the [`Codec::rate_beside`] a rate; Opus with default settings.
    pub fn beside(codec: Codec, rate: u32) -> Self {
        Self::with_opus(codec, rate, OpusSettings::default())
    }

    /// The same, with settings that count if it is Opus.
    pub fn with_opus(codec: Codec, rate: u32, settings: OpusSettings) -> Self {
        Self(match codec {
            Codec::Pcmu => Coding::Pcmu,
            Codec::Pcma => Coding::Pcma,
            Codec::G722 => Coding::G722(Box::new(g722::Encoder::new())),
            Codec::Opus => Coding::Opus(opus::Encoder::new(settings, codec.rate_beside(rate))),
        })
    }

    /// What it encodes.
    pub const fn codec(&self) -> Codec {
        match self.0 {
            Coding::Pcmu => Codec::Pcmu,
            Coding::Pcma => Codec::Pcma,
            Coding::G722(_) => Codec::G722,
            Coding::Opus(_) => Codec::Opus,
        }
    }

    /// An encoder that goes on where this one is, for another listener to the same stream up to now; `last` is the
    /// frame encoded last. Opus cannot be copied: a new one hears that frame and begins with one that stands alone.
    pub(crate) fn split(&self, last: &[i16]) -> Self {
        Self(match &self.0 {
            Coding::Pcmu => Coding::Pcmu,
            Coding::Pcma => Coding::Pcma,
            Coding::G722(encoder) => Coding::G722(encoder.clone()),
            Coding::Opus(encoder) => Coding::Opus(encoder.split(last)),
        })
    }

    /// The next packet does not lean on earlier ones, so that a decoder that heard another stream before understands
    /// it. G.711 never does; for G.722 see [`Encoder::follow`].
    pub fn start_afresh(&mut self) {
        if let Coding::Opus(encoder) = &mut self.0 {
            encoder.start_afresh();
        }
    }

    /// Goes on after what another encoder has sent last, a tenth of a second of it or more, in a stream of a codec
    /// whose decoder leans on what it has heard: G.722.
    pub(crate) fn follow<'a>(&mut self, octets: impl Iterator<Item = &'a u8>) {
        if let Coding::G722(encoder) = &mut self.0 {
            encoder.follow(octets);
        }
    }

    /// Appends the payload of one packet to `out`. `pcm` is at [`Codec::sample_rate`] or the rate it was made for, and of
    /// a length that [`Codec::packet_time_ms`] allows: of another, Opus makes nothing and the others still all of it.
    pub fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        match &mut self.0 {
            Coding::Pcmu => g711::encode_ulaw(pcm, out),
            Coding::Pcma => g711::encode_alaw(pcm, out),
            Coding::G722(encoder) => encoder.encode(pcm, out),
            Coding::Opus(encoder) => encoder.encode(pcm, out),
        }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Encoder").field(&self.codec()).finish()
    }
}

/// Turns payloads into samples, with the state of one stream, and fills in for lost ones.
pub struct Decoder(Decoding);

enum Decoding {
    Pcmu(Concealment),
    Pcma(Concealment),
    G722(Box<g722::Decoder>, Concealment),
    Opus(opus::Decoder),
}

impl Decoder {
    /// A decoder for a new stream.
    pub fn new(codec: Codec) -> Self {
        Self::beside(codec, codec.sample_rate())
    }

    /// A decoder for a new stream, to samples at the [`Codec::rate_beside`] a rate.
    pub fn beside(codec: Codec, rate: u32) -> Self {
        let concealment = Concealment::new(codec.sample_rate());
        Self(match codec {
            Codec::Pcmu => Decoding::Pcmu(concealment),
            Codec::Pcma => Decoding::Pcma(concealment),
            Codec::G722 => Decoding::G722(Box::new(g722::Decoder::new()), concealment),
            Codec::Opus => Decoding::Opus(opus::Decoder::new(codec.rate_beside(rate))),
        })
    }

    /// What it decodes.
    pub const fn codec(&self) -> Codec {
        match self.0 {
            Decoding::Pcmu(_) => Codec::Pcmu,
            Decoding::Pcma(_) => Codec::Pcma,
            Decoding::G722(..) => Codec::G722,
            Decoding::Opus(_) => Codec::Opus,
        }
    }

    /// Appends the samples of a packet to `out`, at [`Codec::sample_rate`] or the rate it was made for, and returns how many: none if the payload
    /// is not of the codec, when [`Decoder::conceal`] should fill in.
    pub fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> usize {
        let start = out.len();
        match &mut self.0 {
            Decoding::Pcmu(concealment) => {
                g711::decode_ulaw(payload, out);
                concealment.heard(&mut out[start..]);
            }
            Decoding::Pcma(concealment) => {
                g711::decode_alaw(payload, out);
                concealment.heard(&mut out[start..]);
            }
            Decoding::G722(decoder, concealment) => {
                decoder.decode(payload, out);
                concealment.heard(&mut out[start..]);
            }
            Decoding::Opus(decoder) => decoder.decode(payload, out),
        }
        out.len() - start
    }

    /// Appends exactly `samples` in place of a packet that was lost.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) {
        let end = out.len() + samples;
        match &mut self.0 {
            Decoding::Pcmu(concealment) | Decoding::Pcma(concealment) | Decoding::G722(_, concealment) => {
                concealment.conceal(samples, out);
            }
            Decoding::Opus(decoder) => decoder.conceal(samples, out),
        }
        out.resize(end, 0);
    }

    /// Like [`Decoder::conceal`], when the packet after the lost one is at hand: Opus may carry the lost one's
    /// sound in it a second time (RFC 6716 section 2.1.7). That packet is still to be decoded afterwards.
    pub fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<i16>) {
        let end = out.len() + samples;
        if let Decoding::Opus(decoder) = &mut self.0 {
            decoder.recover(next, samples, out);
        }
        if out.len() < end {
            self.conceal(end - out.len(), out);
        }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Decoder").field(&self.codec()).finish()
    }
}

#[cfg(test)]
mod tests;
