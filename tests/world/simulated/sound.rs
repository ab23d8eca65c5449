//! What peers say and hear: everybody has a tone of their own, and is known by it.

use media::dtmf::{Detector, EventReceiver, EventSender, Generator};
use media::rtp::{self, Header};
use media::{Agreed, Codec, Decoder, Encoder, Reception};
use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::time::{Duration, Instant};

/// How loud a voice is.
const AMPLITUDE: f64 = 8_000.0;
/// How long a key is pressed.
const PRESS_MS: u32 = 100;
/// What a tone is looked for in.
const PTIME_MS: u32 = 20;
/// What an ear remembers.
const MEMORY: Duration = Duration::from_millis(600);
/// A tone that comes through has at least this part of its loudness.
pub(crate) const AUDIBLE: f64 = 0.35;

/// The tone of the peer with this number: whole waves in every packet, so that no packet needs another's phase.
pub(crate) fn pitch(peer: usize) -> u32 {
    350 + 200 * (peer as u32 % 14)
}

/// The tone of a peer.
pub(crate) fn pitch_of(peer: super::PeerId) -> u32 {
    pitch(peer.0)
}

/// A mouth: one stream of RTP.
pub(crate) struct Voice {
    hertz: u32,
    header: Header,
    encoder: Option<Encoder>,
    position: usize,
    octets: u32,
    packets: u32,
    /// Keys still to be pressed.
    keys: VecDeque<char>,
    pressed: Pressed,
}

/// What is done about keys.
enum Pressed {
    /// Nothing for so many milliseconds.
    Pause(u32),
    /// A telephone event goes on; it began at this timestamp.
    Event(EventSender, u32),
    /// Tones go on for so many milliseconds.
    Tones(Generator, u32),
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
        Self {
            hertz: pitch(peer),
            header,
            encoder: None,
            position: 0,
            octets: 0,
            packets: 0,
            keys: VecDeque::new(),
            pressed: Pressed::Pause(0),
        }
    }

    /// Presses keys, one after the other, after what was pressed before.
    pub fn press(&mut self, keys: &str) {
        self.keys.extend(keys.chars());
    }

    /// What a sender report says: source, timestamp, packets, octets.
    pub fn sent(&self) -> (u32, u32, u32, u32) {
        (self.header.ssrc, self.header.timestamp, self.packets, self.octets)
    }

    /// The next packet, of so many milliseconds.
    pub fn speak(&mut self, agreed: &Agreed, ms: u32) -> Vec<u8> {
        self.advance_keys(agreed, ms);
        if let Pressed::Event(sender, timestamp) = &mut self.pressed {
            if let (Some(event), Some(number)) = (sender.next(), agreed.event_payload_type) {
                let header = Header {
                    marker: event.marker,
                    payload_type: number,
                    timestamp: *timestamp,
                    ..self.header
                };
                return self.write(&header, &event.payload, agreed.codec.units(ms));
            }
            self.pressed = Pressed::Pause(100);
        }
        let codec = agreed.codec;
        if self.encoder.as_ref().is_none_or(|encoder| encoder.codec() != codec) {
            self.encoder = Some(Encoder::new(codec));
        }
        let samples = self.samples(codec, ms);
        let mut payload = Vec::new();
        if let Some(encoder) = &mut self.encoder {
            encoder.encode(&samples, &mut payload);
        }
        self.header.payload_type = agreed.payload_type;
        let header = self.header;
        self.header.marker = false;
        self.write(&header, &payload, codec.units(ms))
    }

    fn write(&mut self, header: &Header, payload: &[u8], units: u32) -> Vec<u8> {
        let mut packet = Vec::new();
        rtp::write(header, payload, &mut packet);
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(units);
        self.packets += 1;
        self.octets += payload.len() as u32;
        packet
    }

    fn samples(&mut self, codec: Codec, ms: u32) -> Vec<i16> {
        let (rate, count) = (f64::from(codec.sample_rate()), codec.samples(ms));
        if let Pressed::Tones(generator, _) = &mut self.pressed {
            let mut samples = Vec::new();
            generator.generate(count, &mut samples);
            return samples;
        }
        let step = TAU * f64::from(self.hertz) / rate;
        let sample = |at: usize| ((at as f64 * step).sin() * AMPLITUDE) as i16;
        let samples = (self.position..self.position + count).map(sample).collect();
        self.position = (self.position + count) % (codec.sample_rate() as usize);
        samples
    }

    /// Begins and ends what is done about keys, a packet further on.
    fn advance_keys(&mut self, agreed: &Agreed, ms: u32) {
        match &mut self.pressed {
            Pressed::Pause(left) | Pressed::Tones(_, left) if *left > 0 => {
                *left = left.saturating_sub(ms);
                return;
            }
            Pressed::Tones(..) => self.pressed = Pressed::Pause(100),
            Pressed::Pause(_) | Pressed::Event(..) => {}
        }
        if let Pressed::Pause(0) = self.pressed
            && let Some(key) = self.keys.pop_front()
        {
            self.pressed = match agreed.event_payload_type {
                Some(_) => {
                    let sender = EventSender::new(key, PRESS_MS, agreed.event_clock_rate, ms as u8);
                    Pressed::Event(sender.expect("a key"), self.header.timestamp)
                }
                None => {
                    let tones = Generator::new(key, agreed.codec.sample_rate());
                    Pressed::Tones(tones.expect("a key"), PRESS_MS)
                }
            };
        }
    }
}

