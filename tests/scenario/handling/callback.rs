//! Being called back by whom one found busy, and speaking to a phone that answers by itself.

use crate::world::simulated::{Manner, Over, PeerId, State, World};
use model::Cause;
use sip::{Name, Status};

/// Bo talks to Cia, and Anna has found him busy and wants to be called back.
fn waiting() -> (World, [PeerId; 3]) {
    let mut world = World::new();
    let [anna, bo, cia] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    world.answers(bo, 0.5);
    world.dial(cia, "202");
    world.talk(cia, bo);
    world.dial(anna, "202");
    world.run(1.0);
    assert_eq!(world.on(anna).state, State::Over(Over::Refused(Some(Status::BUSY_HERE))), "{}", world.ladder);
    code(&mut world, anna, "*37#");
    (world, [anna, bo, cia])
}

fn code(world: &mut World, phone: PeerId, code: &str) {
    world.dial(phone, code);
    world.run(0.4);
    assert!(world.hears_the_box(phone), "{}", world.ladder);
    world.run(4.0);
    assert!(!world.is_up(phone));
}

#[test]
fn whoever_found_a_colleague_busy_is_called_when_that_one_is_free() {
    let (mut world, [anna, bo, cia]) = waiting();
    let before = world.peer(anna).calls.len();
    world.run(20.0);
    assert_eq!(world.peer(anna).calls.len(), before, "not while he talks");
    world.answers(anna, 1.0);
    world.answers(bo, 1.0);
    world.hang_up(cia);
    world.run(2.5);
    assert_eq!(world.peer(anna).calls.len(), before, "he may want the telephone himself");
    world.run(1.0);
    assert_eq!(world.peer(anna).calls.len(), before + 1, "{}", world.ladder);
    let invite = world.on(anna).invite.clone().expect("an INVITE");
    assert!(invite.headers.get(&Name::From).unwrap_or_default().contains("Bo Berg"), "who it is about");
    world.run(3.0);
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
    let record = world.vaxel.memory.records.last().expect("a record");
    assert_eq!((record.call.from.as_str(), record.call.to.as_str()), ("201", "202"));
    assert_eq!(record.cause, Cause::Answered);
    // Once.
    let after = world.peer(anna).calls.len();
    world.run(60.0);
    assert_eq!(world.peer(anna).calls.len(), after);
}

#[test]
fn a_call_back_that_nobody_answers_or_wants_any_more_ends() {
    for wanted in [true, false] {
        let (mut world, [anna, bo, cia]) = waiting();
        if !wanted {
            code(&mut world, anna, "#37#");
        }
        let before = (world.peer(anna).calls.len(), world.peer(bo).calls.len());
        world.peer(anna).manner = Manner::Rings;
        world.hang_up(cia);
        world.run(40.0);
        let rang = world.peer(anna).calls.len() - before.0;
        assert_eq!((rang, world.peer(bo).calls.len()), (usize::from(wanted), before.1));
        world.settles();
    }
}

#[test]
fn a_wish_to_be_called_back_does_not_last_for_ever() {
    let (mut world, [anna, _, cia]) = waiting();
    let before = world.peer(anna).calls.len();
    world.run(46.0 * 60.0);
    world.hang_up(cia);
    world.run(30.0);
    assert_eq!(world.peer(anna).calls.len(), before);
    world.settles();
}

#[test]
fn paging_lets_the_free_phones_of_a_group_hear_one_speak() {
    let mut world = World::new();
    let [anna, bo, cia] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    world.answers(anna, 0.0);
    world.answers(bo, 0.2);
    world.dial(cia, "*9300");
    world.run(2.0);
    assert_eq!(world.hears(anna), [cia], "{}", world.ladder);
    assert_eq!(world.hears(bo), [cia]);
    assert!(world.hears(cia).is_empty(), "nobody there is heard");
    let invite = world.on(anna).invite.clone().expect("an INVITE");
    assert_eq!(invite.headers.get(&Name::Other("Answer-Mode".into())), Some("Auto"));
    world.hang_up(anna);
    world.run(0.5);
    assert!(world.is_up(cia) && world.hears(bo) == [cia], "it goes on for the others");
    world.hang_up(cia);
    world.run(1.0);
    assert!(!world.is_up(bo));
    world.settles();
}

#[test]
fn paging_disturbs_nobody_in_a_call_and_ends_with_who_speaks_also_before_a_phone_answers() {
    let mut world = World::new();
    let [anna, bo, cia] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    world.peer(bo).manner = Manner::Rings;
    world.dial(anna, "0701234567");
    world.run(1.0);
    let before = world.peer(anna).calls.len();
    world.dial(cia, "*9300");
    world.run(1.0);
    assert_eq!((world.peer(anna).calls.len(), world.peer(bo).calls.len()), (before, 1));
    world.hang_up(cia);
    world.run(1.0);
    assert!(matches!(world.on(bo).state, State::Over(_)), "{}", world.ladder);
    world.dial(bo, "0701234567");
    world.run(1.0);
    world.dial(cia, "*9300");
    world.run(1.0);
    assert_eq!(world.on(cia).state, State::Over(Over::Refused(Some(Status::BUSY_HERE))));
    world.all_hang_up();
    world.settles();
}

#[test]
fn an_intercom_call_asks_the_phone_to_answer_by_itself_unless_it_is_busy() {
    let mut world = World::new();
    let [anna, bo, cia] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    world.answers(bo, 0.0);
    world.dial(anna, "*9202");
    world.run(0.5);
    let invite = world.on(bo).invite.clone().expect("an INVITE");
    assert_eq!(invite.headers.get(&Name::Other("Answer-Mode".into())), Some("Auto"));
    assert!(invite.headers.get(&Name::CallInfo).is_some_and(|value| value.contains("answer-after=0")));
    assert!(invite.headers.get(&Name::AlertInfo).is_some_and(|value| value.contains("alert-autoanswer")));
    world.talk(anna, bo);
    world.dial(cia, "*9202");
    world.run(0.5);
    assert_eq!(world.on(cia).state, State::Over(Over::Refused(Some(Status::BUSY_HERE))));
    world.hang_up(anna);
    world.settles();
}
