//! A call somebody heard nothing in: its trace says why, in plain words.

use super::talking;
use crate::world::simulated::{Over, PeerId, Side, State, World};
use media::Encryption;
use model::{Command, Reply};

/// The notes in a call's trace: whose leg, and what.
fn notes(world: &mut World) -> Vec<(String, String)> {
    let id = world.record().call.id;
    match world.ask(Command::Trace { id }) {
        Reply::Trace(lines) => {
            lines.into_iter().filter(|line| line.note).map(|line| (line.peer, line.summary)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn explained(world: &mut World, expected: &[(&str, &str)]) {
    let notes = notes(world);
    let fits = |((party, text), (whose, words)): (&(String, String), &(&str, &str))| {
        party == whose && text.contains(words)
    };
    assert!(notes.len() == expected.len() && notes.iter().zip(expected).all(fits), "{notes:?}");
}

fn ends(mut world: World, anna: PeerId) -> World {
    world.hang_up(anna);
    world.settles();
    world
}

#[test]
fn nothing_is_explained_of_a_good_call() {
    let (world, anna, _) = talking();
    explained(&mut ends(world, anna), &[]);
}

#[test]
fn a_phone_that_shows_an_address_behind_nat_is_heard_and_it_is_said() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.peer(bo).profile.shows = Some("192.168.7.7".parse().expect("an address"));
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(3.0);
    world.talk(anna, bo);
    explained(&mut ends(world, anna), &[("bo-bord", "not from 192.168.7.7")]);
}

#[test]
fn a_phone_that_never_sends_is_named() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(0.3);
    world.peer(bo).calls.last_mut().expect("a call").talks = false;
    world.run(5.0);
    explained(&mut ends(world, anna), &[("bo-bord", "No sound ever came from it")]);
}

#[test]
fn a_phone_on_hold_all_the_time_is_not_blamed() {
    let (mut world, anna, bo) = talking();
    world.hold(anna);
    world.peer(anna).calls.last_mut().expect("a call").talks = false;
    world.run(5.0);
    assert!(world.is_up(bo));
    explained(&mut ends(world, anna), &[]);
}

#[test]
fn a_key_that_does_not_fit_is_told_from_silence() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.peer(anna).profile.encryption = Encryption::Required;
    world.peer(anna).lies_about_its_key = true;
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(5.0);
    explained(&mut ends(world, anna), &[("anna-bord", "another key")]);
}

#[test]
fn an_ack_that_never_came_is_said() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(0.4);
    world.lose(usize::MAX, move |line| line.from == Side::Peer(anna) && line.is("ACK"));
    world.run(45.0);
    assert!(matches!(world.on(anna).state, State::Over(Over::HungUp)), "{}", world.ladder);
    world.settles();
    explained(&mut world, &[("anna-bord", "ACK never arrived")]);
}
