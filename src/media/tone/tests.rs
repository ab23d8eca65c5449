use super::*;

/// Milliseconds of sound and silence by turns.
fn cadence(tone: Tone, sample_rate: u32, seconds: usize) -> Vec<usize> {
    let mut generator = Generator::new(tone, sample_rate);
    let mut pcm = Vec::new();
    for _ in 0..seconds * 50 {
        generator.generate(sample_rate as usize / 50, &mut pcm);
    }
    let per_ms = sample_rate as usize / 1_000;
    let sounding: Vec<bool> =
        pcm.chunks(10 * per_ms).map(|part| part.iter().any(|sample| *sample != 0)).collect();
    sounding.chunk_by(|a, b| a == b).map(|run| run.len() * 10).collect()
}

#[test]
fn the_swedish_tones_have_their_cadences() {
    for sample_rate in [8_000, 16_000] {
        assert_eq!(cadence(Tone::RINGING, sample_rate, 12), [1_000, 5_000, 1_000, 5_000]);
        assert_eq!(cadence(Tone::BUSY, sample_rate, 1), [250, 250, 250, 250]);
        assert_eq!(cadence(Tone::CONGESTION, sample_rate, 2), [250, 750, 250, 750]);
        assert_eq!(cadence(Tone::DIAL, sample_rate, 3), [3_000]);
        assert_eq!(cadence(Tone::BEEP, sample_rate, 1), [300, 700]);
    }
}

#[test]
fn a_tone_has_its_frequency_and_level_for_hours() {
    for sample_rate in [8_000_u32, 16_000] {
        let mut oscillator = Oscillator::new(425.0, -13.0, sample_rate);
        for _ in 0..sample_rate * 600 {
            oscillator.next();
        }
        let wave: Vec<f32> = (0..sample_rate).map(|_| oscillator.next()).collect();
        let rises = wave.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert!((424..=426).contains(&rises), "{rises} Hz");
        let peak = wave.iter().copied().fold(0.0, f32::max);
        assert!((peak / 22_830.0 - 0.2239).abs() < 0.002, "peak {peak}");
    }
}

#[test]
fn a_beep_ends_and_a_cadence_of_nothing_is_silent() {
    let mut beep = Generator::new(Tone::BEEP, 8_000);
    beep.generate(2_400, &mut Vec::new());
    assert!(!beep.is_finished());
    beep.generate(1, &mut Vec::new());
    assert!(beep.is_finished());
    for cadence in [&[][..], &[0, 0]] {
        let mut out = Vec::new();
        Generator::new(Tone { frequencies: &[425], cadence, repeats: true }, 8_000).generate(80, &mut out);
        assert_eq!(out, [0; 80]);
    }
}
