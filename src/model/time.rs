//! Time as an input.

use std::time::{Duration, Instant};

/// The two clocks, read once by a driver and handed to every machine.
///
/// `mono` never jumps and is what waits are measured by. `wall` is what people read; it may step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock.
    pub mono: Instant,
    /// The wall clock, UTC.
    pub wall: jiff::Timestamp,
}

impl Now {
    /// Both clocks later by the same span.
    pub fn after(self, span: Duration) -> Self {
        let wall = self.wall.checked_add(span).unwrap_or(jiff::Timestamp::MAX);
        Self { mono: self.mono + span, wall }
    }
}
