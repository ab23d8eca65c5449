//! Lamps: 250 users, each watched by 20, while they call each other.

use super::calls::ready;
use crate::load::dialogue::Plan;
use crate::load::figures::{ms, rounded};
use crate::load::watching::Watching;
use crate::load::{now, pause};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;

const USERS: usize = 250;
const WATCHERS: usize = 20;
/// Calls a second, and how many.
const RATE: f64 = 20.0;
const CALLS: usize = 100;
/// Calls that begin at the same moment.
const AT_ONCE: usize = 10;
const HOLD: Duration = Duration::from_secs(1);

/// Processor time of a lamp told, and how long ten calls at once take to show.
pub(crate) fn measure() -> Result<Value> {
    let (exchange, mut load) = ready(USERS)?;
    let plan = Plan { calls: CALLS, rate: RATE, hold: Some(HOLD), patience: Duration::from_secs(4) };
    let mut bare = Duration::MAX;
    for _ in 0..2 {
        let cpu = exchange.processor()?;
        ensure!(load.make(plan)?.failures() == 0, "calls fail\n{}", exchange.log());
        bare = bare.min(exchange.processor()? - cpu);
    }
    let cpu = exchange.processor()?;
    let watching = Watching::start(WATCHERS, USERS, exchange.sip())?;
    let subscribed = exchange.processor()? - cpu;
    let (cpu, began) = (exchange.processor()?, now());
    ensure!(load.make(plan)?.failures() == 0, "watched calls fail\n{}", exchange.log());
    let watched = exchange.processor()? - cpu;
    let ended = now();
    // The last lamps go out.
    pause(Duration::from_secs(1));
    let together = now();
    let all = Plan { calls: AT_ONCE, rate: 100_000.0, ..plan };
    ensure!(load.make(all)?.failures() == 0, "calls at once fail\n{}", exchange.log());
    pause(Duration::from_secs(1));
    let told = watching.stop()?;
    let during = told.iter().filter(|at| (began..=ended).contains(*at)).count();
    ensure!(during > 0, "no lamp was told\n{}", exchange.log());
    // What these calls come to is told before they end again.
    let shown = told.iter().map(|at| at.saturating_duration_since(together)).filter(|after| *after < HOLD);
    let shown: Vec<Duration> = shown.filter(|after| !after.is_zero()).collect();
    ensure!(shown.len() >= 2 * AT_ONCE * WATCHERS, "only {} lamps were told of ten calls", shown.len());
    Ok(json!({
        "users": USERS, "watchers_each": WATCHERS,
        "subscription_cpu_ms": rounded3(ms(subscribed) / (USERS * WATCHERS) as f64),
        "told": during, "told_per_call": rounded(during as f64 / CALLS as f64),
        "told_cpu_ms": rounded3(ms(watched.saturating_sub(bare)) / during as f64),
        "ten_calls_shown_after_ms": shown.iter().max().copied().map(ms),
    }))
}

fn rounded3(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
