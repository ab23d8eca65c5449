//! Sample rate conversion: a streaming polyphase filter with a Kaiser window.
//!
//! The pass band ends at 0.85 and the stop band begins at 1.05 of the lower rate's half: of 8 kHz, 3.4 and 4.2 kHz.
//! Images and aliases are 70 dB down or more; the delay is 24 samples of the lower rate, 3 ms at 8 kHz.

use std::f64::consts::PI;

/// Filter length in samples of the lower rate.
const SPAN: usize = 48;
/// Centre of the transition, as a share of the lower rate's half.
const CUTOFF: f64 = 0.95;
/// Kaiser's shape for a stop band 72 dB down.
const BETA: f64 = 7.2;
/// Phases kept; ratios that need more (none between 8, 16, 32, 44.1 and 48 kHz) use the nearest.
const PHASES_MAX: u32 = 640;
/// Samples summed side by side, so that the compiler may vectorise.
const LANES: usize = 8;

/// Converts a stream of samples from one rate to another. Between equal rates it copies.
#[derive(Clone, Debug)]
pub struct Resampler {
    /// Phases and input step of the ratio in lowest terms: each output moves `down / up` of an input sample.
    up: u32,
    down: u32,
    /// Coefficients of all phases, `taps` each, oldest sample first.
    filter: Vec<f32>,
    phases: u32,
    taps: usize,
    /// The last `taps - 1` samples of the call before, then the input.
    line: Vec<f32>,
    /// Position of the next output after the first full window in `line`, in 1/`up` input samples.
    position: u64,
}

impl Resampler {
    /// A converter between two rates in hertz.
    pub fn new(from: u32, to: u32) -> Self {
        let (from, to) = (from.clamp(1_000, 384_000), to.clamp(1_000, 384_000));
        let common = greatest_common_divisor(from, to);
        let (up, down) = (to / common, from / common);
        if up == down {
            return Self { up, down, filter: Vec::new(), phases: 1, taps: 1, line: Vec::new(), position: 0 };
        }
        let phases = up.min(PHASES_MAX);
        // Going down, the filter is as much longer as the lower rate's samples are wider.
        let stretch = f64::from(down.max(up)) / f64::from(up);
        let taps = ((SPAN as f64 * stretch).ceil() as usize).next_multiple_of(LANES);
        let filter = (0..phases).flat_map(|phase| phase_of(phase, phases, taps, stretch)).collect();
        Self { up, down, filter, phases, taps, line: vec![0.0; taps - 1], position: 0 }
    }

    /// Converts `input`, appending what is ready to `out`: over time exactly `to / from` samples for each of `input`,
    /// and for whole milliseconds of 8, 16, 32 or 48 kHz exactly that many each time.
    pub fn process(&mut self, input: &[i16], out: &mut Vec<i16>) {
        if self.up == self.down {
            out.extend_from_slice(input);
            return;
        }
        self.line.extend(input.iter().map(|sample| f32::from(*sample)));
        let up = u64::from(self.up);
        let windows = (self.line.len() + 1 - self.taps) as u64;
        while self.position / up < windows {
            let start = (self.position / up) as usize;
            let phase = (self.position % up * u64::from(self.phases) / up) as usize;
            let filter = &self.filter[phase * self.taps..(phase + 1) * self.taps];
            let sum = dot(&self.line[start..start + self.taps], filter);
            out.push(sum.round_ties_even() as i16); // A float cast saturates.
            self.position += u64::from(self.down);
        }
        self.position -= windows * up;
        self.line.drain(..windows as usize);
    }

    /// How many samples of output a sound comes late.
    pub fn delay(&self) -> usize {
        if self.up == self.down {
            return 0;
        }
        let (up, down) = (self.up as usize, self.down as usize);
        (self.taps / 2 * up + down / 2) / down
    }

    /// Forgets the past, as if silence had preceded.
    pub fn reset(&mut self) {
        self.line.fill(0.0);
        self.position = 0;
    }
}

/// The coefficients that give the value `phase / phases` of a sample after the window's middle.
fn phase_of(phase: u32, phases: u32, taps: usize, stretch: f64) -> Vec<f32> {
    let middle = taps as f64 / 2.0 - 1.0 + f64::from(phase) / f64::from(phases);
    let half = taps as f64 / 2.0;
    let ideal = (0..taps).map(|tap| {
        let distance = tap as f64 - middle;
        let window = (1.0 - (distance / half).powi(2)).max(0.0).sqrt();
        sinc(distance * CUTOFF / stretch) * bessel(BETA * window)
    });
    let ideal: Vec<f64> = ideal.collect();
    let gain: f64 = ideal.iter().sum(); // Each phase passes direct current unchanged.
    ideal.into_iter().map(|value| (value / gain) as f32).collect()
}

fn dot(samples: &[f32], filter: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    for (samples, filter) in samples.chunks_exact(LANES).zip(filter.chunks_exact(LANES)) {
        for lane in 0..LANES {
            lanes[lane] += samples[lane] * filter[lane];
        }
    }
    lanes.iter().sum()
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// The modified Bessel function of the first kind and order zero, by its series.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

const fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests;
