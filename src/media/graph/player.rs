//! A program being played, a frame at a time, at the bus's rate.
//!
//! A clip fades in over [`FADE`] samples and its last [`FADE`] go into a tail that fades out under what comes next:
//! joins, jumps and stops are crossfades, whatever the sound is.

use crate::program::{Piece, Program, RATE, Repeat};
use crate::tone::Generator;

/// Samples of a fade: 5 ms.
pub(super) const FADE: usize = RATE as usize / 200;

/// Where in the program it is.
#[derive(Clone)]
enum Cursor {
    /// In a tone, for so many samples more if it ends.
    Tone(Box<Generator>, Option<u64>),
    /// In a clip, at a sample; and how many have been played since it faded in.
    Clip(usize, usize),
    /// In silence, for so many samples more.
    Silence(u64),
    /// At the end.
    Over,
}

/// A program being played.
#[derive(Clone)]
pub(super) struct Player {
    program: Program,
    piece: usize,
    cursor: Cursor,
    tail: Tail,
    /// In 1/4096.
    gain: i32,
    played: u64,
}

impl Player {
    pub(super) fn new(program: Program) -> Self {
        let gain = (10_f32.powf(f32::from(program.gain_db) / 20.0) * 4096.0) as i32;
        let mut player =
            Self { piece: 0, cursor: Cursor::Over, tail: Tail::default(), gain, played: 0, program };
        player.seek();
        player
    }

    /// Plays on from another player: what that one played fades out.
    pub(super) fn after(mut self, mut before: Self) -> Self {
        before.stop();
        self.tail = before.tail;
        self
    }

    /// Ends within the next [`FADE`] samples.
    pub(super) fn stop(&mut self) {
        let mut rest = Vec::with_capacity(FADE);
        self.make(FADE, &mut rest);
        self.cursor = Cursor::Over;
        self.tail = Tail::of(rest);
    }

    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.cursor, Cursor::Over) && self.tail.is_over()
    }

    /// How far it has come from the program's beginning, milliseconds.
    pub(super) fn position_ms(&self) -> u64 {
        self.program.from_ms + self.played * 1000 / u64::from(RATE)
    }

    /// Appends exactly so many samples, silence after the end.
    pub(super) fn read(&mut self, count: usize, out: &mut Vec<i16>) {
        self.make(count, out);
        self.played += count as u64;
    }

    fn make(&mut self, count: usize, out: &mut Vec<i16>) {
        let end = out.len() + count;
        while out.len() < end && !matches!(self.cursor, Cursor::Over) {
            let start = out.len();
            self.step(end - start, out);
            self.tail.add_to(&mut out[start..]);
        }
        let start = out.len();
        out.resize(end, 0);
        self.tail.add_to(&mut out[start..]);
    }

    /// Appends at most `wanted` samples of the present piece, or goes on to the next.
    fn step(&mut self, wanted: usize, out: &mut Vec<i16>) {
        match &mut self.cursor {
            Cursor::Over => {}
            Cursor::Tone(_, Some(0)) | Cursor::Silence(0) => self.advance(),
            Cursor::Tone(generator, left) => {
                let count = left.map_or(wanted, |left| wanted.min(left as usize));
                generator.generate(count, out);
                *left = left.map(|left| left - count as u64);
            }
            Cursor::Silence(left) => {
                let count = wanted.min(*left as usize);
                out.resize(out.len() + count, 0);
                *left -= count as u64;
            }
            Cursor::Clip(at, played) => {
                let Some(Piece::Clip(clip)) = self.program.pieces.get(self.piece) else {
                    self.cursor = Cursor::Over;
                    return;
                };
                let samples = clip.samples();
                let end = samples.len().saturating_sub(FADE);
                if *at >= end {
                    let rest = samples[*at..].iter().map(|sample| amplify(*sample, self.gain));
                    self.tail = Tail::of(rest.collect());
                    self.advance();
                    return;
                }
                let count = wanted.min(end - *at);
                let faded = samples[*at..*at + count].iter().enumerate().map(|(index, sample)| {
                    let weight = (*played + index + 1).min(FADE) as i32;
                    (i32::from(amplify(*sample, self.gain)) * weight / FADE as i32) as i16
                });
                out.extend(faded);
                (*at, *played) = (*at + count, *played + count);
            }
        }
    }

    /// Begins the next piece.
    fn advance(&mut self) {
        self.piece += 1;
        if self.piece >= self.program.pieces.len() {
            if self.program.repeat == Repeat::Once || self.is_empty() {
                self.cursor = Cursor::Over;
                return;
            }
            self.piece = 0;
        }
        self.enter(0);
    }

    /// Whether going round would never make a sample.
    fn is_empty(&self) -> bool {
        self.program.pieces.iter().all(|piece| match piece {
            Piece::Clip(clip) => clip.samples().len() <= FADE,
            Piece::Tone(_) | Piece::Silence { .. } => piece.samples() == Some(0),
        })
    }

    /// Begins the present piece, so many samples into it.
    fn enter(&mut self, skipped: u64) {
        self.cursor = match self.program.pieces.get(self.piece) {
            None => Cursor::Over,
            Some(Piece::Clip(clip)) => Cursor::Clip((skipped as usize).min(clip.samples().len()), 0),
            Some(piece @ Piece::Silence { .. }) => {
                Cursor::Silence(piece.samples().unwrap_or(0).saturating_sub(skipped))
            }
            Some(piece @ Piece::Tone(tone)) => {
                let left = piece.samples().map(|length| length.saturating_sub(skipped));
                Cursor::Tone(Box::new(Generator::new(*tone, RATE)), left)
            }
        };
    }

    /// Goes to where the program is to begin.
    fn seek(&mut self) {
        let mut skipped = self.program.from_ms.saturating_mul(u64::from(RATE) / 1000);
        let lengths = self.program.pieces.iter().map(Piece::samples);
        let total: Option<u64> = lengths.clone().sum();
        if self.program.repeat != Repeat::Once
            && let Some(total) = total.filter(|total| *total > 0)
        {
            skipped %= total;
        }
        for (piece, length) in lengths.enumerate() {
            self.piece = piece;
            match length {
                Some(length) if skipped >= length => skipped -= length,
                _ => return self.enter(skipped),
            }
        }
    }
}

/// What fades out.
#[derive(Clone, Default)]
pub(super) struct Tail {
    samples: Vec<i16>,
    at: usize,
}

impl Tail {
    /// Fades samples out.
    pub(super) fn of(mut samples: Vec<i16>) -> Self {
        fade_out(&mut samples);
        Self { samples, at: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.at >= self.samples.len()
    }

    fn add_to(&mut self, out: &mut [i16]) {
        for (sample, tail) in out.iter_mut().zip(&self.samples[self.at..]) {
            *sample = sample.saturating_add(*tail);
        }
        self.at = (self.at + out.len()).min(self.samples.len());
    }
}

/// Fades to silence at the end.
pub(super) fn fade_out(samples: &mut [i16]) {
    let count = samples.len().max(1) as i32;
    for (index, sample) in samples.iter_mut().enumerate() {
        *sample = (i32::from(*sample) * (count - 1 - index as i32) / count) as i16;
    }
}

fn amplify(sample: i16, gain: i32) -> i16 {
    let louder = (i64::from(sample) * i64::from(gain)) >> 12;
    louder.clamp(i64::from(i16::MIN), i64::from(i16::MAX)) as i16
}
