//! Sound out of a store or a generator, a frame at a time.

use super::{Repeat, Source};
use crate::tone::{Generator, Tone};
use std::sync::Arc;

/// Something being played.
pub(super) enum Player {
    /// A tone, made as it goes at a rate.
    Tone(u32, Generator),
    /// Samples at their own rate, and how far they have been played.
    Samples(u32, Arc<[i16]>, usize),
}

impl Player {
    /// Tones are made at `rate`; samples have their own.
    pub(super) fn new(source: Source, rate: u32) -> Self {
        match source {
            Source::Tone(tone, repeat) => {
                let repeats = repeat == Repeat::Forever;
                Player::Tone(rate, Generator::new(Tone { repeats, ..tone }, rate))
            }
            Source::Samples { rate, samples } => Player::Samples(rate.clamp(8000, 48_000), samples, 0),
        }
    }

    /// The rate of the samples made, Hz.
    pub(super) fn rate(&self) -> u32 {
        match self {
            Player::Tone(rate, _) | Player::Samples(rate, ..) => *rate,
        }
    }

    /// Appends so many samples to `out`, filled with silence at the end; whether it has not ended yet.
    pub(super) fn read(&mut self, count: usize, out: &mut Vec<i16>) -> bool {
        let end = out.len() + count;
        let any = match self {
            Player::Tone(_, generator) => {
                generator.generate(count, out);
                !generator.is_finished()
            }
            Player::Samples(_, samples, at) => {
                let left = samples.get(*at..).unwrap_or(&[]);
                let taken = left.len().min(count);
                out.extend_from_slice(&left[..taken]);
                *at += taken;
                taken > 0
            }
        };
        out.resize(end, 0);
        any
    }
}
