use rand_chacha::rand_core::RngCore as _;

use super::*;
use crate::rtp::tests::{random, random_packet};

/// A second of harmonics under a syllable's envelope.
fn voice(sample_rate: u32) -> Vec<i16> {
    let sample = |n: u32| {
        let time = n as f32 / sample_rate as f32;
        let envelope = (time * 9.0).sin().abs();
        let voiced: f32 = (1..=20)
            .map(|harmonic| {
                let hertz = 140.0 * harmonic as f32;
                (std::f32::consts::TAU * hertz * time).sin() / harmonic as f32
            })
            .sum();
        (voiced * envelope * 6_000.0) as i16
    };
    (0..sample_rate).map(sample).collect()
}

fn sine(hertz: f32, sample_rate: u32) -> Vec<i16> {
    let angle = |n: u32| std::f32::consts::TAU * hertz * n as f32 / sample_rate as f32;
    (0..sample_rate).map(|n| (8_000.0 * angle(n).sin()) as i16).collect()
}

fn through(codec: Codec, pcm: &[i16], ms: u32) -> Vec<i16> {
    let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
    let (mut out, mut payload) = (Vec::new(), Vec::new());
    for frame in pcm.chunks(codec.samples(ms)) {
        payload.clear();
        encoder.encode(frame, &mut payload);
        assert_eq!(decoder.decode(&payload, &mut out), frame.len(), "{codec:?} at {ms} ms");
    }
    out
}

/// Signal to noise in decibels, at the delay under 30 ms at which it is best.
fn fidelity(before: &[i16], after: &[i16], sample_rate: u32) -> f32 {
    let ratio = |delay: usize| {
        let (mut signal, mut noise) = (0.0_f64, 1.0_f64);
        let settled = sample_rate as usize / 20;
        for (before, after) in before.iter().zip(&after[delay..]).skip(settled) {
            signal += f64::from(*before).powi(2);
            noise += (f64::from(*before) - f64::from(*after)).powi(2);
        }
        10.0 * (signal / noise).log10() as f32
    };
    (0..sample_rate as usize * 3 / 100).map(ratio).fold(f32::MIN, f32::max)
}

fn energy(pcm: &[i16]) -> f64 {
    pcm.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / pcm.len().max(1) as f64
}

#[test]
fn every_codec_sounds_like_what_went_in() {
    for (codec, tone_floor, voice_floor) in [
        (Codec::Pcmu, 35.0, 30.0),
        (Codec::Pcma, 35.0, 30.0),
        (Codec::G722, 30.0, 25.0),
        (Codec::Opus, 12.0, 5.0),
    ] {
        let rate = codec.sample_rate();
        let tone = sine(1_000.0, rate);
        let heard = fidelity(&tone, &through(codec, &tone, 20), rate);
        assert!(heard > tone_floor, "{codec:?}: a sine at {heard:.1} dB");
        let voice = voice(rate);
        let heard = fidelity(&voice, &through(codec, &voice, 20), rate);
        assert!(heard > voice_floor, "{codec:?}: a voice at {heard:.1} dB");
    }
}

#[test]
fn every_packet_time_allowed_is_coded_whole() {
    for codec in Codec::ALL {
        for asked in 0..=u8::MAX {
            let ms = codec.packet_time_ms(asked);
            assert!((10..=60).contains(&ms) && (ms <= asked || asked < 10));
            let pcm = &voice(codec.sample_rate())[..codec.samples(ms.into())];
            assert_eq!(through(codec, pcm, ms.into()).len(), pcm.len());
        }
    }
}

