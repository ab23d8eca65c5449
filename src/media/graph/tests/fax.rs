use super::super::{Channel, Command, Event, Leg, Pin, Whom};
use super::peer::agreed;
use super::world::World;
use crate::codec::Codec;
use crate::udptl::MAX_DATAGRAM;
use std::net::SocketAddr;
use std::time::Duration;

const STRANGER: &str = "203.0.113.66:4000";

/// Two legs that have talked, each with a machine that wants its datagrams beside its sound.
fn talked() -> World {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 20));
    world.run(500);
    world
}

fn machine(leg: u64) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, leg as u8], 6000 + leg as u16))
}

/// Both legs fax from now on.
fn faxing(world: &mut World) {
    for leg in [1, 2] {
        world.peer(leg).talks = false;
        world.command(Command::Fax { leg: Leg(leg), remote: machine(leg) });
    }
}

fn datagram(sequence: u16, octets: &[u8]) -> Vec<u8> {
    let mut datagram = sequence.to_be_bytes().to_vec();
    datagram.push(octets.len() as u8);
    datagram.extend(octets);
    datagram.push(0);
    datagram
}

/// What the graph sends when this comes from there.
fn sends(world: &mut World, leg: u64, from: SocketAddr, packet: &[u8]) -> Vec<(Leg, SocketAddr, Vec<u8>)> {
    world.graph.handle_rtp(world.now, Leg(leg), from, packet);
    transmits(world)
}

fn transmits(world: &mut World) -> Vec<(Leg, SocketAddr, Vec<u8>)> {
    let mut sent = Vec::new();
    while let Some(transmit) = world.graph.poll_transmit() {
        assert_eq!(transmit.channel, Channel::Rtp, "a fax has no reports");
        sent.push((transmit.leg, transmit.to, transmit.packet.to_vec()));
    }
    sent
}

#[test]
fn datagrams_go_from_socket_to_socket_octet_by_octet() {
    let mut world = talked();
    faxing(&mut world);
    // The last ones look like reports, and like packets of sound but for their source.
    let numbers = [0, 1, 0x7fff, 0x80c8, 0x8008];
    for (number, octets) in numbers.into_iter().zip([&[6][..], &[0x55; 120], &[0; 3], &[9; 40], &[8; 60]]) {
        let packet = datagram(number, octets);
        assert_eq!(
            sends(&mut world, 1, machine(1), &packet),
            [(Leg(2), machine(2), packet.clone())],
            "{number}"
        );
        assert_eq!(sends(&mut world, 2, machine(2), &packet), [(Leg(1), machine(1), packet)]);
    }
}

#[test]
fn a_third_address_is_neither_heard_nor_sent_to() {
    let mut world = talked();
    faxing(&mut world);
    let good = datagram(1, &[7; 20]);
    sends(&mut world, 1, machine(1), &good);
    world.now += Duration::from_millis(100);
    for wait in [0, 1_000, 60_000] {
        world.now += Duration::from_millis(wait);
        let genuine = sends(&mut world, 1, machine(1), &good);
        assert_eq!(genuine.len(), 1);
        let forged = sends(&mut world, 1, STRANGER.parse().unwrap(), &datagram(2, b"forged"));
        assert!(forged.is_empty(), "{forged:?}");
        let back = sends(&mut world, 2, machine(2), &good);
        assert_eq!(back[0].1, machine(1), "nothing goes to a stranger");
    }
    world.graph.handle_tick(world.now);
    let pins: Vec<Pin> = std::iter::from_fn(|| world.graph.poll_pin()).collect();
    assert!(pins.contains(&Pin { leg: Leg(1), source: Some(machine(1)) }), "{pins:?}");
}

#[test]
fn a_machine_behind_a_translator_is_answered_where_its_datagrams_come_from() {
    let mut world = talked();
    faxing(&mut world);
    let seen: SocketAddr = "192.0.2.50:61234".parse().unwrap();
    let packet = datagram(1, &[7; 20]);
    sends(&mut world, 1, seen, &packet);
    assert_eq!(sends(&mut world, 2, machine(2), &packet), [(Leg(1), seen, packet)]);
    let latched = (Whom::Leg(Leg(1)), Event::Latched { address: seen });
    assert!(std::iter::from_fn(|| world.graph.poll_event()).any(|event| event == latched));
}

