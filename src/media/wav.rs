//! WAV files as octets: reading what people bring, writing what was recorded. Files are the caller's.

use crate::codec::{Codec, Decoder};
use crate::program::{Clip, RATE};

/// The most frames read: two hours at 48 kHz.
const FRAMES_MAX: usize = 2 * 3600 * 48_000;

/// Why a file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// It does not begin like a WAV file.
    #[error("this is not a WAV file")]
    NotWav,
    /// It breaks off before the sound.
    #[error("the file breaks off")]
    Truncated,
    /// Its sound is coded in a way we do not know.
    #[error("the sound is coded as format {format} with {bits} bits: save it as PCM with 16 bits")]
    Unknown {
        /// The file's format number.
        format: u16,
        /// Bits of a sample.
        bits: u16,
    },
    /// Its rate or channel count is out of bounds.
    #[error("{rate} Hz with {channels} channels cannot be used: save it at 8 to 192 kHz, mono or stereo")]
    Unusable {
        /// Samples a second.
        rate: u32,
        /// How many channels.
        channels: u16,
    },
}

/// How samples are coded.
#[derive(Clone, Copy)]
enum Coding {
    /// Unsigned octets.
    Eight,
    /// Signed, of so many octets, the lowest first.
    Signed(usize),
    /// A float of 32 bits.
    Float,
    /// G.711.
    Law(Codec),
}

struct Format {
    coding: Coding,
    channels: usize,
    rate: u32,
}

/// Reads a file: PCM of 8, 16, 24 or 32 bits, float or G.711; all channels are mixed into one.
pub fn read(file: &[u8]) -> Result<Clip, WavError> {
    let (b"RIFF", Some(b"WAVE")) = (file.get(..4).unwrap_or(&[]), file.get(8..12)) else {
        return Err(WavError::NotWav);
    };
    let mut rest = &file[12..];
    let mut format = None;
    loop {
        let (name, length) = (rest.get(..4), rest.get(4..8));
        let (Some(name), Some(length)) = (name, length) else { return Err(WavError::Truncated) };
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let body = &rest[8..];
        // Programs that stream leave a length of 0 or of all ones behind: what is there counts.
        let whole = body.get(..length).unwrap_or(body);
        match (name, &format) {
            (b"fmt ", _) => format = Some(read_format(whole)?),
            (b"data", Some(format)) => {
                let data = if length == 0 { body } else { whole };
                return Ok(Clip::new(format.rate, &samples(format, data)));
            }
            _ => {}
        }
        rest = body.get(length + length % 2..).ok_or(WavError::Truncated)?;
    }
}

fn read_format(chunk: &[u8]) -> Result<Format, WavError> {
    let short = |at: usize| chunk.get(at..at + 2).map(|octets| u16::from_le_bytes([octets[0], octets[1]]));
    let (Some(tag), Some(channels), Some(bits)) = (short(0), short(2), short(14)) else {
        return Err(WavError::Truncated);
    };
    let rate = u32::from(short(4).unwrap_or(0)) | u32::from(short(6).unwrap_or(0)) << 16;
    // The extensible format says further on what it is.
    let tag = if tag == 0xfffe { short(24).unwrap_or(tag) } else { tag };
    let coding = match (tag, bits) {
        (1, 8) => Coding::Eight,
        (1, 16 | 24 | 32) => Coding::Signed(usize::from(bits / 8)),
        (3, 32) => Coding::Float,
        (6, 8) => Coding::Law(Codec::Pcma),
        (7, 8) => Coding::Law(Codec::Pcmu),
        (format, bits) => return Err(WavError::Unknown { format, bits }),
    };
    if !(8_000..=192_000).contains(&rate) || !(1..=8).contains(&channels) {
        return Err(WavError::Unusable { rate, channels });
    }
    Ok(Format { coding, channels: usize::from(channels), rate })
}

fn samples(format: &Format, data: &[u8]) -> Vec<i16> {
    let width = match format.coding {
        Coding::Eight | Coding::Law(_) => 1,
        Coding::Signed(octets) => octets,
        Coding::Float => 4,
    };
    let frames = data.chunks_exact(width * format.channels).take(FRAMES_MAX);
    if let Coding::Law(codec) = format.coding {
        let mut all = Vec::new();
        Decoder::new(codec).decode(data, &mut all);
        return all.chunks_exact(format.channels).take(FRAMES_MAX).map(mean).collect();
    }
    let sample = |octets: &[u8]| match format.coding {
        Coding::Eight | Coding::Law(_) => (i16::from(octets[0]) - 128) << 8,
        Coding::Signed(width) => i16::from_le_bytes([octets[width - 2], octets[width - 1]]),
        Coding::Float => {
            let value = f32::from_le_bytes([octets[0], octets[1], octets[2], octets[3]]);
            (value * 32_767.0) as i16 // A float cast saturates, and makes nothing of what is no number.
        }
    };
    let mut channels = [0; 8];
    let mixed = frames.map(|frame| {
        for (channel, octets) in channels.iter_mut().zip(frame.chunks_exact(width)) {
            *channel = sample(octets);
        }
        mean(&channels[..format.channels])
    });
    mixed.collect()
}

fn mean(channels: &[i16]) -> i16 {
    let sum: i32 = channels.iter().map(|sample| i32::from(*sample)).sum();
    (sum / channels.len().max(1) as i32) as i16
}

/// The head of a file with so many samples at [`RATE`], mono, 16 bits; [`octets`] follow. While a recording grows the
/// count may be 0: to be written again at its end.
pub fn head(samples: u32) -> [u8; 44] {
    let size = samples.saturating_mul(2).min(u32::MAX - 36);
    let mut head = [0; 44];
    head[..4].copy_from_slice(b"RIFF");
    head[4..8].copy_from_slice(&(size + 36).to_le_bytes());
    head[8..16].copy_from_slice(b"WAVEfmt ");
    head[16..20].copy_from_slice(&16_u32.to_le_bytes());
    head[20..22].copy_from_slice(&1_u16.to_le_bytes());
    head[22..24].copy_from_slice(&1_u16.to_le_bytes());
    head[24..28].copy_from_slice(&RATE.to_le_bytes());
    head[28..32].copy_from_slice(&(2 * RATE).to_le_bytes());
    head[32..34].copy_from_slice(&2_u16.to_le_bytes());
    head[34..36].copy_from_slice(&16_u16.to_le_bytes());
    head[36..40].copy_from_slice(b"data");
    head[40..].copy_from_slice(&size.to_le_bytes());
    head
}

/// Samples as a file has them.
pub fn octets(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests;
