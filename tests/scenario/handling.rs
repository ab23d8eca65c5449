//! What people do with calls: hold with music, connecting further, parking, picking up, conferences.

mod callback;
mod lamps;
mod many;
mod many_lamps;
mod model;
mod places;
mod transfer;

use crate::world::simulated::{PeerId, World, secs};

/// Three colleagues; Anna has called Bo and they talk.
fn three() -> (World, [PeerId; 3]) {
    let mut world = World::new();
    let [anna, bo, cia] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.talk(anna, bo);
    (world, [anna, bo, cia])
}

/// Everybody whom a peer hears, when it hears two or more.
fn all_hear_all(world: &mut World, peers: &[PeerId]) {
    world.run(2.0);
    for peer in peers {
        let others: Vec<PeerId> = peers.iter().copied().filter(|other| other != peer).collect();
        assert_eq!(world.hears(*peer), others, "{peer:?} hears\n{}", world.ladder);
    }
    let _ = secs(0.0);
}
