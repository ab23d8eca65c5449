//! `trace ID`: the SIP ladder of a call.

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::{Table, printable};
use clap::Args;
use model::{CallId, Command, Reply, TraceLine};

/// Which call, and how much of it.
#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// The call, running or finished.
    #[arg(value_name = "ID", value_parser = super::call_id)]
    id: CallId,
    /// Print the messages whole.
    #[arg(long)]
    full: bool,
}

pub(super) fn run(trace: &Trace, session: &mut Session) -> Result<(), Error> {
    match session.ask(Command::Trace { id: trace.id })? {
        Reply::Trace(lines) if trace.full => session.answer(&lines, whole),
        Reply::Trace(lines) => session.answer(&lines, ladder),
        other => Err(unexpected(&other)),
    }
}

/// A line a message; the box is to the right of its peers.
fn ladder(lines: &Vec<TraceLine>, clock: &Clock) -> String {
    let mut table = Table::new(["time", "peer", "box", "message"]);
    for line in lines {
        let [time, peer, arrow] = rung(line, clock);
        table.row([time, peer, arrow, line.summary.clone()]);
    }
    table.or("No SIP message of this call is kept.")
}

fn whole(lines: &Vec<TraceLine>, clock: &Clock) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(&printable(&rung(line, clock).join("  ")));
        text.push('\n');
        for part in line.message.lines() {
            text.push_str(format!("    {}", printable(part)).trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

fn rung(line: &TraceLine, clock: &Clock) -> [String; 3] {
    let arrow = match (line.note, line.sent) {
        (true, _) => " ! ",
        (false, true) => "<--",
        (false, false) => "-->",
    };
    [clock.instant(line.time), line.peer.clone(), arrow.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<TraceLine> {
        let line = |time: &str, sent: bool, summary: &str| TraceLine {
            time: time.parse().unwrap(),
            sent,
            note: false,
            peer: "udp:10.0.0.5:5060".into(),
            summary: summary.into(),
            message: format!("{summary}\r\nCSeq: 1 INVITE\r\n\r\n"),
        };
        vec![
            line("2026-11-23T12:00:00Z", false, "INVITE sip:202@10.0.0.1 SIP/2.0"),
            line("2026-11-23T12:00:00.0012Z", true, "SIP/2.0 100 Trying"),
        ]
    }

    #[test]
    fn the_ladder_has_a_rung_a_message() {
        let expected = "\
time          peer               box  message
13:00:00.000  udp:10.0.0.5:5060  -->  INVITE sip:202@10.0.0.1 SIP/2.0
13:00:00.001  udp:10.0.0.5:5060  <--  SIP/2.0 100 Trying
";
        assert_eq!(ladder(&lines(), &Clock::stockholm()), expected);
    }

    #[test]
    fn an_explanation_stands_between_the_messages() {
        let mut lines = lines();
        let finding = "No sound ever came from it.".to_owned();
        let peer = "bo-bord".to_owned();
        lines.push(TraceLine {
            note: true,
            peer,
            message: finding.clone(),
            summary: finding,
            ..lines[0].clone()
        });
        let shown = ladder(&lines, &Clock::stockholm());
        assert!(
            shown.ends_with("13:00:00.000  bo-bord             !   No sound ever came from it.\n"),
            "{shown}"
        );
    }

    #[test]
    fn the_full_trace_holds_every_header() {
        let expected = "\
13:00:00.000  udp:10.0.0.5:5060  -->
    INVITE sip:202@10.0.0.1 SIP/2.0
    CSeq: 1 INVITE

";
        let shown = whole(&lines(), &Clock::stockholm());
        assert!(shown.starts_with(&expected[..expected.len() - 1]), "{shown}");
    }
}
