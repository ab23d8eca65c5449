use std::f64::consts::TAU;

use super::*;

fn sine(hertz: f64, rate: u32, amplitude: f64) -> Vec<i16> {
    (0..rate)
        .map(|n| (amplitude * (TAU * hertz * f64::from(n) / f64::from(rate)).sin()).round() as i16)
        .collect()
}

/// A second converted in 20 ms portions, with the beginning, where the filter fills, left off.
fn converted(pcm: &[i16], from: u32, to: u32) -> Vec<i16> {
    let mut resampler = Resampler::new(from, to);
    let mut out = Vec::new();
    for (index, frame) in pcm.chunks(from as usize / 50).enumerate() {
        resampler.process(frame, &mut out);
        assert_eq!(out.len(), (index + 1) * to as usize / 50, "{from} to {to}");
    }
    out.split_off(to as usize / 20)
}

/// Decibels of a signal against a sine of 10 000.
fn level(pcm: &[i16]) -> f64 {
    let power: f64 = pcm.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / pcm.len() as f64;
    10.0 * (power.max(1e-9) / 5e7).log10()
}

/// What remains of a signal when its sine of a known frequency is taken out.
fn without(pcm: &[i16], hertz: f64, rate: u32) -> Vec<i16> {
    let angle = |n: usize| TAU * hertz * n as f64 / f64::from(rate);
    let sum = |wave: fn(f64) -> f64| {
        let product: f64 =
            pcm.iter().enumerate().map(|(n, sample)| f64::from(*sample) * wave(angle(n))).sum();
        product * 2.0 / pcm.len() as f64
    };
    let (a, b) = (sum(f64::sin), sum(f64::cos));
    let rest =
        |(n, sample): (usize, &i16)| (f64::from(*sample) - a * angle(n).sin() - b * angle(n).cos()) as i16;
    pcm.iter().enumerate().map(rest).collect()
}

const PAIRS: [(u32, u32); 6] =
    [(8_000, 16_000), (16_000, 8_000), (8_000, 48_000), (48_000, 8_000), (16_000, 48_000), (48_000, 16_000)];

#[test]
fn the_pass_band_is_even() {
    for (from, to) in PAIRS {
        let edge = f64::from(from.min(to)) / 2.0 * 0.85;
        for share in [0.02, 0.1, 0.3, 0.5, 0.8, 0.95, 1.0] {
            let gain = level(&converted(&sine(edge * share, from, 10_000.0), from, to));
            assert!(gain.abs() < 0.25, "{from} to {to}: {gain:.2} dB at {:.0} Hz", edge * share);
        }
    }
}

#[test]
fn aliases_are_sixty_decibels_down() {
    for (from, to) in [(16_000, 8_000), (48_000, 8_000), (48_000, 16_000)] {
        let half = f64::from(to) / 2.0;
        let mut hertz = half * 1.06;
        while hertz < f64::from(from) / 2.0 {
            let alias = level(&converted(&sine(hertz, from, 10_000.0), from, to));
            assert!(alias < -60.0, "{from} to {to}: {alias:.1} dB from {hertz:.0} Hz");
            hertz += half / 17.0;
        }
    }
}

#[test]
fn images_and_distortion_are_sixty_decibels_down() {
    for (from, to) in PAIRS {
        for hertz in [400.0, 1_000.0, 3_000.0, 3_360.0] {
            let out = converted(&sine(hertz, from, 10_000.0), from, to);
            let rest = level(&without(&out, hertz, to));
            assert!(rest < -60.0, "{from} to {to}: {rest:.1} dB beside {hertz} Hz");
        }
    }
}

#[test]
fn full_scale_saturates_and_does_not_wrap() {
    for (from, to) in PAIRS {
        // Half a period of 5 ms; the overshoot of the filter's corners is beyond what a sample holds.
        let square: Vec<i16> =
            (0..from).map(|n| if n / (from / 200) % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let out = converted(&square, from, to);
        assert!(out.contains(&i16::MAX) && out.contains(&i16::MIN), "{from} to {to}");
        let (half, delay) = (to as usize / 200, 24 * to as usize / from.min(to) as usize);
        for (index, part) in out[delay..].chunks_exact(half).enumerate() {
            let middle = &part[half / 4..half * 3 / 4];
            let up = index % 2 == 0;
            assert!(
                middle.iter().all(|sample| (*sample > 20_000) == up && (*sample < -20_000) != up),
                "{from} to {to}"
            );
        }
    }
}

#[test]
fn portions_of_any_length_give_the_same_as_one() {
    for (from, to) in [(8_000, 48_000), (48_000, 8_000), (44_100, 16_000), (16_000, 11_025)] {
        let pcm = sine(700.0, from, 9_000.0);
        let (mut whole, mut pieces) = (Vec::new(), Vec::new());
        Resampler::new(from, to).process(&pcm, &mut whole);
        let mut resampler = Resampler::new(from, to);
        let (mut rest, mut len) = (pcm.as_slice(), 1);
        while !rest.is_empty() {
            let (now, later) = rest.split_at(len.min(rest.len()));
            resampler.process(now, &mut pieces);
            (rest, len) = (later, len * 7 % 311);
        }
        assert_eq!(whole, pieces, "{from} to {to}");
        assert!(whole.len().abs_diff(to as usize) <= 1);
    }
}

#[test]
fn rates_beyond_reason_are_bounded() {
    for (from, to) in [(0, u32::MAX), (u32::MAX, 0), (7_919, 383_987), (0, 0)] {
        let mut out = Vec::new();
        let mut resampler = Resampler::new(from, to);
        resampler.process(&[1_000; 2_000], &mut out);
        assert!(resampler.filter.len() < 4_000_000 && out.len() <= 2_000 * 384, "{from} to {to}");
    }
}
