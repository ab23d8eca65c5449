//! G.722 mode 1 (64 kbit/s): two sub-bands of 8 kHz by quadrature mirror filters, each coded by adaptive
//! differential PCM, six bits below and two above.
//!
//! Written after the block diagrams and tables of ITU-T G.722, whose names (`DETL`, `NBL`, `PLT`…) are in the
//! comments. Arithmetic is that of the recommendation, so that both ends of a call adapt in step: 16-bit values,
//! saturated where it saturates.

mod band;
mod tables;

use band::Band;
use tables::{
    HIGH_DECODE, HIGH_LOG, HIGH_NEGATIVE, HIGH_POSITIVE, HIGH_RANK, LOW_DECISION, LOW_DECODE, LOW_DECODE_6,
    LOW_LOG, LOW_NEGATIVE, LOW_POSITIVE, LOW_RANK, MIRROR,
};

/// Initial step sizes of the sub-bands and the bounds of their logarithms.
const LOW_STEP: i32 = 32;
const HIGH_STEP: i32 = 8;
const LOW_LOG_MAX: i32 = 18_432;
const HIGH_LOG_MAX: i32 = 22_528;

/// Encoder state.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    low: Band,
    high: Band,
    line: [i32; 24],
    /// A sample without its partner yet.
    odd: Option<i16>,
}

impl Encoder {
    pub(super) const fn new() -> Self {
        Self { low: Band::new(LOW_STEP), high: Band::new(HIGH_STEP), line: [0; 24], odd: None }
    }

    /// Takes on what a decoder is like that has heard this: a stream that another encoder made goes on with this one
    /// and no noise between. What lies further back than a tenth of a second hardly matters.
    pub(super) fn follow<'a>(&mut self, octets: impl Iterator<Item = &'a u8>) {
        (self.low, self.high) = (Band::new(LOW_STEP), Band::new(HIGH_STEP));
        for octet in octets {
            hear_low(&mut self.low, octet & 0x3f);
            hear_high(&mut self.high, octet >> 6);
        }
    }

    /// An octet for each two samples.
    pub(super) fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        for sample in pcm {
            match self.odd.take() {
                None => self.odd = Some(*sample),
                Some(first) => out.push(self.encode_pair(first, *sample)),
            }
        }
    }

    fn encode_pair(&mut self, first: i16, second: i16) -> u8 {
        self.line.copy_within(2.., 0);
        self.line[22] = i32::from(first);
        self.line[23] = i32::from(second);
        let (mut even, mut odd) = (0, 0);
        for (tap, coefficient) in MIRROR.iter().enumerate() {
            odd += self.line[2 * tap] * coefficient;
            even += self.line[2 * tap + 1] * MIRROR[11 - tap];
        }
        let low = self.encode_low((even + odd) >> 14);
        let high = self.encode_high((even - odd) >> 14);
        high << 6 | low
    }

    fn encode_low(&mut self, input: i32) -> u8 {
        let difference = saturate(input - self.low.predicted()); // EL
        let magnitude = if difference >= 0 { difference } else { -(difference + 1) };
        let step = self.low.step();
        let interval = (1..30).find(|index| magnitude < (LOW_DECISION[*index] * step) >> 12).unwrap_or(30);
        let code = if difference < 0 { LOW_NEGATIVE[interval] } else { LOW_POSITIVE[interval] };
        hear_low(&mut self.low, code);
        code
    }

    fn encode_high(&mut self, input: i32) -> u8 {
        let difference = saturate(input - self.high.predicted()); // EH
        let magnitude = if difference >= 0 { difference } else { -(difference + 1) };
        let step = self.high.step();
        let interval = if magnitude >= (564 * step) >> 12 { 2 } else { 1 };
        let code = if difference < 0 { HIGH_NEGATIVE[interval] } else { HIGH_POSITIVE[interval] };
        hear_high(&mut self.high, code);
        code
    }
}

/// Decoder state.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    low: Band,
    high: Band,
    line: [i32; 24],
}

impl Decoder {
    pub(super) const fn new() -> Self {
        Self { low: Band::new(LOW_STEP), high: Band::new(HIGH_STEP), line: [0; 24] }
    }

    /// Two samples for each octet.
    pub(super) fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        out.reserve(2 * payload.len());
        for octet in payload {
            let low = self.decode_low(octet & 0x3f);
            let high = self.decode_high(octet >> 6);
            self.line.copy_within(2.., 0);
            self.line[22] = low + high;
            self.line[23] = low - high;
            let (mut first, mut second) = (0, 0);
            for (tap, coefficient) in MIRROR.iter().enumerate() {
                second += self.line[2 * tap] * coefficient;
                first += self.line[2 * tap + 1] * MIRROR[11 - tap];
            }
            out.push(saturate(first >> 11) as i16);
            out.push(saturate(second >> 11) as i16);
        }
    }

    fn decode_low(&mut self, code: u8) -> i32 {
        let step = self.low.step();
        let fine = (step * LOW_DECODE_6[usize::from(code)]) >> 15;
        let output = (self.low.predicted() + fine).clamp(-16_384, 16_383); // YL, limited
        hear_low(&mut self.low, code);
        output
    }

    fn decode_high(&mut self, code: u8) -> i32 {
        let before = self.high.predicted();
        let decoded = hear_high(&mut self.high, code);
        (before + decoded).clamp(-16_384, 16_383) // YH, limited
    }
}

/// Adapts the lower band to a code, as both ends do.
fn hear_low(low: &mut Band, code: u8) {
    let four = usize::from(code >> 2);
    let decoded = (low.step() * LOW_DECODE[four]) >> 15; // DLT
    low.adapt_step(LOW_LOG[LOW_RANK[four]], LOW_LOG_MAX, 8);
    low.adapt_predictor(decoded);
}

/// Adapts the upper band to a code, as both ends do; the difference it means: DH.
fn hear_high(high: &mut Band, code: u8) -> i32 {
    let code = usize::from(code);
    let decoded = (high.step() * HIGH_DECODE[code]) >> 15;
    high.adapt_step(HIGH_LOG[HIGH_RANK[code]], HIGH_LOG_MAX, 10);
    high.adapt_predictor(decoded);
    decoded
}

fn saturate(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}

#[cfg(test)]
mod tests;
