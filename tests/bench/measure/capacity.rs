//! Calls a second that go through without one failure: step by step until one fails.

use super::calls::ready;
use crate::load::dialogue::Plan;
use crate::load::figures::{ms, quantile};
use crate::load::pause;
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;

const STEPS: [usize; 10] = [250, 500, 750, 1000, 1250, 1500, 1750, 2000, 2500, 3000];
/// So many that nobody is called again while his last call still ends; he would be busy.
const USERS: usize = 1600;
/// How long a step lasts.
const STEP: usize = 4;

/// Steps up; a step that fails is tried once more, because the machine is shared.
pub(crate) fn measure() -> Result<Value> {
    let (exchange, mut load) = ready(USERS)?;
    let mut steps = Vec::new();
    let mut held = 0;
    for rate in STEPS {
        let mut passed = false;
        for _ in 0..2 {
            let cpu = exchange.processor()?;
            let hold = Some(Duration::ZERO);
            let patience = Duration::from_secs(4);
            let mut outcome = load.make(Plan { calls: rate * STEP, rate: rate as f64, hold, patience })?;
            let spent = exchange.processor()? - cpu;
            passed = outcome.failures() == 0 && outcome.good == rate * STEP;
            steps.push(json!({
                "per_s": rate, "failed": outcome.failed, "good": outcome.good,
                "cpu_ms": ((ms(spent) / (rate * STEP) as f64) * 1000.0).round() / 1000.0,
                "invite_180_p99_ms": ms(quantile(&mut outcome.ringing, 0.99)),
            }));
            pause(Duration::from_millis(500));
            if passed {
                break;
            }
        }
        if !passed {
            break;
        }
        held = rate;
    }
    Ok(json!({ "held_per_s": held, "steps": steps }))
}
