//! PINs: for what is barred, and for the say in a room.

use super::*;
use call::{Effect as Leg, Program};

/// Anna may not call foreign numbers outside Europe unless she types her own PIN or the company's.
fn barred() -> Office {
    let document = DEMO
        .replace("[barring]", "[barring]\npin = \"778899\"")
        .replace("id = \"anna\"\n", "id = \"anna\"\nbarring_pin = \"2468\"\n")
        .replace(
            "company = [\"premium\", \"directory\"]",
            "company = [\"premium\", \"international-other\"]",
        );
    Office::with(&document)
}

const FOREIGN: &str = "0012125550123";

impl Office {
    fn types(&mut self, leg: LegId, digits: &str) {
        for digit in digits.chars() {
            self.leg(leg, LegEvent::Digit(digit));
        }
    }

    fn plays(&self, leg: LegId, program: Program) -> usize {
        let plays = |effect: &&Effect| matches!(effect, Effect::Leg(Leg::Play { leg: of, program: played }) if *of == leg && *played == program);
        self.effects.iter().filter(plays).count()
    }

    fn hung_up(&self, leg: LegId) -> bool {
        self.effects.iter().any(|effect| match effect {
            Effect::Leg(Leg::HangUp { leg: of, .. }) => *of == leg,
            _ => false,
        })
    }
}

#[test]
fn a_pin_lifts_what_is_barred_for_one_call() {
    for pin in ["2468", "778899", "13*2468", "2468#"] {
        let mut office = barred();
        let caller = office.dial("anna-bord", FOREIGN);
        assert!(office.invited().is_empty());
        assert_eq!(office.plays(caller, Program::Dial), 1, "the box asks");
        office.types(caller, pin);
        let (leg, _, invite) = office.by_trunk();
        assert_eq!(invite.called, "+12125550123", "{pin}");
        let asked = office.now;
        office.leg(leg, LegEvent::Ringing);
        office.pass(5);
        office.leg(leg, LegEvent::Answered);
        let record = office.over(&[caller, leg]);
        assert_eq!((record.cause, rules(&record)), (Cause::Answered, vec!["barring", "barring", "outbound"]));
        let answered = record.answered.expect("it was answered");
        assert_eq!((answered - asked.wall).as_secs(), 5, "by who was called, not by the box");
        assert!(!format!("{record:?}").contains("2468"), "no PIN is written down");
    }
}

#[test]
fn a_call_that_comes_to_nothing_after_the_pin_is_not_answered() {
    let mut office = barred();
    let caller = office.dial("anna-bord", FOREIGN);
    office.types(caller, "2468");
    let (leg, ..) = office.by_trunk();
    office.fails(leg, Cause::Busy);
    assert_eq!(office.refused(caller).cause, Cause::Busy);
    let record = office.over(&[caller]);
    assert_eq!((record.cause, record.answered), (Cause::Busy, None));
}

#[test]
fn who_types_no_right_pin_stays_barred() {
    type Try = fn(&mut Office, LegId);
    let tries: [(&str, Try, bool); 3] = [
        ("three wrong ones", |office, leg| office.types(leg, "111111222222333333"), true),
        ("none in time", |office, _| office.pass(31), true),
        ("hangs up", |_, _| {}, false),
    ];
    for (what, tries, ends) in tries {
        let mut office = barred();
        let caller = office.dial("anna-bord", FOREIGN);
        tries(&mut office, caller);
        assert_eq!(office.hung_up(caller), ends, "{what}");
        assert!(office.invited().is_empty(), "{what}");
        let record = office.over(&[caller]);
        assert_eq!(record.cause, Cause::Barred, "{what}");
    }
}

#[test]
fn only_who_dialled_it_is_asked_and_never_for_help() {
    let mut office = barred();
    let caller = office.dial("bo-bord", FOREIGN);
    office.types(caller, "2468");
    assert!(office.invited().is_empty(), "another's PIN is none");
    office.types(caller, "#778899");
    office.by_trunk();
    office.over(&[caller]);

    let mut office = barred();
    let caller = office.dial("anna-bord", "112");
    office.by_trunk();
    office.over(&[caller]);

    let mut office = Office::new();
    let caller = office.dial("anna-bord", "0900123456");
    assert_eq!(office.refused(caller).cause, Cause::Barred, "nobody has a PIN");
    office.over(&[caller]);
}

/// The demo company's room, with somebody who has the say, and two others.
fn moderated() -> (Office, [LegId; 3]) {
    let mut office =
        Office::with(&DEMO.replace("pin = \"1234\"", "pin = \"1234\"\nmoderator_pin = \"123499\""));
    let legs = [("anna-bord", "123499"), ("bo-bord", "1234#"), ("cia-bord", "1234#")];
    let legs = legs.map(|(device, pin)| {
        let leg = office.dial(device, "600");
        office.types(leg, pin);
        leg
    });
    office.effects.clear();
    (office, legs)
}

fn muted(office: &Office) -> Vec<(LegId, bool)> {
    let muted = |effect: &Effect| match effect {
        Effect::Leg(Leg::Mute { leg, on }) => Some((*leg, *on)),
        _ => None,
    };
    office.effects.iter().filter_map(muted).collect()
}

#[test]
fn who_has_the_say_mutes_all_others_and_lets_them_speak() {
    let (mut office, [anna, bo, cia]) = moderated();
    office.types(anna, "*1");
    assert_eq!(muted(&office), [(bo, true), (cia, true)]);
    assert_eq!(office.plays(anna, Program::Done), 1);
    office.effects.clear();
    office.types(bo, "*2");
    assert_eq!(muted(&office), [], "a member has no say");
    office.types(anna, "5*2");
    assert_eq!(muted(&office), [(bo, false), (cia, false)]);
    office.effects.clear();
    office.types(anna, "1*9");
    assert_eq!((muted(&office), office.plays(anna, Program::Refused)), (vec![], 1));
}

#[test]
fn who_has_the_say_locks_the_room_to_all_but_themselves_and_ends_the_conference() {
    let (mut office, [anna, bo, cia]) = moderated();
    office.types(anna, "*3");
    let late = office.ring_in(Some("+46701234567"), "+46812345260");
    office.types(late, "1234#");
    assert!(
        office
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Leg(Leg::Reject { leg, .. }) if *leg == late))
    );
    let second = office.ring_in(Some("+46701234568"), "+46812345260");
    office.types(second, "123499");
    assert!(
        office
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Leg(Leg::Enter { leg, .. }) if *leg == second))
    );
    office.effects.clear();
    office.types(second, "*4");
    for leg in [anna, bo, cia, second] {
        assert_eq!(office.refused(leg).why, "the conference was ended");
    }
    for leg in [anna, bo, cia, second, late] {
        office.leg(leg, LegEvent::Closed(None));
    }
    office.pass(10);
    assert!(office.pbx.is_idle());
}
