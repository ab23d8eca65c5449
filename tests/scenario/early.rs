//! Before the answer: sound from the trunk, reliable provisional responses, calls without an offer.

use super::{ending, operator};
use crate::world::simulated::{Dial, Manner, Over, PeerId, Side, State, World, secs};
use media::Direction;
use model::Cause;

/// Anna calls a number outside; the operator sends sound before it answers.
fn early(answers: Option<f64>) -> (World, PeerId) {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.peer(World::OPERATOR).manner = Manner::Early(answers.map(secs));
    world.dial(anna, "0701234567");
    (world, anna)
}

#[test]
fn the_caller_hears_the_trunk_before_the_answer_and_after_it() {
    let (mut world, anna) = early(Some(4.0));
    world.run(2.0);
    assert_eq!(world.on(anna).progress, [183]);
    assert_eq!(world.on(anna).state, State::Waiting);
    assert_eq!(world.hears(anna), [World::OPERATOR], "the operator's announcement");
    world.run(3.0);
    world.talk(anna, World::OPERATOR);
    world.hang_up(anna);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_call_that_is_refused_after_early_sound_is_refused() {
    let (mut world, anna) = early(None);
    world.run(2.0);
    assert_eq!(world.hears(anna), [World::OPERATOR]);
    world.hang_up(World::OPERATOR);
    world.settles();
    assert!(matches!(world.on(anna).state, State::Over(Over::Refused(Some(_)))));
    assert_eq!(world.record().answered, None);
}

#[test]
fn a_caller_who_gives_up_during_early_sound_ends_it() {
    let (mut world, anna) = early(None);
    world.run(2.0);
    world.hang_up(anna);
    world.settles();
    assert_eq!(world.on(World::OPERATOR).state, State::Over(Over::Cancelled));
    assert_eq!(world.record().cause, Cause::Cancelled);
    assert_eq!(ending(world.record()).1, "the caller gave up");
}

#[test]
fn descriptions_in_provisional_responses_are_acknowledged_on_both_sides() {
    let (mut world, anna) = early(Some(2.0));
    world.run(4.0);
    let reliable = |line: &crate::world::simulated::Line| {
        line.is("183 INVITE") && line.message.headers().has_option(&sip::Name::Require, "100rel")
    };
    let count = |world: &World, from| {
        world.ladder.lines.iter().filter(|line| line.from == from && reliable(line)).count()
    };
    assert_eq!(count(&world, Side::Peer(World::OPERATOR)), 1);
    assert_eq!(world.ladder.count(Side::Box, "PRACK"), 1, "the box to the operator\n{}", world.ladder);
    assert_eq!(count(&world, Side::Box), 1);
    assert_eq!(world.ladder.count(Side::Peer(anna), "PRACK"), 1, "the phone to the box\n{}", world.ladder);
    world.talk(anna, World::OPERATOR);
    world.hang_up(World::OPERATOR);
    world.settles();
    assert_eq!(ending(world.record()), (Some(operator()), "hung up"));
}

#[test]
fn a_lost_prack_is_sent_again_and_the_call_goes_on() {
    let (mut world, anna) = early(Some(6.0));
    world.lose(2, |line| line.is("PRACK"));
    world.lose(1, |line| line.is("200 PRACK"));
    world.run(8.0);
    world.talk(anna, World::OPERATOR);
    world.hang_up(anna);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn an_update_before_the_answer_is_answered_and_obeyed() {
    let (mut world, anna) = early(None);
    world.run(2.0);
    assert_eq!(world.hears(anna), [World::OPERATOR]);
    // The operator's side stops its announcement, and begins again.
    world.wish(World::OPERATOR, Direction::Inactive);
    world.run(1.5);
    assert_eq!(world.ladder.count(Side::Peer(World::OPERATOR), "UPDATE"), 1, "{}", world.ladder);
    assert_eq!(world.on(World::OPERATOR).changed, 1);
    assert!(world.hears(anna).is_empty());
    world.wish(World::OPERATOR, Direction::SendReceive);
    world.run(1.5);
    assert_eq!(world.hears(anna), [World::OPERATOR]);
    // So may the caller's phone.
    world.wish(anna, Direction::SendReceive);
    world.run(1.0);
    assert_eq!(world.ladder.count(Side::Peer(anna), "UPDATE"), 1, "{}", world.ladder);
    world.pick_up(World::OPERATOR);
    world.talk(anna, World::OPERATOR);
    world.hang_up(anna);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_phone_that_calls_without_an_offer_gets_one_and_talks() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 1.0);
    world.call(anna, Dial::to("202").offerless());
    world.run(2.0);
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn an_operator_that_calls_without_an_offer_gets_one_and_talks() {
    let mut world = World::new();
    let bo = world.phone("bo-bord");
    world.answers(bo, 1.0);
    world.call(World::OPERATOR, Dial::to("+46812345202").from("+46700000001").offerless());
    world.run(2.0);
    world.talk(World::OPERATOR, bo);
    world.hang_up(bo);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_call_without_an_offer_that_goes_out_rings_and_talks_although_its_early_sound_cannot_be_heard() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.peer(World::OPERATOR).manner = Manner::Early(Some(secs(2.0)));
    world.call(anna, Dial::to("0701234567").offerless());
    world.run(1.0);
    assert_eq!(world.on(anna).progress, [180]);
    world.run(2.0);
    world.talk(anna, World::OPERATOR);
    world.hang_up(anna);
    world.settles();
}
