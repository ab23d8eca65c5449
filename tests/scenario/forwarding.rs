//! Calls sent on by those they are for: by code and command, to colleagues and to mobiles that must take them with 1.

use super::rules;
use crate::world::simulated::{Dial, Over, PeerId, State, World};
use model::{CallRecord, Callers, Cause, Command, Reply, Setting, When};
use sip::{Name, Status};

const ANNAS: &str = "+46812345201";
const BOS: &str = "+46812345202";

/// The box with its three colleagues at their desks.
fn company() -> (World, [PeerId; 3]) {
    let mut world = World::without_mailboxes(1);
    let phones = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    (world, phones)
}

/// A phone dials a code, hears what the box says to it, and the call is over.
#[track_caller]
fn code(world: &mut World, phone: PeerId, code: &str) {
    world.dial(phone, code);
    world.run(0.4);
    assert!(world.hears_the_box(phone), "{}", world.ladder);
    world.wait(4.0, "the end of the confirmation", |world| {
        matches!(world.on(phone).state, State::Over(Over::HungUp))
    });
}

fn set(world: &mut World, user: &str, setting: Setting) {
    let reply = world.ask(Command::Set { user: user.into(), setting });
    assert!(matches!(reply, Reply::Personal(_)), "{reply:?}");
}

fn forward(when: When, callers: Option<Callers>, number: &str) -> Setting {
    Setting::Forward { when, callers, number: number.to_owned(), after_s: None, accept: None }
}

/// Somebody outside calls the number.
fn ring_up(world: &mut World, number: &str) {
    world.call(World::OPERATOR, Dial::to(number).from("+46705556677"));
    world.run(1.5);
}

/// The record of the newest call.
fn newest(world: &World) -> &CallRecord {
    world.vaxel.memory.records.last().expect("a record")
}

fn calls(world: &mut World, phones: [PeerId; 3]) -> [usize; 3] {
    phones.map(|phone| world.peer(phone).calls.len())
}

#[test]
fn a_code_sends_every_call_on_until_another_ends_it_also_over_a_restart() {
    let (mut world, [anna, bo, cia]) = company();
    world.answers(cia, 0.5);
    code(&mut world, bo, "*21*203#");
    world.settles();
    let before = calls(&mut world, [anna, bo, cia]);
    for restarts in [false, true] {
        if restarts {
            world.restart();
            world.run(1.0);
        }
        ring_up(&mut world, BOS);
        world.talk(World::OPERATOR, cia);
        world.hang_up(cia);
        world.settles();
    }
    assert_eq!(calls(&mut world, [anna, bo, cia]), [before[0], before[1], before[2] + 2]);
    assert_eq!(rules(newest(&world)), ["always", "forward", "devices"]);
    code(&mut world, bo, "#21#");
    world.answers(bo, 0.5);
    ring_up(&mut world, BOS);
    world.talk(World::OPERATOR, bo);
    world.hang_up(bo);
    world.settles();
}

#[test]
fn colleagues_and_strangers_are_sent_to_different_places() {
    let (mut world, [anna, bo, cia]) = company();
    set(&mut world, "bo", forward(When::Always, Some(Callers::External), "203"));
    world.answers(bo, 0.5);
    world.answers(cia, 0.5);
    ring_up(&mut world, BOS);
    world.talk(World::OPERATOR, cia);
    world.dial(anna, "202");
    world.run(1.0);
    world.talk(anna, bo);
    world.all_hang_up();
    world.settles();
}

#[test]
fn a_mobile_takes_a_forwarded_call_by_pressing_1_and_its_voicemail_does_not() {
    for presses in [true, false] {
        let (mut world, [anna, bo, _]) = company();
        set(&mut world, "bo", forward(When::Always, None, "0701234567"));
        world.answers(World::OPERATOR, 1.0);
        world.dial(anna, "202");
        world.run(2.5);
        assert!(world.is_up(World::OPERATOR) && !world.is_up(anna), "answered is not taken");
        assert!(world.hears_the_box(World::OPERATOR), "it is asked\n{}", world.ladder);
        assert!(world.hears(World::OPERATOR).is_empty() && world.hears(anna).is_empty());
        if presses {
            world.press(World::OPERATOR, "1");
            world.run(1.0);
            world.talk(anna, World::OPERATOR);
            world.hang_up(anna);
        }
        world.run(10.0);
        world.settles();
        let expected = if presses { Cause::Answered } else { Cause::NoAnswer };
        assert_eq!(world.record().cause, expected, "{:#?}", world.record());
        assert_eq!(world.record().answered.is_some(), presses);
        assert!(world.peer(bo).calls.is_empty());
    }
}

