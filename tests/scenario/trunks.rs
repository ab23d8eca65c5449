//! The lines to operators: registered, alive, tried one after the other, and what they are told.

mod failover;
mod health;
mod inbound;
mod registered;
mod registrar;
mod shown;

use crate::world::simulated::{RawTrunk, World, site};
use model::{Command, Reply, Trunk};

/// The demo site with one thing changed.
fn changed(what: &str, into: &str) -> String {
    let text = include_str!("../../etc/demo.toml");
    assert!(text.contains(what), "{what}");
    site::read(&text.replacen(what, into, 1)).export()
}

/// The demo company with its operator written out by hand; its reserve is there.
fn raw_operator(document: String) -> (World, RawTrunk) {
    let mut world = World::bare(1, document);
    world.registrar_at("operator stand-in", "127.0.0.1:5999", ("nobody", "nothing"));
    world.registrar_at("reserv", "127.0.0.1:5091", ("exempel", "trunk-hemlighet"));
    world.run(1.0);
    (world, RawTrunk::new("127.0.0.1:5090"))
}

/// How a trunk is.
fn line(world: &mut World, id: &str) -> Trunk {
    match world.ask(Command::Trunks) {
        Reply::Trunks(all) => all.into_iter().find(|trunk| trunk.id.as_str() == id).expect("the trunk"),
        other => panic!("{other:?}"),
    }
}
