use super::super::{Command, Event, Leg, Whom};
use super::peer::agreed;
use super::world::World;
use crate::codec::Codec;

#[test]
fn media_goes_back_to_where_it_comes_from_and_a_third_address_never_takes_over() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 20));
    let translated = "192.0.2.50:61234".parse().unwrap();
    world.peer(1).address = translated;
    // Before anything is known, media goes where the description says: the peer hears nothing yet.
    world.peer(2).talks = false;
    world.run(200);
    world.peer(2).talks = true;
    assert!(world.events.contains(&(Leg(1).into(), Event::Latched { address: translated })));
    assert!(world.events.contains(&(Leg(1).into(), Event::Flowing)));
    for _ in 0..500 {
        let mut forged = world.peer(2).speak();
        forged[1] = 8;
        world.inject(1, "203.0.113.66:4000", &forged);
        world.run(20);
    }
    let latched = world
        .events
        .iter()
        .filter(|(whom, event)| *whom == Leg(1).into() && matches!(event, Event::Latched { .. }));
    assert_eq!(latched.count(), 1);
    assert!(world.peer(1).arrived.len() > 450);
    let strays = world.peers[1].level(world.peers[1].frequency);
    assert!(strays < 0.05, "what the third address says is not heard: {strays}");
}

#[test]
fn garbage_neither_latches_nor_passes() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 20));
    for peer in &mut world.peers {
        peer.talks = false;
    }
    let mut foreign = world.peer(1).speak();
    foreign[1] = 77;
    let mut noise = world.peer(1).speak();
    noise[1] = 13;
    for packet in
        [&[][..], &[0x80], &[0; 12], &[0xff; 3000], b"OPTIONS sip:x SIP/2.0\r\n\r\n", &foreign, &noise]
    {
        world.inject(1, "203.0.113.66:4000", packet);
    }
    world.run(100);
    assert!(world.events.is_empty(), "{:?}", world.events);
    assert!(world.peer(2).arrived.is_empty());
}

#[test]
fn a_silent_peer_is_told_of_once_a_silence() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 20));
    world.run(1000);
    world.peer(1).talks = false;
    let silent = |world: &World| {
        let is =
            |(whom, event): &&(Whom, Event)| *whom == Leg(1).into() && matches!(event, Event::Silent { .. });
        world.events.iter().filter(is).count()
    };
    world.run(29_000);
    assert_eq!(silent(&world), 0);
    world.run(40_000);
    assert_eq!(silent(&world), 1);
    world.peer(1).talks = true;
    world.run(1000);
    world.peer(1).talks = false;
    world.run(31_000);
    assert_eq!(silent(&world), 2);
}

#[test]
fn what_names_no_leg_does_nothing() {
    let mut world = World::new([agreed(1, Codec::Pcma, 20)]);
    world.connect(1, 9);
    world.connect(1, 1);
    world.command(Command::Disconnect { leg: Leg(9) });
    world.command(Command::Close { leg: Leg(9) });
    world.command(Command::Open { leg: Leg(1) });
    world.run(100);
    world.command(Command::Close { leg: Leg(1) });
    assert_eq!(world.graph.legs(), 0);
    world.run(100);
    assert!(matches!(world.events.last(), Some((Whom::Leg(Leg(1)), Event::Closed(_)))));
}
