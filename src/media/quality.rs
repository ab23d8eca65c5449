//! What a leg measured, and how well it must have sounded: the E-model of ITU-T G.107 cut down to what an exchange
//! can see (loss, delay, jitter, codec).

use crate::codec::Codec;
use std::net::SocketAddr;

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
    /// Where its sound came from last.
    pub source: Option<SocketAddr>,
    /// What came and was not listened to.
    pub refused: Refused,
}

/// Packets that came to a leg's port and were not listened to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// From an address that is not the peer's.
    pub elsewhere: u64,
    /// In a payload type that was not agreed: another codec, or comfort noise.
    pub unagreed: u64,
    /// They could not be decrypted, or were repeated (RFC 3711 section 3.3).
    pub sealed: u64,
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

/// The transmission rating without any impairment, with the default values of ITU-T G.107.
const RATING: f32 = 93.2;

/// The estimated mean opinion score of a path, 1.0 to 4.5: G.107 with its default values, impaired by delay (section
/// 3.4), codec and loss (section 3.5). Wide-band codecs are rated on the narrow-band scale.
pub fn mos(path: &Path) -> f32 {
    let loss = if path.loss.is_finite() { path.loss.clamp(0.0, 1.0) } else { 1.0 } * 100.0;
    let rating = RATING - delay_impairment(one_way_ms(path)) - loss_impairment(path.codec, loss);
    score(rating)
}

/// Half the round trip, and twice the jitter for the buffer that must absorb it.
fn one_way_ms(path: &Path) -> f32 {
    let positive = |value: f32| if value.is_finite() { value.clamp(0.0, 10_000.0) } else { 0.0 };
    positive(path.round_trip_ms) / 2.0 + 2.0 * positive(path.jitter_ms)
}

/// Id as it is commonly approximated: it grows faster from where conversation suffers.
fn delay_impairment(one_way_ms: f32) -> f32 {
    0.024 * one_way_ms + 0.11 * (one_way_ms - 177.3).max(0.0)
}

/// Ie-eff for random loss, with the robustness Bpl of each codec. G.113 gives G.711 4.3 without and 25.1 with the best
/// concealment; ours lies between.
fn loss_impairment(codec: Codec, percent: f32) -> f32 {
    let robustness = match codec {
        Codec::Pcmu | Codec::Pcma => 15.0,
        Codec::G722 => 10.0,
        Codec::Opus => 20.0,
    };
    95.0 * percent / (percent + robustness)
}

/// Annex B of G.107.
fn score(rating: f32) -> f32 {
    if rating <= 0.0 {
        return 1.0;
    }
    let rating = rating.min(100.0);
    let score = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6;
    score.clamp(1.0, 4.5) // The polynomial dips below 1 for the lowest ratings.
}

#[cfg(test)]
mod tests;
