//! How long packets should wait: the late tail of their transit times.

use std::time::{Duration, Instant};

/// Bounds and the value before anything is known.
const TARGET_MIN: Duration = Duration::from_millis(20);
const TARGET_MAX: Duration = Duration::from_millis(200);
const TARGET_START: Duration = Duration::from_millis(40);
/// Added to the latest packet seen: the grain of the reader's own tick.
const MARGIN: Duration = Duration::from_millis(5);
/// The quickest transit is sought over one to two of these, so that drifting clocks do not pass for jitter.
const BASELINE: Duration = Duration::from_secs(4);
/// Packets needed before the estimate replaces the start value.
const LEARNT: u32 = 50;
/// A transit this far from the baseline is a new timeline, not a late packet.
const JUMP_US: i64 = 2_000_000;

/// Estimates the delay that would have let nearly every recent packet arrive in time.
#[derive(Debug)]
pub(super) struct Delay {
    clock_rate: u32,
    origin: Option<Origin>,
    observed: u32,
    /// Lateness against the baseline of the latest packet of recent seconds, sinking slowly, in microseconds.
    peak: f32,
}

#[derive(Debug)]
struct Origin {
    instant: Instant,
    timestamp: u32,
    since: Instant,
    quickest: i64,
    quickest_before: i64,
}

impl Delay {
    pub(super) const fn new(clock_rate: u32) -> Self {
        Self { clock_rate, origin: None, observed: 0, peak: 0.0 }
    }

    pub(super) fn target(&self) -> Duration {
        if self.observed < LEARNT {
            return TARGET_START.max(self.wanted()).min(TARGET_MAX);
        }
        self.wanted().clamp(TARGET_MIN, TARGET_MAX)
    }

    fn wanted(&self) -> Duration {
        Duration::from_micros(self.peak as u64) + MARGIN
    }

    pub(super) fn observe(&mut self, timestamp: u32, now: Instant) {
        let Some(origin) = &mut self.origin else {
            self.begin(timestamp, now);
            return;
        };
        let elapsed = now.saturating_duration_since(origin.instant).as_micros() as i64;
        let sent = i64::from(timestamp.wrapping_sub(origin.timestamp) as i32) * 1_000_000
            / i64::from(self.clock_rate);
        let transit = elapsed - sent;
        let baseline = origin.quickest.min(origin.quickest_before);
        if (transit - baseline).abs() > JUMP_US || sent.abs() > 600_000_000 {
            self.begin(timestamp, now);
            return;
        }
        origin.quickest = origin.quickest.min(transit);
        if now.saturating_duration_since(origin.since) > BASELINE {
            origin.since = now;
            origin.quickest_before = origin.quickest;
            origin.quickest = transit;
        }
        let late = (transit - origin.quickest.min(origin.quickest_before)).max(0) as f32;
        self.observed = self.observed.saturating_add(1);
        // Half of it is forgotten in about seven seconds of 20 ms packets.
        self.peak = late.max(self.peak * 0.998);
    }

    /// A new timeline; what was learnt of the network stays.
    fn begin(&mut self, timestamp: u32, now: Instant) {
        self.origin = Some(Origin { instant: now, timestamp, since: now, quickest: 0, quickest_before: 0 });
    }
}
