//! Virtual time: both clocks stand still until the world moves them.

use model::Now;
use std::time::{Duration, Instant};

/// The first moment of every world: a Monday morning at the office.
pub(crate) fn morning() -> Now {
    Now { mono: base(), wall: "2026-11-23T08:30:00Z".parse().expect("a date as RFC 3339 has it") }
}

#[allow(clippy::disallowed_methods, reason = "the base of virtual time; only differences to it count")]
fn base() -> Instant {
    Instant::now()
}

/// A span of seconds.
pub(crate) fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
