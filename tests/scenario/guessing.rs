//! Guessing at passwords, and pretending to be somebody's address: the guesser is slowed, the phones go on.

use crate::world::simulated::{RawPhone, World};
use sip::flow::Transport;
use sip::{Message, Method, Name, Response, Status};
use std::net::SocketAddr;

/// One address for everybody: an office behind a translator.
const PHONE: &str = "127.0.0.80:5060";
const GUESSER: &str = "127.0.0.80:6066";

fn phone(at: &str) -> RawPhone {
    RawPhone::new("bo-bord", Transport::Udp, at)
}

/// Guesses at a device until it is refused before its guess is looked at; gives how many were.
fn guess(world: &mut World, device: &str, (at, headers): (&str, &str)) -> usize {
    let mut guesser = RawPhone::knowing(device, Transport::Udp, (at, "gissning"));
    guesser.call_id = format!("guess-{device}-{at}");
    for looked_at in 0..500 {
        let answer = match world.registers(&mut guesser, headers) {
            answer if answer.status == Status::FORBIDDEN => answer,
            answer => panic!("a guess got {}", answer.status),
        };
        if answer.headers.contains(&Name::RetryAfter) {
            return looked_at;
        }
        // Whoever is refused begins anew.
        guesser.login = RawPhone::knowing(device, Transport::Udp, (at, "gissning")).login;
    }
    panic!("nobody stops the guesser");
}

#[test]
fn a_guesser_with_the_phones_own_address_is_slowed_and_the_phone_is_not() {
    let mut world = World::new();
    let mut bo = phone(PHONE);
    assert_eq!(world.registers(&mut bo, "").status, Status::OK);
    let looked_at = guess(&mut world, "bo-bord", (GUESSER, ""));
    assert!((5..10).contains(&looked_at), "{looked_at} guesses cost nothing");
    // The phone again: from its port, and, its translator having lost it, from another with the Call-ID it has.
    assert_eq!(world.registers(&mut bo, "").status, Status::OK);
    bo.at = "127.0.0.80:7070".parse().expect("an address");
    assert_eq!(world.registers(&mut bo, "").status, Status::OK);
    // Restarted, it has nothing of before but who it is; that is what an instance is for.
    let instance = "Contact: <sip:bo@127.0.0.80:7070>;+sip.instance=\"<urn:uuid:1>\"\n";
    assert_eq!(world.registers(&mut bo, instance).status, Status::OK);
    guess(&mut world, "bo-bord", (GUESSER, ""));
    let mut restarted = phone("127.0.0.80:7171");
    restarted.call_id = "after-the-restart".to_owned();
    assert_eq!(world.registers(&mut restarted, instance).status, Status::OK);
    // Without one it waits, a minute at most, although the guesses went on.
    let mut other = phone("127.0.0.80:7272");
    other.call_id = "another".to_owned();
    guess(&mut world, "bo-bord", (GUESSER, ""));
    assert_eq!(world.registers(&mut other, "").status, Status::FORBIDDEN);
    world.run(61.0);
    assert_eq!(world.registers(&mut other, "").status, Status::OK);
    world.settles();
}

#[test]
fn a_registered_phone_cannot_guess_at_others_in_its_own_name() {
    let mut world = World::new();
    let mut own = RawPhone::new("anna-bord", Transport::Udp, GUESSER);
    assert_eq!(world.registers(&mut own, "").status, Status::OK);
    let decoy = "Authorization: Digest username=\"anna-bord\", realm=\"other\", nonce=\"n\", uri=\"sip:x\", response=\"0\"\n";
    let looked_at = guess(&mut world, "bo-bord", (GUESSER, decoy));
    assert!(looked_at < 10, "{looked_at} guesses cost nothing");
    world.settles();
}

