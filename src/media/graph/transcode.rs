//! From one codec to another: a jitter buffer evens the packets out, and frames are made by the tick.
//!
//! The two halves are separate because a mix will need them so: [`Listener`] makes samples of what one leg says,
//! [`Speaker`] makes payloads of what one leg is to hear.

use super::egress::Egress;
use super::pace::Pace;
use crate::codec::{Codec, Decoder, Encoder};
use crate::jitter::{Frame, JitterBuffer};
use crate::resample::Resampler;
use crate::rtp::Header;
use std::time::{Duration, Instant};

/// Ticks come early and late by a little.
const TOLERANCE: Duration = Duration::from_millis(5);
/// A reader further behind than this starts from now.
const BEHIND: Duration = Duration::from_millis(100);
/// Frames made up after the last real one before there is silence.
const MADE_UP: u32 = 5;
/// Samples kept for frames to come, at most: a second at 16 kHz.
const MAX_SAMPLES: usize = 16_000;

/// Makes samples of a leg's packets.
pub(super) struct Listener {
    codec: Codec,
    /// Of the samples made.
    rate: u32,
    jitter: JitterBuffer,
    decoder: Decoder,
    next: Option<Instant>,
    /// Samples of the frame before: how long one that did not come is taken to be.
    frame: usize,
    made_up: u32,
}

impl Listener {
    /// Makes samples at the codec's own rate.
    pub(super) fn new(codec: Codec) -> Self {
        Self::beside(codec, codec.sample_rate())
    }

    /// Makes samples at the codec's rate beside that of who hears them.
    fn beside(codec: Codec, rate: u32) -> Self {
        let rate = codec.rate_beside(rate);
        Self {
            codec,
            rate,
            jitter: JitterBuffer::new(codec.clock_rate()),
            decoder: Decoder::beside(codec, rate),
            next: None,
            frame: rate as usize / 50,
            made_up: MADE_UP,
        }
    }

    pub(super) fn push(&mut self, header: &Header, payload: &[u8], now: Instant) {
        self.jitter.push(header, payload, now);
    }

    /// Hears a packet that others hear by another way: only the decoder learns from it.
    pub(super) fn warm(&mut self, payload: &[u8], scratch: &mut Vec<i16>) {
        scratch.clear();
        let decoded = self.decoder.decode(payload, scratch);
        self.frame = if decoded > 0 { decoded } else { self.frame };
        // What comes first goes on from here, made up until a packet has waited long enough.
        self.made_up = 0;
    }

    /// Packets that wait to be played.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (&Header, &[u8])> {
        self.jitter.waiting()
    }

    /// A sequence number that carried an event.
    pub(super) fn skip(&mut self, header: &Header, now: Instant) {
        self.jitter.skip(header, now);
    }

    /// Appends the samples that are due to `out`.
    pub(super) fn read(&mut self, now: Instant, out: &mut Vec<i16>) {
        let mut next = self.next.filter(|next| *next + BEHIND > now).unwrap_or(now);
        while next <= now + TOLERANCE {
            next += self.read_frame(now, out);
        }
        self.next = Some(next);
    }

    /// Appends samples to `out` until there are as many as `count`, whatever the time is.
    pub(super) fn fill(&mut self, now: Instant, count: usize, out: &mut Vec<i16>) {
        while out.len() < count {
            let before = out.len();
            self.read_frame(now, out);
            if out.len() == before {
                out.resize(before + self.rate as usize / 100, 0);
            }
        }
    }

    fn read_frame(&mut self, now: Instant, out: &mut Vec<i16>) -> Duration {
        let rate = self.rate;
        let samples = match self.jitter.pull(now) {
            Frame::Payload { payload, .. } => {
                self.made_up = 0;
                match self.decoder.decode(payload, out) {
                    0 => None,
                    samples => {
                        self.frame = samples;
                        Some(samples)
                    }
                }
            }
            Frame::Lost { units } => {
                let samples = u64::from(units) * u64::from(rate) / u64::from(self.codec.clock_rate());
                self.frame = (samples as usize).clamp(rate as usize / 1000, rate as usize / 8);
                None
            }
            Frame::Empty => {
                self.made_up += 1;
                if self.made_up > MADE_UP {
                    self.made_up = MADE_UP + 1;
                    return Duration::from_millis(10);
                }
                None
            }
        };
        let samples = samples.unwrap_or_else(|| {
            self.decoder.conceal(self.frame, out);
            self.frame
        });
        Duration::from_micros(samples as u64 * 1_000_000 / u64::from(rate))
    }
}

