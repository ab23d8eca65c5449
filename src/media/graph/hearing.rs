//! What a leg's party says, as samples: for rooms and recordings, a frame at each beat.

use super::beat::FRAME_MS;
use super::transcode::Listener;
use crate::activity;
use crate::codec::Codec;
use crate::program::RATE;
use crate::resample::Resampler;
use crate::rtp::Header;
use std::time::{Duration, Instant};

/// How long the sound of a key may still come out of the jitter buffer after the key has been noticed.
const BLANKED: Duration = Duration::from_millis(120);

/// One party's sound.
pub(super) struct Hearing {
    codec: Codec,
    listener: Listener,
    /// What waits for the next beats, at the codec's rate.
    samples: Vec<i16>,
    /// This beat's frame and the one before, at the codec's rate.
    frame: Vec<i16>,
    before: Vec<i16>,
    power: f32,
    bus: Bus,
    blank: Option<Instant>,
    /// Its party is still heard by another way: the decoder warms up and nothing is kept.
    warming: bool,
}

/// The frame at the bus's rate, made when somebody asks for it.
struct Bus {
    resampler: Option<Resampler>,
    frame: Vec<i16>,
    /// Whether it has been made for this beat, and for the one before.
    made: bool,
    made_before: bool,
}

impl Hearing {
    pub(super) fn new(codec: Codec) -> Self {
        let rate = codec.sample_rate();
        let resampler = (rate != RATE).then(|| Resampler::new(rate, RATE));
        Self {
            codec,
            listener: Listener::new(codec),
            samples: Vec::new(),
            frame: vec![0; codec.samples(FRAME_MS)],
            before: vec![0; codec.samples(FRAME_MS)],
            power: 0.0,
            bus: Bus { resampler, frame: Vec::new(), made: false, made_before: false },
            blank: None,
            warming: false,
        }
    }

    /// Takes a packet of sound.
    pub(super) fn push(&mut self, codec: Codec, (header, payload): (&Header, &[u8]), now: Instant) {
        if self.codec != codec {
            *self = Self { warming: self.warming, ..Self::new(codec) };
        }
        if self.warming {
            return self.listener.warm(payload, &mut self.samples);
        }
        self.listener.push(header, payload, now);
    }

    /// Takes note of a packet that is no sound.
    pub(super) fn skip(&mut self, header: &Header, now: Instant) {
        if !self.warming {
            self.listener.skip(header, now);
        }
    }

    /// Warms up from now on, or begins in earnest.
    pub(super) fn warm(&mut self, warming: bool) {
        self.warming = warming;
        self.samples.clear();
    }

    /// Packets that have come and not been heard yet, with the codec they are in.
    pub(super) fn waiting(&self) -> (Codec, impl Iterator<Item = (&Header, &[u8])>) {
        (self.codec, self.listener.waiting())
    }

    /// A key is being heard: it is for the box alone.
    pub(super) fn blank(&mut self, now: Instant) {
        self.blank = Some(now + BLANKED);
    }

    /// Goes on by a frame.
    pub(super) fn advance(&mut self, now: Instant) {
        if self.warming {
            return;
        }
        std::mem::swap(&mut self.frame, &mut self.before);
        let length = self.codec.samples(FRAME_MS);
        self.listener.fill(now, length, &mut self.samples);
        self.frame.clear();
        self.frame.extend(self.samples.drain(..length));
        if self.blank.is_some_and(|until| now < until) {
            self.frame.fill(0);
        }
        self.power = activity::power(&self.frame);
        self.bus.made_before = std::mem::take(&mut self.bus.made);
    }

    /// The mean square of this beat's frame.
    pub(super) fn power(&self) -> f32 {
        self.power
    }

    /// This beat's frame at the bus's rate.
    pub(super) fn bus(&mut self) -> &[i16] {
        let Some(resampler) = &mut self.bus.resampler else { return &self.frame };
        if !std::mem::replace(&mut self.bus.made, true) {
            if !self.bus.made_before {
                // It was not listened to: the filter begins with the past as it was.
                resampler.reset();
                resampler.process(&self.before, &mut self.bus.frame);
            }
            self.bus.frame.clear();
            resampler.process(&self.frame, &mut self.bus.frame);
        }
        &self.bus.frame
    }
}
