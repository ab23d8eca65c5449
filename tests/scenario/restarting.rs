//! The box loses its power, or gets another site, in the middle of a call.

use super::{ending, talking};
use crate::world::simulated::{State, World, site};
use model::Cause;
use std::time::Duration;

#[test]
fn a_call_that_the_box_dies_under_has_a_record_and_phones_call_again_at_once() {
    let (mut world, anna, bo) = talking();
    world.restart();
    world.run(1.0);
    assert_eq!(world.record().cause, Cause::Lost);
    assert_eq!(ending(world.record()), (None, "the box stopped in the middle of the call"));
    assert!(world.hears(anna).is_empty() && world.hears(bo).is_empty());
    // Each of them notices and hangs up; the box knows nothing of their calls.
    world.hang_up(anna);
    world.hang_up(bo);
    world.run(2.0);
    assert!(matches!(world.on(anna).state, State::Over(_)) && matches!(world.on(bo).state, State::Over(_)));
    // Without registering again.
    world.dial(anna, "202");
    world.run(2.0);
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
    let records: Vec<(u64, Cause)> =
        world.vaxel.memory.records.iter().map(|record| (record.call.id.0, record.cause)).collect();
    assert_eq!(records, [(1, Cause::Lost), (2, Cause::Answered)]);
}

#[test]
fn a_call_that_rang_when_the_box_died_has_a_record() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.dial(anna, "202");
    world.run(2.0);
    world.restart();
    world.run(1.0);
    world.hang_up(anna);
    world.hang_up(bo);
    world.run(70.0);
    world.settles();
    assert_eq!(world.record().cause, Cause::Lost);
}

#[test]
fn nobody_is_told_of_a_call_before_the_disk_has_its_beginning() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.vaxel.commit = Duration::from_millis(30);
    world.dial(anna, "202");
    world.wait(1.0, "bo rings", |world| !world.peer(bo).calls.is_empty());
    let begun: Vec<u64> = world.vaxel.memory.open_calls.keys().map(|call| call.0).collect();
    assert_eq!(begun, [1], "bo rings for a call that a crash would forget");
    world.hang_up(anna);
    world.settles();
    // One that is turned away is no other.
    world.dial(anna, "299");
    world.wait(1.0, "anna is refused", |world| matches!(world.on(anna).state, State::Over(_)));
    assert!(
        world.vaxel.memory.open_calls.keys().map(|call| call.0).eq([2]),
        "a refusal of a call that was not begun"
    );
    world.settles();
}

#[test]
fn a_disk_that_takes_seconds_holds_up_no_call() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.vaxel.commit = Duration::from_secs(5);
    world.dial(anna, "202");
    world.wait(0.1, "bo rings", |world| !world.peer(bo).calls.is_empty());
    world.pick_up(bo);
    world.run(0.1);
    world.talk(anna, bo);
    world.hang_up(bo);
    world.run(12.0);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_site_applied_in_the_middle_of_a_call_drops_nothing() {
    let (mut world, anna, bo) = talking();
    world.answers(World::OPERATOR, 0.5);
    let cia = world.phone("cia-bord");
    world.dial(cia, "0701234567");
    world.run(1.0);
    world.apply(site::demo().replace("Exempel AB", "Annat AB").replace("\"Bo Berg\"", "\"Bo Bergman\""));
    world.talk(anna, bo);
    world.talk(cia, World::OPERATOR);
    world.hang_up(bo);
    world.hang_up(cia);
    world.settles();
    assert!(world.vaxel.memory.records.iter().all(|record| record.cause == Cause::Answered));
    assert_eq!(world.vaxel.memory.records.len(), 2);
}

#[test]
fn a_user_and_a_trunk_taken_away_in_the_middle_of_their_calls_end_them_in_peace() {
    let (mut world, anna, bo) = talking();
    let document = site::demo();
    let without = without_bo(&document);
    world.apply(without);
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
    world.dial(anna, "202");
    world.run(1.0);
    world.settles();
    let last = world.vaxel.memory.records.last().map(|record| record.cause);
    assert_eq!(last, Some(Cause::UnknownNumber));
}

/// The demo site without Bo.
fn without_bo(document: &str) -> String {
    let start = document.find("[[users]]\nid = \"bo\"").expect("bo");
    let length = document[start + 2..].find("\n[[users]]").expect("somebody after him");
    let rest = &document[start + 2 + length + 1..];
    format!("{}{rest}", &document[..start])
        .replace("[\"anna\", \"bo\"]", "[\"anna\"]")
        .replace("forward:202", "busy")
        .replace("\"202\"", "\"203\"")
}
