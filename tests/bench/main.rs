//! Measurements of the real daemon, built for release, on loopback. `bench NAME…` measures, without a name lists.
//!
//! Every measurement prints one line of JSON. What counts is the processor time of the daemon's process, read from
//! the kernel; the phones are one frugal program of ours ([`load`]), whose own costs are outside these figures.

mod load;
mod measure;

use anyhow::{Result, bail};
use measure::MEASUREMENTS;

#[allow(clippy::print_stdout)] // the figures are what this program is for
fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if wanted.is_empty() {
        for (name, what, _) in MEASUREMENTS {
            println!("{name:<16}{what}");
        }
        return Ok(());
    }
    load::raise_file_limit();
    for name in &wanted {
        let known = MEASUREMENTS.iter().filter(|(known, _, _)| known == name || name == "all");
        let mut found = false;
        for (name, _, measure) in known {
            found = true;
            let mut figures = measure()?;
            figures["measured"] = (*name).into();
            println!("{figures}");
        }
        if !found {
            bail!("there is no measurement '{name}'");
        }
    }
    Ok(())
}
