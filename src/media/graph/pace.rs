//! When the next frame of a steady stream is due, whatever the tick is.

use std::time::{Duration, Instant};

/// Ticks come early and late by a little.
const TOLERANCE: Duration = Duration::from_millis(5);
/// Frames caught up after a late tick; beyond that the stream starts from now.
const CATCH_UP: u32 = 4;

/// A steady beat.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    next: Option<Instant>,
}

impl Pace {
    /// Whether a frame is due; if so, the next one is due a frame later.
    pub(super) fn due(&mut self, now: Instant, frame_ms: u32) -> bool {
        let frame = Duration::from_millis(u64::from(frame_ms.max(1)));
        let next = self.next.filter(|next| now.saturating_duration_since(*next) < frame * CATCH_UP);
        let next = next.unwrap_or(now);
        if now + TOLERANCE < next {
            return false;
        }
        self.next = Some(next + frame);
        true
    }
}
