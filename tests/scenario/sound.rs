//! Sound between phones that speak differently.

use crate::world::simulated::{PeerId, World};
use media::Codec;
use model::Cause;

const ALL: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];

#[test]
fn any_two_codecs_hear_each_other() {
    for one in ALL {
        for other in ALL {
            let mut world = World::new();
            let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
            world.peer(anna).profile.codecs = vec![one];
            world.peer(bo).profile.codecs = vec![other];
            world.answers(bo, 0.2);
            world.dial(anna, "202");
            world.run(0.5);
            world.talk(anna, bo);
            world.hang_up(bo);
            world.settles();
            let codecs: Vec<&str> = world.record().quality.iter().map(|leg| leg.codec.as_str()).collect();
            assert_eq!(codecs, [one.name(), other.name()]);
            assert_eq!(world.record().cause, Cause::Answered);
        }
    }
}

#[test]
fn phones_with_a_codec_in_common_use_it_whatever_they_like_best() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.peer(anna).profile.codecs = vec![Codec::Opus, Codec::G722, Codec::Pcma];
    world.peer(bo).profile.codecs = vec![Codec::Pcmu, Codec::G722];
    world.answers(bo, 0.2);
    world.dial(anna, "202");
    world.run(0.5);
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
    let codecs: Vec<&str> = world.record().quality.iter().map(|leg| leg.codec.as_str()).collect();
    assert_eq!(codecs, ["G722", "G722"], "nothing to transcode");
}

/// Two phones, with the packet times they ask for and send.
fn packets(codec: Codec, (anna_has, bo_has): (u32, u32)) -> (World, PeerId, PeerId) {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    for (peer, ms) in [(anna, anna_has), (bo, bo_has)] {
        world.peer(peer).profile.codecs = vec![codec];
        world.peer(peer).profile.asks_ms = ms;
        world.peer(peer).profile.sends_ms = ms;
    }
    world.answers(bo, 0.2);
    world.dial(anna, "202");
    world.run(0.5);
    (world, anna, bo)
}

/// Every packet that came lately has so many milliseconds of G.711, and the timestamps say so.
#[track_caller]
fn must_get(world: &World, peer: PeerId, ms: u32) {
    let ear = &world.on(peer).ear;
    let (sizes, steps) = (ear.sizes(), ear.steps());
    assert!(sizes.iter().all(|size| *size == 8 * ms as usize), "{ms} ms: {sizes:?}");
    assert!(steps.iter().all(|step| *step == 8 * ms), "{ms} ms: {steps:?}");
}

#[test]
fn each_phone_gets_the_packet_time_it_asks_for_whatever_the_other_sends() {
    for one in [10, 20, 30, 40, 50, 60] {
        for other in [10, 20, 30, 60] {
            let (mut world, anna, bo) = packets(Codec::Pcma, (one, other));
            world.talk(anna, bo);
            must_get(&world, anna, one);
            must_get(&world, bo, other);
            world.hang_up(bo);
            world.settles();
            assert!(world.record().quality.iter().all(|leg| leg.lost == 0), "{:?}", world.record().quality);
        }
    }
}

#[test]
fn opus_of_one_packet_time_is_heard_by_g711_of_another() {
    for (opus, other) in [(10, 60), (60, 10), (40, 30), (20, 20)] {
        let (mut world, anna, bo) = packets(Codec::Pcma, (other, opus));
        world.hang_up(anna);
        world.run(1.0);
        world.peer(bo).profile.codecs = vec![Codec::Opus];
        world.dial(anna, "202");
        world.run(1.0);
        world.talk(anna, bo);
        must_get(&world, anna, other);
        world.hang_up(bo);
        world.settles();
    }
}

#[test]
fn a_packet_time_nobody_can_have_becomes_the_nearest_that_can_be_had() {
    for (asked, got) in [(1, 10), (15, 10), (25, 20), (37, 30), (80, 60), (4_000, 60), (0, 20)] {
        let (mut world, anna, bo) = packets(Codec::Pcma, (20, 20));
        world.hang_up(anna);
        world.run(1.0);
        world.peer(anna).profile.asks_ms = asked;
        world.dial(anna, "202");
        world.run(1.0);
        world.talk(anna, bo);
        must_get(&world, anna, got);
        must_get(&world, bo, 20);
        world.hang_up(bo);
        world.settles();
    }
}

#[test]
fn no_packet_is_longer_than_the_longest_a_phone_takes() {
    let (mut world, anna, bo) = packets(Codec::Pcma, (20, 60));
    world.hang_up(anna);
    world.run(1.0);
    world.peer(anna).profile.asks_ms = 60;
    world.peer(anna).profile.longest_ms = Some(30);
    world.dial(anna, "202");
    world.run(1.0);
    world.talk(anna, bo);
    must_get(&world, anna, 30);
    world.hang_up(bo);
    world.settles();
}

#[test]
fn a_packet_time_is_changed_in_the_middle_of_a_call() {
    for caller in [true, false] {
        let (mut world, anna, bo) = packets(Codec::Pcma, (20, 20));
        let changer = if caller { anna } else { bo };
        for ms in [60, 10, 40] {
            let call = world.peer(changer).calls.last_mut().expect("a call");
            (call.profile.asks_ms, call.profile.sends_ms) = (ms, ms);
            world.resume(changer);
            world.talk(anna, bo);
            must_get(&world, changer, ms);
        }
        world.hang_up(bo);
        world.settles();
    }
}
