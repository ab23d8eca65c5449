//! A recording under way. Its frames wait in a queue of their own; when that is full they are dropped, and counted.

use super::{Leg, Recorded, Take, Tape, Watch};
use crate::activity::{self, Activity};
use crate::program::RATE;
use std::collections::VecDeque;

/// Samples of a stretch: 100 ms.
const STRETCH: usize = RATE as usize / 10;
/// Stretches waiting to be fetched, at most: a second of a hundred recordings.
const WAITING_MAX: usize = 1_000;

/// What a frame has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noticed {
    Nothing,
    Speaking,
    Quiet,
    /// The limit is reached.
    Full,
}

/// A recording.
pub(super) struct Recording {
    pub(super) tape: Tape,
    pub(super) take: Take,
    watch: Watch,
    activity: Activity,
    /// Whether somebody has spoken since the last silence that was told.
    speaks: bool,
    /// Milliseconds since anybody spoke.
    quiet_ms: u32,
    stretch: Vec<i16>,
    /// Samples handed over or dropped.
    done: u64,
    dropped: u64,
}

impl Recording {
    pub(super) fn new(tape: Tape, take: Take, watch: Watch) -> Self {
        Self {
            tape,
            take,
            watch,
            activity: Activity::default(),
            speaks: false,
            quiet_ms: 0,
            stretch: Vec::with_capacity(STRETCH),
            done: 0,
            dropped: 0,
        }
    }

    /// Whether it needs to hear a leg.
    pub(super) fn hears(&self, leg: Leg) -> bool {
        self.take.is_of(leg)
    }

    /// Takes a frame.
    pub(super) fn take(&mut self, frame: &[i16], out: &mut VecDeque<Recorded>) -> Noticed {
        self.stretch.extend_from_slice(frame);
        if self.stretch.len() >= STRETCH {
            self.hand_over(out);
        }
        let limit = u64::from(self.watch.limit_ms);
        if limit > 0 && self.duration_ms() >= limit {
            return Noticed::Full;
        }
        if self.activity.hear(activity::power(frame)) {
            self.quiet_ms = 0;
            let goes_on = std::mem::replace(&mut self.speaks, true);
            return if goes_on { Noticed::Nothing } else { Noticed::Speaking };
        }
        let before = self.quiet_ms;
        self.quiet_ms = before.saturating_add(frame.len() as u32 * 1000 / RATE);
        if !(before + 1..=self.quiet_ms).contains(&self.watch.quiet_ms) {
            return Noticed::Nothing;
        }
        self.speaks = false;
        Noticed::Quiet
    }

    /// Hands over what there is.
    pub(super) fn hand_over(&mut self, out: &mut VecDeque<Recorded>) {
        let samples = std::mem::replace(&mut self.stretch, Vec::with_capacity(STRETCH));
        let (from, count) = (self.done, samples.len() as u64);
        self.done += count;
        if out.len() < WAITING_MAX {
            out.push_back(Recorded { tape: self.tape, from, samples });
        } else {
            self.dropped += count;
        }
    }

    pub(super) fn duration_ms(&self) -> u64 {
        (self.done + self.stretch.len() as u64) * 1000 / u64::from(RATE)
    }

    pub(super) fn dropped_ms(&self) -> u64 {
        self.dropped * 1000 / u64::from(RATE)
    }
}
