//! Whether a trunk carries calls: not known, known, known not to.

use super::{line, raw_operator};
use crate::world::simulated::{Manner, Over, RawTrunk, State, World, site};
use model::{Cause, TrunkState};
use sip::flow::Transport;
use sip::{Method, Name, Request, Response, Status};

fn state(world: &mut World) -> (TrunkState, bool, String) {
    let trunk = line(world, "operator");
    (trunk.state, trunk.up, trunk.hosts[0].said.clone())
}

#[test]
fn a_trunk_is_not_known_until_it_is_heard_from_and_calls_are_tried_meanwhile() {
    let mut world = World::bare(1, site::demo());
    let operator = world.operator_at("operator", "127.0.0.1:5090");
    world.registrar_at("reserv", "127.0.0.1:5091", ("exempel", "trunk-hemlighet"));
    // It takes calls and never answers OPTIONS, as some operators do.
    world.peer(operator).health = None;
    world.answers(operator, 0.0);
    let anna = world.phone("anna-bord");
    assert_eq!(state(&mut world), (TrunkState::Unknown, false, "not asked yet".to_owned()));
    world.dial(anna, "0701234567");
    world.run(0.5);
    world.talk(anna, operator);
    assert_eq!(state(&mut world), (TrunkState::Up, true, "alive".to_owned()));
    world.hang_up(anna);
    // Its silence to OPTIONS is no news any more.
    world.run(300.0);
    assert!(state(&mut world).1);
    world.peer(operator).health = Some(Status::OK);
    world.settles();
}

#[test]
fn a_trunk_that_was_never_heard_from_is_down_after_the_first_unanswered_question() {
    let mut world = World::bare(1, site::demo());
    world.registrar_at("reserv", "127.0.0.1:5091", ("exempel", "trunk-hemlighet"));
    world.run(1.0);
    assert_eq!(state(&mut world).0, TrunkState::Unknown);
    world.run(4.0);
    assert_eq!(state(&mut world), (TrunkState::Down, false, "no answer".to_owned()));
    world.operator_at("operator", "127.0.0.1:5090");
    world.settles();
}

/// Answers every OPTIONS of the box that has no answer yet.
fn lives(world: &mut World, trunk: &RawTrunk, answered: &mut usize) {
    let asked = world.requests_at(trunk.at, &Method::Options);
    for request in asked.iter().skip(*answered) {
        world.tell((Transport::Udp, trunk.at), Response::to(request, Status::OK).to_bytes());
    }
    *answered = asked.len();
    world.run(0.1);
}

fn invites(world: &World, trunk: &RawTrunk) -> Vec<Request> {
    world.requests_at(trunk.at, &Method::Invite)
}

#[test]
fn a_trunk_that_asks_for_a_pause_gets_it_and_calls_take_the_next_trunk_at_once() {
    let (mut world, trunk) = raw_operator(site::demo());
    let mut answered = 0;
    lives(&mut world, &trunk, &mut answered);
    world.answers(World::RESERVE, 0.0);
    let anna = world.phone("anna-bord");
    world.dial(anna, "0701234567");
    world.run(0.1);
    let invite = trunk.invite(&world);
    let refusal = Response::to(&invite, Status::SERVICE_UNAVAILABLE).with(Name::RetryAfter, 60);
    world.tell((Transport::Udp, trunk.at), refusal.with_to_tag("busy").to_bytes());
    world.run(0.5);
    world.talk(anna, World::RESERVE);
    world.hang_up(anna);
    world.run(1.0);
    let (health, _, said) = state(&mut world);
    assert_eq!((health, said.as_str()), (TrunkState::Down, "503 Service Unavailable, it asked for a pause"));
    // The next call does not even try, and nobody asks how it is.
    let asked = world.requests_at(trunk.at, &Method::Options).len();
    world.dial(anna, "0701234568");
    world.run(0.2);
    assert!(world.is_up(anna), "{}", world.ladder);
    world.hang_up(anna);
    world.run(50.0);
    assert_eq!(
        (invites(&world, &trunk).len(), world.requests_at(trunk.at, &Method::Options).len()),
        (1, asked)
    );
    // A minute later it is asked, answers, and gets calls again.
    world.run(10.0);
    lives(&mut world, &trunk, &mut answered);
    assert_eq!(state(&mut world).0, TrunkState::Up);
    world.dial(anna, "0701234569");
    world.run(0.1);
    let invite = trunk.invite(&world);
    assert_eq!(invites(&world, &trunk).len(), 2);
    trunk.respond(&mut world, &invite, (486, "busy", None));
    world.run(0.5);
    assert_eq!(world.on(anna).state, State::Over(Over::Refused(Some(Status::BUSY_HERE))));
    trunk.leaves(&mut world);
    world.settles();
    let causes: Vec<Cause> = world.vaxel.memory.records.iter().map(|record| record.cause).collect();
    assert_eq!(causes, [Cause::Answered, Cause::Answered, Cause::Busy]);
}

#[test]
fn a_pause_does_not_keep_a_call_for_help_back() {
    let (mut world, trunk) = raw_operator(site::demo());
    world.peer(World::RESERVE).manner = Manner::Refuses(Status::SERVICE_UNAVAILABLE);
    let mut answered = 0;
    lives(&mut world, &trunk, &mut answered);
    let anna = world.phone("anna-bord");
    world.dial(anna, "0701234567");
    world.run(0.1);
    let invite = trunk.invite(&world);
    let refusal = Response::to(&invite, Status::SERVICE_UNAVAILABLE).with(Name::RetryAfter, 200);
    world.tell((Transport::Udp, trunk.at), refusal.with_to_tag("busy").to_bytes());
    world.run(1.0);
    world.dial(anna, "112");
    world.run(0.5);
    let invite = trunk.invite(&world);
    assert_eq!(invite.uri.user().as_deref(), Some("112"), "{}", world.ladder);
    trunk.respond(&mut world, &invite, (480, "nobody", None));
    world.run(0.5);
    trunk.leaves(&mut world);
    world.settles();
}
