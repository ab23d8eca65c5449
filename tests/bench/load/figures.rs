//! Figures from many single ones.

use std::time::Duration;

/// The value below which `part` of all lie; zero of none.
pub(crate) fn quantile(all: &mut [Duration], part: f64) -> Duration {
    all.sort_unstable();
    let at = ((all.len() as f64 - 1.0) * part).round().max(0.0) as usize;
    all.get(at).copied().unwrap_or_default()
}

/// Milliseconds with three places.
pub(crate) fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// With two places.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