/// Makes payloads of samples.
pub(super) struct Speaker {
    codec: Codec,
    ptime_ms: u8,
    rate: u32,
    /// Of the samples encoded.
    coded: u32,
    resampler: Option<Resampler>,
    encoder: Encoder,
    samples: Vec<i16>,
    /// The frame encoded last.
    last: Vec<i16>,
    payload: Vec<u8>,
    pace: Pace,
    /// How much its leg had sent after its last payload.
    sent: u64,
}

impl Speaker {
    /// Speaks samples of a rate in a codec and packet time.
    pub(super) fn new(codec: Codec, ptime_ms: u8, rate: u32) -> Self {
        let coded = codec.rate_beside(rate);
        Self {
            codec,
            ptime_ms: codec.packet_time_ms(ptime_ms),
            rate,
            coded,
            resampler: (rate != coded).then(|| Resampler::new(rate, coded)),
            encoder: Encoder::beside(codec, rate),
            samples: Vec::new(),
            last: Vec::new(),
            payload: Vec::new(),
            pace: Pace::default(),
            sent: 0,
        }
    }

    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    pub(super) fn ptime_ms(&self) -> u8 {
        self.ptime_ms
    }

    /// Another that goes on from here with the same samples, for a listener that is to hear something else from now on.
    pub(super) fn split(&self) -> Self {
        Self {
            encoder: self.encoder.split(&self.last),
            resampler: self.resampler.clone(),
            samples: self.samples.clone(),
            payload: Vec::new(),
            last: self.last.clone(),
            ..*self
        }
    }

    /// What is encoded next can be understood without what came before.
    pub(super) fn start_afresh(&mut self) {
        self.encoder.start_afresh();
    }

    /// Goes on after what its leg has sent last, where that was not its own payload. To be called before each payload
    /// that is sent.
    pub(super) fn follow(&mut self, egress: &Egress) {
        if egress.sent != self.sent {
            self.encoder.follow(egress.recent());
        }
        self.sent = egress.sent + 1;
    }

    /// A frame's length in samples of the rate taken in.
    pub(super) fn frame(&self) -> usize {
        (self.rate / 1000) as usize * usize::from(self.ptime_ms)
    }

    pub(super) fn write(&mut self, samples: &[i16]) {
        if self.samples.len() > MAX_SAMPLES {
            return;
        }
        match &mut self.resampler {
            Some(resampler) => resampler.process(samples, &mut self.samples),
            None => self.samples.extend_from_slice(samples),
        }
    }

    /// Whether the beat asks for a frame.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        self.pace.due(now, u32::from(self.ptime_ms))
    }

    /// The next payload and its length in timestamp units, if there are samples enough.
    pub(super) fn payload(&mut self) -> Option<(&[u8], u32)> {
        let frame = self.frame_coded();
        if self.samples.len() < frame {
            return None;
        }
        self.payload.clear();
        self.encoder.encode(&self.samples[..frame], &mut self.payload);
        self.last.clear();
        self.last.extend(self.samples.drain(..frame));
        Some((&self.payload, self.codec.units(u32::from(self.ptime_ms))))
    }

    /// Whether a whole frame waits.
    fn is_full(&self) -> bool {
        self.samples.len() >= self.frame_coded()
    }

    fn frame_coded(&self) -> usize {
        (self.coded / 1000) as usize * usize::from(self.ptime_ms)
    }
}

/// One leg heard by another in another codec.
pub(super) struct Transcoder {
    pub(super) listener: Listener,
    speaker: Speaker,
    scratch: Vec<i16>,
}

impl Transcoder {
    pub(super) fn new(from: Codec, to: Codec, ptime_ms: u8) -> Self {
        let listener = Listener::beside(from, to.sample_rate());
        Self { speaker: Speaker::new(to, ptime_ms, listener.rate), listener, scratch: Vec::new() }
    }

    /// Moves on to `now`; then [`Transcoder::payload`] has what is due.
    pub(super) fn advance(&mut self, now: Instant) {
        self.scratch.clear();
        self.listener.read(now, &mut self.scratch);
        self.speaker.write(&self.scratch);
    }

    /// The next payload that is due.
    pub(super) fn payload(&mut self, now: Instant, egress: &Egress) -> Option<(&[u8], u32)> {
        if !self.speaker.is_full() || !self.speaker.is_due(now) {
            return None;
        }
        self.speaker.follow(egress);
        self.speaker.payload()
    }
}
