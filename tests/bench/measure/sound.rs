//! 100 calls with sound in both directions, a packet every 20 ms from each of 200 phones.

use super::calls::ready;
use crate::load::bare::Bare;
use crate::load::dialogue::{Load, Plan};
use crate::load::exchange::Exchange;
use crate::load::figures::{ms, quantile, rounded};
use crate::load::phones::SOUND;
use crate::load::talk::{Heard, Talk};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::net::SocketAddrV4;
use std::time::Duration;

const CALLS: usize = 100;
const RUN: Duration = Duration::from_secs(4);
const RUNS: usize = 3;
/// After a change of who talks to whom: the box settles on its peers within two seconds.
const SETTLING: Duration = Duration::from_secs(3);
/// After phones have talked to somebody else for a while.
const RETURNING: Duration = Duration::from_millis(500);
const G711: &str = "PCMA/8000";

/// One speaks G.711, the other Opus.
pub(crate) fn measure_transcoding() -> Result<Value> {
    let (exchange, mut load, mut talk) = talking("opus/48000/2")?;
    let mut best = Run::default();
    for _ in 0..RUNS {
        best.keep(run(|| exchange.processor(), &mut talk, &mut load)?);
    }
    Ok(best.figures())
}

/// Both phones speak G.711. The box and the bare loop take turns, so that both meet the same moments of the machine.
pub(crate) fn measure_relay() -> Result<Value> {
    let (exchange, mut load, mut talk) = talking(G711)?;
    let pairs: Vec<_> = load.pairs().collect();
    let sound = |load: &mut Load, phone| SocketAddrV4::new(*load.phones.get(phone).address.ip(), SOUND);
    let addresses: Vec<_> = (0..2 * CALLS).map(|phone| sound(&mut load, phone)).collect();
    let bare = Bare::start(&addresses, &pairs)?;
    let (mut best, mut least) = (Run::default(), Run::default());
    for _ in 0..RUNS {
        best.keep(run(|| exchange.processor(), &mut talk, &mut load)?);
        talk.aim(&mut load.phones, |phone, _| bare.ports.get(phone).copied())?;
        talk.run(&mut load.phones, RETURNING)?;
        least.keep(run(|| bare.processor(), &mut talk, &mut load)?);
        talk.aim(&mut load.phones, |_, phone| phone.peer)?;
        talk.run(&mut load.phones, RETURNING)?;
    }
    let mut figures = best.figures();
    figures["bare_loop_us_per_packet"] = rounded(least.us_per_packet()).into();
    figures["ratio_to_bare_loop"] = rounded(best.us_per_packet() / least.us_per_packet()).into();
    figures["delay_median_ms"] = ms(quantile(&mut best.heard.delays, 0.5)).into();
    figures["delay_p99_ms"] = ms(quantile(&mut best.heard.delays, 0.99)).into();
    figures["bare_loop_delay_median_ms"] = ms(quantile(&mut least.heard.delays, 0.5)).into();
    Ok(figures)
}

/// A box with its calls up and everybody talking.
fn talking(codec: &'static str) -> Result<(Exchange, Load, Talk)> {
    let (exchange, mut load) = ready(2 * CALLS)?;
    for callee in CALLS..2 * CALLS {
        load.phones.get(callee).codec = codec;
    }
    let outcome =
        load.make(Plan { calls: CALLS, rate: 100.0, hold: None, patience: Duration::from_secs(4) })?;
    ensure!(outcome.good == CALLS, "failed {:?}\n{}", outcome.failed, exchange.log());
    let pairs: Vec<_> = load.pairs().collect();
    let mut talk = Talk::new(&mut load.phones, pairs.into_iter())?;
    talk.run(&mut load.phones, SETTLING)?;
    Ok((exchange, load, talk))
}

/// One run: what was heard, and the processor time it took.
#[derive(Default)]
struct Run {
    heard: Heard,
    processor: Duration,
}

impl Run {
    /// Keeps the cheaper of two by what arrived: a disturbed run is dearer, or loses packets and is no cheaper for it.
    fn keep(&mut self, other: Self) {
        if self.processor.is_zero() || other.us_per_packet() < self.us_per_packet() {
            *self = other;
        }
    }

    fn us_per_packet(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.heard.arrived.max(1) as f64
    }

    fn figures(&self) -> Value {
        json!({
            "cpu_percent_of_a_core": rounded(self.processor.as_secs_f64() / RUN.as_secs_f64() * 100.0),
            "cpu_us_per_packet": rounded(self.us_per_packet()),
            "packets_sent": self.heard.sent, "packets_arrived": self.heard.arrived,
        })
    }
}

fn run(processor: impl Fn() -> Result<Duration>, talk: &mut Talk, load: &mut Load) -> Result<Run> {
    let before = processor()?;
    let heard = talk.run(&mut load.phones, RUN)?;
    Ok(Run { heard, processor: processor()? - before })
}
