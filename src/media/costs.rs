//! What media work costs, printed: `cargo test -p media --release -- --ignored --nocapture costs`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::codec::OpusSettings;
use crate::dtmf::Detector;
use crate::rtp::Header;
use crate::srtp::{MATERIAL_MAX, MasterKey, Suite};
use crate::{Codec, Decoder, Encoder, JitterBuffer, Reception, Resampler, Srtp, SrtpKeys};

/// Prints the microseconds one of `work` takes.
#[allow(clippy::disallowed_methods)]
fn cost(name: &str, count: u32, mut work: impl FnMut(u32)) {
    (0..count / 10).for_each(&mut work);
    let began = Instant::now();
    (0..count).for_each(|index| work(count / 10 + index));
    println!("{name:40} {:8.3} µs", began.elapsed().as_secs_f64() * 1e6 / f64::from(count));
}

fn sound(sample_rate: u32) -> Vec<i16> {
    let wave = |n: u32| {
        ((n as f32 * 0.07).sin() * (n as f32 * 0.000_9).sin() * 9_000.0) as i16 + (n * 7_919 % 301) as i16
    };
    (0..sample_rate).map(wave).collect()
}

#[test]
#[ignore = "a measurement"]
fn costs_of_a_frame_of_each_codec() {
    for codec in Codec::ALL {
        let pcm = sound(codec.sample_rate());
        let frames: Vec<&[i16]> = pcm.chunks(codec.samples(20)).collect();
        let mut encoder = Encoder::new(codec);
        let mut payload = Vec::new();
        cost(&format!("{} encode 20 ms", codec.name()), 2_000, |n| {
            payload.clear();
            encoder.encode(frames[n as usize % frames.len()], black_box(&mut payload));
        });
        let payloads: Vec<Vec<u8>> = frames
            .iter()
            .map(|frame| {
                let mut payload = Vec::new();
                encoder.encode(frame, &mut payload);
                payload
            })
            .collect();
        let mut decoder = Decoder::new(codec);
        let mut out = Vec::new();
        cost(&format!("{} decode 20 ms", codec.name()), 2_000, |n| {
            out.clear();
            decoder.decode(&payloads[n as usize % payloads.len()], black_box(&mut out));
        });
        cost(&format!("{} decode, every tenth concealed", codec.name()), 2_000, |n| {
            out.clear();
            if n % 10 == 0 {
                decoder.conceal(codec.samples(20), black_box(&mut out));
            } else {
                decoder.decode(&payloads[n as usize % payloads.len()], black_box(&mut out));
            }
        });
    }
}

#[test]
#[ignore = "a measurement"]
fn costs_of_opus_beside_each_rate_at_each_complexity() {
    for rate in [8_000, 16_000] {
        let pcm = sound(rate);
        let frames: Vec<&[i16]> = pcm.chunks(rate as usize / 50).collect();
        for complexity in [0, 1, 2, 3, 5, 8] {
            let settings = OpusSettings { complexity, ..OpusSettings::default() };
            let mut encoder = Encoder::with_opus(Codec::Opus, rate, settings);
            let mut payload = Vec::new();
            cost(&format!("opus at {rate} Hz, complexity {complexity}, encode 20 ms"), 2_000, |n| {
                payload.clear();
                encoder.encode(frames[n as usize % frames.len()], black_box(&mut payload));
            });
        }
        for heard in [8_000, 16_000] {
            let (mut encoder, mut decoder) =
                (Encoder::beside(Codec::Opus, rate), Decoder::beside(Codec::Opus, heard));
            let encode = |frame: &&[i16]| {
                let mut payload = Vec::new();
                encoder.encode(frame, &mut payload);
                payload
            };
            let payloads: Vec<_> = frames.iter().map(encode).collect();
            let mut out = Vec::new();
            cost(&format!("opus at {rate} Hz, decode 20 ms to {heard} Hz"), 2_000, |n| {
                out.clear();
                decoder.decode(&payloads[n as usize % payloads.len()], black_box(&mut out));
            });
        }
    }
}

#[test]
#[ignore = "a measurement"]
fn costs_of_resampling_and_of_listening_for_digits() {
    for (from, to) in [
        (8_000, 16_000),
        (16_000, 8_000),
        (8_000, 48_000),
        (48_000, 8_000),
        (16_000, 48_000),
        (48_000, 16_000),
    ] {
        let pcm = sound(from);
        let mut resampler = Resampler::new(from, to);
        let mut out = Vec::new();
        cost(&format!("resample {from} to {to}, 20 ms"), 2_000, |_| {
            out.clear();
            resampler.process(&pcm[..from as usize / 50], black_box(&mut out));
        });
    }
    for rate in [8_000, 16_000] {
        let pcm = sound(rate);
        let mut detector = Detector::new(rate);
        cost(&format!("digit detector at {rate}, 20 ms"), 2_000, |n| {
            let start = n as usize % 50 * rate as usize / 50;
            detector.handle(black_box(&pcm[start..start + rate as usize / 50]));
        });
    }
}

#[test]
#[ignore = "a measurement"]
#[allow(clippy::disallowed_methods)]
fn costs_of_a_packet() {
    let header =
        |n: u32| Header { marker: false, payload_type: 8, sequence: n as u16, timestamp: n * 160, ssrc: 1 };
    let base = Instant::now();
    for suite in Suite::ALL {
        let key = MasterKey::from_random(suite, &[5; MATERIAL_MAX]);
        let mut srtp = Srtp::new(&SrtpKeys { send: key.clone(), receive: key });
        let mut packet = Vec::new();
        let mut sealed = Vec::new();
        cost(&format!("{} protect 160", suite.name()), 20_000, |n| {
            packet.clear();
            crate::rtp::write(&header(n), &[0xd5; 160], &mut packet);
            srtp.protect(&mut packet).unwrap();
            sealed.push(packet.clone());
        });
        cost(&format!("{} unprotect 160", suite.name()), 20_000, |n| {
            packet.clone_from(&sealed[n as usize]);
            srtp.unprotect(black_box(&mut packet)).unwrap();
        });
    }
    let mut packet = Vec::new();
    cost("rtp write and parse", 100_000, |n| {
        packet.clear();
        crate::rtp::write(&header(n), &[0xd5; 160], &mut packet);
        black_box(crate::rtp::parse(black_box(&packet)));
    });
    let mut reception = Reception::new(8_000);
    cost("reception statistics", 100_000, |n| {
        black_box(reception.handle(&header(n), base + Duration::from_millis(20) * n));
    });
    let mut buffer = JitterBuffer::new(8_000);
    cost("jitter buffer push and pull", 100_000, |n| {
        let now = base + Duration::from_millis(20) * n;
        buffer.push(&header(n), &[0xd5; 160], now);
        black_box(buffer.pull(now));
    });
}
