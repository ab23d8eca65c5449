//! Where sound comes from: followed when it should be, and never taken over.

use super::talking;
use crate::world::simulated::{PeerId, World};
use media::rtp::{self, Header};
use model::Cause;
use std::net::SocketAddr;

/// The box's port for a peer's sound.
fn port_for(world: &World, peer: PeerId) -> SocketAddr {
    world.on(peer).agreed.as_ref().expect("an agreement").remote_rtp
}

/// A packet as a phone of these stories sends it, but with the loudest sound there is.
fn forged(sequence: u16, ssrc: u32) -> Vec<u8> {
    let timestamp = u32::from(sequence) * 160;
    let header = Header { marker: false, payload_type: 8, sequence, timestamp, ssrc };
    let mut packet = Vec::new();
    rtp::write(&header, &[0x2a; 160], &mut packet);
    packet
}

#[test]
fn a_third_address_can_neither_be_heard_nor_listen_whatever_it_sends() {
    let (mut world, anna, bo) = talking();
    let attacker: SocketAddr = "127.0.0.66:4000".parse().expect("an address");
    let (to, heard_before) = (port_for(&world, anna), world.on(bo).ear.count);
    let ssrc = 0xA000_0000 + (anna.0 * 31) as u32 + 1;
    world.parcels.clear();
    for sequence in 0..500_u16 {
        for _ in 0..4 {
            world.throw(attacker, to, forged(sequence, ssrc));
        }
        world.run(0.01);
    }
    world.talk(anna, bo);
    let sent = world.on(bo).ear.count - heard_before;
    // Five seconds and a half of Anna, and nothing else.
    assert!((300..=340).contains(&sent), "{sent} packets came to Bo");
    assert!(world.parcels.iter().all(|(at, _)| *at != attacker), "nothing is sent to a stranger");
    world.hang_up(anna);
    world.settles();
    let quality = &world.record().quality;
    assert!(quality.iter().all(|leg| leg.lost == 0), "{quality:#?}");
}

#[test]
fn a_stranger_who_waits_until_a_phone_is_silent_cannot_take_its_place() {
    let (mut world, anna, bo) = talking();
    let attacker: SocketAddr = "127.0.0.66:4000".parse().expect("an address");
    world.peer(anna).calls.last_mut().expect("a call").talks = false;
    world.run(5.0);
    let (to, heard_before) = (port_for(&world, anna), world.on(bo).ear.count);
    for sequence in 0..100 {
        world.throw(attacker, to, forged(sequence, 7));
        world.run(0.02);
    }
    assert_eq!(world.on(bo).ear.count, heard_before);
    world.peer(anna).calls.last_mut().expect("a call").talks = true;
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
}

#[test]
fn a_phone_that_moves_and_says_so_is_followed() {
    for caller in [true, false] {
        let (mut world, anna, bo) = talking();
        let mover = if caller { anna } else { bo };
        world.moves(mover, "127.0.0.77:45000");
        world.talk(anna, bo);
        world.hang_up(anna);
        world.settles();
        assert_eq!(world.record().cause, Cause::Answered);
    }
}

#[test]
fn a_phone_behind_a_translator_whose_description_shows_a_private_address_is_heard_and_hears() {
    for caller in [true, false] {
        let mut world = World::new();
        let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
        let hidden = if caller { anna } else { bo };
        world.peer(hidden).profile.shows = Some("192.168.1.20".parse().expect("an address"));
        world.answers(bo, 0.5);
        world.dial(anna, "202");
        world.run(1.0);
        world.talk(anna, bo);
        world.hold(hidden);
        world.run(2.0);
        world.resume(hidden);
        world.talk(anna, bo);
        world.hang_up(bo);
        world.settles();
    }
}

#[test]
fn a_phone_whose_translator_forgets_its_port_is_followed_after_its_next_re_invite() {
    let (mut world, anna, bo) = talking();
    world.peer(anna).profile.shows = None;
    let call = world.peer(anna).calls.last_mut().expect("a call");
    call.profile.shows = Some("192.168.1.20".parse().expect("an address"));
    world.moves(anna, "127.0.0.77:45002");
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
}
