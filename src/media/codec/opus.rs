//! Opus by libopus, at 16 or 8 kHz mono, behind types that cannot fail on outside input.

use audiopus::coder::{Decoder as LibDecoder, Encoder as LibEncoder};
use audiopus::{Application, Bitrate, Channels, SampleRate, Signal};

/// Samples of the longest packet there is, 120 ms at 16 kHz (RFC 6716 section 3.2.5).
const FRAME_MAX: usize = 1_920;
/// Octets of the longest packet made: far above what 24 kbit/s needs.
const PACKET_MAX: usize = 1_275;
const BITRATE: i32 = 24_000;

/// How the encoder trades computing for sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpusSettings {
    /// 0 to 10; each step costs more time.
    pub complexity: u8,
    /// The loss for which forward error correction is spent, in percent; 0 spends nothing.
    pub expected_loss: u8,
}

impl Default for OpusSettings {
    fn default() -> Self {
        Self { complexity: 5, expected_loss: 0 }
    }
}

pub(super) struct Encoder {
    library: LibEncoder,
    settings: OpusSettings,
    rate: u32,
    /// The next packet is to stand alone.
    afresh: bool,
}

impl Encoder {
    /// Of samples at a rate: 8 kHz, otherwise 16.
    pub(super) fn new(settings: OpusSettings, rate: u32) -> Self {
        let mut encoder = LibEncoder::new(sample_rate(rate), Channels::Mono, Application::Voip)
            .expect("libopus knows both rates; only exhausted memory could fail, which aborts anyway");
        let loss = settings.expected_loss.min(100);
        let tuned = encoder
            .set_complexity(settings.complexity.min(10))
            .and_then(|()| encoder.set_bitrate(Bitrate::BitsPerSecond(BITRATE)))
            .and_then(|()| encoder.set_signal(Signal::Voice))
            .and_then(|()| encoder.set_inband_fec(loss > 0))
            .and_then(|()| encoder.set_packet_loss_perc(loss));
        debug_assert!(tuned.is_ok(), "the settings are within libopus' bounds");
        Self { library: encoder, settings, rate, afresh: false }
    }

    /// Another for a listener who heard this one until now; `last` is the frame encoded last.
    pub(super) fn split(&self, last: &[i16]) -> Self {
        let mut other = Self::new(self.settings, self.rate);
        // What comes out was said by this one already: it only gets the other's filters going.
        other.encode(last, &mut Vec::new());
        other.start_afresh();
        other
    }

    /// The next packet is to be understood without those before it.
    pub(super) fn start_afresh(&mut self) {
        self.afresh = self.library.set_prediction_disabled(true).is_ok();
    }

    /// Appends one packet. `pcm` must be 10, 20, 40 or 60 ms long (see `Codec::packet_time_ms`); of other lengths
    /// nothing is made.
    pub(super) fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + PACKET_MAX, 0);
        let made = self.library.encode(pcm, &mut out[start..]).unwrap_or(0);
        out.truncate(start + made.min(PACKET_MAX));
        if self.afresh {
            self.afresh = self.library.set_prediction_disabled(false).is_err();
        }
    }
}

pub(super) struct Decoder(LibDecoder);

impl Decoder {
    /// To samples at a rate: 8 kHz, otherwise 16.
    pub(super) fn new(rate: u32) -> Self {
        let decoder = LibDecoder::new(sample_rate(rate), Channels::Mono)
            .expect("libopus knows both rates; only exhausted memory could fail, which aborts anyway");
        Self(decoder)
    }

    /// Appends what the packet holds, whatever its rate and channels were: nothing if it is no Opus packet.
    pub(super) fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        self.run(Some(payload), FRAME_MAX, Correction::No, out);
    }

    /// Appends `samples` in place of a lost packet, out of the redundancy in the packet after it if it carries any.
    pub(super) fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<i16>) {
        self.run(Some(next), samples, Correction::Yes, out);
    }

    /// Appends `samples` of libopus' concealment.
    pub(super) fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) {
        self.run(None, samples, Correction::No, out);
    }

    fn run(&mut self, packet: Option<&[u8]>, samples: usize, correction: Correction, out: &mut Vec<i16>) {
        let start = out.len();
        out.resize(start + samples.min(FRAME_MAX), 0);
        let correct = matches!(correction, Correction::Yes);
        let decoded = self.0.decode(packet, &mut out[start..], correct).unwrap_or(0);
        out.truncate(start + decoded.min(FRAME_MAX));
    }
}

const fn sample_rate(rate: u32) -> SampleRate {
    match rate {
        8_000 => SampleRate::Hz8000,
        _ => SampleRate::Hz16000,
    }
}

#[derive(Clone, Copy)]
enum Correction {
    Yes,
    No,
}
