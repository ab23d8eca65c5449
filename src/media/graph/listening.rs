//! Digits pressed as sound, for legs that have agreed on no telephone events.

use crate::codec::{Codec, Decoder};
use crate::dtmf::{Detector, Digit};

/// Listens to a leg's packets. Lost ones are passed over: a key lasts longer than a packet.
pub(super) struct Inband {
    codec: Codec,
    decoder: Decoder,
    detector: Detector,
    samples: Vec<i16>,
}

impl Inband {
    pub(super) fn new(codec: Codec) -> Self {
        let detector = Detector::new(codec.sample_rate());
        Self { codec, decoder: Decoder::new(codec), detector, samples: Vec::new() }
    }

    /// Whether a key is down.
    pub(super) fn is_pressed(&self) -> bool {
        self.detector.is_pressed()
    }

    /// Listens to a packet; the digit that has ended in it, if one has.
    pub(super) fn handle(&mut self, codec: Codec, payload: &[u8]) -> Option<Digit> {
        if self.codec != codec {
            *self = Self::new(codec);
        }
        self.samples.clear();
        self.decoder.decode(payload, &mut self.samples);
        self.detector.handle(&self.samples);
        self.detector.poll_digit()
    }
}