#[test]
fn a_nonce_that_was_sent_elsewhere_makes_no_guess() {
    let mut world = World::new();
    let (mut bo, mut elsewhere) = (phone(PHONE), phone("127.0.0.99:5060"));
    assert_eq!(world.registers(&mut bo, "").status, Status::OK);
    // Datagrams that only pretend to come from the office, with a nonce that its sender did get.
    for number in 0..100 {
        let mut liar =
            RawPhone::knowing(&format!("u{number}"), Transport::Udp, ("127.0.0.99:5060", "gissning"));
        let request = liar.request("");
        let challenge = world.asks(&liar, &request);
        liar.login.learn(&challenge.headers);
        liar.at = GUESSER.parse().expect("an address");
        let request = liar.proven("");
        let answer = world.asks(&liar, &request);
        assert_eq!(answer.status, Status::UNAUTHORIZED, "{number}");
        world.run(0.1);
    }
    let mut new = RawPhone::new("cia-bord", Transport::Udp, "127.0.0.80:5070");
    assert_eq!(world.registers(&mut new, "").status, Status::OK, "nobody there has guessed anything");
    assert_eq!(world.registers(&mut elsewhere, "").status, Status::OK, "nor elsewhere");
    world.settles();
}

#[test]
fn a_flood_in_an_offices_name_keeps_none_of_its_phones_from_registering_or_calling() {
    let mut world = World::new();
    let mut bo = phone(PHONE);
    assert_eq!(world.registers(&mut bo, "").status, Status::OK);
    let flood = |world: &mut World| {
        for number in 0..1_000_u16 {
            let mut liar = phone(PHONE);
            liar.at.set_port(10_000 + number);
            liar.device = format!("u{number}");
            liar.call_id = format!("u{number}");
            world.tell((Transport::Udp, liar.at), liar.request("").to_bytes());
        }
        world.run(0.01);
    };
    flood(&mut world);
    let mut stranger = RawPhone::new("cia-bord", Transport::Udp, "127.0.0.80:5070");
    let request = stranger.request("");
    let answer = world.asks(&stranger, &request);
    assert_eq!(answer.status, Status::SERVICE_UNAVAILABLE, "no phone takes that for a wrong password");
    assert!(answer.headers.contains(&Name::RetryAfter));
    assert_eq!(world.registers(&mut bo, "").status, Status::OK);
    flood(&mut world);
    let mut restarted = phone("127.0.0.80:7171");
    restarted.call_id = "after-the-restart".to_owned();
    assert_eq!(world.registers(&mut restarted, "").status, Status::OK, "it registered there lately");
    world.settles();
}

#[test]
fn strangers_leave_nothing_behind_and_are_answered_once() {
    let mut world = World::new();
    let at = |number: u32| SocketAddr::from(([203, 0, (number >> 8) as u8, number as u8], 5060));
    let methods = ["INVITE", "REGISTER", "OPTIONS", "BYE", "CANCEL", "MESSAGE", "UPDATE"];
    for number in 0..2_000 {
        let method = methods[number as usize % methods.len()];
        let from = at(number);
        let text = format!(
            "{method} sip:202@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{number};rport\r\n\
             From: <sip:x{number}@203.0.113.66>;tag=x\r\nTo: <sip:202@127.0.0.1>\r\nCall-ID: {number}\r\n\
             CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContact: <sip:x@{from}>\r\nContent-Length: 0\r\n\r\n"
        );
        world.tell((Transport::Udp, from), text.into_bytes());
    }
    // Transactions would last 32 s; what the box asks its trunks meanwhile does not.
    world.wait(10.0, "rest", |world| world.vaxel.exchange.is_idle());
    world.run(40.0);
    let last = |message: &Message| match message {
        Message::Response(response) => Some(response.clone()).filter(|response| response.status.is_final()),
        Message::Request(_) => None,
    };
    let finals: Vec<Response> = world.letters.iter().filter_map(|(_, message)| last(message)).collect();
    assert_eq!(finals.len(), 2_000, "one answer each, never a second");
    let invites = finals.iter().filter(|response| {
        response.headers.cseq().is_ok_and(|cseq| cseq.method == Method::Invite)
            && response.status == Status::UNAUTHORIZED
    });
    assert!(invites.count() > 250);
    world.settles();
}
