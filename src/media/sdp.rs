//! Session descriptions (RFC 8866) as far as telephone audio needs them.
//!
//! Reading is tolerant of what phones really send and bounded in every direction; writing is strict. What an
//! offer and an answer mean together is [`crate::negotiation`]'s matter.

mod parse;
mod write;

#[cfg(test)]
pub(crate) mod tests;

use crate::srtp::Crypto;
use std::net::IpAddr;

/// The largest description that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most m-lines a description may have.
pub const MAX_STREAMS: usize = 16;
/// The most formats of one m-line that are looked at; later ones are ignored.
pub const MAX_FORMATS: usize = 64;
/// The most `a=crypto` lines of one stream that are looked at.
pub const MAX_CRYPTO: usize = 16;
/// The most attributes of a fax that are kept; later ones are ignored.
pub const MAX_FAX_TERMS: usize = 16;
/// The longest attribute of a fax that is kept, in bytes.
pub const MAX_FAX_TERM: usize = 128;

/// Why a description cannot be read at all. The peer is at fault in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than [`MAX_BYTES`].
    #[error("the session description has more than 64 KiB")]
    TooLong,
    /// More than [`MAX_STREAMS`] m-lines.
    #[error("the session description has more than 16 streams")]
    TooManyStreams,
    /// It does not begin with `v=0`.
    #[error("this is not a session description")]
    NotSdp,
    /// An m-line without kind, port, protocol and format (RFC 8866 section 5.14).
    #[error("an m-line is broken")]
    BrokenStream,
}

/// Which way a stream flows, seen from whoever wrote the line (RFC 8866 section 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendReceive,
    /// Only out.
    SendOnly,
    /// Only in.
    ReceiveOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// The direction that sends and receives as told.
    pub fn of(sends: Sends, receives: Receives) -> Self {
        match (sends.0, receives.0) {
            (true, true) => Direction::SendReceive,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::ReceiveOnly,
            (false, false) => Direction::Inactive,
        }
    }

    /// Whether the owner of this direction sends.
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendReceive | Direction::SendOnly)
    }

    /// Whether the owner of this direction receives.
    pub fn receives(self) -> bool {
        matches!(self, Direction::SendReceive | Direction::ReceiveOnly)
    }

    /// The same stream seen from the other end.
    pub fn reversed(self) -> Self {
        Self::of(Sends(self.receives()), Receives(self.sends()))
    }

    /// What both directions allow.
    pub fn and(self, other: Self) -> Self {
        Self::of(Sends(self.sends() && other.sends()), Receives(self.receives() && other.receives()))
    }

    /// The attribute's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::SendReceive => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::ReceiveOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }
}

/// Whether a direction sends.
#[derive(Clone, Copy, Debug)]
pub struct Sends(pub bool);

/// Whether a direction receives.
#[derive(Clone, Copy, Debug)]
pub struct Receives(pub bool);

/// The transport of a stream: the third word of its m-line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Plain RTP, `RTP/AVP` or with feedback `RTP/AVPF` (RFC 4585).
    Plain(String),
    /// SRTP keyed in the description, `RTP/SAVP` or `RTP/SAVPF` (RFC 4568).
    Secure(String),
    /// Anything else: DTLS (`UDP/TLS/RTP/SAVPF`), `udptl`, `TCP/MSRP`…
    Other(String),
}

impl Protocol {
    /// The word as it stands in the m-line.
    pub fn as_str(&self) -> &str {
        match self {
            Protocol::Plain(word) | Protocol::Secure(word) | Protocol::Other(word) => word,
        }
    }
}

/// A payload type and what it stands for: `a=rtpmap` and its `a=fmtp` together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// The RTP payload type, 0 to 127.
    pub payload_type: u8,
    /// The encoding's name as written, for example `PCMA`; from RFC 3551's table when the line is missing.
    pub encoding: String,
    /// The RTP clock rate, Hz.
    pub clock_rate: u32,
    /// The number of channels, 1 when not written.
    pub channels: u8,
    /// The parameters of `a=fmtp`, as written.
    pub parameters: Option<String>,
}

/// Where RTCP goes when not to the next port (RFC 3605).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtcpAddress {
    /// The port.
    pub port: u16,
    /// The address, when it differs from the stream's.
    pub address: Option<IpAddr>,
}

/// One m-line with its attributes, session-level defaults already applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// `audio`, `video`, `application`…
    pub kind: String,
    /// The port; 0 refuses or removes the stream (RFC 3264 section 8.2).
    pub port: u16,
    /// The transport.
    pub protocol: Protocol,
    /// The format words of the m-line, as written and in order of preference.
    pub words: Vec<String>,
    /// The formats that are RTP payload types with a known meaning, in order of preference.
    pub formats: Vec<Format>,
    /// Where media goes; none when there is no usable address.
    pub address: Option<IpAddr>,
    /// The writer's direction.
    pub direction: Direction,
    /// The packet time wanted, milliseconds.
    pub ptime: Option<u32>,
    /// The longest packet time accepted, milliseconds.
    pub maxptime: Option<u32>,
    /// Where RTCP goes when not to the next port.
    pub rtcp: Option<RtcpAddress>,
    /// RTP and RTCP may share a port (RFC 5761).
    pub rtcp_mux: bool,
    /// The usable keys (RFC 4568), in order of preference; others are left out.
    pub crypto: Vec<Crypto>,
    /// What is said about a fax (ITU-T T.38 annex D): the attributes whose names begin with `T38`, as written.
    pub fax: Vec<String>,
}

impl Stream {
    /// A stream of audio.
    pub fn is_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio")
    }

    /// A stream of fax: T.38 over UDPTL.
    pub fn is_fax(&self) -> bool {
        self.kind.eq_ignore_ascii_case("image")
            && self.protocol.as_str().eq_ignore_ascii_case("udptl")
            && self.words.iter().any(|word| word.eq_ignore_ascii_case("t38"))
    }
}

/// A whole description.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Description {
    /// The streams, in order.
    pub streams: Vec<Stream>,
}

impl Description {
    /// Reads a description; see [`SdpError`] for what is refused. Lines it does not know are skipped.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        parse::description(bytes)
    }
}

/// The `o=` and `c=` of a description to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The session's id.
    pub id: u64,
    /// Counts the changes of the description (RFC 3264 section 8).
    pub version: u64,
    /// The writer's address.
    pub address: IpAddr,
}

/// Writes a description.
pub fn write(origin: &Origin, streams: &[Stream]) -> Vec<u8> {
    write::description(origin, streams)
}
