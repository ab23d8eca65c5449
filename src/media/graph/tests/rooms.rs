use super::super::mix::MEMBERS_MAX;
use super::super::{Command, Cue, Event, HeardBy, Hears, Leg, Role, Room, Whom};
use super::peer::{AMPLITUDE, Peer, agreed, encrypted, level};
use super::world::{Network, World};
use crate::codec::Codec;
use crate::negotiation::Agreed;
use crate::program::Program;
use crate::srtp::Suite;
use crate::tone::Tone;

const ROOM: Room = Room(7);

fn join(leg: u64, role: Role) -> Command {
    Command::Join { room: ROOM, leg: Leg(leg), role }
}

/// A room of legs with these agreements, with tones that lie well apart.
fn room(agreements: impl IntoIterator<Item = Agreed>) -> World {
    let mut world = World::new(agreements);
    for index in 0..world.peers.len() {
        world.peers[index].frequency = 300.0 + 55.0 * index as f32;
        world.command(join(index as u64 + 1, Role::MEMBER));
    }
    world
}

fn alike(count: u64, codec: Codec) -> World {
    room((1..=count).map(|leg| agreed(leg, codec, 20)))
}

/// Who is heard by a leg: the numbers of the legs whose tones arrive.
fn heard(world: &mut World, leg: u64) -> Vec<u64> {
    let tones: Vec<(u64, f32)> = world
        .peers
        .iter()
        .map(|peer| (peer.leg.0, peer.frequency))
        .filter(|(_, tone)| *tone < 3400.0)
        .collect();
    let peer = world.peer(leg);
    tones.into_iter().filter(|(_, tone)| recent(peer, *tone) > 0.3).map(|(leg, _)| leg).collect()
}

/// The level of a frequency in the last 600 ms that a peer heard.
fn recent(peer: &Peer, frequency: f32) -> f32 {
    let rate = peer.agreed.codec.sample_rate();
    let sound = peer.sound();
    let from = sound.len().saturating_sub(rate as usize * 3 / 5);
    level(&sound[from..], rate, frequency) / AMPLITUDE
}

fn others(all: impl IntoIterator<Item = u64>, leg: u64) -> Vec<u64> {
    all.into_iter().filter(|other| *other != leg).collect()
}

#[test]
fn three_parties_hear_both_others_and_not_themselves() {
    for codec in Codec::ALL {
        let mut world = alike(3, codec);
        world.run(1500);
        for leg in 1..=3 {
            assert_eq!(heard(&mut world, leg), others(1..=3, leg), "{codec:?} {leg}");
            world.peer(leg).assert_continuous();
            let packets = world.peer(leg).arrived.len();
            assert!((73..=76).contains(&packets), "{packets} packets in 1.5 s");
        }
    }
}

#[test]
fn nine_parties_hear_all_others_and_not_themselves() {
    let mut world = alike(9, Codec::Pcma);
    world.peers.iter_mut().for_each(|peer| peer.loudness = 0.3);
    world.run(2400);
    for leg in 1..=9 {
        let tones: Vec<f32> = world.peers.iter().map(|peer| peer.frequency).collect();
        for (index, tone) in tones.into_iter().enumerate() {
            let level = recent(world.peer(leg), tone);
            let own = index as u64 + 1 == leg;
            assert!(if own { level < 0.02 } else { level > 0.2 }, "{leg} hears {}: {level}", index + 1);
        }
        world.peer(leg).assert_continuous();
    }
}

#[test]
fn of_fifty_the_four_loudest_are_heard_and_those_who_listen_are_encoded_once() {
    for codec in [Codec::Pcma, Codec::G722, Codec::Opus] {
        let mut world = alike(50, codec);
        let loud = [3, 17, 18, 42];
        for peer in &mut world.peers {
            peer.loudness = if loud.contains(&peer.leg.0) { 0.9 } else { 0.2 };
        }
        world.run(2400);
        for leg in [1, 3, 17, 18, 42, 50] {
            assert_eq!(heard(&mut world, leg), others(loud, leg), "{codec:?} {leg}");
        }
        let said: Vec<Vec<Vec<u8>>> = world
            .peers
            .iter()
            .map(|peer| peer.arrived.iter().skip(79).map(|arrived| arrived.payload.clone()).collect())
            .collect();
        let listeners = said.iter().zip(1..).filter(|(_, leg)| !loud.contains(leg));
        let first = &said[0];
        assert!(first.len() >= 39);
        assert!(listeners.clone().all(|(said, _)| said == first), "{codec:?}: one encoding for all");
        world.peers.iter().for_each(|peer| peer.assert_continuous());
    }
}

