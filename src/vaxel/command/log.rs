//! `log`: the newest lines of the box's own log.

use crate::error::Error;
use crate::session::{Session, unexpected};
use crate::table::printable;
use clap::Args;
use model::{Command, Reply};
use serde::Serialize;

/// How much of the log.
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// At most so many lines, the newest.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
}

/// A line as JSON: a listing is an array of objects.
#[derive(Serialize)]
struct Line {
    line: String,
}

pub(super) fn run(log: &Log, session: &mut Session) -> Result<(), Error> {
    match session.ask(Command::Log { limit: log.limit })? {
        Reply::Log(lines) => {
            let lines: Vec<Line> = lines.into_iter().map(|line| Line { line }).collect();
            session.answer(&lines, |lines, _| lines.iter().map(|line| printable(&line.line) + "\n").collect())
        }
        other => Err(unexpected(&other)),
    }
}
