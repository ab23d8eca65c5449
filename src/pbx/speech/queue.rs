//! What somebody who waits in a queue is told.

use super::number::cardinal;
use super::part::Part;
use std::time::{Duration, Instant};

/// No sooner than this after the last time.
const REPEATED_AFTER: Duration = Duration::from_secs(45);

/// What one caller has been told so far. News are never worse than what was said before: that is left out.
#[derive(Clone, Debug, Default)]
pub struct QueueNews {
    told: Option<Instant>,
    position: Option<u32>,
    wait: Option<Wait>,
}

/// A wait as it is spoken, shorter ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wait {
    UnderAMinute,
    /// 1 to 10, 15, 20, 25 or 30.
    Minutes(u32),
    Longer,
}

impl QueueNews {
    /// What is to be said now: nothing where it is too soon, or there is nothing good to say. Position 1 is the first.
    pub fn tell(&mut self, now: Instant, position: u32, wait: Option<Duration>) -> Vec<Part> {
        if self.told.is_some_and(|told| now.saturating_duration_since(told) < REPEATED_AFTER) {
            return Vec::new();
        }
        let mut parts = Vec::with_capacity(6);
        if position > 0 && self.position.is_none_or(|before| position <= before) {
            self.position = Some(position);
            parts.extend(place(position));
        }
        let wait = wait.map(Wait::of);
        if let Some(wait) = wait.filter(|wait| self.wait.is_none_or(|before| *wait <= before)) {
            self.wait = Some(wait);
            parts.extend(wait.spoken());
        }
        if !parts.is_empty() {
            self.told = Some(now);
        }
        parts
    }
}

fn place(position: u32) -> Vec<Part> {
    match position {
        1 => vec![Part::whole("q.first")],
        2..=20 => vec![Part::inside("q.pos"), cardinal(position), Part::last("q.pos")],
        _ => vec![Part::whole("q.pos.many")],
    }
}

impl Wait {
    /// Rounded up.
    fn of(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        match seconds {
            0..60 => Wait::UnderAMinute,
            60..=600 => Wait::Minutes(seconds.div_ceil(60) as u32),
            601..=1800 => Wait::Minutes(seconds.div_ceil(300) as u32 * 5),
            _ => Wait::Longer,
        }
    }

    fn spoken(self) -> Vec<Part> {
        match self {
            Wait::UnderAMinute => vec![Part::whole("q.eta.lt1")],
            Wait::Minutes(1) => vec![Part::whole("q.eta.1")],
            Wait::Minutes(minutes) => vec![Part::inside("q.eta"), cardinal(minutes), Part::last("q.eta")],
            Wait::Longer => vec![Part::whole("q.eta.many")],
        }
    }
}
