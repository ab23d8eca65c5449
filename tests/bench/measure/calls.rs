//! Calls between two phones, the caller proving itself by digest, hung up at once.

use crate::load::dialogue::{Load, Plan};
use crate::load::exchange::{Exchange, site};
use crate::load::figures::{ms, quantile};
use crate::load::pause;
use crate::load::phones::Phones;
use crate::load::registering::register;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;

const USERS: usize = 500;
/// Runs of which the best counts: others use the machine as well.
const RUNS: usize = 3;

/// Processor time of a call at several rates.
pub(crate) fn measure() -> Result<Value> {
    let (exchange, mut load) = ready(USERS)?;
    load.make(plan(200, 200.0))?;
    let mut figures = json!({ "users": USERS });
    for rate in [50, 250, 1000] {
        let mut best = f64::MAX;
        for _ in 0..RUNS {
            let calls = (rate * 3).min(2000);
            let cpu = exchange.processor()?;
            let outcome = load.make(plan(calls, rate as f64))?;
            // The records of the last calls are written a moment later.
            pause(Duration::from_millis(200));
            let spent = exchange.processor()? - cpu;
            ensure!(
                outcome.good == calls,
                "of {calls} calls failed {:?}\n{}",
                outcome.failed,
                exchange.log()
            );
            best = best.min(ms(spent) / calls as f64);
        }
        figures[format!("at_{rate}_per_s_cpu_ms")] = ((best * 1000.0).round() / 1000.0).into();
    }
    Ok(figures)
}

/// How long until it rings, at 20 calls a second.
pub(crate) fn measure_ringing() -> Result<Value> {
    let (exchange, mut load) = ready(100)?;
    load.make(plan(100, 50.0))?;
    let mut best: Option<[Duration; 4]> = None;
    for _ in 0..RUNS {
        let mut outcome = load.make(Plan { hold: Some(Duration::from_millis(100)), ..plan(120, 20.0) })?;
        ensure!(outcome.failures() == 0, "failed {:?}\n{}", outcome.failed, exchange.log());
        let run = [
            quantile(&mut outcome.ringing_proved, 0.5),
            quantile(&mut outcome.ringing_proved, 0.99),
            quantile(&mut outcome.ringing, 0.5),
            quantile(&mut outcome.ringing, 0.99),
        ];
        best = best.filter(|best| best[0] <= run[0]).or(Some(run));
    }
    let [median, slow, whole, whole_slow] = best.unwrap_or_default().map(ms);
    Ok(json!({
        "invite_180_median_ms": median, "invite_180_p99_ms": slow,
        "with_challenge_median_ms": whole, "with_challenge_p99_ms": whole_slow,
    }))
}

/// A box with so many registered phones.
pub(super) fn ready(users: usize) -> Result<(Exchange, Load)> {
    let exchange = Exchange::with_site(&site(users))?;
    let mut phones = Phones::new(users, exchange.sip())?;
    register(&mut phones, 1, 32)?;
    Ok((exchange, Load::new(phones)))
}

fn plan(calls: usize, rate: f64) -> Plan {
    Plan { calls, rate, hold: Some(Duration::ZERO), patience: Duration::from_secs(4) }
}
