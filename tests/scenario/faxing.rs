//! Fax by T.38: passed on octet by octet where both machines know it, by G.711 where one does not.

use super::talking;
use crate::world::simulated::{Dial, Faxing, Over, PeerId, Side, State, World};
use media::Encryption;
use model::{CallRecord, Cause};
use sip::Status;
use std::net::SocketAddr;

const REFUSED: Option<Status> = Some(Status::NOT_ACCEPTABLE_HERE);

/// Anna and Bo talk, and both have machines; hers has asked his to fax, and he takes it.
fn faxing() -> (World, PeerId, PeerId) {
    let (mut world, anna, bo) = talking();
    for phone in [anna, bo] {
        world.peer(phone).faxing = Faxing::Takes;
    }
    world.propose_fax(anna);
    world.run(0.5);
    assert!(world.on(anna).fax.is_some() && world.on(bo).fax.is_some(), "{}", world.ladder);
    (world, anna, bo)
}

/// A page goes each way, and comes as it was sent, with nothing else beside it.
#[track_caller]
fn pages(world: &mut World, one: PeerId, other: PeerId) {
    for (from, to) in [(one, other), (other, one)] {
        let machine = |world: &World, peer| {
            let fax = world.on(peer).fax.as_ref().expect("a fax");
            (fax.sent.len(), fax.got.len())
        };
        let (sent, got) = (machine(world, from).0, machine(world, to).1);
        world.page(from, 3.0);
        let (sender, receiver) = (world.on(from).fax.as_ref(), world.on(to).fax.as_ref());
        let (sent, got) = (&sender.expect("a fax").sent[sent..], &receiver.expect("a fax").got[got..]);
        assert!(sent.len() > 70 && sent == got, "{} sent, {} came\n{}", sent.len(), got.len(), world.ladder);
    }
}

/// What has come to somebody who faxes is all from the other machine.
#[track_caller]
fn only_fax(world: &World, peers: [PeerId; 2]) {
    let [one, other] = peers.map(|peer| world.on(peer).fax.as_ref().expect("a fax"));
    assert_eq!((&one.got, &other.got), (&other.sent, &one.sent), "{}", world.ladder);
}

fn codecs(record: &CallRecord) -> Vec<&str> {
    record.quality.iter().map(|leg| leg.codec.as_str()).collect()
}

/// Descriptions of a kind that the box has offered to somebody in requests.
fn offers(world: &World, to: PeerId, kind: &str) -> usize {
    let asked = world.ladder.lines.iter().filter(|line| {
        let text = String::from_utf8_lossy(&line.message.to_bytes()).into_owned();
        line.from == Side::Box
            && line.to == Side::Peer(to)
            && line.is("INVITE")
            && text.contains(&format!("\nm={kind} "))
    });
    asked.count()
}

#[test]
fn two_machines_fax_and_talk_again() {
    for back in [true, false] {
        let (mut world, anna, bo) = faxing();
        pages(&mut world, anna, bo);
        world.run(5.0);
        only_fax(&world, [anna, bo]);
        let terms = [anna, bo].map(|peer| (world.on(peer).terms(), world.on(peer).fax.as_ref()));
        let said = terms.map(|(own, fax)| (own, fax.expect("a fax").terms.clone()));
        assert_eq!(said[0].1, said[1].0, "what the other machine says of itself, whatever it is");
        assert_eq!(said[1].1, said[0].0);
        // Back to sound, from either side.
        world.resume(if back { anna } else { bo });
        world.talk(anna, bo);
        world.hang_up(bo);
        world.settles();
        let record = world.record();
        assert_eq!((record.cause, codecs(record)), (Cause::Answered, vec!["T.38", "T.38"]));
        assert!(record.quality.iter().all(|leg| leg.lost == 0 && leg.mos.is_none()), "{record:#?}");
        assert!(record.quality.iter().all(|leg| leg.received > 200 && leg.sent > 200), "{record:#?}");
    }
}

