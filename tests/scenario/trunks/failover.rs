//! The next host, the next trunk; channels; calls for help.

use super::{changed, line, raw_operator};
use crate::scenario::rules;
use crate::world::simulated::{Manner, Over, PeerId, Side, State, World, secs};
use model::{Cause, Party};
use sip::Status;

const HOSTS: &str = "hosts = [\"127.0.0.1:5090\"]";
const TWO_HOSTS: &str = "hosts = [\"127.0.0.1:5090\", \"127.0.0.1:5092\"]";

/// The demo company, whose operator has a second server.
fn two_hosts() -> (World, PeerId) {
    let mut world = World::bare(1, changed(HOSTS, TWO_HOSTS));
    world.operator_at("operator", "127.0.0.1:5090");
    world.registrar_at("reserv", "127.0.0.1:5091", ("exempel", "trunk-hemlighet"));
    let second = world.operator_at("second", "127.0.0.1:5092");
    world.run(1.0);
    (world, second)
}

#[test]
fn the_next_server_of_a_trunk_takes_what_the_first_cannot() {
    for status in [503, 500, 408] {
        let (mut world, second) = two_hosts();
        let anna = world.phone("anna-bord");
        world.peer(World::OPERATOR).manner = Manner::Refuses(Status::new(status).expect("a status"));
        world.answers(second, 0.5);
        world.dial(anna, "0701234567");
        world.run(1.0);
        world.talk(anna, second);
        world.hang_up(anna);
        world.settles();
        assert!(world.peer(World::RESERVE).calls.is_empty(), "{status}");
        assert_eq!(world.record().cause, Cause::Answered, "{status}");
    }
}

#[test]
fn the_next_trunk_takes_what_the_first_cannot() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.peer(World::OPERATOR).manner = Manner::Refuses(Status::SERVICE_UNAVAILABLE);
    world.answers(World::RESERVE, 0.5);
    world.dial(anna, "0701234567");
    world.run(1.0);
    world.talk(anna, World::RESERVE);
    world.hang_up(World::RESERVE);
    world.settles();
    let record = world.record();
    assert_eq!(record.cause, Cause::Answered);
    let failed = record.trail.iter().any(|step| format!("{:?}", step.what).contains("503"));
    assert!(failed, "{:#?}", record.trail);
}

#[test]
fn a_trunk_that_says_nothing_is_given_up_within_four_seconds() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.vanishes(World::OPERATOR);
    world.answers(World::RESERVE, 0.0);
    world.dial(anna, "0701234567");
    world.run(3.9);
    assert!(world.peer(World::RESERVE).calls.is_empty());
    world.run(0.3);
    assert!(world.is_up(anna), "{}", world.ladder);
    world.talk(anna, World::RESERVE);
    world.hang_up(anna);
    world.peer(World::OPERATOR).gone = false;
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_trunk_that_refuses_to_be_spoken_to_is_given_up_at_once() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.vanishes(World::OPERATOR);
    world.refusing.insert("127.0.0.1:5090".parse().expect("an address"));
    world.answers(World::RESERVE, 0.0);
    world.dial(anna, "0701234567");
    world.run(0.2);
    assert!(world.is_up(anna), "{}", world.ladder);
    world.talk(anna, World::RESERVE);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn a_word_about_the_called_number_is_final() {
    for (status, cause, said) in
        [(404, Cause::UnknownNumber, 404), (486, Cause::Busy, 486), (603, Cause::Rejected, 603)]
    {
        let mut world = World::new();
        let anna = world.phone("anna-bord");
        world.peer(World::OPERATOR).manner = Manner::Refuses(Status::new(status).expect("a status"));
        world.dial(anna, "0701234567");
        world.run(1.0);
        assert_eq!(world.on(anna).state, State::Over(Over::Refused(Status::new(said))));
        world.settles();
        assert_eq!(world.record().cause, cause);
        assert!(world.peer(World::RESERVE).calls.is_empty(), "{status}");
    }
}

#[test]
fn no_trunk_left_is_told_as_such() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    for trunk in [World::OPERATOR, World::RESERVE] {
        world.peer(trunk).manner = Manner::Refuses(Status::SERVICE_UNAVAILABLE);
    }
    world.dial(anna, "0701234567");
    world.run(1.0);
    assert_eq!(world.on(anna).state, State::Over(Over::Refused(Some(Status::SERVICE_UNAVAILABLE))));
    world.settles();
    assert_eq!(world.record().cause, Cause::TrunkFailed);
}

#[test]
fn a_full_trunk_leaves_calls_to_the_next_and_help_still_gets_out() {
    let mut world = World::with_site(1, changed("channels = 30", "channels = 1"));
    let (anna, bo, cia) = (world.phone("anna-bord"), world.phone("bo-bord"), world.phone("cia-bord"));
    world.answers(World::OPERATOR, 0.0);
    world.answers(World::RESERVE, 0.0);
    world.dial(anna, "0701234567");
    world.run(0.5);
    world.dial(bo, "0701234568");
    world.run(0.5);
    assert_eq!((world.peer(World::OPERATOR).calls.len(), world.peer(World::RESERVE).calls.len()), (1, 1));
    world.talk(anna, World::OPERATOR);
    // The one channel is Anna's; help takes it.
    world.dial(cia, "112");
    world.run(0.5);
    assert!(matches!(world.on(anna).state, State::Over(_)), "{}", world.ladder);
    assert_eq!(world.on(anna).reason.as_deref(), Some("Q.850;cause=8;text=\"Preemption\""));
    world.talk(cia, World::OPERATOR);
    world.hang_up(cia);
    world.hang_up(bo);
    world.settles();
    assert_eq!(world.vaxel.memory.records.len(), 3);
}

