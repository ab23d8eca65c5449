//! Waiting for a condition, never for a time.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// How often a condition that cannot be waited on is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A point in time not to be passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    #[allow(clippy::disallowed_methods, reason = "foreign programs run in real time")]
    pub fn after(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    /// What is left, zero when it has passed.
    #[allow(clippy::disallowed_methods, reason = "foreign programs run in real time")]
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// It has passed.
    pub fn has_passed(self) -> bool {
        self.left().is_zero()
    }
}

/// Looks until `condition` gives something, at most for `span`; `what` is for the failure.
pub(crate) fn wait_for<T>(what: &str, span: Duration, mut condition: impl FnMut() -> Option<T>) -> Result<T> {
    let deadline = Deadline::after(span);
    loop {
        if let Some(found) = condition() {
            return Ok(found);
        }
        if deadline.has_passed() {
            bail!("no {what} within {span:?}");
        }
        std::thread::park_timeout(LOOK);
    }
}
