//! What comes out of a negotiation: an agreement, or why there is none.

use crate::codec::Codec;
use crate::sdp::{Direction, SdpError};
use crate::srtp::SrtpKeys;
use std::net::SocketAddr;

/// What both ends have agreed on: all that the media side needs to know of a leg.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreed {
    /// Where the peer wants its media.
    pub remote_rtp: SocketAddr,
    /// Where the peer wants its RTCP.
    pub remote_rtcp: SocketAddr,
    /// RTCP shares the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// The codec both ways.
    pub codec: Codec,
    /// The payload type to send it with.
    pub payload_type: u8,
    /// The payload type it arrives with.
    pub receive_payload_type: u8,
    /// Other payload types that the peer may switch to without asking, because the box offered them and the answer
    /// kept them (RFC 3264 section 6.1), and peculiar numberings of the peer.
    pub also_receive: Vec<(u8, Codec)>,
    /// How much sound a packet sent carries, milliseconds.
    pub ptime_ms: u8,
    /// The payload type to send telephone events with, if agreed (RFC 4733).
    pub event_payload_type: Option<u8>,
    /// The payload type they arrive with; the same but for peculiar peers.
    pub event_receive_payload_type: Option<u8>,
    /// The clock rate of telephone events, Hz.
    pub event_clock_rate: u32,
    /// What the box does.
    pub direction: Direction,
    /// The keys, when encrypted.
    pub srtp: Option<SrtpKeys>,
    /// The peer has put the box on hold.
    pub held_by_peer: bool,
}

/// What does not fit between the two ends: 488 in SIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// No audio stream over RTP that the box could use.
    #[error("there is no audio stream over RTP")]
    NoAudio,
    /// Audio, but no codec in common.
    #[error("there is no codec in common")]
    NoCodec,
    /// One end insists on encryption, or on a kind of it, that the other does not have.
    #[error("there is no encryption in common")]
    Encryption,
    /// The stream has no address that can be sent to.
    #[error("the audio stream has no usable address")]
    NoAddress,
    /// No T.38 over UDPTL, or none with an address that can be sent to.
    #[error("there is no fax over UDPTL")]
    NoFax,
    /// The peer's answer refused the audio with port 0.
    #[error("the peer refused the audio stream")]
    Refused,
}

/// Why there is no agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// The peer sent something that is no description: 400 in SIP.
    #[error(transparent)]
    Unreadable(#[from] SdpError),
    /// The two ends have nothing in common: 488 in SIP.
    #[error("not acceptable: {0}")]
    NotAcceptable(#[from] Mismatch),
    /// An answer to nothing: ours to prevent.
    #[error("there is an answer, but nothing was offered")]
    NotOffered,
}
