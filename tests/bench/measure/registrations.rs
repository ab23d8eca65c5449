//! Registrations with digest, each kept durably before it is answered.

use crate::load::exchange::{Exchange, site};
use crate::load::figures::{ms, rounded};
use crate::load::now;
use crate::load::phones::Phones;
use crate::load::registering::register;
use anyhow::Result;
use serde_json::{Value, json};

const USERS: usize = 500;
const TIMES: usize = 6;

/// One after the other, and many at once; the best of three runs each.
pub(crate) fn measure() -> Result<Value> {
    let exchange = Exchange::with_site(&site(USERS))?;
    let mut phones = Phones::new(USERS, exchange.sip())?;
    register(&mut phones, 1, 32)?;
    let mut figures = json!({ "users": USERS });
    for (at_once, name) in [(1, "one_by_one"), (32, "32_at_once")] {
        let mut best = (f64::MAX, 0.0);
        for _ in 0..3 {
            let (cpu, began) = (exchange.processor()?, now());
            let times = if at_once == 1 { 1 } else { TIMES };
            let count = register(&mut phones, times, at_once)?;
            let spent = exchange.processor()? - cpu;
            let rate = count as f64 / began.elapsed().as_secs_f64();
            let each = ms(spent) / count as f64;
            if each < best.0 {
                best = (each, rate);
            }
        }
        figures[format!("{name}_cpu_ms")] = ((best.0 * 1000.0).round() / 1000.0).into();
        figures[format!("{name}_per_s")] = rounded(best.1).into();
    }
    Ok(figures)
}
