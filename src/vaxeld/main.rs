//! `vaxeld [--config FILE] [--demo]`.

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use vaxeld::config::Config;
use vaxeld::{daemon, log};

/// A business telephone exchange in a box.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The box's own configuration [default: /etc/vaxel/vaxel.toml, or all defaults where that is not there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Put a small demo company in force on an empty box
    #[arg(long)]
    demo: bool,
}

const DEFAULT: &str = "/etc/vaxel/vaxel.toml";

#[allow(clippy::print_stderr)] // before logging is set up there is nothing else to say it by
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match &arguments.config {
        Some(path) => Config::read(path),
        None if PathBuf::from(DEFAULT).exists() => Config::read(DEFAULT.as_ref()),
        None => Ok(Config::default()),
    };
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            eprintln!("vaxeld: {error}");
            return ExitCode::from(2);
        }
    };
    let recent = log::start(&config.log);
    match daemon::run(daemon::Options { config, demo: arguments.demo }, recent) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
