//! Call progress tones: what is heard while nobody talks.

/// A tone as frequencies switched by a cadence. The Swedish tones are constants of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// Summed sine waves, in hertz.
    pub frequencies: &'static [u16],
    /// Sound and silence by turns, in milliseconds, sound first; repeated when [`Tone::repeats`].
    pub cadence: &'static [u16],
    /// Whether the cadence starts again at its end.
    pub repeats: bool,
}

impl Tone {
    /// The called party is being alerted: 425 Hz, 1 s in 6.
    pub const RINGING: Self = Self { frequencies: &[425], cadence: &[1_000, 5_000], repeats: true };
    /// The called party is busy: 425 Hz, 0.25 s on and off.
    pub const BUSY: Self = Self { frequencies: &[425], cadence: &[250, 250], repeats: true };
    /// The call cannot be carried: 425 Hz, 0.25 s on, 0.75 s off.
    pub const CONGESTION: Self = Self { frequencies: &[425], cadence: &[250, 750], repeats: true };
    /// Dial tone: 425 Hz without pause.
    pub const DIAL: Self = Self { frequencies: &[425], cadence: &[1_000], repeats: true };
    /// Speak after it: 1000 Hz, 0.3 s, once.
    pub const BEEP: Self = Self { frequencies: &[1_000], cadence: &[300], repeats: false };
}

/// Amplitude of a sine at 0 dBm0: 3.14 dB below the largest a 16-bit sample holds (ITU-T G.711).
const ZERO_DBM0: f32 = 22_830.0;
/// Level of each frequency of a tone, in dBm0.
const LEVEL: f32 = -13.0;

/// A tone being played.
#[derive(Clone, Debug)]
pub struct Generator {
    tone: Tone,
    oscillators: Vec<Oscillator>,
    per_ms: u32,
    /// Which part of the cadence is on, and samples left of it.
    part: usize,
    left: u32,
    finished: bool,
}

impl Generator {
    /// A tone from its beginning, at a sample rate.
    pub fn new(tone: Tone, sample_rate: u32) -> Self {
        let oscillators = tone
            .frequencies
            .iter()
            .map(|hertz| Oscillator::new(f32::from(*hertz), LEVEL, sample_rate))
            .collect();
        let per_ms = (sample_rate / 1_000).max(1);
        let left = tone.cadence.first().map_or(0, |ms| u32::from(*ms) * per_ms);
        // A cadence of no length would never let a sample through.
        let finished = tone.cadence.iter().all(|ms| *ms == 0);
        Self { tone, oscillators, per_ms, part: 0, left, finished }
    }

    /// Appends exactly `samples`: silence when a tone that does not repeat has ended.
    pub fn generate(&mut self, samples: usize, out: &mut Vec<i16>) {
        for _ in 0..samples {
            self.turn();
            if self.finished || self.part % 2 == 1 {
                out.push(0);
            } else {
                out.push(self.oscillators.iter_mut().map(Oscillator::next).sum::<f32>() as i16);
            }
            self.left = self.left.saturating_sub(1);
        }
    }

    /// Whether a tone that does not repeat has ended.
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    /// Goes on in the cadence when a part is over. A cadence of one part is a tone without pause.
    fn turn(&mut self) {
        while self.left == 0 && !self.finished {
            self.part += 1;
            if self.part >= self.tone.cadence.len() {
                self.part = 0;
                self.finished = !self.tone.repeats;
            }
            self.left = self.tone.cadence.get(self.part).map_or(0, |ms| u32::from(*ms) * self.per_ms);
        }
    }
}

/// A sine wave by rotation of a vector, renewed often enough that rounding does not add up.
#[derive(Clone, Debug)]
pub(crate) struct Oscillator {
    step: (f32, f32),
    at: (f32, f32),
    amplitude: f32,
}

impl Oscillator {
    pub(crate) fn new(hertz: f32, dbm0: f32, sample_rate: u32) -> Self {
        let (sine, cosine) = (std::f32::consts::TAU * hertz / sample_rate.max(1) as f32).sin_cos();
        Self { step: (cosine, sine), at: (1.0, 0.0), amplitude: ZERO_DBM0 * 10_f32.powf(dbm0 / 20.0) }
    }

    pub(crate) fn next(&mut self) -> f32 {
        let ((cosine, sine), (x, y)) = (self.step, self.at);
        let turned = (x * cosine - y * sine, x * sine + y * cosine);
        // Newton's step towards length 1.
        let gain = 1.5 - 0.5 * (turned.0 * turned.0 + turned.1 * turned.1);
        self.at = (turned.0 * gain, turned.1 * gain);
        y * self.amplitude
    }
}

#[cfg(test)]
mod tests;
