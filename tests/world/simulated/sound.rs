//! What peers say and hear: everybody has a tone of their own, and is known by it.

use media::rtp::{self, Header};
use media::{Agreed, Codec, Decoder, Encoder};
use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::time::{Duration, Instant};

/// How loud a voice is.
const AMPLITUDE: f64 = 8_000.0;
/// A packet of sound.
const PTIME_MS: u32 = 20;
/// What an ear remembers.
const MEMORY: Duration = Duration::from_millis(600);
/// A tone that comes through has at least this part of its loudness.
pub(crate) const AUDIBLE: f64 = 0.35;

/// The tone of the peer with this number: whole waves in every packet, so that no packet needs another's phase.
pub(crate) fn pitch(peer: usize) -> u32 {
    350 + 200 * (peer as u32 % 14)
}

/// A mouth: one stream of RTP.
pub(crate) struct Voice {
    hertz: u32,
    header: Header,
    encoder: Option<Encoder>,
    position: usize,
}

impl Voice {
    pub fn new(peer: usize, call: usize) -> Self {
        let number = (peer * 31 + call) as u32 + 1;
        let header = Header {
            marker: true,
            payload_type: 0,
            // Close to their ends, so that every call sees them turn over.
            sequence: u16::MAX - number as u16,
            timestamp: u32::MAX - 700 * number,
            ssrc: 0xA000_0000 + number,
        };
        Self { hertz: pitch(peer), header, encoder: None, position: 0 }
    }

    /// The next packet.
    pub fn speak(&mut self, agreed: &Agreed) -> Vec<u8> {
        let codec = agreed.codec;
        if self.encoder.as_ref().is_none_or(|encoder| encoder.codec() != codec) {
            self.encoder = Some(Encoder::new(codec));
        }
        let (rate, count) = (f64::from(codec.sample_rate()), codec.samples(PTIME_MS));
        let step = TAU * f64::from(self.hertz) / rate;
        let sample = |at: usize| ((at as f64 * step).sin() * AMPLITUDE) as i16;
        let samples: Vec<i16> = (self.position..self.position + count).map(sample).collect();
        self.position = (self.position + count) % (codec.sample_rate() as usize);
        let mut payload = Vec::new();
        if let Some(encoder) = &mut self.encoder {
            encoder.encode(&samples, &mut payload);
        }
        self.header.payload_type = agreed.payload_type;
        let mut packet = Vec::new();
        rtp::write(&self.header, &payload, &mut packet);
        self.header.marker = false;
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(codec.units(PTIME_MS));
        packet
    }
}

/// An ear: what came in the last moments.
#[derive(Default)]
pub(crate) struct Ear {
    packets: VecDeque<(Instant, Header, Vec<u8>)>,
    /// All packets that ever came.
    pub count: usize,
}

impl Ear {
    /// Takes what came.
    pub fn receive(&mut self, now: Instant, packet: &[u8]) {
        let Some((header, payload)) = rtp::parse(packet) else { return };
        self.count += 1;
        self.packets.push_back((now, header, packet[payload].to_vec()));
        while self.packets.front().is_some_and(|(at, ..)| *at + MEMORY < now) {
            self.packets.pop_front();
        }
    }

    /// Which of these tones sound now. Nothing sounds when packets have stopped coming.
    pub fn hears(&self, now: Instant, agreed: &Agreed, tones: &[u32]) -> Vec<u32> {
        let (sound, rate) = self.sound(now, agreed);
        tones.iter().copied().filter(|tone| level(&sound, rate, *tone) > AUDIBLE).collect()
    }

    /// How much of the last moments is not silent, 0.0 to 1.0.
    pub fn loudness(&self, now: Instant, agreed: &Agreed) -> f64 {
        let (sound, rate) = self.sound(now, agreed);
        let blocks: Vec<&[i16]> = sound.chunks((rate / 1000 * PTIME_MS) as usize).collect();
        let loud = |block: &&&[i16]| block.iter().any(|sample| sample.unsigned_abs() > 300);
        blocks.iter().filter(loud).count() as f64 / blocks.len().max(1) as f64
    }

    /// The sound of the last moments, and its rate.
    fn sound(&self, now: Instant, agreed: &Agreed) -> (Vec<i16>, u32) {
        let recent = self.packets.iter().filter(|(at, ..)| *at + MEMORY >= now);
        let mut packets: Vec<&(Instant, Header, Vec<u8>)> = recent.collect();
        // Less than a third of what should have come is a sound that begins, ends or is broken.
        if packets.len() < (MEMORY.as_millis() / u128::from(PTIME_MS)) as usize / 3 {
            return (Vec::new(), 8_000);
        }
        let Some((_, first, _)) = packets.first() else { return (Vec::new(), 8_000) };
        let first = first.sequence;
        packets.sort_by_key(|(_, header, _)| header.sequence.wrapping_sub(first) as i16);
        packets.dedup_by_key(|(_, header, _)| header.sequence);
        let mut decoder: Option<Decoder> = None;
        let (mut sound, mut rate) = (Vec::new(), 8_000);
        for (_, header, payload) in packets {
            let Some(codec) = codec_of(agreed, header.payload_type) else { continue };
            if decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
                decoder = Some(Decoder::new(codec));
                sound.clear();
                rate = codec.sample_rate();
            }
            if let Some(decoder) = &mut decoder {
                decoder.decode(payload, &mut sound);
            }
        }
        (sound, rate)
    }
}

fn codec_of(agreed: &Agreed, payload_type: u8) -> Option<Codec> {
    if payload_type == agreed.receive_payload_type {
        return Some(agreed.codec);
    }
    agreed.also_receive.iter().find(|(number, _)| *number == payload_type).map(|(_, codec)| *codec)
}

/// The level of a tone, packet by packet (Goertzel), so that gaps between packets do not matter; 1.0 is as loud as it
/// was spoken. The first packets are left out: decoders settle there.
fn level(samples: &[i16], rate: u32, hertz: u32) -> f64 {
    let length = (rate / 1000 * PTIME_MS) as usize;
    let blocks: Vec<&[i16]> = samples.chunks_exact(length).skip(4).collect();
    let sum: f64 = blocks.iter().map(|block| amplitude(block, f64::from(hertz) / f64::from(rate))).sum();
    sum / blocks.len().max(1) as f64 / AMPLITUDE
}

fn amplitude(block: &[i16], turn: f64) -> f64 {
    let factor = 2.0 * (TAU * turn).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in block {
        (last, before) = (f64::from(*sample) + factor * last - before, last);
    }
    let power = last * last + before * before - factor * last * before;
    2.0 * power.max(0.0).sqrt() / block.len() as f64
}
