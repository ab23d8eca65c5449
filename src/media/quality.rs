//! What a leg measured, and how well it must have sounded: the E-model of ITU-T G.107 cut down to what an exchange
//! can see (loss, delay, jitter, codec).

use crate::Codec;

/// The figures of one leg's media, for the call record.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// The codec last used; `None` when no media was agreed.
    pub codec: Option<Codec>,
    /// Packets received from the peer.
    pub received: u64,
    /// Packets sent to the peer.
    pub sent: u64,
    /// Packets lost on the way from the peer (RFC 3550 appendix A.3).
    pub lost: u64,
    /// Packets the peer reports lost on the way to it.
    pub lost_remote: u64,
    /// Interarrival jitter in milliseconds (RFC 3550 section 6.4.1).
    pub jitter_ms: f32,
    /// Round trip in milliseconds, when the peer's reports allowed one to be measured.
    pub round_trip_ms: Option<f32>,
    /// Estimated mean opinion score of what is heard from the peer, 1.0 to 4.5.
    pub mos: f32,
}

/// What is known of a path when its score is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// The codec heard.
    pub codec: Codec,
    /// Share of packets lost, 0.0 to 1.0.
    pub loss: f32,
    /// Interarrival jitter in milliseconds.
    pub jitter_ms: f32,
    /// Round trip in milliseconds; 0 when unknown.
    pub round_trip_ms: f32,
}