#[test]
fn what_is_no_datagram_of_a_fax_neither_pins_nor_passes() {
    let mut world = talked();
    // Of these numbers one could be taken for the length of a fax.
    world.peer(1).header.sequence = 0x0108;
    world.run(60);
    let sound = world.peer(1).speak();
    let report = [0x80, 200, 0, 6, 0, 0, 0x10, 1, 0, 0, 0, 0];
    faxing(&mut world);
    let huge = {
        let mut huge = datagram(1, &[1]);
        huge.resize(MAX_DATAGRAM + 1, 0);
        huge
    };
    for packet in [&[][..], &[0; 3], &huge, b"OPTIONS sip:x SIP/2.0\r\n\r\n", &sound, &report] {
        assert!(sends(&mut world, 1, STRANGER.parse().unwrap(), packet).is_empty(), "{packet:?}");
    }
    let packet = datagram(1, &[7; 20]);
    assert_eq!(sends(&mut world, 2, machine(2), &packet)[0].1, machine(1));
}

#[test]
fn nothing_passes_to_a_leg_that_still_talks_and_no_sound_to_one_that_faxes() {
    let mut world = talked();
    world.peer(1).talks = false;
    world.command(Command::Fax { leg: Leg(1), remote: machine(1) });
    assert!(sends(&mut world, 1, machine(1), &datagram(1, &[7; 20])).is_empty());
    let (heard, reports) = (world.peer(1).arrived.len(), world.peer(1).reports.len());
    world.command(Command::SendDigit { leg: Leg(1), digit: '5', ms: 100 });
    world.run(20_000);
    assert_eq!(world.peer(1).arrived.len(), heard, "its peer goes on talking");
    assert_eq!(world.peer(1).reports.len(), reports);
}

#[test]
fn sound_comes_back_with_the_numbers_it_stopped_at() {
    for other in [Codec::Pcma, Codec::Opus] {
        let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, other, 20));
        world.run(500);
        faxing(&mut world);
        world.run(3_000);
        for leg in [1, 2] {
            world.peer(leg).talks = true;
            let agreed = world.peer(leg).agreed.clone();
            world.reconfigure(leg, agreed);
        }
        let before = world.peer(1).arrived.len();
        world.run(500);
        assert!(world.peer(1).arrived.len() > before + 20);
        world.peer(1).assert_continuous();
        world.peer(2).assert_continuous();
    }
}

#[test]
fn a_machine_that_only_listens_is_not_silent_while_the_other_sends() {
    let mut world = talked();
    faxing(&mut world);
    let silent = |world: &World| {
        world.events.iter().filter(|(_, event)| matches!(event, Event::Silent { .. })).count()
    };
    for number in 0..120 {
        sends(&mut world, 1, machine(1), &datagram(number, &[7; 20]));
        world.run(1_000);
    }
    assert_eq!(silent(&world), 0);
    world.run(40_000);
    assert_eq!(silent(&world), 2, "when both are silent something is wrong");
}

#[test]
fn a_leg_that_never_had_sound_faxes_and_tells_its_figures() {
    let mut world = World::new([]);
    for leg in [1, 2] {
        world.command(Command::Open { leg: Leg(leg) });
        world.command(Command::Fax { leg: Leg(leg), remote: machine(leg) });
    }
    world.connect(1, 2);
    for number in 0..5 {
        assert_eq!(sends(&mut world, 1, machine(1), &datagram(number, &[7; 20])).len(), 1);
    }
    world.command(Command::Close { leg: Leg(1) });
    world.command(Command::Close { leg: Leg(2) });
    let figures: Vec<(u64, u64)> = world
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Closed(statistics) => Some((statistics.received, statistics.sent)),
            _ => None,
        })
        .collect();
    assert_eq!(figures, [(5, 0), (0, 5)]);
}
