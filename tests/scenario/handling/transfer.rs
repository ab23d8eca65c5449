//! Hold and connecting further.

use super::three;
use crate::world::simulated::{Manner, World};
use model::{Cause, What};
use sip::Status;
use sip::endpoint::ReferProgress;

#[test]
fn whom_somebody_holds_hears_music() {
    let (mut world, [anna, bo, _]) = three();
    world.hold(bo);
    world.run(2.0);
    assert!(world.hears_the_box(anna), "{}", world.ladder);
    assert!(!world.hears_the_box(bo) && world.hears(bo).is_empty());
    world.resume(bo);
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn a_phone_connects_the_other_with_a_colleague_and_goes() {
    for by_caller in [false, true] {
        let (mut world, [anna, bo, cia]) = three();
        let (connects, stays) = if by_caller { (anna, bo) } else { (bo, anna) };
        world.answers(cia, 9.0);
        world.connect_with(connects, "203");
        world.run(1.0);
        assert_eq!(
            world.connected(connects).last(),
            Some(&ReferProgress::Ended(Some(Status::OK))),
            "{}",
            world.ladder
        );
        assert!(!world.is_up(connects));
        assert!(world.hears_the_box(stays), "ringing, as a tone");
        world.run(9.0);
        world.talk(stays, cia);
        world.hang_up(cia);
        world.settles();
        let transferred = world
            .record()
            .trail
            .iter()
            .any(|step| matches!(&step.what, What::Decided { rule, .. } if rule == "transfer"));
        assert!(transferred, "{:#?}", world.record());
    }
}

#[test]
fn a_transfer_that_nobody_takes_comes_back() {
    let (mut world, [anna, bo, cia]) = three();
    world.peer(cia).manner = Manner::Rings;
    world.connect_with(bo, "203");
    world.run(1.0);
    world.answers(bo, 0.5);
    world.run(25.0);
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn a_wish_that_cannot_be_met_is_refused_and_the_two_go_on_talking() {
    let (mut world, [anna, bo, _]) = three();
    world.connect_with(bo, "299");
    world.run(1.0);
    assert_eq!(world.connected(bo), [ReferProgress::Refused(Some(Status::NOT_FOUND))], "{}", world.ladder);
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
}

#[test]
fn somebody_asks_first_and_then_connects_the_two() {
    let (mut world, [anna, bo, cia]) = three();
    world.hold(bo);
    world.answers(cia, 0.5);
    world.dial(bo, "203");
    world.talk(bo, cia);
    world.connect_both(bo);
    world.talk(anna, cia);
    world.hang_up(anna);
    world.settles();
    let mut causes: Vec<Cause> = world.vaxel.memory.records.iter().map(|record| record.cause).collect();
    causes.sort_by_key(|cause| cause.as_str());
    assert_eq!(causes, [Cause::Answered, Cause::Transferred]);
}

#[test]
fn somebody_connects_while_the_third_still_rings() {
    let (mut world, [anna, bo, cia]) = three();
    world.hold(bo);
    world.answers(cia, 12.0);
    world.dial(bo, "203");
    world.run(1.0);
    world.connect_both(bo);
    assert!(world.hears_the_box(anna), "ringing, as a tone\n{}", world.ladder);
    world.run(12.0);
    world.talk(anna, cia);
    world.hang_up(cia);
    world.settles();
}

#[test]
fn a_call_from_outside_is_connected_outside_again() {
    let mut world = World::new();
    let bo = world.phone("bo-bord");
    let operator = World::OPERATOR;
    world.answers(bo, 0.5);
    world.call(operator, crate::world::simulated::Dial::to("+46812345202").from("+46701234567"));
    world.talk(operator, bo);
    world.answers(operator, 0.5);
    world.connect_with(bo, "0707654321");
    world.run(3.0);
    assert!(!world.is_up(bo));
    let up = world.peer(operator).calls.iter().filter(|call| call.is_up()).count();
    assert_eq!(up, 2, "in and out again\n{}", world.ladder);
    world.hang_up(operator);
    world.settles();
}
