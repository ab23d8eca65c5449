use super::peer::agreed;
use super::world::{Network, World};
use crate::codec::Codec;

/// Both frequencies must arrive at the right end at the right level, and neither at the wrong one.
#[track_caller]
fn assert_both_hear(world: &mut World, what: &str) {
    for (leg, other) in [(1, 2), (2, 1)] {
        let (own, wanted) = (world.peer(leg).frequency, world.peer(other).frequency);
        let (heard, echo) = (world.peer(leg).level(wanted), world.peer(leg).level(own));
        assert!((0.8..1.2).contains(&heard), "{what}: leg {leg} hears {heard}");
        assert!(echo < 0.05, "{what}: leg {leg} hears itself at {echo}");
        world.peer(leg).assert_continuous();
    }
}

#[test]
fn every_pair_of_codecs_is_heard_both_ways() {
    for a in Codec::ALL {
        for b in Codec::ALL {
            let mut world = World::call(agreed(1, a, 20), agreed(2, b, 20));
            world.run(2000);
            assert_both_hear(&mut world, &format!("{a:?} {b:?}"));
            let packets = world.peer(1).arrived.len();
            assert!((90..=101).contains(&packets), "{a:?} {b:?}: {packets} packets in two seconds");
        }
    }
}

#[test]
fn every_pair_of_packet_times_is_heard_both_ways() {
    for codec in Codec::ALL {
        for a in [10, 20, 30, 40, 60] {
            for b in [10, 20, 30, 40, 60] {
                let (a, b) = (codec.packet_time_ms(a), codec.packet_time_ms(b));
                let mut world = World::call(agreed(1, codec, a), agreed(2, codec, b));
                world.run(1500);
                assert_both_hear(&mut world, &format!("{codec:?} {a} {b}"));
            }
        }
    }
}

#[test]
fn repacked_sound_has_the_agreed_packet_time_and_not_one_octet_changed() {
    let mut world = World::call(agreed(1, Codec::Pcma, 30), agreed(2, Codec::Pcma, 20));
    world.run(1000);
    let sent: Vec<u8> = {
        let mut twin = super::peer::Peer::new(1, world.now, agreed(1, Codec::Pcma, 30));
        (0..30).flat_map(|_| twin.speak()[12..].to_vec()).collect()
    };
    let peer = world.peer(2);
    assert!(peer.arrived.iter().all(|arrived| arrived.payload.len() == 160));
    let heard: Vec<u8> = peer.arrived.iter().flat_map(|arrived| arrived.payload.clone()).collect();
    assert!(heard.len() > 7000);
    assert_eq!(heard[..7000], sent[..7000]);
}

#[test]
fn other_codecs_with_other_packet_times_are_heard() {
    for (a, b) in [(10, 60), (60, 10), (30, 20), (20, 30), (40, 60)] {
        let mut world = World::call(agreed(1, Codec::Pcmu, a), agreed(2, Codec::G722, b));
        world.run(2000);
        assert_both_hear(&mut world, &format!("{a} {b}"));
    }
}

#[test]
fn loss_shows_as_gaps_when_relaying_and_is_concealed_when_transcoding() {
    for (a, b) in [(Codec::Pcma, Codec::Pcma), (Codec::Pcma, Codec::Opus), (Codec::G722, Codec::Pcmu)] {
        let mut world = World::call(agreed(1, a, 20), agreed(2, b, 20));
        world.network = Network { loss: 5, jitter_ms: 45, doubled: 2 };
        world.run(10_000);
        for (leg, other) in [(1, 2), (2, 1)] {
            let wanted = world.peer(other).frequency;
            let heard = world.peer(leg).level(wanted);
            assert!(heard > 0.4, "{a:?} {b:?}: leg {leg} hears {heard}");
        }
        let mut sequences: Vec<u16> = world.peer(2).arrived.iter().map(|p| p.header.sequence).collect();
        let first = sequences[0];
        sequences.sort_by_key(|sequence| sequence.wrapping_sub(first) as i16);
        let span = usize::from(sequences[sequences.len() - 1].wrapping_sub(first)) + 1;
        sequences.dedup();
        let lost = span - sequences.len();
        if a == b {
            assert!((10..50).contains(&lost), "{lost} of {span} lost");
        } else {
            assert!(lost == 0, "{lost} of {span} lost");
        }
    }
}

#[test]
fn a_bad_network_does_not_disturb_repacking() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 30));
    world.network = Network { loss: 3, jitter_ms: 45, doubled: 3 };
    world.run(10_000);
    for (leg, other) in [(1, 2), (2, 1)] {
        let wanted = world.peer(other).frequency;
        let heard = world.peer(leg).level(wanted);
        assert!(heard > 0.4, "leg {leg} hears {heard}");
        let frame = usize::from(world.peer(leg).agreed.ptime_ms) * 8;
        assert!(world.peer(leg).arrived.iter().all(|arrived| arrived.payload.len() == frame));
    }
}
