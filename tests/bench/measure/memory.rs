//! Memory of calls that are up, with sound in both directions.

use super::calls::ready;
use crate::load::dialogue::Plan;
use crate::load::figures::rounded;
use crate::load::talk::Talk;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;

const CALLS: usize = 200;

/// Before the calls and while they are up. Some calls go first, so that what is set up once is not counted.
pub(crate) fn measure() -> Result<Value> {
    let (exchange, mut load) = ready(2 * CALLS)?;
    let plan = Plan { calls: CALLS, rate: 200.0, hold: None, patience: Duration::from_secs(4) };
    let idle = exchange.resident()?;
    let mut held = [0; 2];
    for resident in &mut held {
        let outcome = load.make(plan)?;
        ensure!(outcome.good == CALLS, "failed {:?}\n{}", outcome.failed, exchange.log());
        let pairs: Vec<_> = load.pairs().collect();
        let mut talk = Talk::new(&mut load.phones, pairs.into_iter())?;
        talk.run(&mut load.phones, Duration::from_secs(2))?;
        *resident = exchange.resident()?;
        load.hang_up()?;
    }
    let mebibytes = |bytes: u64| rounded(bytes as f64 / f64::from(1 << 20));
    let per_100 = |bytes: u64| mebibytes(bytes.saturating_sub(idle) * 100 / CALLS as u64);
    Ok(json!({
        "idle_mib": mebibytes(idle),
        "first_100_calls_mib": per_100(held[0]), "second_time_mib": per_100(held[1]),
    }))
}
