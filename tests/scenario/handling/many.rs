//! Conferences: rooms, and those made of the calls one has.

use super::{all_hear_all, three};
use crate::world::simulated::{PeerId, World, site};
use model::{CallId, Cause, Command, RefusalCode, Reply, Room, RoomAction};

#[test]
fn those_on_hold_and_oneself_make_a_conference_and_the_owner_may_leave() {
    let (mut world, [anna, bo, cia]) = three();
    world.hold(bo);
    world.answers(cia, 0.5);
    world.dial(bo, "203");
    world.talk(bo, cia);
    world.hold(bo);
    world.run(0.5);
    world.dial(bo, "*3");
    all_hear_all(&mut world, &[anna, bo, cia]);
    world.hang_up(bo);
    world.talk(anna, cia);
    world.hang_up(cia);
    world.run(1.0);
    assert!(!world.is_up(anna), "nobody stays alone in it");
    world.settles();
}

#[test]
fn a_room_opens_by_its_pin_and_all_in_it_hear_all() {
    let mut world = World::new();
    let phones = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    for (at, phone) in phones.into_iter().enumerate() {
        world.dial(phone, "600");
        world.run(1.0);
        assert!(world.hears_the_box(phone), "it asks for the PIN\n{}", world.ladder);
        world.press_by_info(phone, "1234");
        world.run(1.0);
        assert_eq!(world.hears_the_box(phone), at == 0, "the first waits with music");
    }
    all_hear_all(&mut world, &phones);
    for phone in phones {
        world.hang_up(phone);
    }
    world.settles();
    assert_eq!(world.vaxel.memory.records.len(), 3);
}

#[test]
fn three_wrong_pins_end_the_call() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.dial(anna, "600");
    world.run(1.0);
    world.press_by_info(anna, "111122223333");
    world.run(1.0);
    assert!(!world.is_up(anna));
    world.settles();
}

const PHONES: [&str; 3] = ["anna-bord", "bo-bord", "cia-bord"];

/// Three colleagues in the room, whose PIN they know.
fn in_the_room() -> (World, [PeerId; 3]) {
    let mut world = World::new();
    let phones = PHONES.map(|device| world.phone(device));
    for phone in phones {
        world.dial(phone, "600");
        world.run(1.0);
        world.press_by_info(phone, "1234");
        world.run(1.0);
    }
    all_hear_all(&mut world, &phones);
    (world, phones)
}

/// Moderates the room; gives how it is then.
fn moderate(world: &mut World, action: RoomAction) -> Room {
    match world.ask(Command::Room { room: "motesrum".into(), action }) {
        Reply::Rooms(mut rooms) => rooms.pop().expect("the room"),
        other => panic!("{other:?}"),
    }
}

/// The call of a phone that is in the room.
fn call_of(world: &mut World, device: &str) -> CallId {
    let Reply::Rooms(rooms) = world.ask(Command::Rooms) else { panic!("rooms are listed") };
    let party = format!("device:{device}");
    rooms[0].parties.iter().find(|of| of.party == party).expect("it is in the room").call
}

#[test]
fn one_or_all_are_muted_and_heard_again() {
    let (mut world, [anna, bo, cia]) = in_the_room();
    let call = Some(call_of(&mut world, "bo-bord"));
    let room = moderate(&mut world, RoomAction::Mute { call });
    let muted: Vec<bool> = room.parties.iter().map(|party| party.muted).collect();
    assert_eq!(muted, [false, true, false]);
    world.run(2.0);
    assert_eq!((world.hears(anna), world.hears(cia)), (vec![cia], vec![anna]));
    assert_eq!(world.hears(bo), [anna, cia], "who is muted still hears");

    moderate(&mut world, RoomAction::Mute { call: None });
    world.run(2.0);
    for phone in [anna, bo, cia] {
        assert_eq!(world.hears(phone), [], "{phone:?}");
    }
    // So is whoever comes.
    world.hang_up(bo);
    world.dial(bo, "600");
    world.run(1.0);
    world.press_by_info(bo, "1234");
    world.run(2.0);
    assert_eq!(world.hears(anna), []);

    moderate(&mut world, RoomAction::Unmute { call: None });
    all_hear_all(&mut world, &[anna, bo, cia]);
    for phone in [anna, bo, cia] {
        world.hang_up(phone);
    }
    world.settles();
}

#[test]
fn one_is_put_out_of_a_room_that_is_then_locked() {
    let (mut world, [anna, bo, cia]) = in_the_room();
    let call = call_of(&mut world, "bo-bord");
    let room = moderate(&mut world, RoomAction::Kick { call });
    assert_eq!(room.parties.len(), 2);
    world.run(2.0);
    assert!(!world.is_up(bo));
    world.talk(anna, cia);

    assert!(moderate(&mut world, RoomAction::Lock).locked);
    world.dial(bo, "600");
    world.run(2.0);
    assert!(!world.is_up(bo), "nobody gets in\n{}", world.ladder);
    assert!(!moderate(&mut world, RoomAction::Unlock).locked);

    world.hang_up(cia);
    world.run(1.0);
    assert!(world.hears_the_box(anna), "the last one waits with music");
    world.hang_up(anna);
    world.run(1.0);
    let action = RoomAction::Lock;
    match world.ask(Command::Room { room: "motesrum".into(), action }) {
        Reply::Refused(refusal) => assert_eq!(refusal.code, RefusalCode::NotFound),
        other => panic!("{other:?}"),
    }
    world.settles();
}

#[test]
fn a_barred_number_is_dialled_with_the_pin_and_heard_and_talked_to() {
    let document = site::demo()
        .replace("[barring]", "[barring]\npin = \"778899\"")
        .replace("\"premium\", ", "\"mobile\", ");
    let mut world = World::with_site(1, document);
    let anna = world.phone("anna-bord");
    world.answers(World::OPERATOR, 0.5);
    world.dial(anna, "0701234567");
    world.run(1.0);
    assert!(world.hears_the_box(anna), "it asks for the PIN\n{}", world.ladder);
    world.press_by_info(anna, "778899");
    world.run(1.0);
    world.talk(anna, World::OPERATOR);
    world.hang_up(anna);
    world.settles();
    let record = world.vaxel.memory.records.last().expect("a record");
    assert_eq!((record.cause, record.call.to.as_str()), (Cause::Answered, "+46701234567"));
    assert!(record.answered.expect("it was answered") > record.call.began, "by who was called");
}

#[test]
fn a_call_abroad_is_cut_when_the_days_minutes_are_used_up_and_no_restart_gives_them_back() {
    let limited = "[barring]\nspend = { international_minutes = 1 }";
    let mut world = World::with_site(1, site::demo().replace("[barring]", limited));
    let anna = world.phone("anna-bord");
    world.answers(World::OPERATOR, 0.5);
    world.dial(anna, "004522334455");
    world.run(1.0);
    world.talk(anna, World::OPERATOR);
    world.run(50.0);
    assert!(world.is_up(anna));
    world.run(12.0);
    assert!(!world.is_up(anna), "{}", world.ladder);
    world.settles();
    world.restart();
    world.run(1.0);
    world.dial(anna, "004522334455");
    world.run(1.0);
    assert!(!world.is_up(anna));
    world.settles();
    let causes: Vec<Cause> = world.vaxel.memory.records.iter().map(|record| record.cause).collect();
    assert_eq!(causes, [Cause::Answered, Cause::Barred]);
}
