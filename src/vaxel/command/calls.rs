//! `calls`: calls in progress.

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::Table;
use model::{Call, Command, Reply};

pub(super) fn run(session: &mut Session) -> Result<(), Error> {
    match session.ask(Command::Calls)? {
        Reply::Calls(calls) => session.answer(&calls, text),
        other => Err(unexpected(&other)),
    }
}

fn text(calls: &Vec<Call>, clock: &Clock) -> String {
    let mut table = Table::new(["id", "state", "since", "from", "to", "legs"]);
    for call in calls {
        let legs: Vec<String> = call.legs.iter().map(|leg| format!("{} {}", leg.party, leg.state)).collect();
        table.row([
            call.id.to_string(),
            call.state.clone(),
            clock.moment(call.since),
            call.from.clone(),
            call.to.clone(),
            legs.join(", "),
        ]);
    }
    table.or("No call is in progress.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{CallId, Leg};

    #[test]
    fn each_call_is_a_row_with_its_legs() {
        let leg = |party: &str, state: &str| Leg { party: party.into(), state: state.into() };
        let call = Call {
            id: CallId(12),
            from: "201".into(),
            to: "202".into(),
            state: "ringing".into(),
            since: "2026-11-23T12:00:00Z".parse().unwrap(),
            legs: vec![leg("device:anna-bord", "calling"), leg("device:bo-bord", "ringing")],
        };
        let expected = "\
id  state    since                from  to   legs
12  ringing  2026-11-23 13:00:00  201   202  device:anna-bord calling, device:bo-bord ringing
";
        assert_eq!(text(&vec![call], &Clock::stockholm()), expected);
    }
}
