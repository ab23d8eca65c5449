//! Concealment of lost packets for codecs without their own: the last pitch period goes on, and fades.
//!
//! In the manner of G.711 appendix I: the period is found by correlation in what was heard last, repeated with a
//! smooth seam, held for 10 ms, faded to silence by 60 ms, and crossed over into the first packet that comes again.

/// Bounds of the pitch period, in samples at 8 kHz: 66 to 200 Hz is speech, and double it still repeats well.
const PERIOD_MIN: usize = 40;
const PERIOD_MAX: usize = 120;
/// At 8 kHz: the stretch compared, 20 ms; the seam, 2.5 ms; the hold, 10 ms; silence after 60 ms.
const COMPARED: usize = 160;
const SEAM: usize = 20;
const HOLD: usize = 80;
const SILENT: usize = 480;

#[derive(Clone, Debug)]
pub(super) struct Concealment {
    /// 1 at 8 kHz, 2 at 16.
    scale: usize,
    /// What was heard last, oldest first, at most as long as period and stretch together.
    history: Vec<i16>,
    /// The period being repeated, and how many samples of it have been made.
    running: Option<Running>,
}

#[derive(Clone, Debug)]
struct Running {
    period: Vec<i16>,
    made: usize,
}

impl Concealment {
    pub(super) const fn new(sample_rate: u32) -> Self {
        Self { scale: if sample_rate > 8_000 { 2 } else { 1 }, history: Vec::new(), running: None }
    }

    /// Takes note of decoded sound, `out[from..]`, and crosses over into it after a loss.
    pub(super) fn heard(&mut self, out: &mut [i16]) {
        if let Some(mut running) = self.running.take() {
            let seam = (2 * SEAM * self.scale).min(out.len());
            for (index, sample) in out[..seam].iter_mut().enumerate() {
                let made = i32::from(running.next(self.scale));
                let (old, new) = ((seam - index) as i32, index as i32);
                *sample = ((made * old + i32::from(*sample) * new) / seam as i32) as i16;
            }
        }
        let keep = (PERIOD_MAX + COMPARED) * self.scale;
        if out.len() >= keep {
            self.history.clear();
            self.history.extend_from_slice(&out[out.len() - keep..]);
        } else {
            let surplus = (self.history.len() + out.len()).saturating_sub(keep);
            self.history.drain(..surplus.min(self.history.len()));
            self.history.extend_from_slice(out);
        }
    }

    /// Appends `samples` that continue what was heard.
    pub(super) fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) {
        let (history, scale) = (&self.history, self.scale);
        let running =
            self.running.get_or_insert_with(|| Running { period: last_period(history, scale), made: 0 });
        out.extend((0..samples).map(|_| running.next(scale)));
    }
}

impl Running {
    fn next(&mut self, scale: usize) -> i16 {
        let made = self.made;
        self.made = made.saturating_add(1);
        let (hold, silent) = (HOLD * scale, SILENT * scale);
        if made >= silent || self.period.is_empty() {
            return 0;
        }
        let sample = i32::from(self.period[made % self.period.len()]);
        let left = (silent - made).min(silent - hold) as i32;
        (sample * left / (silent - hold) as i32) as i16
    }
}

/// The last pitch period, its end bent so that it runs on smoothly into its own beginning.
fn last_period(history: &[i16], scale: usize) -> Vec<i16> {
    let (longest, compared, seam) = (PERIOD_MAX * scale, COMPARED * scale, SEAM * scale);
    if history.len() < longest + compared {
        return Vec::new();
    }
    let period = (PERIOD_MIN * scale..=longest)
        .max_by(|a, b| likeness(history, compared, *a).total_cmp(&likeness(history, compared, *b)))
        .unwrap_or(longest);
    let start = history.len() - period;
    let mut last = history[start..].to_vec();
    for index in 0..seam {
        // Towards the end, what came before the period's beginning fades in.
        let (old, new) = ((seam - index) as i32, index as i32 + 1);
        let before = i32::from(history[start - seam + index]);
        let end = &mut last[period - seam + index];
        *end = ((i32::from(*end) * old + before * new) / (seam as i32 + 1)) as i16;
    }
    last
}

/// Normalised correlation of the last stretch with the one `lag` before it.
fn likeness(history: &[i16], compared: usize, lag: usize) -> f32 {
    let end = history.len();
    let recent = &history[end - compared..];
    let earlier = &history[end - compared - lag..end - lag];
    let (mut product, mut energy) = (0_i64, 1_i64);
    for (recent, earlier) in recent.iter().zip(earlier).step_by(2) {
        product += i64::from(*recent) * i64::from(*earlier);
        energy += i64::from(*earlier) * i64::from(*earlier);
    }
    product as f32 / (energy as f32).sqrt()
}
