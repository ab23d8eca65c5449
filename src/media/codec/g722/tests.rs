use super::*;

fn sine(hertz: f32, amplitude: f32) -> Vec<i16> {
    let angle = |n: u32| std::f32::consts::TAU * hertz * n as f32 / 16_000.0;
    (0..16_000).map(|n| (amplitude * angle(n).sin()) as i16).collect()
}

fn through(pcm: &[i16]) -> Vec<i16> {
    let (mut payload, mut out) = (Vec::new(), Vec::new());
    Encoder::new().encode(pcm, &mut payload);
    Decoder::new().decode(&payload, &mut out);
    out
}

fn level(pcm: &[i16]) -> f32 {
    let power: f64 = pcm.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / pcm.len() as f64;
    10.0 * (power.max(1e-9) / 32e6).log10() as f32
}

#[test]
fn both_bands_pass_at_their_level() {
    for hertz in [100.0, 1_000.0, 3_000.0, 5_000.0, 6_800.0] {
        let out = through(&sine(hertz, 8_000.0));
        let gain = level(&out[800..]);
        assert!(gain.abs() < 1.0, "{hertz} Hz at {gain:.2} dB");
    }
}

#[test]
fn silence_is_silent_and_full_scale_does_not_wrap() {
    assert!(level(&through(&[0; 16_000])) < -60.0);
    let square: Vec<i16> = (0..16_000).map(|n| if n / 40 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
    assert!(level(&through(&square)[800..]) > 9.0);
}

#[test]
fn a_portion_of_odd_length_loses_no_sample() {
    let pcm = sine(440.0, 5_000.0);
    let (mut whole, mut pieces) = (Vec::new(), Vec::new());
    Encoder::new().encode(&pcm, &mut whole);
    let mut encoder = Encoder::new();
    pcm.chunks(37).for_each(|piece| encoder.encode(piece, &mut pieces));
    assert_eq!(whole, pieces);
    assert_eq!(whole.len(), 8_000);
}

/// Noise on a triangle at four levels, the first of them silence.
fn reference_sound() -> Vec<i16> {
    let mut random: u32 = 1;
    let sample = |n: i32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (random >> 16) as i32 - 32_768;
        let triangle = (n * 37 % 2_000 - 1_000).abs() * 16 - 8_000;
        ((((noise >> 3) + triangle) * [0, 1, 8, 3][n as usize / 8_000]).div_euclid(10)) as i16
    };
    (0..32_000).map(sample).collect()
}

/// The 64-bit hash of Fowler, Noll and Vo.
fn hash(octets: impl Iterator<Item = u8>) -> u64 {
    octets.fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn both_ways_agree_bit_by_bit_with_spandsp() {
    let (mut payload, mut out) = (Vec::new(), Vec::new());
    Encoder::new().encode(&reference_sound(), &mut payload);
    assert_eq!(hash(payload.iter().copied()), 0x2c61_42d0_5ce2_bebb);
    Decoder::new().decode(&payload, &mut out);
    assert_eq!(hash(out.iter().flat_map(|sample| sample.to_le_bytes())), 0xaf16_4a11_b971_0bcf);
}

#[test]
fn an_encoder_that_follows_another_goes_on_without_a_noise() {
    let (before, after) = (sine(770.0, 9_000.0), sine(400.0, 3_000.0));
    let mut first = Encoder::new();
    let mut sent = Vec::new();
    first.encode(&before, &mut sent);
    let goes_on = |mut encoder: Encoder| {
        let mut decoder = Decoder::new();
        decoder.decode(&sent, &mut Vec::new());
        let (mut payload, mut out) = (Vec::new(), Vec::new());
        encoder.encode(&after[..1_600], &mut payload);
        decoder.decode(&payload, &mut out);
        out
    };
    let best = goes_on(first.clone());
    let noise = |out: &[i16]| {
        let differences: Vec<i16> =
            out.iter().zip(&best).map(|(one, other)| one.saturating_sub(*other)).collect();
        // Not the filter's first samples: what was said before is in its line.
        level(&differences[48..])
    };
    let mut following = Encoder::new();
    following.follow(sent[sent.len() - 800..].iter());
    let (with, without) = (noise(&goes_on(following)), noise(&goes_on(Encoder::new())));
    assert!(with < -25.0 && without > 0.0, "{with} and {without} dB");
}
