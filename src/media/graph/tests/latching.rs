use super::super::{Command, Event, Leg, Pin, Whom};
use super::peer::{agreed, encrypted};
use super::world::World;
use crate::codec::Codec;
use crate::negotiation::Agreed;
use crate::srtp::Suite;

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

/// The latest word on whom a leg listens to.
fn pin(world: &mut World, leg: u64) -> Option<Pin> {
    std::iter::from_fn(|| world.graph.poll_pin()).filter(|pin| pin.leg == Leg(leg)).last()
}

#[test]
fn a_source_is_alone_only_while_nothing_else_could_be_learned() {
    let plain = || agreed(1, Codec::Pcma, 20);
    settling_and_moving(plain(), agreed(2, Codec::Pcma, 20));
    settling_and_moving(plain(), agreed(2, Codec::Opus, 20));
    let suite = Suite::AesCm128HmacSha1_80;
    settling_and_moving(encrypted(plain(), suite), encrypted(agreed(2, Codec::Pcma, 20), suite));
}

/// A leg's story of being settled on, having agreed again, falling silent and coming back.
fn settling_and_moving(first: Agreed, second: Agreed) {
    let mut world = World::call(first.clone(), second);
    let only = |source| Some(Pin { leg: Leg(1), source });
    let address = world.peer(1).address;
    world.run(1900);
    assert_eq!(pin(&mut world, 1), None, "an answer and the media race each other");
    world.run(300);
    assert_eq!(pin(&mut world, 1), only(Some(address)));
    world.reconfigure(1, first);
    assert_eq!(pin(&mut world, 1), only(None), "an agreement may move the peer");
    world.run(2200);
    assert_eq!(pin(&mut world, 1), only(Some(address)));
    world.peer(1).talks = false;
    world.run(600);
    assert_eq!(pin(&mut world, 1), only(None), "a silent peer may have moved");
    world.peer(1).talks = true;
    world.run(100);
    assert_eq!(pin(&mut world, 1), only(Some(address)));
}

#[test]
fn who_drives_a_leg_next_hears_anew_whom_it_listens_to() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 20));
    world.run(2200);
    let address = world.peer(1).address;
    assert_eq!(pin(&mut world, 1), Some(Pin { leg: Leg(1), source: Some(address) }));
    let moving = world.graph.take(Leg(1)).unwrap();
    assert_eq!(pin(&mut world, 1), Some(Pin { leg: Leg(1), source: None }));
    world.graph.put(moving);
    world.run(100);
    assert_eq!(pin(&mut world, 1), Some(Pin { leg: Leg(1), source: Some(address) }));
}