#[test]
fn a_call_that_finds_every_channel_taken_is_turned_away() {
    let mut world = World::with_site(1, changed("channels = 30", "channels = 1"));
    world.vanishes(World::RESERVE);
    world.wait(1_300.0, "the reserve is down", |world| !line(world, "reserv").up);
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(World::OPERATOR, 0.0);
    world.dial(anna, "0701234567");
    world.run(0.5);
    world.dial(bo, "0701234568");
    world.run(0.5);
    assert_eq!(world.on(bo).state, State::Over(Over::Refused(Some(Status::SERVICE_UNAVAILABLE))));
    assert!(world.is_up(anna));
    world.hang_up(anna);
    world.peer(World::RESERVE).gone = false;
    world.settles();
}

#[test]
fn help_is_tried_on_trunks_that_seem_down_and_shows_the_number_of_the_place() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    for trunk in [World::OPERATOR, World::RESERVE] {
        world.peer(trunk).health = None;
    }
    world.wait(60.0, "both are down", |world| !line(world, "operator").up && !line(world, "reserv").up);
    world.answers(World::OPERATOR, 0.0);
    // Her number hidden, for this call and always: help sees where she is all the same.
    world.dial(anna, "#31#112");
    world.run(1.0);
    world.talk(anna, World::OPERATOR);
    let invite = world.on(World::OPERATOR).invite.clone().expect("an INVITE");
    assert_eq!(invite.uri.user().as_deref(), Some("112"));
    assert_eq!(invite.headers.from().expect("From").uri.user().as_deref(), Some("+46812345200"));
    assert!(!invite.headers.contains(&sip::Name::Privacy));
    world.hang_up(anna);
    for trunk in [World::OPERATOR, World::RESERVE] {
        world.peer(trunk).health = Some(Status::OK);
    }
    world.settles();
    assert!(rules(world.record()).contains(&"outbound"));
}

#[test]
fn help_goes_on_to_the_next_trunk_whatever_the_first_says() {
    for status in [404, 486, 603, 503] {
        let mut world = World::new();
        let anna = world.phone("anna-bord");
        world.peer(World::OPERATOR).manner = Manner::Refuses(Status::new(status).expect("a status"));
        world.answers(World::RESERVE, 0.0);
        world.dial(anna, "112");
        world.run(1.0);
        world.talk(anna, World::RESERVE);
        world.hang_up(anna);
        world.settles();
    }
}

#[test]
fn the_callers_hear_what_the_operator_says_before_the_answer() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.peer(World::OPERATOR).manner = Manner::Early(Some(secs(4.0)));
    world.dial(anna, "0701234567");
    world.run(2.0);
    assert_eq!(world.on(anna).progress.last(), Some(&183));
    assert_eq!(world.hears(anna), [World::OPERATOR]);
    world.run(3.0);
    world.talk(anna, World::OPERATOR);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn a_trunk_without_early_sound_only_rings() {
    let mut world = World::with_site(1, changed("early_media = true", "early_media = false"));
    let anna = world.phone("anna-bord");
    world.peer(World::OPERATOR).manner = Manner::Early(Some(secs(3.0)));
    world.dial(anna, "0701234567");
    world.run(2.0);
    assert!(world.hears(anna).is_empty());
    assert!(!world.on(anna).progress.contains(&183), "{:?}", world.on(anna).progress);
    world.run(2.0);
    world.talk(anna, World::OPERATOR);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn a_trunk_that_forks_may_ring_twice_and_answer_twice_and_one_call_comes_of_it() {
    let (mut world, trunk) = raw_operator(crate::world::simulated::site::demo());
    let anna = world.phone("anna-bord");
    world.dial(anna, "0701234567");
    world.run(0.2);
    let invite = trunk.invite(&world);
    let (one, two) = (crate::world::simulated::sdp(41_000), crate::world::simulated::sdp(42_000));
    trunk.respond(&mut world, &invite, (183, "one", Some(&one)));
    world.run(0.1);
    trunk.respond(&mut world, &invite, (183, "two", Some(&two)));
    world.run(0.5);
    trunk.respond(&mut world, &invite, (200, "two", Some(&two)));
    world.run(0.05);
    trunk.respond(&mut world, &invite, (200, "one", Some(&one)));
    world.run(0.5);
    assert!(world.is_up(anna), "{}", world.ladder);
    // Both answers are acknowledged, and the one that came too late is hung up.
    let tags = |method| -> Vec<String> {
        let all = world.requests_at(trunk.at, &method);
        all.iter().filter_map(|request| request.headers.to().ok()?.tag().map(str::to_owned)).collect()
    };
    let mut acks = tags(sip::Method::Ack);
    acks.sort();
    acks.dedup();
    assert_eq!(
        (acks, tags(sip::Method::Bye)),
        (vec!["one".to_owned(), "two".to_owned()], vec!["one".to_owned()])
    );
    trunk.lets_go(&mut world);
    // Anna is heard where the answer said.
    world.parcels.clear();
    world.run(1.0);
    let at = |port: u16| world.parcels.iter().filter(|(to, _)| to.port() == port).count();
    assert!(at(42_000) > 40 && at(41_000) == 0, "{} and {}", at(42_000), at(41_000));
    world.hang_up(anna);
    world.run(0.1);
    trunk.lets_go(&mut world);
    trunk.leaves(&mut world);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
    let invited = |party: &Party| matches!(party, Party::Trunk(_));
    assert_eq!(world.record().quality.iter().filter(|leg| invited(&leg.party)).count(), 1);
    assert_eq!(world.ladder.count(Side::Box, "200 INVITE"), 1);
}
