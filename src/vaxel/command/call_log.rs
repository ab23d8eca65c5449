//! `call-log` and `call-log show ID`: finished calls, and the trail of one.

mod show;

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::{Table, or_dash};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use model::{CallId, Command, Direction, LogEntry, Reply};

/// How many a person reads; a program gets all unless it says.
const SCREENFUL: u32 = 50;

/// Which finished calls.
#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true)]
pub(crate) struct CallLog {
    /// At most so many, the newest [default: 50; with --json all].
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    #[command(subcommand)]
    one: Option<One>,
}

/// One finished call.
#[derive(Debug, Subcommand)]
pub(crate) enum One {
    /// One call with every step of its way.
    Show {
        /// The call.
        #[arg(value_name = "ID", value_parser = super::call_id)]
        id: CallId,
    },
}

pub(super) fn run(call_log: &CallLog, session: &mut Session) -> Result<(), Error> {
    if let Some(One::Show { id }) = call_log.one {
        return match session.ask(Command::CallLogShow { id })? {
            Reply::CallLogEntry(record) => session.answer(&*record, show::text),
            other => Err(unexpected(&other)),
        };
    }
    let usual = if session.json { u32::MAX } else { SCREENFUL };
    match session.ask(Command::CallLog { limit: call_log.limit.unwrap_or(usual) })? {
        Reply::CallLog(entries) => session.answer(&entries, text),
        other => Err(unexpected(&other)),
    }
}

fn text(entries: &Vec<LogEntry>, clock: &Clock) -> String {
    let mut table = Table::new(["id", "began", "direction", "from", "to", "talked", "cause", "answered by"]);
    for entry in entries {
        table.row([
            entry.id.to_string(),
            clock.moment(entry.began),
            direction(entry.direction).to_owned(),
            caller(&entry.from),
            entry.to.clone(),
            talked(entry.answered, entry.ended),
            entry.cause.as_str().to_owned(),
            or_dash(entry.answered_device.as_ref()),
        ]);
    }
    table.or("No finished calls.")
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
    }
}

fn caller(from: &str) -> String {
    if from.is_empty() { "(withheld)".to_owned() } else { from.to_owned() }
}

/// Hours, minutes and seconds of conversation.
fn talked(answered: Option<Timestamp>, ended: Timestamp) -> String {
    let Some(answered) = answered else { return "-".to_owned() };
    let seconds = ended.duration_since(answered).as_secs().max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Cause;

    #[test]
    fn each_call_is_a_row() {
        let answered = LogEntry {
            id: CallId(7),
            direction: Direction::Internal,
            from: "201".into(),
            to: "202".into(),
            began: "2026-11-23T12:00:00Z".parse().unwrap(),
            answered: Some("2026-11-23T12:00:03Z".parse().unwrap()),
            ended: "2026-11-23T13:02:08Z".parse().unwrap(),
            cause: Cause::Answered,
            answered_by: Some("bo".into()),
            answered_device: Some("bo-bord".into()),
        };
        let missed = LogEntry {
            id: CallId(6),
            direction: Direction::Inbound,
            from: String::new(),
            answered: None,
            cause: Cause::NoAnswer,
            answered_by: None,
            answered_device: None,
            ..answered.clone()
        };
        let expected = "\
id  began                direction  from        to   talked   cause      answered by
7   2026-11-23 13:00:00  internal   201         202  1:02:05  answered   bo-bord
6   2026-11-23 13:00:00  inbound    (withheld)  202  -        no-answer  -
";
        assert_eq!(text(&vec![answered, missed], &Clock::stockholm()), expected);
    }
}
