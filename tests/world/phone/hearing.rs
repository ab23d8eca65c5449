//! What a phone heard: a recording, and how much of a tone is in it.

use anyhow::{Context, Result, ensure};
use std::f64::consts::TAU;
use std::path::Path;

/// Mono or interleaved 16-bit sound from a WAV file.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    /// Samples a second.
    pub rate: u32,
    /// The first channel.
    pub samples: Vec<i16>,
}

impl Recording {
    /// Reads a PCM WAV file, one still being written too: its data then goes to the end of the file.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&bytes).with_context(|| format!("in {}", path.display()))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        ensure!(bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE"), "no WAV file");
        let (mut channels, mut rate, mut at) = (1, 0, 12);
        while let Some(&[a, b, c, d, ref size @ ..]) = bytes.get(at..at + 8) {
            let size = u32::from_le_bytes(size.try_into()?) as usize;
            let body = &bytes[at + 8..];
            match &[a, b, c, d] {
                b"fmt " => {
                    let number =
                        |at: usize| body.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
                    ensure!(number(14) == Some(16), "not 16 bits a sample");
                    channels = usize::from(number(2).context("no channels")?).max(1);
                    rate = u32::from_le_bytes(body.get(4..8).context("no rate")?.try_into()?);
                }
                b"data" => {
                    let end = if size == 0 { body.len() } else { size.min(body.len()) };
                    let pairs =
                        body[..end].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
                    return Ok(Self { rate, samples: pairs.step_by(channels).collect() });
                }
                _ => {}
            }
            at += 8 + size + size % 2;
        }
        anyhow::bail!("no sound in it")
    }

    /// Writes `seconds` of a steady tone as a WAV file of 8 kHz, for phones that play files.
    pub fn write_tone(path: &Path, hertz: u32, seconds: u32) -> Result<()> {
        const RATE: u32 = 8_000;
        let step = TAU * f64::from(hertz) / f64::from(RATE);
        let size = 2 * RATE * seconds;
        let mut wav = b"RIFF".to_vec();
        wav.extend((36 + size).to_le_bytes());
        wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        wav.extend([RATE, 2 * RATE].into_iter().flat_map(u32::to_le_bytes));
        wav.extend(b"\x02\0\x10\0data");
        wav.extend(size.to_le_bytes());
        let sample = |at: u32| ((f64::from(at) * step).sin() * 12_000.0) as i16;
        wav.extend((0..RATE * seconds).flat_map(|at| sample(at).to_le_bytes()));
        std::fs::write(path, wav).with_context(|| format!("writing {}", path.display()))
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate.max(1))
    }

    /// The part between two moments, in seconds from the start.
    pub fn between(&self, from: f64, to: f64) -> Self {
        let index = |seconds: f64| ((seconds * f64::from(self.rate)) as usize).min(self.samples.len());
        Self { rate: self.rate, samples: self.samples[index(from)..index(to.max(from))].to_vec() }
    }

    /// The share of the sound's power that lies at `hertz`, 0 to 1; 0 for silence (Goertzel's algorithm).
    pub fn share(&self, hertz: f64) -> f64 {
        let coefficient = 2.0 * (TAU * hertz / f64::from(self.rate)).cos();
        let (mut last, mut before, mut power) = (0.0, 0.0, 0.0);
        for &sample in &self.samples {
            let sample = f64::from(sample);
            power += sample * sample;
            (last, before) = (sample + coefficient * last - before, last);
        }
        if power == 0.0 {
            return 0.0;
        }
        let at_tone = last * last + before * before - coefficient * last * before;
        2.0 * at_tone / (power * self.samples.len() as f64)
    }

    /// Root mean square, 0 to 32768.
    pub fn loudness(&self) -> f64 {
        let power: f64 = self.samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        (power / self.samples.len().max(1) as f64).sqrt()
    }

    /// The largest share of the tone over windows of a fifth of a second: jitter and gaps shift the phase of a
    /// long recording, and a phase that jumps is no steady tone.
    pub fn best_share(&self, hertz: f64) -> f64 {
        let window = (self.rate / 5) as usize;
        self.samples
            .chunks_exact(window.max(1))
            .map(|part| Self { rate: self.rate, samples: part.to_vec() }.share(hertz))
            .fold(0.0, f64::max)
    }

    /// The tone is what is heard: most of the power, and not a whisper.
    pub fn has_tone(&self, hertz: f64) -> bool {
        self.loudness() > 300.0 && self.best_share(hertz) > 0.8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f64) -> Recording {
        let sample = |n: u32| (8000.0 * (TAU * hertz * f64::from(n) / f64::from(rate)).sin()) as i16;
        Recording { rate, samples: (0..rate).map(sample).collect() }
    }

    #[test]
    fn a_tone_is_told_from_another_and_from_silence() {
        for rate in [8000, 16000, 48000] {
            assert!(tone(rate, 440.0).share(440.0) > 0.99);
            assert!(tone(rate, 440.0).share(700.0) < 0.01);
            assert!(tone(rate, 440.0).has_tone(440.0) && !tone(rate, 440.0).has_tone(480.0));
        }
        assert!(!Recording { rate: 8000, samples: vec![0; 8000] }.has_tone(440.0));
    }

    #[test]
    fn a_tone_that_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tone.wav");
        Recording::write_tone(&path, 440, 1).unwrap();
        let read = Recording::read(&path).unwrap();
        assert!((read.seconds() - 1.0).abs() < 1e-9 && read.has_tone(440.0));
    }

    #[test]
    fn a_wav_file_is_read_with_its_channels() {
        let mut wav =
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x10\0data".to_vec();
        wav.extend(8u32.to_le_bytes());
        wav.extend([1, 0, 2, 0, 3, 0, 4, 0]);
        let recording = Recording::parse(&wav).unwrap();
        assert_eq!((recording.rate, recording.samples), (8000, vec![1, 3]));
        assert!(Recording::parse(b"RIFF....WAVEdata").is_err());
    }
}
