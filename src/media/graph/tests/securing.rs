use super::peer::{agreed, encrypted};
use super::world::World;
use crate::codec::Codec;
use crate::srtp::Suite;

#[test]
fn encrypted_and_plain_legs_hear_each_other() {
    for suite in Suite::ALL {
        for (codec, both) in [(Codec::Pcma, true), (Codec::Pcma, false), (Codec::Opus, false)] {
            let first = encrypted(agreed(1, Codec::Pcma, 20), suite);
            let second = agreed(2, codec, 20);
            let second = if both { encrypted(second, suite) } else { second };
            let mut world = World::call(first, second);
            world.run(1500);
            for (leg, other) in [(1, 2), (2, 1)] {
                let wanted = world.peer(other).frequency;
                let heard = world.peer(leg).level(wanted);
                assert!(heard > 0.8, "{suite:?} {codec:?}: leg {leg} hears {heard}");
                world.peer(leg).assert_continuous();
            }
        }
    }
}

#[test]
fn keys_that_stay_go_on_counting_and_keys_that_change_start_afresh() {
    let suite = Suite::AesCm128HmacSha1_80;
    let mut world = World::call(
        encrypted(agreed(1, Codec::Pcma, 20), suite),
        encrypted(agreed(2, Codec::Pcma, 20), suite),
    );
    world.run(1000);
    // A hold and its end: the peer keeps its context, and so must the box.
    let held = crate::Agreed {
        direction: crate::Direction::ReceiveOnly,
        ..encrypted(agreed(1, Codec::Pcma, 20), suite)
    };
    world.reconfigure(1, held);
    world.run(500);
    world.reconfigure(1, encrypted(agreed(1, Codec::Pcma, 20), suite));
    world.run(500);
    world.peer(1).assert_continuous();
    world.peer(2).assert_continuous();
    assert!(world.peer(2).arrived.len() > 95);
}

#[test]
fn what_is_not_genuine_neither_latches_nor_passes() {
    let suite = Suite::AesCm128HmacSha1_80;
    let mut world = World::call(encrypted(agreed(1, Codec::Pcma, 20), suite), agreed(2, Codec::Pcma, 20));
    world.peer(1).talks = false;
    world.peer(2).talks = false;
    let good = world.peer(1).speak();
    let mut forged = good.clone();
    forged[20] ^= 1;
    world.inject(1, "203.0.113.66:4000", &forged);
    world.run(20);
    assert!(world.events.is_empty() && world.peer(2).arrived.is_empty());

    world.inject(1, "10.0.0.1:4002", &good);
    world.inject(1, "10.0.0.1:4002", &good);
    assert_eq!(world.peer(2).arrived.len(), 1, "a replayed packet is heard once");
}
