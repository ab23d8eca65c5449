//! The codecs of the exchange, and one encoder and one decoder type over all of them.
//!
//! Samples are 16-bit mono at [`Codec::sample_rate`]. Opus runs at 16 kHz, the rate of the mixing bus: decoding
//! straight to it costs less than half of decoding to 48 kHz.

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