#[test]
fn opus_beside_narrow_band_telephony_is_narrow_band_and_any_opus_decoder_hears_it() {
    let voice = voice(8_000);
    let mut encoder = Encoder::beside(Codec::Opus, 8_000);
    let (mut narrow, mut wide) = (Decoder::beside(Codec::Opus, 8_000), Decoder::new(Codec::Opus));
    let (mut heard, mut heard_wide) = (Vec::new(), Vec::new());
    for frame in voice.chunks_exact(160) {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload);
        // RFC 6716 table 2: configurations below 4 are SILK in narrow band.
        assert!(payload[0] >> 3 < 4, "configuration {}", payload[0] >> 3);
        assert_eq!(narrow.decode(&payload, &mut heard), 160);
        assert_eq!(wide.decode(&payload, &mut heard_wide), 320);
    }
    assert!(fidelity(&voice, &heard, 8_000) > 5.0, "{:.1} dB", fidelity(&voice, &heard, 8_000));
    let wide_voice = self::voice(16_000);
    let fidelity = fidelity(&wide_voice, &heard_wide, 16_000);
    assert!(fidelity > 3.0, "{fidelity:.1} dB at 16 kHz");
}

#[test]
fn wide_band_opus_is_decoded_to_narrow_band_where_it_is_heard_so() {
    let mut encoder = Encoder::new(Codec::Opus);
    let mut decoder = Decoder::beside(Codec::Opus, 8_000);
    let mut heard = Vec::new();
    for frame in sine(300.0, 16_000).chunks_exact(320) {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload);
        assert_eq!(decoder.decode(&payload, &mut heard), 160);
    }
    let fidelity = fidelity(&sine(300.0, 8_000), &heard, 8_000);
    assert!(fidelity > 12.0, "{fidelity:.1} dB");
    assert_eq!(Codec::ALL.map(|codec| codec.rate_beside(8_000)), [8_000, 8_000, 16_000, 8_000]);
    assert_eq!(Codec::ALL.map(|codec| codec.rate_beside(16_000)), [8_000, 8_000, 16_000, 16_000]);
}

#[test]
fn opus_makes_nothing_of_a_length_it_has_no_frame_for() {
    let mut out = vec![7];
    Encoder::new(Codec::Opus).encode(&[0; 333], &mut out);
    assert_eq!(out, [7]);
}

#[test]
fn opus_decodes_stereo_and_full_band_of_other_encoders() {
    let encoder = audiopus::coder::Encoder::new(
        audiopus::SampleRate::Hz48000,
        audiopus::Channels::Stereo,
        audiopus::Application::Audio,
    )
    .unwrap();
    let pcm: Vec<i16> = sine(1_000.0, 48_000).into_iter().flat_map(|sample| [sample, sample]).collect();
    let mut decoder = Decoder::new(Codec::Opus);
    let mut out = Vec::new();
    for frame in pcm.chunks(1_920) {
        let mut payload = [0; 1_275];
        let len = encoder.encode(frame, &mut payload).unwrap();
        assert_eq!(decoder.decode(&payload[..len], &mut out), 320);
    }
    assert!(fidelity(&sine(1_000.0, 16_000), &out, 16_000) > 12.0);
}

#[test]
fn a_lost_packet_is_filled_with_what_went_before_and_long_loss_fades_away() {
    for codec in Codec::ALL {
        let rate = codec.sample_rate();
        let pcm = sine(200.0, rate);
        let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
        let mut heard = Vec::new();
        for frame in pcm.chunks(codec.samples(20)).take(20) {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload);
            decoder.decode(&payload, &mut heard);
        }
        let before = energy(&heard[heard.len() / 2..]);
        let mut filled = Vec::new();
        decoder.conceal(codec.samples(20), &mut filled);
        assert_eq!(filled.len(), codec.samples(20));
        assert!(
            (0.3..1.5).contains(&(energy(&filled) / before)),
            "{codec:?}: {} of {before}",
            energy(&filled)
        );
        // No click at the seam: a step no larger than twice that of the sine itself.
        let step = heard[heard.len() - 1].abs_diff(filled[0]);
        assert!(step < 2_600, "{codec:?}: {step}");
        let mut rest = Vec::new();
        (0..25).for_each(|_| decoder.conceal(codec.samples(20), &mut rest));
        let end = energy(&rest[rest.len() - codec.samples(100)..]);
        assert!(end < before / 100.0, "{codec:?}: {end} after half a second");
    }
}

