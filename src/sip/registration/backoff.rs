//! How long to wait after failures: doubled each time, with jitter, so that many boxes do not return in step.

use rand_chacha::rand_core::RngCore;
use std::time::Duration;

const SHORTEST: Duration = Duration::from_secs(5);
/// After a refusal of the account, at least this.
const REFUSED: Duration = Duration::from_secs(60);
/// Never longer.
pub(super) const LONGEST: Duration = Duration::from_secs(300);

/// Failures in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    rounds: u32,
}

impl Backoff {
    /// Whether the last round failed.
    pub fn is_running(&self) -> bool {
        self.rounds > 0
    }

    /// The wait after one more round in which no server took us.
    pub fn failed(&mut self, random: &mut impl RngCore) -> Duration {
        self.next(SHORTEST, random)
    }

    /// The wait after one more refusal of the account itself.
    pub fn refused(&mut self, random: &mut impl RngCore) -> Duration {
        self.next(REFUSED, random)
    }

    fn next(&mut self, from: Duration, random: &mut impl RngCore) -> Duration {
        let span = (from * 2u32.saturating_pow(self.rounds.min(10))).min(LONGEST);
        self.rounds = self.rounds.saturating_add(1);
        span.mul_f64(0.5 + 0.5 * f64::from(random.next_u32()) / f64::from(u32::MAX))
    }
}
