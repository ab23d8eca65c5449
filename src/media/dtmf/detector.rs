//! Digits out of sound: Goertzel filters over blocks of 12.75 ms (102 samples at 8 kHz) say which two tones may be
//! there, and a fit of just two sine waves tells a key from a voice, which always leaves something over.

use std::collections::VecDeque;
use std::f32::consts::TAU;

use super::fit::{Fit, Sine, fit};
use super::{COLUMNS, Digit, KEYPAD, ROWS};

/// Samples of a block at 8 kHz.
const BLOCK: u32 = 102;
const BLOCK_US: u32 = 12_750;
/// The weakest tone heard, as the mean square of a full-scale sine 34 dB below 0 dBm0 (amplitude 22 830).
const POWER_MIN: f32 = 22_830.0 * 22_830.0 / 2.0 * 0.000_4;
/// Either tone may be louder by 9 dB.
const TWIST_MAX: f32 = 7.94;
/// A tone is 6 dB above its neighbours.
const PEAK: f32 = 4.0;
/// The share of the block's power that must lie in the two filters before a fit is worth its time.
const PURITY: f32 = 0.5;
/// The share that may be left when two sine waves are fitted: tones 12 dB above the noise.
const RESIDUE_MAX: f64 = 0.06;
/// Between the blocks of a digit neither tone's power changes by more, 2 dB, nor its frequency by more than this share:
/// a key has no melody.
const STEADY: f64 = 1.6;
const MELODY_MAX: f64 = 0.013;
/// Equal blocks that make a digit, and misses that end it.
const BLOCKS_ON: u32 = 2;
const BLOCKS_OFF: u32 = 3;
/// Digits kept for a reader that does not come; the oldest go first.
const KEPT_MAX: usize = 32;

/// Listens to a stream of samples for digits. Reports each when it has ended.
#[derive(Clone, Debug)]
pub struct Detector {
    sample_rate: u32,
    block: usize,
    samples: Vec<f32>,
    /// Twice the cosines of the eight angles per sample.
    turns: [f32; 8],
    state: State,
    found: VecDeque<Digit>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// What recent blocks held, and how many alike.
    candidate: Option<Block>,
    alike: u32,
    misses: u32,
    held: Option<(char, u32)>,
}

/// A block that may be part of a digit.
#[derive(Clone, Copy, Debug)]
struct Block {
    digit: char,
    fit: Fit,
}

impl Block {
    fn is_like(&self, other: &Self) -> bool {
        let steady = |a: Sine, b: Sine| {
            let level = a.power <= b.power * STEADY && b.power <= a.power * STEADY;
            level && (a.angle - b.angle).abs() <= a.angle * MELODY_MAX
        };
        let (one, two) = (&self.fit, &other.fit);
        self.digit == other.digit && steady(one.low, two.low) && steady(one.high, two.high)
    }
}

impl Detector {
    /// A detector for samples at 8 or 16 kHz.
    pub fn new(sample_rate: u32) -> Self {
        let sample_rate = sample_rate.clamp(8_000, 48_000);
        let block = (BLOCK * sample_rate / 8_000) as usize;
        let turn = |frequency: f32| 2.0 * (TAU * frequency / sample_rate as f32).cos();
        let turns =
            std::array::from_fn(|index| turn(if index < 4 { ROWS[index] } else { COLUMNS[index - 4] }));
        let samples = Vec::with_capacity(block);
        Self { sample_rate, block, samples, turns, state: State::default(), found: VecDeque::new() }
    }

    /// Listens to samples, in portions of any length.
    pub fn handle(&mut self, mut pcm: &[i16]) {
        while !pcm.is_empty() {
            let (now, later) = pcm.split_at(pcm.len().min(self.block - self.samples.len()));
            self.samples.extend(now.iter().map(|sample| f32::from(*sample)));
            pcm = later;
            if self.samples.len() == self.block {
                let block = self.judge();
                self.samples.clear();
                self.advance(block);
            }
        }
    }

    /// Whether a digit is being heard.
    pub fn is_pressed(&self) -> bool {
        self.state.held.is_some()
    }

    /// The next digit that has ended.
    pub fn poll_digit(&mut self) -> Option<Digit> {
        self.found.pop_front()
    }

    /// What a finished block holds.
    fn judge(&self) -> Option<Block> {
        let count = self.block as f32;
        let total = self.samples.iter().map(|sample| sample * sample).sum::<f32>() / count;
        if total < 2.0 * POWER_MIN {
            return None;
        }
        let powers = powers(&self.samples, &self.turns).map(|power| power * 2.0 / (count * count));
        let (row, low) = strongest(&powers[..4])?;
        let (column, high) = strongest(&powers[4..])?;
        let loud = low >= POWER_MIN && high >= POWER_MIN;
        let balanced = low <= high * TWIST_MAX && high <= low * TWIST_MAX;
        if !loud || !balanced || low + high < total * PURITY {
            return None;
        }
        let fit = fit(&self.samples, self.sample_rate, ROWS[row], COLUMNS[column]);
        (fit.residue <= RESIDUE_MAX).then_some(Block { digit: KEYPAD[row][column], fit })
    }

    fn advance(&mut self, block: Option<Block>) {
        let state = &mut self.state;
        let alike = block.zip(state.candidate).is_some_and(|(block, last)| block.is_like(&last));
        state.alike = if alike { state.alike + 1 } else { 1 };
        state.candidate = block;
        let digit = block.map(|block| block.digit);
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
            let ended = Digit { digit: *held, duration_ms: *blocks * BLOCK_US / 1_000 };
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

/// Goertzel's filters side by side: the squared magnitudes.
fn powers(samples: &[f32], turns: &[f32; 8]) -> [f32; 8] {
    let (mut last, mut before) = ([0.0_f32; 8], [0.0_f32; 8]);
    for sample in samples {
        for index in 0..8 {
            let next = sample + turns[index] * last[index] - before[index];
            before[index] = last[index];
            last[index] = next;
        }
    }
    std::array::from_fn(|n| last[n] * last[n] + before[n] * before[n] - turns[n] * last[n] * before[n])
}

/// The strongest of a group, if it stands out from the others.
fn strongest(powers: &[f32]) -> Option<(usize, f32)> {
    let (index, power) = powers.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let clear = powers.iter().enumerate().all(|(other, rival)| other == index || power >= *rival * PEAK);
    clear.then_some((index, power))
}
