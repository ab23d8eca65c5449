//! Digits: heard by the other party exactly once each, whatever either of them speaks.

use crate::world::simulated::{Digits, PeerId, World};
use media::Codec;

const KEYS: &str = "1590*#";

fn pair(anna_has: (Codec, Digits), bo_has: (Codec, Digits)) -> (World, PeerId, PeerId) {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    for (peer, (codec, digits)) in [(anna, anna_has), (bo, bo_has)] {
        world.peer(peer).profile.codecs = vec![codec];
        world.peer(peer).profile.digits = digits;
    }
    world.answers(bo, 0.2);
    world.dial(anna, "202");
    world.run(1.0);
    for peer in [anna, bo] {
        world.peer(peer).calls.last_mut().expect("a call").ear.listens = true;
    }
    (world, anna, bo)
}

/// Both press all keys; each hears those of the other once, and the other's voice again afterwards.
#[track_caller]
fn both_press(world: &mut World, (anna, bo): (PeerId, PeerId), what: &str) {
    world.press(anna, KEYS);
    world.run(3.0);
    assert_eq!(world.on(bo).ear.digits, KEYS, "{what}: from Anna to Bo");
    world.press(bo, KEYS);
    world.run(3.0);
    assert_eq!(world.on(anna).ear.digits, KEYS, "{what}: from Bo to Anna");
    world.talk(anna, bo);
}

#[test]
fn digits_pass_between_any_two_kinds_of_phones() {
    let kinds = [Digits::Events(101), Digits::Events(110), Digits::Sound];
    for one in kinds {
        for other in kinds {
            for (codec, second) in [(Codec::Pcma, Codec::Pcma), (Codec::Pcma, Codec::G722)] {
                let (mut world, anna, bo) = pair((codec, one), (second, other));
                both_press(&mut world, (anna, bo), &format!("{codec:?} {one:?} and {second:?} {other:?}"));
                world.hang_up(anna);
                world.settles();
            }
        }
    }
}

#[test]
fn digits_pass_between_opus_and_g711_whose_events_count_at_different_rates() {
    for (one, other) in [(Codec::Opus, Codec::Pcma), (Codec::Pcmu, Codec::Opus), (Codec::Opus, Codec::Opus)] {
        let (mut world, anna, bo) = pair((one, Digits::Events(101)), (other, Digits::Events(101)));
        both_press(&mut world, (anna, bo), &format!("{one:?} and {other:?}"));
        world.hang_up(bo);
        world.settles();
    }
}

#[test]
fn digits_pass_between_packet_times() {
    let (mut world, anna, bo) = pair((Codec::Pcma, Digits::Events(101)), (Codec::Pcma, Digits::Events(101)));
    world.hang_up(anna);
    world.run(1.0);
    world.peer(bo).profile.asks_ms = 40;
    world.peer(bo).profile.sends_ms = 40;
    world.dial(anna, "202");
    world.run(1.0);
    both_press(&mut world, (anna, bo), "20 and 40 ms");
    world.hang_up(anna);
    world.settles();
}

#[test]
fn digits_pass_once_through_a_network_that_loses_and_doubles() {
    let (mut world, anna, bo) = pair((Codec::Pcma, Digits::Events(101)), (Codec::G722, Digits::Events(101)));
    world.network.weather.loss = 5;
    world.network.weather.doubled = 5;
    world.network.weather.jitter_ms = 15;
    world.press(anna, KEYS);
    world.run(4.0);
    assert_eq!(world.on(bo).ear.digits, KEYS);
    world.hang_up(anna);
    world.run(5.0);
    world.settles();
}
