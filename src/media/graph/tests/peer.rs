//! A telephone: sends a sine in its codec and keeps what it receives.

use super::super::Leg;
use crate::codec::{Codec, Decoder, Encoder};
use crate::negotiation::Agreed;
use crate::reception::Reception;
use crate::rtcp::{self, Compound, NtpClock, Packet, SenderInfo};
use crate::rtp::{self, Header};
use crate::sdp::Direction;
use crate::srtp::{MasterKey, Srtp, SrtpKeys, Suite};
use std::f32::consts::TAU;
use std::net::SocketAddr;
use std::time::Instant;

/// Amplitude of the sines sent: -10 dB below full scale.
pub(super) const AMPLITUDE: f32 = 10_362.0;

/// What arrived.
pub(super) struct Arrived {
    pub(super) at: Instant,
    pub(super) header: Header,
    pub(super) payload: Vec<u8>,
}

/// A telephone.
pub(super) struct Peer {
    pub(super) leg: Leg,
    pub(super) address: SocketAddr,
    pub(super) agreed: Agreed,
    pub(super) frequency: f32,
    /// As loud as usual at 1.0.
    pub(super) loudness: f32,
    pub(super) talks: bool,
    /// The packet time it sends with.
    pub(super) ptime_ms: u8,
    pub(super) header: Header,
    pub(super) arrived: Vec<Arrived>,
    /// The box's reports, with their times.
    pub(super) reports: Vec<(Instant, Vec<Packet>)>,
    pub(super) srtp: Option<Srtp>,
    reception: Reception,
    sent: u32,
    encoder: Encoder,
    phase: f32,
    pub(super) next: Instant,
}

impl Peer {
    pub(super) fn new(leg: u64, now: Instant, agreed: Agreed) -> Self {
        let number = leg as u32;
        Self {
            leg: Leg(leg),
            address: agreed.remote_rtp,
            frequency: 400.0 + 300.0 * leg as f32,
            loudness: 1.0,
            talks: true,
            ptime_ms: agreed.ptime_ms,
            header: Header {
                marker: false,
                payload_type: agreed.receive_payload_type,
                sequence: 65_500_u16.wrapping_add(number as u16),
                timestamp: u32::MAX - 4000 * number,
                ssrc: 0x1000 + number,
            },
            arrived: Vec::new(),
            reports: Vec::new(),
            srtp: agreed.srtp.as_ref().map(mirrored),
            reception: Reception::new(agreed.codec.clock_rate()),
            sent: 0,
            encoder: Encoder::new(agreed.codec),
            phase: 0.0,
            // Telephones do not beat together, and not with the graph.
            next: now + std::time::Duration::from_millis(3 * leg),
            agreed,
        }
    }

    /// Takes up a new agreement, as after a re-INVITE.
    pub(super) fn agree(&mut self, agreed: Agreed) {
        self.encoder = Encoder::new(agreed.codec);
        self.header.payload_type = agreed.receive_payload_type;
        self.ptime_ms = agreed.ptime_ms;
        self.agreed = agreed;
    }

    /// The next packet of its sine.
    pub(super) fn speak(&mut self) -> Vec<u8> {
        let codec = self.agreed.codec;
        let ms = u32::from(self.ptime_ms);
        let step = TAU * self.frequency / codec.sample_rate() as f32;
        let samples: Vec<i16> = (0..codec.samples(ms))
            .map(|_| {
                self.phase = (self.phase + step) % TAU;
                (self.phase.sin() * AMPLITUDE * self.loudness) as i16
            })
            .collect();
        let mut payload = Vec::new();
        self.encoder.encode(&samples, &mut payload);
        let mut packet = Vec::new();
        rtp::write(&self.header, &payload, &mut packet);
        self.header.marker = false;
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(codec.units(ms));
        self.sent += 1;
        if let Some(srtp) = &mut self.srtp {
            srtp.protect(&mut packet).expect("it protects");
        }
        packet
    }

    /// Takes what the box sent from its RTP port.
    pub(super) fn receive(&mut self, at: Instant, packet: &[u8]) {
        let mut packet = packet.to_vec();
        if let Some(srtp) = &mut self.srtp {
            assert!(srtp.unprotect(&mut packet).is_ok(), "what the box sends is genuine");
        }
        let (header, payload) = rtp::parse(&packet).expect("the box sends RTP");
        self.reception.handle(&header, at);
        self.arrived.push(Arrived { at, header, payload: packet[payload].to_vec() });
    }

    /// Takes a report of the box's.
    pub(super) fn receive_report(&mut self, at: Instant, packet: &[u8]) {
        let mut packet = packet.to_vec();
        if let Some(srtp) = &mut self.srtp {
            assert!(srtp.unprotect_rtcp(&mut packet).is_ok(), "what the box reports is genuine");
        }
        let packets = rtcp::parse(&packet).expect("the box sends RTCP");
        for packet in &packets {
            if let Packet::SenderReport { ssrc, info, .. } = packet {
                self.reception.handle_sender_report(*ssrc, info.ntp, at);
            }
        }
        self.reports.push((at, packets));
    }

    /// Its own report.
    pub(super) fn report(&mut self, now: Instant, clock: &NtpClock) -> Vec<u8> {
        let sender = SenderInfo {
            ntp: clock.at(now),
            rtp_timestamp: self.header.timestamp,
            packets: self.sent,
            octets: 160 * self.sent,
        };
        let compound = Compound {
            ssrc: self.header.ssrc,
            sender: Some(sender),
            report: self.reception.report(now),
            cname: "peer",
            goodbye: false,
        };
        let mut packet = Vec::new();
        rtcp::write(&compound, &mut packet);
        if let Some(srtp) = &mut self.srtp {
            srtp.protect_rtcp(&mut packet).expect("it protects");
        }
        packet
    }

