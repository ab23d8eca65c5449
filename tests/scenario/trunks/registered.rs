//! Registered, and alive.

use super::line;
use crate::world::simulated::{Side, World};
use model::Event;
use sip::{Message, Name, Status};
use std::time::Duration;

const RESERVE: Side = Side::Peer(World::RESERVE);

#[test]
fn the_box_proves_itself_to_its_registrar_and_comes_back_in_time() {
    let mut world = World::new();
    assert_eq!(line(&mut world, "reserv").registered, Some(true));
    assert_eq!(world.ladder.count(RESERVE, "401 REGISTER"), 1);
    assert_eq!(world.ladder.count(RESERVE, "200 REGISTER"), 1);
    // The registrar grants ten minutes: an hour takes several refreshes and never lapses.
    let mut lapsed = 0;
    for _ in 0..60 {
        world.run(60.0);
        lapsed += u32::from(line(&mut world, "reserv").registered != Some(true));
    }
    let times: Vec<_> =
        world.ladder.lines.iter().filter(|line| line.is("200 REGISTER")).map(|line| line.at).collect();
    let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().expect("several");
    assert!(lapsed == 0 && longest < Duration::from_secs(600), "{longest:?} apart\n{}", world.ladder);
    world.settles();
}

#[test]
fn a_registration_that_is_lost_is_made_again() {
    let mut world = World::new();
    world.peer(World::RESERVE).gone = true;
    world.run(1_300.0);
    let down = line(&mut world, "reserv");
    assert_eq!((down.registered, down.up), (Some(false), false));
    world.peer(World::RESERVE).gone = false;
    world.wait(320.0, "registered again", |world| line(world, "reserv").registered == Some(true));
    world.wait(10.0, "up", |world| line(world, "reserv").up);
    world.settles();
}

#[test]
fn a_trunk_that_falls_silent_is_down_and_up_again_when_it_answers() {
    let mut world = World::new();
    assert!(line(&mut world, "operator").up);
    world.peer(World::OPERATOR).health = None;
    world.wait(60.0, "down", |world| !line(world, "operator").up);
    world.peer(World::OPERATOR).health = Some(Status::OK);
    world.wait(15.0, "up", |world| line(world, "operator").up);
    let news: Vec<&Event> = world
        .vaxel
        .events
        .iter()
        .filter(|event| matches!(event, Event::TrunkUp { trunk } | Event::TrunkDown { trunk } if trunk.as_str() == "operator"))
        .collect();
    assert!(matches!(news.as_slice(), [.., Event::TrunkDown { .. }, Event::TrunkUp { .. }]), "{news:?}");
    world.settles();
}

#[test]
fn a_trunk_that_answers_anything_is_alive_but_one_that_has_no_service_is_not() {
    for (status, up) in [(404, true), (405, true), (503, false)] {
        let mut world = World::new();
        world.peer(World::OPERATOR).health = Status::new(status);
        world.run(70.0);
        assert_eq!(line(&mut world, "operator").up, up, "{status}");
        world.peer(World::OPERATOR).health = Some(Status::OK);
        world.settles();
    }
}

#[test]
fn what_a_registrar_sees_of_the_box_is_what_it_registers() {
    let document = super::changed("registrar = \"127.0.0.1:5091\"", "registrar = \"203.0.113.91:5060\"");
    let mut world = World::behind("198.51.100.7", document, None);
    world.operator_at("operator", "127.0.0.1:5090");
    let registrar = world.registrar_at("reserv", "203.0.113.91:5060", ("exempel", "trunk-hemlighet"));
    world.run(10.0);
    let mut sent = world.ladder.lines.iter().filter(|line| line.from == Side::Box && line.is("REGISTER"));
    let last = sent.next_back().expect("a REGISTER");
    let Message::Request(request) = &last.message else { panic!() };
    assert!(
        request.headers.get(&Name::Contact).is_some_and(|contact| contact.contains("@198.51.100.7:5060")),
        "{}\n{request:?}",
        world.ladder
    );
    assert_eq!(request.headers.via().expect("a Via").sent_by().to_string(), "198.51.100.7:5060");
    assert_eq!(line(&mut world, "reserv").registered, Some(true));
    assert_eq!(world.peer(registrar).name, "reserv");
    world.settles();
}
