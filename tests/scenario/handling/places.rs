//! Parking, picking up, moving a call to another phone.

use super::three;
use crate::world::simulated::{Manner, World};

#[test]
fn a_held_call_is_parked_by_a_code_and_taken_by_another() {
    let (mut world, [anna, bo, cia]) = three();
    world.hold(bo);
    world.run(0.5);
    world.dial(bo, "*51");
    world.run(3.0);
    assert!(!world.is_up(bo), "the tone has been heard\n{}", world.ladder);
    assert!(world.hears_the_box(anna), "music");
    world.dial(cia, "*51");
    world.talk(anna, cia);
    world.hang_up(cia);
    world.settles();
}

#[test]
fn a_parked_call_comes_back_to_who_parked_it() {
    let (mut world, [anna, bo, _]) = three();
    world.connect_with(bo, "*52");
    world.run(100.0);
    assert!(world.hears_the_box(anna));
    world.answers(bo, 0.5);
    world.run(25.0);
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
}

#[test]
fn a_parked_call_that_nobody_takes_back_waits_on_and_ends_at_last() {
    for fetched in [true, false] {
        let (mut world, [anna, bo, cia]) = three();
        world.connect_with(bo, "*52");
        world.peer(bo).manner = Manner::Rings;
        world.run(130.0);
        assert!(!world.is_up(bo) && world.peer(bo).calls.len() == 2, "it rings where it was parked");
        world.run(30.0);
        assert!(world.is_up(anna) && world.hears_the_box(anna), "music again\n{}", world.ladder);
        if fetched {
            world.dial(cia, "*52");
            world.talk(anna, cia);
            world.hang_up(anna);
        } else {
            world.run(400.0);
            assert!(!world.is_up(anna), "three times is enough");
            assert_eq!(world.peer(bo).calls.len(), 4);
        }
        world.settles();
    }
}

#[test]
fn a_colleague_picks_up_what_rings() {
    let mut world = World::new();
    let [anna, bo, cia] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    world.dial(cia, "202");
    world.run(1.0);
    world.dial(anna, "*8");
    world.talk(cia, anna);
    assert!(!world.is_up(bo));
    world.hang_up(anna);
    world.settles();
}

#[test]
fn ones_own_call_moves_to_ones_other_phone() {
    let mut world = World::new();
    let [desk, soft, bo] = ["anna-bord", "anna-dator", "bo-bord"].map(|device| world.phone(device));
    world.answers(bo, 0.5);
    world.dial(desk, "202");
    world.talk(desk, bo);
    world.dial(soft, "*8201");
    world.talk(soft, bo);
    assert!(!world.is_up(desk));
    world.hang_up(bo);
    world.settles();
}
