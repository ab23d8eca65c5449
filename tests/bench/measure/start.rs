//! From starting the process to its first answer on the control socket.

use crate::load::exchange::{Exchange, site};
use crate::load::figures::ms;
use anyhow::Result;
use serde_json::{Value, json};

/// Starts; the machine is shared, so the best and the middle one are told.
const TIMES: usize = 9;

/// Starts without a site, and with one of 500 users.
pub(crate) fn measure() -> Result<Value> {
    let empty = starts(Exchange::start()?)?;
    let full = starts(Exchange::with_site(&site(500))?)?;
    Ok(json!({
        "empty_best_ms": ms(empty[0]), "empty_median_ms": ms(empty[TIMES / 2]),
        "users_500_best_ms": ms(full[0]), "users_500_median_ms": ms(full[TIMES / 2]),
    }))
}

fn starts(mut exchange: Exchange) -> Result<Vec<std::time::Duration>> {
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        exchange.stop()?;
        times.push(exchange.start_again()?);
    }
    times.sort_unstable();
    Ok(times)
}