#[test]
fn every_codec_packet_time_and_encryption_hears_every_other() {
    let secure = |agreed| encrypted(agreed, Suite::AesCm128HmacSha1_80);
    let mut world = room([
        agreed(1, Codec::Opus, 20),
        secure(agreed(2, Codec::G722, 20)),
        agreed(3, Codec::Pcma, 30),
        secure(agreed(4, Codec::Opus, 60)),
        agreed(5, Codec::Pcmu, 10),
        agreed(6, Codec::G722, 40),
    ]);
    world.run(2000);
    for leg in 1..=6 {
        assert_eq!(heard(&mut world, leg), others(1..=6, leg), "{leg}");
        world.peer(leg).assert_continuous();
    }
}

#[test]
fn too_loud_is_limited_and_never_wraps() {
    let mut world = alike(9, Codec::G722);
    for peer in &mut world.peers {
        (peer.frequency, peer.next) = (500.0, world.now);
    }
    world.run(1000);
    // Eight equal waves are two and a half times too loud: their sum is nearly a square wave of full height.
    let level = world.peer(1).level(500.0) * AMPLITUDE;
    assert!((33_000.0..43_000.0).contains(&level), "{level}");
}

#[test]
fn what_a_bad_network_loses_is_made_up_for() {
    for codec in Codec::ALL {
        let mut world = alike(3, codec);
        world.network = Network { loss: 5, jitter_ms: 30, doubled: 5 };
        world.run(600);
        world.peers.iter_mut().for_each(|peer| peer.forget());
        world.run(2000);
        let tone = world.peer(2).frequency;
        let levels = world.peer(1).levels(tone);
        let gone = levels.iter().filter(|level| **level < 0.3).count();
        assert!(gone <= levels.len() / 8, "{codec:?}: {gone} of {} frames without sound", levels.len());
        world.peer(1).assert_continuous();
    }
}

#[test]
fn who_is_muted_is_not_heard_and_who_is_deaf_hears_nothing_until_the_role_changes() {
    let mut world = alike(4, Codec::Pcma);
    world.command(join(1, Role::LISTENER));
    world.command(join(2, Role { heard_by: HeardBy::Everybody, hears: Hears::Nothing }));
    world.run(1000);
    assert_eq!(heard(&mut world, 1), [2, 3, 4]);
    assert!(world.peer(2).arrived.is_empty());
    assert_eq!(heard(&mut world, 3), [2, 4]);
    world.command(join(1, Role::MEMBER));
    world.command(join(2, Role::MEMBER));
    world.run(1000);
    for leg in 1..=4 {
        assert_eq!(heard(&mut world, leg), others(1..=4, leg));
        world.peer(leg).assert_continuous();
    }
}

#[test]
fn a_whisper_is_heard_by_one_alone_and_the_whisperer_hears_all() {
    let mut world = alike(5, Codec::G722);
    world.command(join(3, Role::whispering(Leg(1))));
    world.run(1200);
    assert_eq!(heard(&mut world, 1), [2, 3, 4, 5]);
    assert_eq!(heard(&mut world, 2), [1, 4, 5]);
    assert_eq!(heard(&mut world, 3), [1, 2, 4, 5]);
    world.command(join(3, Role::MEMBER));
    world.run(1200);
    assert_eq!(heard(&mut world, 2), [1, 3, 4, 5]);
}

#[test]
fn taking_and_leaving_the_word_disturbs_nobody() {
    for codec in Codec::ALL {
        let mut world = alike(6, codec);
        world.peers.iter_mut().for_each(|peer| peer.talks = peer.leg == Leg(2));
        world.run(1500);
        let tone = world.peer(2).frequency;
        world.peers.iter_mut().for_each(|peer| peer.forget());
        for _ in 0..3 {
            world.peer(1).talks = true;
            world.run(600);
            world.peer(1).talks = false;
            world.run(1400);
        }
        for leg in [1, 3] {
            let levels = world.peer(leg).levels(tone);
            let worst = levels[15..].iter().fold(f32::MAX, |worst, level| worst.min(*level));
            assert!(worst > 0.7, "{codec:?} {leg}: {worst} in {levels:?}");
            world.peer(leg).assert_continuous();
            assert!(levels.len() >= 298, "{}", levels.len());
        }
        let own = world.peer(1).frequency;
        assert!(world.peer(1).levels(own).iter().all(|level| *level < 0.2), "{codec:?}: nobody hears itself");
    }
}

