//! Digits as sound.

use super::{COLUMNS, KEYPAD, ROWS};
use crate::tone::Oscillator;

/// Levels of the lower and the higher tone in dBm0: the higher one 2 dB louder, as lines expect.
const LOW_LEVEL: f32 = -9.0;
const HIGH_LEVEL: f32 = -7.0;

/// The two tones of a digit.
#[derive(Clone, Debug)]
pub struct Generator {
    low: Oscillator,
    high: Oscillator,
}

impl Generator {
    /// The tones of a digit at a sample rate; `None` if it is no digit.
    pub fn new(digit: char, sample_rate: u32) -> Option<Self> {
        Self::with_levels(digit, sample_rate, LOW_LEVEL, HIGH_LEVEL)
    }

    /// The same with given levels in dBm0 for the lower and the higher tone.
    pub fn with_levels(digit: char, sample_rate: u32, low: f32, high: f32) -> Option<Self> {
        let digit = digit.to_ascii_uppercase();
        let (row, column) =
            (0..16).map(|index| (index / 4, index % 4)).find(|(r, c)| KEYPAD[*r][*c] == digit)?;
        Some(Self {
            low: Oscillator::new(ROWS[row], low, sample_rate),
            high: Oscillator::new(COLUMNS[column], high, sample_rate),
        })
    }

    /// Appends `samples` of it.
    pub fn generate(&mut self, samples: usize, out: &mut Vec<i16>) {
        out.extend((0..samples).map(|_| (self.low.next() + self.high.next()) as i16));
    }
}
