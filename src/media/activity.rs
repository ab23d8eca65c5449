//! Whether somebody speaks: the level of sound against a floor that follows the noise of the line.

use crate::program::RATE;
use std::ops::Range;

/// Mean square of a full-scale square wave.
const FULL: f32 = 32_768.0 * 32_768.0;
/// Below this nothing counts as speech: -52 dB.
const QUIETEST: f32 = FULL * 6.3e-6;
/// Above this everything does, however noisy the line: -30 dB.
const LOUDEST_NOISE: f32 = FULL * 1e-3;
/// Speech is louder than the noise by 9 dB.
const ABOVE_NOISE: f32 = 7.9;
/// How fast the floor rises in 20 ms: 3 dB a second. It sinks at once.
const RISE: f32 = 1.0139;
/// Frames of 20 ms for which somebody still speaks after the last loud one.
const HANGOVER: u32 = 20;
/// The level sinks by half in 100 ms after a loud frame.
const DECAY: f32 = 0.87;
/// Kept before and after what is loud when silence is trimmed, samples: 200 ms.
const MARGIN: usize = RATE as usize / 5;
const FRAME: usize = RATE as usize / 50;

/// Follows one party, 20 ms at a time.
#[derive(Clone, Debug)]
pub struct Activity {
    floor: f32,
    level: f32,
    left: u32,
}

impl Default for Activity {
    fn default() -> Self {
        Self { floor: QUIETEST / ABOVE_NOISE, level: 0.0, left: 0 }
    }
}

impl Activity {
    /// Takes the mean square of the next 20 ms; whether somebody speaks.
    pub fn hear(&mut self, power: f32) -> bool {
        self.floor = (self.floor * RISE).min(power).max(1.0);
        let threshold = (self.floor * ABOVE_NOISE).clamp(QUIETEST, LOUDEST_NOISE);
        self.level = power.max(self.level * DECAY);
        self.left = if power >= threshold { HANGOVER } else { self.left.saturating_sub(1) };
        self.speaks()
    }

    /// Whether somebody speaks.
    pub fn speaks(&self) -> bool {
        self.left > 0
    }

    /// How loud it has been of late, as a mean square.
    pub fn level(&self) -> f32 {
        self.level
    }
}

/// The mean square of samples.
pub fn power(samples: &[i16]) -> f32 {
    let sum: f32 = samples.iter().map(|sample| f32::from(*sample) * f32::from(*sample)).sum();
    sum / samples.len().max(1) as f32
}

/// What is left of samples at [`RATE`] without the silence before the first and after the last sound; 200 ms of it
/// stay on either side. Empty when nobody speaks at all.
pub fn trimmed(samples: &[i16]) -> Range<usize> {
    let mut activity = Activity::default();
    let loud = |(index, frame): (usize, &[i16])| {
        activity.hear(power(frame));
        (activity.left == HANGOVER).then_some(index)
    };
    let mut loud = samples.chunks(FRAME).enumerate().filter_map(loud);
    let Some(first) = loud.next() else { return 0..0 };
    let last = loud.last().unwrap_or(first);
    (first * FRAME).saturating_sub(MARGIN)..((last + 1) * FRAME + MARGIN).min(samples.len())
}
