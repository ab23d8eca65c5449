//! Lost messages and lost parties: what the other side of the call sees, and that nothing is left.

use super::{device, ending, talking};
use crate::world::simulated::{Dial, Over, Side, State, World};
use model::Cause;

#[test]
fn a_lost_ack_is_made_up_for() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.lose(3, |line| line.is("ACK"));
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(5.0);
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn an_ack_that_never_comes_ends_the_call_in_both_directions() {
    // From the caller to the box, and from the box to the called phone.
    for caller in [true, false] {
        let mut world = World::new();
        let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
        world.answers(bo, 0.5);
        world.dial(anna, "202");
        world.run(0.4);
        let from = if caller { Side::Peer(anna) } else { Side::Box };
        world.lose(usize::MAX, move |line| line.from == from && line.is("ACK"));
        world.run(3.0);
        world.talk(anna, bo);
        world.run(40.0);
        assert!(matches!(world.on(anna).state, State::Over(_)), "{}", world.ladder);
        assert!(matches!(world.on(bo).state, State::Over(_)), "{}", world.ladder);
        world.settles();
        assert_eq!(world.record().cause, Cause::Answered);
    }
}

#[test]
fn a_lost_bye_is_sent_again() {
    let (mut world, anna, bo) = talking();
    world.lose(3, |line| line.is("BYE"));
    world.lose(2, |line| line.is("200 BYE"));
    world.hang_up(anna);
    world.settles();
    assert_eq!(world.on(bo).state, State::Over(Over::HungUp));
    assert_eq!(ending(world.record()), (Some(device("anna", "anna-bord")), "hung up"));
}

#[test]
fn a_phone_whose_bye_never_arrives_is_missed_by_its_silence() {
    let (mut world, anna, bo) = talking();
    world.lose(usize::MAX, |line| line.is("BYE") && line.from != Side::Box);
    world.hang_up(anna);
    world.wait(100.0, "the end of Bo's call", |world| !world.is_up(bo));
    assert_eq!(world.on(bo).state, State::Over(Over::HungUp));
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn both_hang_up_at_once() {
    let (mut world, anna, bo) = talking();
    world.hang_up(anna);
    world.hang_up(bo);
    world.settles();
    for phone in [anna, bo] {
        assert!(matches!(world.on(phone).state, State::Over(Over::Here | Over::HungUp)));
    }
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_hang_up_in_the_moment_of_the_answer_ends_the_call() {
    for wait in [0.0, 0.001, 0.003, 0.005] {
        let mut world = World::new();
        let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
        world.dial(anna, "202");
        world.run(1.0);
        world.pick_up(bo);
        world.run(wait);
        world.hang_up(anna);
        world.settles();
        assert!(matches!(world.on(bo).state, State::Over(_)), "{}", world.ladder);
    }
}

#[test]
fn a_phone_that_vanishes_ends_the_call_by_its_silence() {
    let (mut world, anna, bo) = talking();
    world.vanishes(bo);
    world.run(20.0);
    assert!(world.is_up(anna), "a pause is no end");
    world.wait(60.0, "the end of Anna's call", |world| !world.is_up(anna));
    assert_eq!(world.on(anna).state, State::Over(Over::HungUp));
    world.settles();
    assert_eq!(ending(world.record()), (Some(device("bo", "bo-bord")), "the party vanished"));
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_phone_that_vanishes_while_it_is_held_is_found_out_by_the_session_timer() {
    let (mut world, anna, bo) = talking();
    world.peer(anna).calls.last_mut().expect("a call").talks = false;
    world.hold(anna);
    world.run(1.0);
    world.vanishes(bo);
    world.wait(2_000.0, "the end of Anna's call", |world| !world.is_up(anna));
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_quiet_phone_that_answers_the_box_stays_in_its_call() {
    let (mut world, anna, bo) = talking();
    world.peer(bo).calls.last_mut().expect("a call").talks = false;
    world.run(45.0);
    assert!(world.is_up(anna) && world.is_up(bo), "{}", world.ladder);
    assert_eq!(world.hears(bo), [anna]);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn both_phones_vanish_and_the_call_still_ends_with_its_record() {
    let (mut world, anna, bo) = talking();
    world.vanishes(anna);
    world.vanishes(bo);
    world.run(70.0);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_caller_without_an_offer_whose_ack_is_lost_hears_the_other_when_it_comes_again() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 0.5);
    world.call(anna, Dial::to("202").offerless());
    world.run(0.4);
    world.lose(2, move |line| line.from == Side::Peer(anna) && line.is("ACK"));
    world.run(4.0);
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn a_caller_without_an_offer_whose_ack_never_comes_is_let_go() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 0.5);
    world.call(anna, Dial::to("202").offerless());
    world.run(0.4);
    world.lose(usize::MAX, move |line| line.from == Side::Peer(anna) && line.is("ACK"));
    world.run(40.0);
    assert_eq!(world.on(bo).state, State::Over(Over::HungUp));
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}
