//! Rooms: what a tick of [`media::Graph`] takes of a processor, without sockets and with them, and how late a voice
//! is heard.

mod sockets;

use crate::load::figures::{quantile, rounded};
use crate::load::now;
use anyhow::Result;
use media::{Agreed, Codec, Command, Direction, Encoder, Graph, Leg, Role, Room, rtp};
use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_millis(20);
/// Ticks before anything is measured, and those measured.
const WARM: u32 = 100;
const MEASURED: u32 = 500;
/// Who speaks in a room; the others send the noise of their rooms.
const TALKERS: usize = 3;

/// All of it.
pub(crate) fn measure() -> Result<Value> {
    Ok(json!({
        "g711_50": room(1, 50, Codec::Pcma)?,
        "g722_50": room(1, 50, Codec::G722)?,
        "opus_50": room(1, 50, Codec::Opus)?,
        "g711_20_of_5": room(20, 5, Codec::Pcma)?,
        "opus_20_of_5": room(20, 5, Codec::Opus)?,
        "g711_50_with_sockets": sockets::measure()?,
        "delay": delay(),
    }))
}

/// A second of packets of somebody who speaks, or does not.
fn payloads(codec: Codec, loudness: f32, seed: u32) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(codec);
    let mut random = seed.wrapping_mul(747_796_405).wrapping_add(1);
    let rate = codec.sample_rate() as f32;
    let mut at = 0;
    let frame = |_| {
        let samples: Vec<i16> = (0..codec.samples(20))
            .map(|_| {
                at += 1;
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let time = at as f32 / rate;
                // Syllables, a pitch with overtones, and breath.
                let syllable = (time * 25.0).sin().max(0.0);
                let pitch = time * (110.0 + (seed % 50) as f32) * std::f32::consts::TAU;
                let voice = pitch.sin() + (3.0 * pitch).sin() * 0.5 + (9.0 * pitch).sin() * 0.2;
                let noise = (random >> 16) as f32 / 32_768.0 - 1.0;
                (loudness * (voice * syllable * 5_000.0 + noise * 300.0)) as i16
            })
            .collect();
        let mut payload = Vec::new();
        encoder.encode(&samples, &mut payload);
        payload
    };
    (0..50).map(frame).collect()
}

/// A telephone whose packets were made before.
pub(crate) struct Phone {
    leg: Leg,
    agreed: Agreed,
    header: rtp::Header,
    payloads: Vec<Vec<u8>>,
    packet: Vec<u8>,
}

impl Phone {
    pub fn new(number: usize, codec: Codec, address: SocketAddr) -> Self {
        let loudness = if number < TALKERS { 1.0 } else { 0.05 };
        let agreed = agreed(codec, address);
        let header = rtp::Header {
            marker: false,
            payload_type: agreed.receive_payload_type,
            sequence: number as u16 * 77,
            timestamp: number as u32 * 4_001,
            ssrc: 0x100 + number as u32,
        };
        let payloads = payloads(codec, loudness, number as u32);
        Self { leg: Leg(number as u64 + 1), agreed, header, payloads, packet: Vec::new() }
    }

    /// Its next packet.
    pub fn speak(&mut self) -> &[u8] {
        self.packet.clear();
        let payload = &self.payloads[usize::from(self.header.sequence) % self.payloads.len()];
        rtp::write(&self.header, payload, &mut self.packet);
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(self.agreed.codec.units(20));
        &self.packet
    }
}

fn agreed(codec: Codec, address: SocketAddr) -> Agreed {
    let payload_type = codec.static_payload_type().unwrap_or(96);
    Agreed {
        remote_rtp: address,
        remote_rtcp: SocketAddr::new(address.ip(), address.port() + 1),
        rtcp_mux: false,
        codec,
        payload_type,
        receive_payload_type: payload_type,
        also_receive: Vec::new(),
        ptime_ms: 20,
        event_payload_type: Some(101),
        event_receive_payload_type: Some(101),
        event_clock_rate: codec.clock_rate(),
        direction: Direction::SendReceive,
        srtp: None,
        held_by_peer: false,
    }
}

fn address(number: usize) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1024 + 2 * number as u16))
}