#[test]
fn concealment_meets_the_stream_again_without_a_click() {
    let pcm = sine(180.0, 8_000);
    let (mut encoder, mut decoder) = (Encoder::new(Codec::Pcma), Decoder::new(Codec::Pcma));
    let mut out = Vec::new();
    for (index, frame) in pcm.chunks(160).enumerate() {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload);
        if index % 10 == 7 {
            decoder.conceal(160, &mut out);
        } else {
            decoder.decode(&payload, &mut out);
        }
    }
    let steps = |pcm: &[i16]| pcm.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max().unwrap();
    assert!(steps(&out) < 2 * steps(&pcm), "{} against {}", steps(&out), steps(&pcm));
    assert!(fidelity(&pcm, &out, 8_000) > 8.0);
}

#[test]
fn concealing_before_anything_was_heard_is_silence() {
    for codec in Codec::ALL {
        let mut out = Vec::new();
        let mut decoder = Decoder::new(codec);
        decoder.conceal(333, &mut out);
        decoder.recover(&[], 320, &mut out);
        assert_eq!(out, [0; 653], "{codec:?}");
    }
}

#[test]
fn opus_recovers_a_lost_packet_from_the_one_after_it() {
    let settings = OpusSettings { expected_loss: 20, ..OpusSettings::default() };
    let pcm = voice(16_000);
    let mut encoder = Encoder::with_opus(Codec::Opus, 16_000, settings);
    let payloads: Vec<Vec<u8>> = pcm
        .chunks(320)
        .map(|frame| {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload);
            payload
        })
        .collect();
    let mut whole = Vec::new();
    let mut decoder = Decoder::new(Codec::Opus);
    payloads.iter().for_each(|payload| drop_count(decoder.decode(payload, &mut whole)));
    let play = |recover: bool| {
        let mut decoder = Decoder::new(Codec::Opus);
        let mut out = Vec::new();
        for (index, payload) in payloads.iter().enumerate() {
            match payloads.get(index + 1).filter(|_| index % 5 == 3) {
                Some(next) if recover => decoder.recover(next, 320, &mut out),
                Some(_) => decoder.conceal(320, &mut out),
                None => drop_count(decoder.decode(payload, &mut out)),
            }
        }
        // Without a loss this would be boundless.
        fidelity(&whole, &out, 16_000)
    };
    let (recovered, concealed) = (play(true), play(false));
    assert!(recovered > concealed + 1.0, "{recovered:.1} dB against {concealed:.1} dB");
}

fn drop_count(_: usize) {}

#[test]
fn no_payload_whatever_makes_a_decoder_panic_or_run_away() {
    for codec in Codec::ALL {
        let mut random = random(8);
        let mut decoder = Decoder::new(codec);
        let mut out = Vec::new();
        for _ in 0..5_000 {
            out.clear();
            let payload = random_packet(&mut random, 400);
            let count = decoder.decode(&payload, &mut out);
            assert!(count == out.len() && count <= 1_920, "{codec:?}: {count}");
            let samples = random.next_u32() as usize % 1_000;
            decoder.recover(&payload, samples, &mut out);
            decoder.conceal(samples, &mut out);
            assert_eq!(out.len(), count + 2 * samples, "{codec:?}");
        }
    }
}

#[test]
fn no_samples_whatever_make_an_encoder_panic() {
    for codec in Codec::ALL {
        let mut random = random(9);
        let mut encoder = Encoder::new(codec);
        for _ in 0..500 {
            let len = random.next_u32() as usize % 1_100;
            let pcm: Vec<i16> = (0..len).map(|_| random.next_u32() as i16).collect();
            encoder.encode(&pcm, &mut Vec::new());
        }
    }
}
