//! 100 calls with sound in both directions, a packet every 20 ms from each of 200 phones.

use super::calls::ready;
use crate::load::dialogue::Plan;
use crate::load::figures::{ms, quantile, rounded};
use crate::load::talk::Talk;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;

const CALLS: usize = 100;
const RUN: Duration = Duration::from_secs(4);
const RUNS: usize = 3;

/// Both phones speak G.711.
pub(crate) fn measure_relay() -> Result<Value> {
    measure("PCMA/8000")
}

/// One speaks G.711, the other Opus.
pub(crate) fn measure_transcoding() -> Result<Value> {
    measure("opus/48000/2")
}

fn measure(codec: &'static str) -> Result<Value> {
    let (exchange, mut load) = ready(2 * CALLS)?;
    for callee in CALLS..2 * CALLS {
        load.phones.get(callee).codec = codec;
    }
    let outcome =
        load.make(Plan { calls: CALLS, rate: 100.0, hold: None, patience: Duration::from_secs(4) })?;
    ensure!(outcome.good == CALLS, "failed {:?}\n{}", outcome.failed, exchange.log());
    let pairs: Vec<_> = load.pairs().collect();
    let mut talk = Talk::new(&mut load.phones, pairs.into_iter())?;
    talk.run(&mut load.phones, Duration::from_secs(3))?;
    let mut best = json!({ "cpu_percent_of_a_core": f64::MAX });
    for _ in 0..RUNS {
        let cpu = exchange.processor()?;
        let mut heard = talk.run(&mut load.phones, RUN)?;
        let percent = (exchange.processor()? - cpu).as_secs_f64() / RUN.as_secs_f64() * 100.0;
        if best["cpu_percent_of_a_core"].as_f64().is_some_and(|best| best <= percent) {
            continue;
        }
        best = json!({
            "cpu_percent_of_a_core": rounded(percent),
            "cpu_us_per_packet": rounded(percent * 1e4 * RUN.as_secs_f64() / heard.sent.max(1) as f64),
            "packets_sent": heard.sent, "packets_arrived": heard.arrived,
        });
        if codec == "PCMA/8000" {
            best["delay_median_ms"] = ms(quantile(&mut heard.delays, 0.5)).into();
            best["delay_p99_ms"] = ms(quantile(&mut heard.delays, 0.99)).into();
        }
    }
    Ok(best)
}
