//! Digits out of sound: Goertzel filters over blocks of 12.75 ms (102 samples at 8 kHz), told from speech by how
//! little there is beside the two tones.

use std::collections::VecDeque;
use std::f32::consts::TAU;

use super::{COLUMNS, Digit, KEYPAD, ROWS};

/// Samples of a block at 8 kHz.
const BLOCK: u32 = 102;
/// The weakest tone heard, as the mean square of a full-scale sine 34 dB below 0 dBm0 (amplitude 22 830).
const POWER_MIN: f32 = 22_830.0 * 22_830.0 / 2.0 * 0.000_4;
/// Either tone may be louder by 9 dB.
const TWIST_MAX: f32 = 7.94;
/// A tone is 6 dB above its neighbours.
const PEAK: f32 = 4.0;
/// The share of the block's power that must lie in the two tones.
const PURITY: f32 = 0.7;
/// Equal blocks that make a digit, and misses that end it.
const BLOCKS_ON: u32 = 2;
const BLOCKS_OFF: u32 = 2;
/// Digits kept for a reader that does not come; the oldest go first.
const KEPT_MAX: usize = 32;

/// Listens to a stream of samples for digits. Reports each when it has ended.
#[derive(Clone, Debug)]
pub struct Detector {
    block: u32,
    block_us: u32,
    filled: u32,
    energy: f32,
    filters: [Goertzel; 8],
    state: State,
    found: VecDeque<Digit>,
}

#[derive(Clone, Copy, Debug)]
struct Goertzel {
    coefficient: f32,
    last: f32,
    before: f32,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// What recent blocks held, and how many alike.
    candidate: Option<char>,
    alike: u32,
    misses: u32,
    held: Option<(char, u32)>,
}

impl Detector {
    /// A detector for samples at 8 or 16 kHz.
    pub fn new(sample_rate: u32) -> Self {
        let sample_rate = sample_rate.clamp(8_000, 48_000);
        let block = BLOCK * sample_rate / 8_000;
        let filter = |frequency: f32| Goertzel {
            coefficient: 2.0 * (TAU * frequency / sample_rate as f32).cos(),
            last: 0.0,
            before: 0.0,
        };
        let filters =
            std::array::from_fn(|index| filter(if index < 4 { ROWS[index] } else { COLUMNS[index - 4] }));
        Self {
            block,
            block_us: 12_750,
            filled: 0,
            energy: 0.0,
            filters,
            state: State::default(),
            found: VecDeque::new(),
        }
    }

    /// Listens to samples, in portions of any length.
    pub fn handle(&mut self, mut pcm: &[i16]) {
        while !pcm.is_empty() {
            let (now, later) = pcm.split_at(pcm.len().min((self.block - self.filled) as usize));
            for sample in now {
                let sample = f32::from(*sample);
                self.energy += sample * sample;
                for filter in &mut self.filters {
                    filter.step(sample);
                }
            }
            self.filled += now.len() as u32;
            pcm = later;
            if self.filled == self.block {
                let digit = self.judge();
                self.energy = 0.0;
                self.filled = 0;
                self.advance(digit);
            }
        }
    }

    /// The next digit that has ended.
    pub fn poll_digit(&mut self) -> Option<Digit> {
        self.found.pop_front()
    }

    /// What a finished block holds.
    fn judge(&mut self) -> Option<char> {
        let scale = 2.0 / (self.block as f32 * self.block as f32);
        let mut powers = [0.0; 8];
        for (power, filter) in powers.iter_mut().zip(&mut self.filters) {
            *power = filter.take_power() * scale;
        }
        let (row, low) = strongest(&powers[..4])?;
        let (column, high) = strongest(&powers[4..])?;
        let total = self.energy / self.block as f32;
        let loud = low >= POWER_MIN && high >= POWER_MIN;
        let balanced = low <= high * TWIST_MAX && high <= low * TWIST_MAX;
        let pure = low + high >= total * PURITY;
        (loud && balanced && pure).then_some(KEYPAD[row][column])
    }

    fn advance(&mut self, digit: Option<char>) {
        let state = &mut self.state;
        state.alike = if digit.is_some() && digit == state.candidate { state.alike + 1 } else { 1 };
        state.candidate = digit;
        if let Some((held, blocks)) = &mut state.held {
            if digit == Some(*held) {
                *blocks += state.misses + 1;
                state.misses = 0;
                return;
            }
            state.misses += 1;
            if state.misses < BLOCKS_OFF && state.alike < BLOCKS_ON {
                return;
            }
            let ended = Digit { digit: *held, duration_ms: *blocks * self.block_us / 1_000 };
            state.held = None;
            if self.found.len() == KEPT_MAX {
                self.found.pop_front();
            }
            self.found.push_back(ended);
        }
        if let Some(digit) = digit
            && state.alike >= BLOCKS_ON
        {
            state.held = Some((digit, state.alike));
            state.misses = 0;
        }
    }
}

impl Goertzel {
    fn step(&mut self, sample: f32) {
        let next = sample + self.coefficient * self.last - self.before;
        self.before = self.last;
        self.last = next;
    }

    /// The squared magnitude, and a fresh start.
    fn take_power(&mut self) -> f32 {
        let (last, before) = (self.last, self.before);
        self.last = 0.0;
        self.before = 0.0;
        (last * last + before * before - self.coefficient * last * before).max(0.0)
    }
}

/// The strongest of a group, if it stands out from the others.
fn strongest(powers: &[f32]) -> Option<(usize, f32)> {
    let (index, power) = powers.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let clear = powers.iter().enumerate().all(|(other, rival)| other == index || power >= *rival * PEAK);
    clear.then_some((index, power))
}
