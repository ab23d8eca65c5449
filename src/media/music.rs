//! Music for those who wait, composed here so that it may go with the product: a slow round of eight chords, a soft
//! pad under a plucked melody, 48 seconds that run on into their own beginning.

use crate::program::{Clip, RATE};
use crate::tone::Oscillator;
use std::f32::consts::TAU;

/// Samples of a beat: 80 a minute.
const BEAT: usize = RATE as usize * 3 / 4;
const BEATS: usize = 64;
/// The loudness it is brought to: 20 dB below full scale.
const LOUDNESS: f32 = 3_277.0;
/// Semitones above C in the octave of middle C, a bar each; then the round begins again.
const CHORDS: [[i8; 4]; 8] = [
    [0, 4, 7, 11],
    [-3, 0, 4, 7],
    [-7, 0, 4, 9],
    [-5, 2, 7, 9],
    [-8, -1, 4, 7],
    [-3, 0, 4, 7],
    [-10, 0, 5, 9],
    [-5, -1, 2, 5],
];
/// The melody by half beats, semitones above the C over middle C; [`REST`] lets the last note ring.
const REST: i8 = i8::MIN;
#[rustfmt::skip]
const MELODY: [i8; 128] = [
    4, REST, REST, 7, REST, REST, 2, REST,        0, REST, REST, 4, REST, REST, REST, REST,
    5, REST, REST, 9, REST, 7, REST, 4,           2, REST, REST, REST, -1, REST, 2, REST,
    7, REST, REST, 4, REST, REST, -1, REST,       0, REST, 2, REST, 4, REST, REST, REST,
    5, REST, 4, REST, 2, REST, 0, REST,           2, REST, REST, REST, REST, REST, REST, REST,
    11, REST, REST, 7, REST, 4, REST, REST,       9, REST, REST, 7, REST, REST, 4, REST,
    9, REST, 12, REST, REST, 9, REST, 5,          7, REST, REST, REST, 2, REST, 4, REST,
    4, REST, REST, 7, REST, REST, 11, REST,       9, REST, 7, REST, 4, REST, REST, REST,
    5, REST, REST, 2, REST, REST, 0, REST,        -1, REST, REST, REST, REST, REST, REST, REST,
];

/// The music, always the same. It takes a while to make.
pub fn on_hold() -> Clip {
    let mut round = Round(vec![0.0; BEATS * BEAT]);
    for bar in 0..BEATS / 4 {
        for note in CHORDS[bar % CHORDS.len()] {
            round.pad(bar * 4 * BEAT, hertz(f32::from(note)));
        }
    }
    for (half, note) in MELODY.iter().enumerate().filter(|(_, note)| **note != REST) {
        round.pluck(half * BEAT / 2, hertz(12.0 + f32::from(*note)));
    }
    let power: f32 = round.0.iter().map(|sample| sample * sample).sum();
    let gain = LOUDNESS / (power / round.0.len() as f32).sqrt();
    let samples: Vec<i16> = round.0.iter().map(|sample| (sample * gain) as i16).collect();
    Clip::new(RATE, &samples)
}

/// Of so many semitones above middle C.
fn hertz(semitones: f32) -> f32 {
    261.63 * (semitones / 12.0).exp2()
}

/// Samples in a circle: what sounds beyond the end sounds at the beginning.
struct Round(Vec<f32>);

impl Round {
    /// A note of a bar that swells and gives way to the next.
    fn pad(&mut self, start: usize, hertz: f32) {
        let (length, edge) = (5 * BEAT, BEAT as f32);
        let envelope = |at: usize| {
            let edge = (at as f32 / edge).min((length - at) as f32 / edge).min(1.0);
            0.5 - 0.5 * (edge * TAU / 2.0).cos()
        };
        // Two strings a little apart beat slowly.
        for (share, hertz) in [(1.0, hertz), (1.0, hertz * 1.002), (0.3, hertz * 2.0)] {
            self.sound((start, length), (hertz, share), envelope);
        }
    }

    /// A plucked note that dies away.
    fn pluck(&mut self, start: usize, hertz: f32) {
        let length = 4 * BEAT;
        for (partial, share, seconds) in [(1.0, 2.2, 0.7), (2.0, 0.8, 0.35), (3.0, 0.25, 0.18)] {
            let envelope = |at: usize| {
                let seconds_in = at as f32 / RATE as f32;
                let end = ((length - at) as f32 / BEAT as f32).min(1.0);
                (seconds_in / 0.006).min(1.0) * (-seconds_in / seconds).exp() * end
            };
            self.sound((start, length), (hertz * partial, share), envelope);
        }
    }

    fn sound(
        &mut self,
        (start, length): (usize, usize),
        (hertz, share): (f32, f32),
        envelope: impl Fn(usize) -> f32,
    ) {
        let mut sine = Oscillator::new(hertz, -20.0, RATE);
        let round = self.0.len();
        for at in 0..length {
            self.0[(start + at) % round] += sine.next() * share * envelope(at);
        }
    }
}

/// Music of somebody else, no louder than ours; none where it is silent.
pub fn soften(clip: &Clip) -> Option<Clip> {
    let loudness = crate::activity::power(clip.samples()).sqrt();
    if loudness < 1.0 {
        return None;
    }
    if loudness <= LOUDNESS {
        return Some(clip.clone());
    }
    let gain = LOUDNESS / loudness;
    let samples: Vec<i16> = clip.samples().iter().map(|sample| (f32::from(*sample) * gain) as i16).collect();
    Some(Clip::new(RATE, &samples))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_long_enough_as_loud_as_it_should_be_and_never_clicks() {
        let clip = on_hold();
        let samples = clip.samples();
        assert!(clip.duration_ms() >= 30_000);
        let loudness = crate::activity::power(samples).sqrt();
        assert!((3_000.0..3_500.0).contains(&loudness), "{loudness}");
        let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!(peak < 30_000, "{peak}");
        // The highest partial is below 3.2 kHz: no step is higher than such a wave could make it.
        let round = samples.iter().chain(&samples[..1]);
        let steps = samples.iter().zip(round.skip(1)).map(|(a, b)| (i32::from(*a) - i32::from(*b)).abs());
        let step = steps.max().unwrap();
        assert!(step < 7_000, "{step}");
        // Never a second of silence: nobody shall think that the line is dead.
        assert!(samples.chunks(16_000).all(|second| crate::activity::power(second) > 250_000.0));
        assert_eq!(on_hold(), clip);
    }
}