/// An ear: what came in the last moments.
pub(crate) struct Ear {
    packets: VecDeque<(Instant, Header, Vec<u8>)>,
    /// All packets of sound and digits that ever came.
    pub count: usize,
    /// Packets that could not be decrypted.
    pub garbled: usize,
    /// Keys heard: by telephone events where they are agreed, otherwise by their sound.
    pub digits: String,
    /// Whether it listens for the sound of keys, which takes the machine's time.
    pub listens: bool,
    pub reception: Reception,
    events: EventReceiver,
    inband: Option<(Decoder, Detector)>,
}

impl Default for Ear {
    fn default() -> Self {
        Self {
            packets: VecDeque::new(),
            count: 0,
            garbled: 0,
            digits: String::new(),
            listens: false,
            reception: Reception::new(8_000),
            events: EventReceiver::new(8_000),
            inband: None,
        }
    }
}

impl Ear {
    /// Takes what came.
    pub fn receive(&mut self, now: Instant, packet: &[u8], agreed: Option<&Agreed>) {
        let Some((header, payload)) = rtp::parse(packet) else { return };
        let payload = &packet[payload];
        self.count += 1;
        if let Some(agreed) = agreed {
            self.reception.set_clock_rate(agreed.codec.clock_rate());
            self.reception.handle(&header, now);
            if agreed.event_payload_type == Some(header.payload_type)
                || agreed.event_receive_payload_type == Some(header.payload_type)
            {
                let digit = self.events.handle(now, &header, payload);
                self.digits.extend(digit.map(|digit| digit.digit));
                return;
            }
            if self.listens && agreed.event_payload_type.is_none() {
                self.listen(codec_of(agreed, header.payload_type), payload);
            }
        }
        self.packets.push_back((now, header, payload.to_vec()));
        while self.packets.front().is_some_and(|(at, ..)| *at + MEMORY < now) {
            self.packets.pop_front();
        }
    }

    fn listen(&mut self, codec: Option<Codec>, payload: &[u8]) {
        let Some(codec) = codec else { return };
        let fresh = || (Decoder::new(codec), Detector::new(codec.sample_rate()));
        if self.inband.as_ref().is_some_and(|(decoder, _)| decoder.codec() != codec) {
            self.inband = None;
        }
        let (decoder, detector) = self.inband.get_or_insert_with(fresh);
        let mut sound = Vec::new();
        decoder.decode(payload, &mut sound);
        detector.handle(&sound);
        self.digits.extend(std::iter::from_fn(|| detector.poll_digit()).map(|digit| digit.digit));
    }

    /// How many octets of sound came in each of the last packets.
    pub fn sizes(&self) -> Vec<usize> {
        self.packets.iter().map(|(.., payload)| payload.len()).collect()
    }

    /// The steps of the timestamps between the last packets.
    pub fn steps(&self) -> Vec<u32> {
        let stamps: Vec<u32> = self.packets.iter().map(|(_, header, _)| header.timestamp).collect();
        stamps.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect()
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
        // Less than a third of what should have come is a sound that begins, ends or is broken.
        if (sound.len() as u128) < MEMORY.as_millis() * u128::from(rate) / 3_000 {
            sound.clear();
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
