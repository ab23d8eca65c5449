//! `status`: how the box is.

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::Table;
use model::{Command, Reply, Status};

pub(super) fn run(session: &mut Session) -> Result<(), Error> {
    match session.ask(Command::Status)? {
        Reply::Status(status) => session.answer(&status, text),
        other => Err(unexpected(&other)),
    }
}

fn text(status: &Status, clock: &Clock) -> String {
    let mut facts = Table::bare();
    facts.row(["company".into(), status.company.clone().unwrap_or_else(|| "(no site applied yet)".into())]);
    facts.row(["version".into(), status.version.clone()]);
    facts.row(["started".into(), clock.moment(status.started)]);
    facts.row(["calls".into(), status.calls.to_string()]);
    facts.row(["registrations".into(), status.registrations.to_string()]);
    facts.row(["trunks up".into(), format!("{} of {}", status.trunks_up, status.trunks)]);
    let mut text = facts.text();
    if status.alarms.is_empty() {
        text.push_str("\nNothing needs you.\n");
        return text;
    }
    let mut alarms = Table::new(["since", "alarm", "what to do"]);
    for alarm in &status.alarms {
        alarms.row([clock.moment(alarm.since), alarm.alarm.clone(), alarm.text.clone()]);
    }
    text.push('\n');
    text.push_str(&alarms.text());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Alarm;

    fn status() -> Status {
        Status {
            version: "0.1.0".into(),
            started: "2026-06-01T06:00:00Z".parse().unwrap(),
            company: Some("Exempel AB".into()),
            calls: 2,
            registrations: 5,
            trunks_up: 1,
            trunks: 2,
            alarms: Vec::new(),
        }
    }

    #[test]
    fn a_healthy_box_says_that_nothing_needs_you() {
        let expected = "\
company        Exempel AB
version        0.1.0
started        2026-06-01 08:00:00
calls          2
registrations  5
trunks up      1 of 2

Nothing needs you.
";
        assert_eq!(text(&status(), &Clock::stockholm()), expected);
    }

    #[test]
    fn alarms_come_with_what_to_do() {
        let alarm = Alarm {
            alarm: "disk-full".into(),
            text: "The disk is full: free some space.".into(),
            since: "2026-12-01T06:00:00Z".parse().unwrap(),
        };
        let shown = text(&Status { alarms: vec![alarm], ..status() }, &Clock::stockholm());
        let expected = "\
since                alarm      what to do
2026-12-01 07:00:00  disk-full  The disk is full: free some space.
";
        assert!(shown.ends_with(expected), "{shown}");
    }

    #[test]
    fn a_new_box_has_no_company_yet() {
        let shown = text(&Status { company: None, ..status() }, &Clock::stockholm());
        assert!(shown.starts_with("company        (no site applied yet)\n"), "{shown}");
    }
}
