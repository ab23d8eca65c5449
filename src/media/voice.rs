//! What speech should be like that the box plays: trimmed, and as loud as its prompts.

use crate::program::{Clip, RATE};

/// Active speech, RMS against full scale: some 3 dB above the nominal level of telephone speech, which a machine's voice
/// needs (dBov).
const LEVEL_DBOV: f64 = -23.0;
/// No more is added; what is quieter than that is noise.
const GAIN_MAX_DB: f64 = 12.0;
/// The loudest sample there may be.
const PEAK_DBFS: f64 = -2.0;
/// Quieter than this at either end is silence.
const SILENCE_DBFS: f64 = -50.0;
/// Frames of which more than this under the loudest are pauses.
const PAUSE_DB: f64 = 35.0;
/// 20 ms.
const FRAME: usize = RATE as usize / 50;

/// Speech without the silence around it, at the level of the prompts; none where it is all silence.
pub fn levelled(clip: &Clip) -> Option<Clip> {
    let speech = trimmed(clip.samples())?;
    let powers: Vec<f64> = speech.chunks(FRAME).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let floor = loudest / ratio(PAUSE_DB).powi(2);
    let active: Vec<f64> = powers.into_iter().filter(|power| *power >= floor).collect();
    let level = (active.iter().sum::<f64>() / active.len() as f64).sqrt();
    let peak = f64::from(speech.iter().map(|sample| sample.unsigned_abs()).max()?);
    let wanted = FULL * ratio(LEVEL_DBOV) / level;
    let gain = wanted.min(ratio(GAIN_MAX_DB)).min(FULL * ratio(PEAK_DBFS) / peak);
    // A float cast saturates.
    let louder: Vec<i16> = speech.iter().map(|sample| (f64::from(*sample) * gain).round() as i16).collect();
    Some(Clip::new(RATE, &louder))
}

const FULL: f64 = 32_768.0;

fn ratio(db: f64) -> f64 {
    10_f64.powf(db / 20.0)
}

fn power(frame: &[i16]) -> f64 {
    frame.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / frame.len().max(1) as f64
}

fn trimmed(samples: &[i16]) -> Option<&[i16]> {
    let floor = FULL * ratio(SILENCE_DBFS);
    let is_loud = |sample: &i16| f64::from(sample.unsigned_abs()) >= floor;
    let first = samples.iter().position(is_loud)?;
    let last = samples.iter().rposition(is_loud)?;
    samples.get(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(amplitude: f64, ms: usize) -> Vec<i16> {
        let wave = |at: usize| (amplitude * (at as f64 * 0.2).sin()) as i16;
        (0..ms * RATE as usize / 1000).map(wave).collect()
    }

    fn level_dbov(clip: &Clip) -> f64 {
        20.0 * (power(clip.samples()).sqrt() / FULL).log10()
    }

    #[test]
    fn speech_comes_out_at_the_prompts_level_without_the_silence_around_it() {
        for amplitude in [1_000.0, 3_000.0, 20_000.0] {
            let sound = [vec![0; 8_000], tone(amplitude, 500), vec![3; 8_000]].concat();
            let levelled = levelled(&Clip::new(RATE, &sound)).expect("speech");
            assert!((level_dbov(&levelled) + 23.0).abs() < 0.3, "{}", level_dbov(&levelled));
            assert!((495..=500).contains(&levelled.duration_ms()), "{levelled:?}");
        }
    }

    #[test]
    fn what_is_far_too_quiet_is_raised_by_no_more_than_may_be() {
        let levelled = levelled(&Clip::new(RATE, &tone(200.0, 500))).expect("speech");
        let peak = levelled.samples().iter().max().copied().expect("samples");
        assert!((780..=800).contains(&peak), "{peak}");
        assert_eq!(super::levelled(&Clip::new(RATE, &[20; 16_000])), None);
        assert_eq!(super::levelled(&Clip::new(RATE, &[])), None);
    }

    #[test]
    fn a_single_shot_does_not_clip() {
        let mut sound = tone(500.0, 500);
        sound[4_000] = i16::MIN;
        let levelled = levelled(&Clip::new(RATE, &sound)).expect("speech");
        assert!(levelled.samples().iter().all(|sample| sample.unsigned_abs() <= 26_100));
    }
}
