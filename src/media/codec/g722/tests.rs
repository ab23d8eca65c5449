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