    /// Forgets what it heard.
    pub(super) fn forget(&mut self) {
        self.arrived.clear();
    }

    /// Decodes the sound packets that arrived, losses concealed.
    pub(super) fn sound(&self) -> Vec<i16> {
        let codec = self.agreed.codec;
        let mut decoder = Decoder::new(codec);
        let mut samples = Vec::new();
        for arrived in self.sounds() {
            decoder.decode(&arrived.payload, &mut samples);
        }
        samples
    }

    /// The level of a frequency in each 20 ms of what it heard.
    pub(super) fn levels(&self, frequency: f32) -> Vec<f32> {
        let rate = self.agreed.codec.sample_rate();
        let sound = self.sound();
        sound.chunks_exact(rate as usize / 50).map(|part| level(part, rate, frequency) / AMPLITUDE).collect()
    }

    pub(super) fn sounds(&self) -> impl Iterator<Item = &Arrived> {
        self.arrived.iter().filter(|arrived| arrived.header.payload_type == self.agreed.payload_type)
    }

    /// The level of a frequency in what it heard, relative to what was sent: 1.0 is unchanged. The first fifth of a
    /// second is left out, when decoders and filters settle.
    pub(super) fn level(&self, frequency: f32) -> f32 {
        let sound = self.sound();
        let rate = self.agreed.codec.sample_rate();
        let settled = sound.get(rate as usize / 5..).unwrap_or(&[]);
        level(settled, rate, frequency) / AMPLITUDE
    }

    /// Asserts that sequence numbers rise by one and timestamps never fall.
    #[track_caller]
    pub(super) fn assert_numbered(&self) {
        for pair in self.arrived.windows(2) {
            let (last, next) = (pair[0].header, pair[1].header);
            assert_eq!(next.sequence, last.sequence.wrapping_add(1), "sequence");
            assert!(next.timestamp.wrapping_sub(last.timestamp) < u32::MAX / 2, "timestamp");
        }
    }

    /// Asserts that sequence numbers rise by one and timestamps by what the packets carry, but for pauses.
    #[track_caller]
    pub(super) fn assert_continuous(&self) {
        let ssrc = self.arrived.first().expect("something arrived").header.ssrc;
        for pair in self.arrived.windows(2) {
            let (last, next) = (&pair[0], &pair[1]);
            assert_eq!(next.header.ssrc, ssrc, "one source for the whole life of a leg");
            assert_eq!(next.header.sequence, last.header.sequence.wrapping_add(1), "sequence");
            let step = next.header.timestamp.wrapping_sub(last.header.timestamp);
            let apart = next.at.duration_since(last.at).as_millis() as u32;
            let units = self.agreed.codec.clock_rate() / 1000;
            if apart < 100 {
                assert!((1..=60 * units).contains(&step), "timestamp step {step} after {apart} ms");
            } else {
                assert!(next.header.marker, "a pause ends with a marker");
                let wanted = apart * units;
                assert!(step.abs_diff(wanted) <= 70 * units, "pause of {apart} ms stepped {step}");
            }
        }
    }
}

/// The keys as the other end has them.
fn mirrored(keys: &SrtpKeys) -> Srtp {
    Srtp::new(&SrtpKeys { send: keys.receive.clone(), receive: keys.send.clone() })
}

/// The agreement, encrypted.
pub(super) fn encrypted(agreed: Agreed, suite: Suite) -> Agreed {
    let seed = agreed.remote_rtp.port() as u8;
    let keys = SrtpKeys {
        send: MasterKey::from_random(suite, &[seed; _]),
        receive: MasterKey::from_random(suite, &[seed + 1; _]),
    };
    Agreed { srtp: Some(keys), ..agreed }
}

/// The amplitude of one frequency (Goertzel).
pub(super) fn level(samples: &[i16], rate: u32, frequency: f32) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let (mut sine, mut cosine) = (0.0f64, 0.0f64);
    for (index, sample) in samples.iter().enumerate() {
        let angle = f64::from(TAU) * f64::from(frequency) * index as f64 / f64::from(rate);
        sine += f64::from(*sample) * angle.sin();
        cosine += f64::from(*sample) * angle.cos();
    }
    (2.0 * sine.hypot(cosine) / samples.len() as f64) as f32
}

/// An agreement of a leg, as [`crate::Negotiation`] would make it.
pub(super) fn agreed(leg: u64, codec: Codec, ptime_ms: u8) -> Agreed {
    let port = 4000 + 2 * leg as u16;
    let payload_type = codec.static_payload_type().unwrap_or(96 + leg as u8 % 4);
    Agreed {
        remote_rtp: SocketAddr::from(([10, 0, 0, leg as u8], port)),
        remote_rtcp: SocketAddr::from(([10, 0, 0, leg as u8], port + 1)),
        rtcp_mux: false,
        codec,
        payload_type,
        receive_payload_type: payload_type,
        also_receive: Vec::new(),
        ptime_ms,
        event_payload_type: Some(101 + leg as u8 % 4),
        event_receive_payload_type: Some(101 + leg as u8 % 4),
        event_clock_rate: codec.clock_rate(),
        direction: Direction::SendReceive,
        srtp: None,
        held_by_peer: false,
    }
}
