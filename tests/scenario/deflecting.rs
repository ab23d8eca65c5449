//! Phones that say who should be called instead.

use super::rules;
use crate::world::simulated::World;
use model::{Callers, Cause, Command, Setting, When};
use sip::Name;

#[test]
fn a_call_goes_where_the_phone_says() {
    let mut world = World::new();
    let [bo, cia] = ["bo-bord", "cia-bord"].map(|device| world.phone(device));
    world.answers(bo, 60.0);
    world.answers(cia, 1.0);
    let anna = world.phone("anna-bord");
    world.dial(anna, "202");
    world.run(1.0);
    world.send_on(bo, "<sip:203@127.0.0.1>");
    world.run(2.0);
    world.talk(anna, cia);
    world.hang_up(anna);
    world.settles();
    assert_eq!(rules(world.record()), ["devices", "deflected", "devices"]);
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_phone_that_sends_calls_where_its_user_may_not_call_gets_nobody_there() {
    let mut world = World::new();
    let [anna, bo] = ["anna-bord", "bo-bord"].map(|device| world.phone(device));
    world.answers(bo, 60.0);
    for contact in ["<sip:0944123456@127.0.0.1>", "<tel:112>", "<sip:202@127.0.0.1>", "<sip:127.0.0.1>"] {
        world.dial(anna, "202");
        world.run(1.0);
        world.send_on(bo, contact);
        world.run(3.0);
        world.settles();
        let record = world.vaxel.memory.records.last().expect("a record");
        assert_eq!(record.cause, Cause::NoAnswer, "{contact}: {record:#?}");
        assert!(world.peer(World::OPERATOR).calls.is_empty(), "{contact}");
    }
}

#[test]
fn phones_that_send_calls_to_each_other_end_with_one_record() {
    let mut world = World::new();
    let [anna, bo, cia] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    for phone in [anna, bo] {
        world.answers(phone, 60.0);
    }
    world.dial(cia, "202");
    world.run(1.0);
    world.send_on(bo, "<sip:201@127.0.0.1>");
    world.run(1.0);
    world.send_on(anna, "<sip:202@127.0.0.1>");
    world.run(3.0);
    world.settles();
    assert_eq!((world.peer(anna).calls.len(), world.peer(bo).calls.len()), (1, 1));
    assert_eq!(world.vaxel.memory.records.len(), 1);
    assert_eq!(world.record().cause, Cause::NoAnswer);
}

#[test]
fn a_second_call_finds_one_busy_without_call_waiting_and_knocks_with_it() {
    let mut world = World::new();
    let [anna, bo, cia] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(1.5);
    world.answers(bo, 60.0);
    for (on, knocks) in [(false, 1), (true, 2)] {
        let setting = Setting::CallWaiting { on: Some(on) };
        world.ask(Command::Set { user: "bo".into(), setting });
        world.dial(cia, "202");
        world.run(1.5);
        assert_eq!(world.peer(bo).calls.len(), knocks, "{}", world.ladder);
        if on {
            world.hang_up(cia);
        } else {
            let record = world.vaxel.memory.records.last().expect("a record");
            assert_eq!(record.cause, Cause::Busy);
        }
        world.run(1.0);
    }
    world.hang_up(anna);
    world.settles();
}

#[test]
fn forwards_that_lead_in_a_circle_end_with_one_record() {
    let mut world = World::new();
    let cia = world.phone("cia-bord");
    for (user, number) in [("anna", "202"), ("bo", "201")] {
        for callers in Callers::ALL {
            let (when, callers, number) = (When::Always, Some(callers), number.to_owned());
            let setting = Setting::Forward { when, callers, number, after_s: None, accept: None };
            world.ask(Command::Set { user: user.into(), setting });
        }
    }
    world.dial(cia, "201");
    world.run(2.0);
    world.settles();
    assert_eq!(world.vaxel.memory.records.len(), 1);
    assert_eq!(world.record().cause, Cause::NoAnswer, "{:#?}", world.record());
}

#[test]
fn who_is_called_outside_is_told_why_the_call_was_sent_on() {
    let rows = [
        (Some(When::Always), "unconditional"),
        (Some(When::Unreachable), "unavailable"),
        (None, "deflection"),
    ];
    for (when, reason) in rows {
        let mut world = World::new();
        let anna = world.phone("anna-bord");
        match when {
            Some(when) => {
                let number = "0701234567".to_owned();
                let setting = Setting::Forward { when, callers: None, number, after_s: None, accept: None };
                world.ask(Command::Set { user: "bo".into(), setting });
                world.dial(anna, "202");
            }
            None => {
                let bo = world.phone("bo-bord");
                world.answers(bo, 60.0);
                world.dial(anna, "202");
                world.run(1.0);
                world.send_on(bo, "<sip:0701234567@127.0.0.1>");
            }
        }
        world.run(1.0);
        let invite = world.on(World::OPERATOR).invite.clone().unwrap_or_else(|| panic!("{}", world.ladder));
        let said: Vec<&str> = invite.headers.all(&Name::Diversion).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains("+46812345202@") && said[0].contains(&format!("reason={reason};")),
            "{said:?}"
        );
        world.all_hang_up();
        world.settles();
    }
}
