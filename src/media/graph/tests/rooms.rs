use super::super::{Command, Leg, Role, Room};
use super::peer::agreed;
use super::world::World;
use crate::codec::Codec;
use crate::negotiation::Agreed;

const ROOM: Room = Room(7);

fn join(leg: u64, role: Role) -> Command {
    Command::Join { room: ROOM, leg: Leg(leg), role }
}

/// A room of legs with these agreements, with tones that lie well apart.
fn room(agreements: impl IntoIterator<Item = Agreed>) -> World {
    let mut world = World::new(agreements);
    for index in 0..world.peers.len() {
        world.peers[index].frequency = tone(index);
        world.command(join(index as u64 + 1, Role::MEMBER));
    }
    world
}

fn tone(index: usize) -> f32 {
    300.0 + 55.0 * index as f32
}

/// Who is heard by a leg: the numbers of the legs whose tones arrive.
fn heard(world: &mut World, leg: u64) -> Vec<u64> {
    let tones: Vec<(u64, f32)> = world.peers.iter().map(|peer| (peer.leg.0, peer.frequency)).collect();
    let peer = world.peer(leg);
    tones.into_iter().filter(|(_, tone)| peer.level(*tone) > 0.3).map(|(leg, _)| leg).collect()
}

#[test]
fn three_parties_hear_both_others_and_not_themselves() {
    for codec in Codec::ALL {
        let mut world = room((1..=3).map(|leg| agreed(leg, codec, 20)));
        world.run(1500);
        for leg in 1..=3 {
            let others: Vec<u64> = (1..=3).filter(|other| *other != leg).collect();
            assert_eq!(heard(&mut world, leg), others, "{codec:?} {leg}");
            world.peer(leg).assert_continuous();
        }
    }
}