/// So many rooms of so many members each: processor time a tick, packets in and out included.
fn room(rooms: usize, members: usize, codec: Codec) -> Result<Value> {
    let mut graph = Graph::new([1; 32]);
    let mut at = now();
    let mut phones = Vec::new();
    for room in 0..rooms {
        for member in 0..members {
            let mut phone = Phone::new(member, codec, address(room * members + member));
            phone.leg = Leg((room * members + member) as u64);
            open(&mut graph, at, &phone, Room(room as u64));
            phones.push(phone);
        }
    }
    let mut sent = 0;
    let mut before = Duration::ZERO;
    let mut ticks = Vec::with_capacity(MEASURED as usize);
    for round in 0..WARM + MEASURED {
        if round == WARM {
            (sent, before) = (0, processor()?);
        }
        let began = processor()?;
        for phone in &mut phones {
            let (leg, from) = (phone.leg, phone.agreed.remote_rtp);
            graph.handle_rtp(at, leg, from, phone.speak());
        }
        graph.handle_tick(at);
        while graph.poll_transmit().is_some() {
            sent += 1;
        }
        while graph.poll_event().is_some() {}
        if round >= WARM {
            ticks.push(processor()?.saturating_sub(began));
        }
        at += TICK;
    }
    let each = (processor()?.saturating_sub(before)).as_secs_f64() * 1e6 / f64::from(MEASURED);
    Ok(json!({
        "us_per_tick": rounded(each),
        "us_per_tick_median": rounded(quantile(&mut ticks, 0.5).as_secs_f64() * 1e6),
        "us_per_tick_p99": rounded(quantile(&mut ticks, 0.99).as_secs_f64() * 1e6),
        "percent_of_a_core": rounded(each / 200.0),
        "packets_sent": sent,
    }))
}

fn open(graph: &mut Graph, at: Instant, phone: &Phone, room: Room) {
    let leg = phone.leg;
    graph.handle_command(at, Command::Open { leg });
    graph.handle_command(at, Command::Configure { leg, agreed: Box::new(phone.agreed.clone()) });
    graph.handle_command(at, Command::Join { room, leg, role: Role::MEMBER });
}

/// What this thread has used of a processor.
fn processor() -> Result<Duration> {
    Ok(Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?))
}

/// From the arrival of the packet with which a voice begins to the sending of the first that has it, over all phases
/// between packets and ticks.
fn delay() -> Value {
    let mut delays: Vec<Duration> = (0..20).flat_map(|phase| delays(Duration::from_millis(phase))).collect();
    let ms = |delay: Duration| rounded(delay.as_secs_f64() * 1e3);
    json!({
        "least_ms": ms(quantile(&mut delays, 0.0)),
        "median_ms": ms(quantile(&mut delays, 0.5)),
        "most_ms": ms(quantile(&mut delays, 1.0)),
    })
}

fn delays(phase: Duration) -> Vec<Duration> {
    let mut graph = Graph::new([2; 32]);
    let mut at = now();
    let mut phones: Vec<Phone> =
        (0..3).map(|number| Phone::new(number, Codec::Pcma, address(number))).collect();
    for phone in &mut phones {
        // A-law for nearly nothing, and for nearly everything: each second begins with a click of 20 ms.
        phone.payloads = vec![vec![0xd5; 160]; 50];
        open(&mut graph, at, phone, Room(1));
    }
    phones[0].payloads[0] = vec![0x2a; 160];
    let mut clicked = None;
    let mut delays = Vec::new();
    for _ in 0..400 {
        for phone in &mut phones {
            let (leg, from) = (phone.leg, phone.agreed.remote_rtp);
            if leg == Leg(1) && phone.header.sequence % 50 == 0 {
                clicked = Some(at);
            }
            graph.handle_rtp(at, leg, from, phone.speak());
        }
        let tick = at + phase;
        graph.handle_tick(tick);
        while let Some(transmit) = graph.poll_transmit() {
            let loud = |octet: &u8| !(0xc0..=0xdf).contains(octet) && !(0x40..=0x5f).contains(octet);
            let heard = transmit.leg == Leg(2) && transmit.packet.iter().skip(20).any(loud);
            if heard && let Some(clicked) = clicked.take() {
                delays.push(tick.duration_since(clicked));
            }
        }
        at += TICK;
    }
    // What the jitter buffer learns in the first seconds is not what it does afterwards.
    delays.into_iter().skip(3).collect()
}
