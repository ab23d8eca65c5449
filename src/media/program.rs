//! What the box plays: tones, clips and silence, one after the other.

use crate::resample::Resampler;
use crate::tone::Tone;
use std::sync::Arc;

/// The sample rate of whatever is played, mixed and recorded, Hz.
pub const RATE: u32 = 16_000;

/// Sound in memory, mono at [`RATE`], shared by all who hear it. Making one converts its rate, which takes a while for
/// a long one (30 ms a minute): do it before, and not on a media thread.
#[derive(Clone)]
pub struct Clip {
    // A vector: making it shared copies nothing, and prompts are large.
    samples: Arc<Vec<i16>>,
    from: usize,
    to: usize,
}

impl Clip {
    /// The sound of samples at a rate in hertz.
    pub fn new(rate: u32, samples: &[i16]) -> Self {
        let rate = rate.clamp(8_000, 192_000);
        if rate == RATE {
            return Self::owned(samples.to_vec());
        }
        let mut converted = Vec::new();
        let mut resampler = Resampler::new(rate, RATE);
        resampler.process(samples, &mut converted);
        // The filter still holds the end.
        let delay = resampler.delay();
        resampler
            .process(&vec![0; delay.div_ceil(RATE as usize / 1000) * rate as usize / 1000], &mut converted);
        Self::owned(converted.split_off(delay.min(converted.len())))
    }

    /// The sound of samples at [`RATE`], which are not copied.
    pub fn owned(samples: Vec<i16>) -> Self {
        let to = samples.len();
        Self { samples: Arc::new(samples), from: 0, to }
    }

    /// A part of it, by samples; it shares the memory of the whole. None where there is not so much.
    pub fn part(&self, from: usize, length: usize) -> Option<Self> {
        let from = self.from.checked_add(from)?;
        let to = from.checked_add(length).filter(|to| *to <= self.to)?;
        Some(Self { samples: Arc::clone(&self.samples), from, to })
    }

    /// Its samples.
    pub fn samples(&self) -> &[i16] {
        &self.samples[self.from..self.to]
    }

    /// How long it is, milliseconds.
    pub fn duration_ms(&self) -> u64 {
        self.samples().len() as u64 * 1000 / u64::from(RATE)
    }
}

impl PartialEq for Clip {
    fn eq(&self, other: &Self) -> bool {
        self.samples() == other.samples()
    }
}

impl Eq for Clip {}

impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clip({} ms)", self.duration_ms())
    }
}

/// A part of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A tone with its cadence. What comes after one that repeats is never reached.
    Tone(Tone),
    /// A sound, its edges faded over 5 ms; two in a row overlap by as much.
    Clip(Clip),
    /// Nothing.
    Silence {
        /// For how long, milliseconds.
        ms: u32,
    },
}

impl Piece {
    /// Its length in samples; none for a tone that repeats.
    pub(crate) fn samples(&self) -> Option<u64> {
        let ms = |ms: u64| ms * u64::from(RATE) / 1000;
        match self {
            Self::Tone(Tone { repeats: true, .. }) => None,
            Self::Tone(tone) => Some(ms(tone.cadence.iter().map(|part| u64::from(*part)).sum())),
            Self::Clip(clip) => Some(clip.samples().len() as u64),
            Self::Silence { ms: length } => Some(ms(u64::from(*length))),
        }
    }
}

/// What comes after a program's last piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The end, with [`crate::Event::Finished`].
    Once,
    /// The first piece, until it is stopped.
    Forever,
    /// The first piece; and all legs with the same pieces hear them together, as from a radio: encoded once for each
    /// codec. A new one joins where the program is. Meant for music on hold.
    Together,
}

/// Pieces one after the other. A clone shares the pieces.
#[derive(Clone, Debug)]
pub struct Program {
    /// What is played.
    pub pieces: Arc<[Piece]>,
    /// What comes after the last.
    pub repeat: Repeat,
    /// How far into the pieces it begins, milliseconds.
    pub from_ms: u64,
    /// Made louder by so many decibels, or softer; not tones, which have their level.
    pub gain_db: i8,
}

impl Program {
    /// Pieces played once.
    pub fn new(pieces: impl Into<Arc<[Piece]>>) -> Self {
        Self { pieces: pieces.into(), repeat: Repeat::Once, from_ms: 0, gain_db: 0 }
    }

    /// A tone.
    pub fn tone(tone: Tone) -> Self {
        Self::new([Piece::Tone(tone)])
    }

    /// A sound, played once.
    pub fn clip(clip: Clip) -> Self {
        Self::new([Piece::Clip(clip)])
    }

    /// The same with another end.
    pub fn repeated(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    /// The same from a later moment on.
    pub fn from(self, from_ms: u64) -> Self {
        Self { from_ms, ..self }
    }

    /// The same louder or softer.
    pub fn gain(self, gain_db: i8) -> Self {
        Self { gain_db, ..self }
    }

    /// Whether two are one: the same pieces in memory, equally loud.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pieces, &other.pieces) && self.gain_db == other.gain_db
    }
}