#[test]
fn a_sound_is_played_to_the_whole_room_on_top_of_what_is_said() {
    let mut world = alike(3, Codec::Pcma);
    world.run(500);
    let program = Program::tone(Tone { cadence: &[500], ..Tone::BEEP });
    world.command(Command::Play { to: Whom::Room(ROOM), cue: Cue(4), program });
    world.peers.iter_mut().for_each(|peer| peer.forget());
    world.run(540);
    assert_eq!(heard(&mut world, 1), [2, 3]);
    assert!((1..=3).all(|leg| world.peer(leg).level(1000.0) > 0.2));
    assert!(world.events.contains(&(ROOM.into(), Event::Finished { cue: Cue(4) })));
    let program = Program::tone(Tone::BUSY);
    world.command(Command::Play { to: Whom::Room(ROOM), cue: Cue(5), program });
    world.run(200);
    world.command(Command::Stop { to: Whom::Room(ROOM) });
    assert!(world.events.contains(&(ROOM.into(), Event::Stopped { cue: Cue(5), at_ms: 200 })));
}

#[test]
fn a_full_room_lets_nobody_in_and_the_last_one_closes_it() {
    let most = MEMBERS_MAX as u64;
    let mut world = alike(most + 1, Codec::Pcmu);
    assert!(world.events.contains(&(ROOM.into(), Event::Full { leg: Leg(most + 1) })));
    for leg in 1..=most {
        world.command(Command::Disconnect { leg: Leg(leg) });
    }
    assert!(world.graph.mixes.is_empty());
    world.command(join(3, Role::MEMBER));
    world.command(join(most + 1, Role::MEMBER));
    world.run(600);
    assert_eq!(world.peer(3).arrived.len(), 30);
    for leg in 1..=most + 1 {
        world.command(Command::Close { leg: Leg(leg) });
    }
    assert!(world.graph.mixes.is_empty() && world.graph.legs() == 0);
}

#[test]
fn a_call_becomes_a_room_and_a_call_again_without_a_gap() {
    for codec in Codec::ALL {
        let mut world = World::call(agreed(1, codec, 20), agreed(2, codec, 20));
        world.command(Command::Open { leg: Leg(3) });
        world.run(1000);
        world.peers.push(Peer::new(3, world.now, agreed(3, codec, 20)));
        world.command(Command::Configure { leg: Leg(3), agreed: Box::new(agreed(3, codec, 20)) });
        for leg in 1..=3 {
            world.command(join(leg, Role::MEMBER));
        }
        world.run(1000);
        let tone = world.peer(3).frequency;
        assert!(world.peer(1).levels(tone)[75..].iter().all(|level| *level > 0.5), "{codec:?}");
        world.command(Command::Close { leg: Leg(3) });
        world.connect(1, 2);
        world.run(1000);
        for (leg, other) in [(1, 2), (2, 1)] {
            let tone = world.peer(other).frequency;
            let peer = world.peer(leg);
            peer.assert_continuous();
            // Three seconds, and what was waiting for the mixer when the room ended: nothing said is lost.
            assert!((150..=154).contains(&peer.arrived.len()), "{codec:?} {leg}: {}", peer.arrived.len());
            let levels = peer.levels(tone);
            let faint = levels[10..].iter().filter(|level| **level < 0.5).count();
            // Opus fades sooner when it makes sound up, and a decoder that gets another encoder's packets adapts.
            let most = if codec == Codec::Opus { 12 } else { 3 };
            assert!(faint <= most, "{codec:?} {leg}: {faint} faint frames in {levels:?}");
        }
    }
}

#[test]
fn a_leg_moves_to_another_graph_and_goes_on_there() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 20));
    world.run(500);
    let mut other = super::super::Graph::new([8; 32]);
    for leg in [1, 2] {
        other.put(world.graph.take(Leg(leg)).unwrap());
        assert!(world.graph.take(Leg(leg)).is_none());
    }
    assert_eq!((world.graph.legs(), other.legs()), (0, 2));
    world.graph = other;
    world.connect(1, 2);
    world.run(500);
    world.peer(1).assert_continuous();
    assert!(world.peer(1).arrived.len() >= 49);
}
