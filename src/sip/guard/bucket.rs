//! An allowance of requests that refills with time.

use std::time::{Duration, Instant};

/// Counts in thousandths of a request, so that slow rates refill evenly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    thousandths: u64,
    filled: Instant,
}

impl Bucket {
    pub(super) fn full(now: Instant, burst: u32) -> Bucket {
        Bucket { thousandths: u64::from(burst) * 1000, filled: now }
    }

    /// Takes one request, or says how long until there is one.
    pub(super) fn take(&mut self, now: Instant, (rate, burst): (u32, u32)) -> Result<(), Duration> {
        let passed = now.saturating_duration_since(self.filled).as_millis() as u64;
        let refill = passed.saturating_mul(u64::from(rate));
        if refill > 0 {
            self.thousandths = self.thousandths.saturating_add(refill).min(u64::from(burst) * 1000);
            self.filled = now;
        }
        match self.thousandths.checked_sub(1000) {
            Some(rest) => {
                self.thousandths = rest;
                Ok(())
            }
            None => {
                let missing = 1000 - self.thousandths;
                Err(Duration::from_millis(missing.div_ceil(u64::from(rate).max(1))))
            }
        }
    }
}
