//! `call-log show ID`: one call with its trail.

use super::{caller, direction, talked};
use crate::session::Clock;
use crate::table::{Table, or_dash};
use model::{CallRecord, LegQuality, Party, Step, What};

pub(super) fn text(record: &CallRecord, clock: &Clock) -> String {
    let mut facts = Table::bare();
    facts.row(["call".into(), record.call.id.to_string()]);
    facts.row(["direction".into(), direction(record.call.direction).to_owned()]);
    facts.row(["from".into(), caller(&record.call.from)]);
    facts.row(["to".into(), record.call.to.clone()]);
    facts.row(["began".into(), clock.moment(record.call.began)]);
    facts.row(["answered".into(), or_dash(record.answered.map(|time| clock.moment(time)).as_ref())]);
    facts.row(["ended".into(), clock.moment(record.ended)]);
    facts.row(["talked".into(), talked(record.answered, record.ended)]);
    facts.row(["cause".into(), record.cause.as_str().to_owned()]);
    facts.row(["answered by".into(), or_dash(record.answered_by.as_ref())]);
    facts.row(["on".into(), or_dash(record.answered_device.as_ref())]);
    format!("{}\n{}{}", facts.text(), trail(&record.trail, clock), quality(&record.quality))
}

fn trail(steps: &[Step], clock: &Clock) -> String {
    let mut table = Table::new(["time", "step", "details"]);
    for step in steps {
        let (name, details) = words(&step.what);
        table.row([clock.instant(step.time), name.to_owned(), details]);
    }
    table.or("No trail.")
}

/// A step's name and what is to be said about it.
fn words(what: &What) -> (&'static str, String) {
    match what {
        What::Offered { by, dialled } => ("offered", format!("by {}, dialled {dialled}", party(by))),
        What::Numbered { number, class } => ("numbered", format!("{number} ({class})")),
        What::Decided { rule, outcome } => ("decided", format!("{rule}: {outcome}")),
        What::Invited { party: whom } => ("invited", party(whom)),
        What::Rang { party: whom } => ("rang", party(whom)),
        What::Answered { party: who } => ("answered", party(who)),
        What::Failed { party: which, cause, said } => {
            ("failed", format!("{}: {} ({said})", party(which), cause.as_str()))
        }
        What::Held { party: who } => ("held", format!("by {}", party(who))),
        What::Resumed { party: who } => ("resumed", format!("by {}", party(who))),
        What::Transferred { by, to: Some(whom) } => {
            ("transferred", format!("by {} to {}", party(by), party(whom)))
        }
        What::Transferred { by, to: None } => ("transferred", format!("by {} to who still rang", party(by))),
        What::Spoken { prompt, ids } => ("spoken", format!("{prompt}: {}", ids.join(" "))),
        What::Ended { by: Some(who), why } => ("ended", format!("by {}: {why}", party(who))),
        What::Ended { by: None, why } => ("ended", why.clone()),
    }
}

fn party(party: &Party) -> String {
    match party {
        Party::Device { user: _, device } => format!("device:{device}"),
        Party::Trunk(trunk) => format!("trunk:{trunk}"),
    }
}

fn quality(legs: &[LegQuality]) -> String {
    if legs.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["leg", "codec", "received", "sent", "lost", "jitter", "round trip", "MOS"]);
    for leg in legs {
        table.row([
            party(&leg.party),
            leg.codec.clone(),
            leg.received.to_string(),
            leg.sent.to_string(),
            format!("{} in, {} out", leg.lost, or_dash(leg.lost_remote.as_ref())),
            format!("{:.1} ms", leg.jitter_ms),
            or_dash(leg.round_trip_ms.map(|time| format!("{time:.1} ms")).as_ref()),
            or_dash(leg.mos.map(|score| format!("{score:.1}")).as_ref()),
        ]);
    }
    format!("\n{}", table.text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::record;

    #[test]
    fn a_call_reads_from_top_to_bottom() {
        let expected = "\
call         7
direction    internal
from         201
to           202
began        2026-11-23 13:00:00
answered     2026-11-23 13:00:03
ended        2026-11-23 13:01:05
talked       1:02
cause        answered
answered by  bo
on           bo-bord

time          step      details
13:00:00.000  offered   by device:anna-bord, dialled 202
13:00:00.001  decided   extension: rings bo
13:00:03.000  answered  device:bo-bord
13:01:05.500  ended     by device:bo-bord: hung up

leg             codec       received  sent  lost         jitter  round trip  MOS
device:bo-bord  opus/48000  3100      3101  2 in, - out  1.5 ms  -           4.4
";
        assert_eq!(text(&record(), &Clock::stockholm()), expected);
    }
}
