//! Commands: who may, and a site that is in force only when it is durable.

use super::*;

fn applying(office: &mut Office, document: &str) -> Ticket {
    let ticket = office.command(Actor::Local, Command::SiteApply { document: document.to_owned() });
    let parsing = office
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Parse { ticket: of, .. } if *of == ticket));
    assert!(parsing, "reading is done elsewhere");
    office.input(Input::Parsed { ticket, result: Ok(Box::new((*site(document)).clone())) });
    ticket
}

fn in_force(office: &Office) -> bool {
    office.effects.iter().any(|effect| matches!(effect, Effect::SiteInForce { .. }))
}

#[test]
fn a_site_is_in_force_once_it_is_durable_and_not_before() {
    let mut office = Office::new();
    let ticket = applying(&mut office, &DEMO.replace("Exempel AB", "Annat AB"));
    assert!(!in_force(&office) && office.reply(ticket).is_none());
    office.input(Input::Committed { ticket, result: Ok(()) });
    assert!(in_force(&office));
    match office.reply(ticket) {
        Some(Reply::Differences(differences)) => assert_eq!(differences[0].path, "company.name"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_site_that_cannot_be_kept_changes_nothing() {
    let mut office = Office::new();
    let ticket = applying(&mut office, &DEMO.replace("Exempel AB", "Annat AB"));
    office.input(Input::Committed { ticket, result: Err("the disk is full".into()) });
    assert!(!in_force(&office));
    assert!(matches!(office.reply(ticket), Some(Reply::Refused(_))));
    let status = office.command(Actor::Local, Command::Status);
    match office.reply(status) {
        Some(Reply::Status(status)) => assert_eq!(status.company.as_deref(), Some("Exempel AB")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_mistake_changes_nothing_and_every_one_is_told() {
    let mut office = Office::new();
    let ticket = office.command(Actor::Local, Command::SiteApply { document: "[company]".into() });
    let mistakes = vec!["company.name: this must be given".to_owned(), "users.x: …".to_owned()];
    office.input(Input::Parsed { ticket, result: Err(mistakes.clone()) });
    match office.reply(ticket) {
        Some(Reply::Refused(refusal)) => assert_eq!(refusal.messages, mistakes),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_goes_on_while_a_site_is_applied_under_it() {
    let mut office = Office::new();
    let caller = office.dial("anna-bord", "202");
    let rings = office.invited().remove(0).0;
    office.leg(rings, LegEvent::Answered);
    let without_bo = {
        let start = DEMO.find("[[users]]\nid = \"bo\"").unwrap();
        let end = DEMO[start + 1..].find("[[users]]\nid = \"cia\"").unwrap() + start + 1;
        let cut = format!("{}{}", &DEMO[..start], &DEMO[end..]);
        cut.replace("members = [\"anna\", \"bo\"]", "members = [\"anna\"]")
            .replace("agents = [\"anna\", \"bo\"]", "agents = [\"anna\"]")
            .replace("forward:202", "forward:203")
            .replace("\"1\" = \"202\"", "\"1\" = \"203\"")
    };
    let ticket = applying(&mut office, &without_bo);
    office.input(Input::Committed { ticket, result: Ok(()) });
    assert!(in_force(&office));
    let calls = office.command(Actor::Local, Command::Calls);
    match office.reply(calls) {
        Some(Reply::Calls(calls)) => assert_eq!(calls[0].state, "talking"),
        other => panic!("{other:?}"),
    }
    office.over(&[caller, rings]);
}

#[test]
fn only_administrators_may_ask() {
    let mut office = Office::new();
    for (user, may) in [("anna", false), ("cia", true), ("nobody", false)] {
        let ticket = office.command(Actor::User(user.into()), Command::Status);
        let refused = matches!(office.reply(ticket), Some(Reply::Refused(_)));
        assert_eq!(refused, !may, "{user}");
    }
}

#[test]
fn what_the_driver_keeps_is_asked_of_the_driver() {
    let mut office = Office::new();
    let ticket = office.command(Actor::Local, Command::CallLog { limit: 7 });
    let asked = office.effects.iter().any(|effect| {
        matches!(effect, Effect::Query { ticket: of, query: Query::CallLog { limit: 7 } } if *of == ticket)
    });
    assert!(asked);
}

#[test]
fn calls_that_a_crash_cut_get_their_record_at_start() {
    let open = model::OpenCall {
        id: model::CallId(41),
        direction: model::Direction::Internal,
        from: "201".into(),
        to: "202".into(),
        began: base().wall,
    };
    let snapshot =
        Snapshot { open_calls: vec![open], next_call: Some(model::CallId(42)), ..Snapshot::default() };
    let mut pbx = Pbx::new(base(), &snapshot, None);
    match pbx.poll_effect() {
        Some(Effect::Commit { changes, .. }) => {
            assert!(matches!(&changes[..], [Change::CallEnded(record)] if record.cause == Cause::Lost));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_alarm_is_raised_once_and_shows_in_the_status_until_it_is_over() {
    let mut office = Office::new();
    for _ in 0..2 {
        office.input(Input::Alarm { alarm: "disk-full", text: Some("make room".into()) });
    }
    let raised = office
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Notify(model::Event::AlarmRaised { .. })));
    assert_eq!(raised.count(), 1);
    let ticket = office.command(Actor::Local, Command::Status);
    assert!(matches!(office.reply(ticket), Some(Reply::Status(status)) if status.alarms.len() == 1));
    office.input(Input::Alarm { alarm: "disk-full", text: None });
    let ticket = office.command(Actor::Local, Command::Status);
    assert!(matches!(office.reply(ticket), Some(Reply::Status(status)) if status.alarms.is_empty()));
}
