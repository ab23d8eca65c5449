//! Conferences: rooms, and those made of the calls one has.

use super::{all_hear_all, three};
use crate::world::simulated::World;

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