#[test]
fn a_mobile_rings_beside_the_phones_and_whoever_is_first_has_the_call() {
    let document = include_str!("../../etc/demo.toml");
    let twin = "mobile = \"+46701234501\"\nmobile_twinning = true";
    let document = document.replacen("mobile = \"+46701234501\"", twin, 1);
    for mobile_first in [true, false] {
        let mut world = World::with_site(7, crate::world::simulated::site::read(&document).export());
        let [anna, bo] = ["anna-bord", "bo-bord"].map(|device| world.phone(device));
        world.answers(World::OPERATOR, 1.0);
        world.answers(anna, if mobile_first { 60.0 } else { 3.0 });
        world.dial(bo, "201");
        world.run(2.0);
        assert!(world.is_up(World::OPERATOR) && !world.is_up(bo), "{}", world.ladder);
        if mobile_first {
            world.press(World::OPERATOR, "1");
        }
        world.run(2.5);
        let (takes, loses) = if mobile_first { (World::OPERATOR, anna) } else { (anna, World::OPERATOR) };
        world.talk(bo, takes);
        assert!(matches!(world.on(loses).state, State::Over(_)), "{}", world.ladder);
        world.hang_up(bo);
        world.settles();
    }
}

#[test]
fn who_is_not_to_be_disturbed_is_busy_and_who_has_no_phone_is_sent_on() {
    let (mut world, [anna, bo, cia]) = company();
    set(&mut world, "anna", Setting::DoNotDisturb { on: true });
    world.dial(bo, "201");
    world.run(1.0);
    assert_eq!(world.on(bo).state, State::Over(Over::Refused(Some(Status::BUSY_HERE))));
    assert!(world.peer(anna).calls.is_empty());
    set(&mut world, "anna", Setting::DoNotDisturb { on: false });
    set(&mut world, "anna", forward(When::Unreachable, None, "203"));
    world.vanishes(anna);
    world.run(3_700.0);
    world.answers(cia, 0.5);
    ring_up(&mut world, ANNAS);
    world.talk(World::OPERATOR, cia);
    world.hang_up(cia);
    world.settles();
    assert!(rules(newest(&world)).contains(&"unreachable"), "{:#?}", newest(&world));
}

#[test]
fn who_withholds_the_number_is_turned_away_where_the_called_party_wants_that() {
    let (mut world, [_, bo, _]) = company();
    code(&mut world, bo, "*44#");
    let rang = world.peer(bo).calls.len();
    world.call(World::OPERATOR, Dial::to(BOS).from("anonymous"));
    world.run(1.0);
    assert!(matches!(world.on(World::OPERATOR).state, State::Over(Over::Refused(_))), "{}", world.ladder);
    assert_eq!(newest(&world).cause, Cause::Blocked);
    world.answers(bo, 0.5);
    ring_up(&mut world, BOS);
    world.talk(World::OPERATOR, bo);
    world.hang_up(bo);
    world.settles();
    assert_eq!(world.peer(bo).calls.len(), rang + 1);
}

#[test]
fn a_number_hidden_for_all_calls_is_shown_for_help_and_when_asked() {
    let (mut world, [anna, ..]) = company();
    code(&mut world, anna, "#31#");
    world.answers(World::OPERATOR, 0.2);
    for (dialled, hidden) in [("0701234567", true), ("*31#0701234567", false), ("#31#112", false)] {
        world.dial(anna, dialled);
        world.run(1.0);
        let invite = world.on(World::OPERATOR).invite.clone().expect("an INVITE");
        assert_eq!(invite.headers.contains(&Name::Privacy), hidden, "{dialled}");
        world.hang_up(anna);
        world.settles();
    }
}