#[test]
fn the_called_machine_may_ask_first() {
    let (mut world, anna, bo) = talking();
    world.peer(anna).faxing = Faxing::Takes;
    world.propose_fax(bo);
    world.run(0.5);
    pages(&mut world, anna, bo);
    only_fax(&world, [anna, bo]);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn a_fax_comes_by_a_trunk_and_another_goes_out() {
    for comes in [true, false] {
        let mut world = World::new();
        let bo = world.phone("bo-bord");
        for peer in [bo, World::OPERATOR] {
            world.peer(peer).faxing = Faxing::Takes;
            world.answers(peer, 0.2);
        }
        match comes {
            true => world.call(World::OPERATOR, Dial::to("+46812345202").from("+46701112233")),
            false => world.dial(bo, "0812340000"),
        }
        world.run(1.0);
        world.talk(World::OPERATOR, bo);
        // Who is called asks: its machine hears the caller's tone.
        world.propose_fax(if comes { bo } else { World::OPERATOR });
        world.run(0.5);
        pages(&mut world, World::OPERATOR, bo);
        only_fax(&world, [World::OPERATOR, bo]);
        world.hang_up(bo);
        world.settles();
        assert_eq!(codecs(world.record()), ["T.38", "T.38"]);
    }
}

#[test]
fn a_machine_that_knows_no_t38_is_faxed_to_by_sound() {
    for status in [488, 415, 606].map(|code| Status::new(code).expect("a status")) {
        let (mut world, anna, bo) = talking();
        world.peer(bo).faxing = Faxing::Refuses(status);
        world.propose_fax(anna);
        world.talk(anna, bo);
        assert_eq!(world.on(anna).refused, [REFUSED], "{}", world.ladder);
        world.hang_up(anna);
        world.settles();
        let record = world.record();
        assert_eq!(codecs(record), ["PCMA", "PCMA"]);
        assert!(record.quality.iter().all(|leg| leg.lost == 0), "{record:#?}");
    }
}

#[test]
fn a_machine_that_answers_with_sound_has_refused() {
    let (mut world, anna, bo) = talking();
    world.peer(bo).faxing = Faxing::Talks;
    world.propose_fax(anna);
    world.talk(anna, bo);
    assert_eq!(world.on(anna).refused, [REFUSED]);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn who_does_not_say_whether_it_faxes_has_refused() {
    for late in [Some(Faxing::Takes), Some(Faxing::Refuses(Status::NOT_ACCEPTABLE_HERE)), None] {
        let (mut world, anna, bo) = talking();
        world.peer(bo).faxing = Faxing::Ponders;
        world.propose_fax(anna);
        world.run(9.0);
        assert!(world.on(anna).refused.is_empty() && world.hears(bo) == [anna], "{}", world.ladder);
        world.run(2.0);
        assert_eq!(world.on(anna).refused, [REFUSED], "{}", world.ladder);
        world.talk(anna, bo);
        if let Some(late) = late {
            world.has_pondered(bo, late);
            world.run(0.5);
            world.talk(anna, bo);
            assert!(world.on(anna).fax.is_none());
        }
        world.hang_up(anna);
        world.settles();
        assert_eq!(world.record().cause, Cause::Answered);
    }
}

#[test]
fn machines_that_ask_each_other_at_once_fax() {
    for first in [true, false] {
        let (mut world, anna, bo) = talking();
        for phone in [anna, bo] {
            world.peer(phone).faxing = Faxing::Takes;
        }
        let (one, other) = if first { (anna, bo) } else { (bo, anna) };
        world.propose_fax(one);
        world.run(0.001);
        world.propose_fax(other);
        world.run(10.0);
        assert!(world.ladder.count(Side::Box, "491 INVITE") >= 1, "they crossed\n{}", world.ladder);
        pages(&mut world, anna, bo);
        world.hang_up(one);
        world.settles();
        assert_eq!(codecs(world.record()), ["T.38", "T.38"]);
    }
}

#[test]
fn a_call_that_ends_while_it_turns_into_a_fax_leaves_nothing() {
    for asks_hangs_up in [true, false] {
        for pondering in [true, false] {
            let (mut world, anna, bo) = talking();
            world.peer(bo).faxing = if pondering { Faxing::Ponders } else { Faxing::Takes };
            world.propose_fax(anna);
            world.run(if pondering { 1.0 } else { 0.003 });
            let (one, other) = if asks_hangs_up { (anna, bo) } else { (bo, anna) };
            world.hang_up(one);
            world.run(1.0);
            assert!(!world.is_up(other), "{}", world.ladder);
            if !asks_hangs_up && pondering {
                assert_eq!(world.ladder.count(Side::Box, "488 INVITE"), 1, "{}", world.ladder);
            }
            world.settles();
            assert_eq!(world.record().cause, Cause::Answered);
        }
    }
}

#[test]
fn a_phone_that_vanishes_while_it_is_asked_ends_the_call() {
    let (mut world, anna, bo) = talking();
    world.vanishes(bo);
    world.propose_fax(anna);
    world.run(60.0);
    assert_eq!(world.on(anna).refused, [REFUSED], "{}", world.ladder);
    world.settles();
    assert!(!world.is_up(anna));
}

#[test]
fn a_long_page_is_not_taken_for_silence() {
    let (mut world, anna, bo) = faxing();
    let before = offers(&world, bo, "image") + offers(&world, anna, "image");
    world.page(anna, 400.0);
    only_fax(&world, [anna, bo]);
    let after = offers(&world, bo, "image") + offers(&world, anna, "image");
    assert_eq!((before, after), (1, 1), "nobody is asked whether they are there\n{}", world.ladder);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn machines_that_fall_silent_are_asked_and_fax_on() {
    let (mut world, anna, bo) = faxing();
    world.run(100.0);
    assert!(offers(&world, bo, "image") > 1 && offers(&world, anna, "image") > 0, "{}", world.ladder);
    assert_eq!((offers(&world, anna, "audio"), offers(&world, bo, "audio")), (0, 1), "the first INVITE's");
    pages(&mut world, anna, bo);
    only_fax(&world, [anna, bo]);
    world.hang_up(bo);
    world.settles();
}

#[test]
fn a_machine_that_asks_again_or_moves_is_followed() {
    let (mut world, anna, bo) = faxing();
    world.peer(anna).calls.last_mut().expect("a call").rtp = "127.0.0.77:45000".parse().expect("an address");
    let before = world.ladder.count(Side::Box, "INVITE");
    world.peer(anna).calls.last_mut().expect("a call").fax = None;
    world.propose_fax(anna);
    world.run(0.5);
    pages(&mut world, anna, bo);
    // What the machine asks for names its port here, so these are new terms: the other is asked once.
    assert_eq!(world.ladder.count(Side::Box, "INVITE"), before + 1, "{}", world.ladder);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn a_fax_cannot_be_held() {
    let (mut world, anna, bo) = faxing();
    pages(&mut world, anna, bo);
    let image = "v=0\no=fax 7 9 IN IP4 127.0.0.13\ns=-\nc=IN IP4 127.0.0.13\nt=0 0\nm=image 4000 udptl t38\na=inactive\n";
    world.hold(bo);
    world.run(0.5);
    world.propose(bo, image);
    world.run(0.5);
    assert_eq!(world.on(bo).refused, [REFUSED, REFUSED], "{}", world.ladder);
    pages(&mut world, anna, bo);
    only_fax(&world, [anna, bo]);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn who_is_on_hold_or_alone_with_the_box_or_encrypted_does_not_fax() {
    let image = "v=0\no=fax 7 9 IN IP4 127.0.0.13\ns=-\nc=IN IP4 127.0.0.13\nt=0 0\nm=image 4000 udptl t38\n";
    // Held: Bo hears music.
    let (mut world, anna, bo) = talking();
    world.peer(anna).faxing = Faxing::Takes;
    world.hold(anna);
    world.run(0.5);
    world.propose(bo, image);
    world.run(0.5);
    assert_eq!(world.on(bo).refused, [REFUSED]);
    world.hang_up(anna);
    world.settles();
    // Parked, and at the door of a room.
    for number in ["*51", "600"] {
        let mut world = World::new();
        let anna = world.phone("anna-bord");
        world.dial(anna, number);
        world.run(1.0);
        assert!(world.is_up(anna), "{number}\n{}", world.ladder);
        world.propose(anna, image);
        world.run(0.5);
        assert_eq!(world.on(anna).refused, [REFUSED], "{number}");
        world.hang_up(anna);
        world.settles();
    }
    // Encrypted sound goes on encrypted.
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.peer(bo).profile.encryption = Encryption::Offered;
    world.peer(bo).faxing = Faxing::Takes;
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(1.0);
    world.propose(anna, image);
    world.talk(anna, bo);
    assert_eq!(world.on(anna).refused, [REFUSED]);
    assert_eq!(offers(&world, bo, "image"), 0);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn a_stranger_can_neither_send_a_page_nor_get_one() {
    let (mut world, anna, bo) = faxing();
    let stranger: SocketAddr = "127.0.0.66:4000".parse().expect("an address");
    pages(&mut world, anna, bo);
    world.parcels.clear();
    let to = world.on(anna).fax.as_ref().expect("a fax").remote;
    for number in 0..200_u8 {
        world.throw(stranger, to, vec![0, number, 2, 6, 6, 0, 0]);
        world.run(0.02);
    }
    pages(&mut world, anna, bo);
    only_fax(&world, [anna, bo]);
    assert!(world.parcels.iter().all(|(at, _)| *at != stranger), "nothing is sent to a stranger");
    world.hang_up(anna);
    world.settles();
}

#[test]
fn who_is_connected_with_somebody_else_talks_to_them() {
    let (mut world, anna, bo) = faxing();
    pages(&mut world, anna, bo);
    let cia = world.phone("cia-bord");
    world.answers(cia, 0.5);
    world.connect_with(anna, "203");
    world.run(3.0);
    world.talk(bo, cia);
    world.hang_up(bo);
    world.settles();
}

#[test]
fn a_machine_that_faxes_from_the_start_is_put_through_to_one_that_does() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.peer(bo).faxing = Faxing::Takes;
    world.answers(bo, 0.5);
    world.call(anna, Dial::to("202").faxing());
    world.run(1.5);
    assert!(world.is_up(anna) && world.is_up(bo), "{}", world.ladder);
    pages(&mut world, anna, bo);
    only_fax(&world, [anna, bo]);
    // And a word about it afterwards.
    world.resume(anna);
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
    assert_eq!(codecs(world.record()), ["T.38", "T.38"]);
}

#[test]
fn a_machine_that_faxes_from_the_start_reaches_a_trunk_that_does() {
    let mut world = World::new();
    let bo = world.phone("bo-bord");
    world.peer(World::OPERATOR).faxing = Faxing::Takes;
    world.answers(World::OPERATOR, 0.5);
    world.call(bo, Dial::to("0812340000").faxing());
    world.run(1.5);
    pages(&mut world, bo, World::OPERATOR);
    world.hang_up(World::OPERATOR);
    world.settles();
}

#[test]
fn a_machine_that_faxes_from_the_start_hears_488_where_nobody_can() {
    for number in ["202", "0812340000", "600", "*51"] {
        let mut world = World::new();
        let (anna, _bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
        world.call(anna, Dial::to(number).faxing());
        world.run(3.0);
        assert_eq!(world.on(anna).state, State::Over(Over::Refused(REFUSED)), "{number}\n{}", world.ladder);
        world.settles();
    }
}
