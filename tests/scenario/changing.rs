//! Changing a call: hold, resume, crossing changes, session timers.

use super::{device, talking};
use crate::world::simulated::{Dial, Line, PeerId, Side, World, secs};
use model::{Cause, Event, What};
use sip::{Name, Status};

#[test]
fn either_side_holds_and_resumes_and_nobody_is_heard_meanwhile() {
    for caller_holds in [true, false] {
        let (mut world, anna, bo) = talking();
        let (holder, held, user) = if caller_holds { (anna, bo, "anna") } else { (bo, anna, "bo") };
        world.peer(holder).calls.last_mut().expect("a call").talks = false;
        world.hold(holder);
        world.run(1.5);
        assert!(world.hears(holder).is_empty(), "the held party is not heard");
        assert!(world.hears(held).is_empty());
        assert!(world.is_up(held), "the held party stays");
        world.resume(holder);
        world.peer(holder).calls.last_mut().expect("a call").talks = true;
        world.talk(anna, bo);
        world.hang_up(held);
        world.settles();
        let record = world.record();
        let party = device(user, &format!("{user}-bord"));
        let steps = [What::Held { party: party.clone() }, What::Resumed { party: party.clone() }];
        let found = record.trail.iter().filter(|step| steps.contains(&step.what)).count();
        assert_eq!((record.cause, found), (Cause::Answered, 2), "{:#?}", record.trail);
        let event = Event::PartyHeld { call: record.call.id, party };
        assert!(world.vaxel.events.contains(&event));
    }
}

#[test]
fn both_sides_hold_and_both_resume() {
    let (mut world, anna, bo) = talking();
    world.hold(anna);
    world.run(0.5);
    world.hold(bo);
    world.run(1.0);
    assert!(world.hears(anna).is_empty() && world.hears(bo).is_empty());
    world.resume(anna);
    world.run(0.5);
    world.resume(bo);
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
}

#[test]
fn a_held_call_can_be_hung_up_from_either_side() {
    for holder_hangs_up in [true, false] {
        let (mut world, anna, bo) = talking();
        world.hold(anna);
        world.run(5.0);
        world.hang_up(if holder_hangs_up { anna } else { bo });
        world.settles();
        assert_eq!(world.record().cause, Cause::Answered);
    }
}

#[test]
fn a_call_that_is_held_for_half_an_hour_is_still_there() {
    let (mut world, anna, bo) = talking();
    world.hold(anna);
    world.run(1.0);
    for phone in [anna, bo] {
        world.peer(phone).calls.last_mut().expect("a call").talks = false;
    }
    world.run(2_000.0);
    assert!(world.is_up(anna) && world.is_up(bo), "{}", world.ladder);
    world.resume(anna);
    for phone in [anna, bo] {
        world.peer(phone).calls.last_mut().expect("a call").talks = true;
    }
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
}

#[test]
fn a_phone_that_changes_something_while_the_box_does_is_told_491_and_both_get_their_way() {
    // The caller's phone tries again after the box, the called one before it.
    for caller in [true, false] {
        let (mut world, anna, bo) = talking();
        let quiet = if caller { anna } else { bo };
        // Nothing comes from a phone for half a minute: the box asks it. Hold is pressed in that moment.
        world.peer(quiet).calls.last_mut().expect("a call").talks = false;
        world.wait(40.0, "the box's question", |world| {
            world.ladder.lines.last().is_some_and(|line| line.from == Side::Box && line.is("INVITE"))
        });
        world.hold(quiet);
        world.run(0.1);
        let glare = |world: &World, from| world.ladder.count(from, "491 INVITE");
        assert_eq!((glare(&world, Side::Box), glare(&world, Side::Peer(quiet))), (1, 1), "{}", world.ladder);
        world.run(6.0);
        assert_eq!(world.on(quiet).changed, 1, "the hold came through\n{}", world.ladder);
        assert!(world.on(quiet).refused.is_empty());
        let versions = versions(&world, quiet);
        assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{versions:?}\n{}", world.ladder);
        assert!(versions.len() >= 3, "{versions:?}");
        assert!(world.is_up(anna) && world.is_up(bo), "{}", world.ladder);
        world.peer(quiet).calls.last_mut().expect("a call").talks = true;
        world.resume(quiet);
        world.talk(anna, bo);
        world.hang_up(anna);
        world.settles();
        assert_eq!(world.record().cause, Cause::Answered);
    }
}

/// The version of each new description that the box has sent to a peer, as its origin line says (RFC 4566 section 5.2).
/// A message sent again, and an answer that repeats an early one, say nothing new.
fn versions(world: &World, peer: PeerId) -> Vec<u64> {
    let to_peer =
        world.ladder.lines.iter().filter(|line| line.from == Side::Box && line.to == Side::Peer(peer));
    let texts = to_peer.map(|line| String::from_utf8_lossy(&line.message.to_bytes()).into_owned());
    let mut all: Vec<u64> = texts
        .filter_map(|text| {
            let origin = text.lines().find_map(|line| line.strip_prefix("o="))?;
            origin.split(' ').nth(2)?.parse().ok()
        })
        .collect();
    all.dedup();
    all
}

#[test]
fn a_call_that_ends_in_the_middle_of_a_change_leaves_nothing() {
    for caller in [true, false] {
        let (mut world, anna, bo) = talking();
        let (holder, other) = if caller { (anna, bo) } else { (bo, anna) };
        world.lose(1, |line| line.from == Side::Box && line.is("200 INVITE"));
        world.hold(holder);
        world.run(0.2);
        world.hang_up(holder);
        world.run(0.2);
        assert!(!world.is_up(other), "{}", world.ladder);
        world.settles();
        assert_eq!(world.record().cause, Cause::Answered);
    }
}

const VIDEO: &str = "v=0\no=- 1 9 IN IP4 127.0.0.12\ns=-\nc=IN IP4 127.0.0.12\nt=0 0\nm=video 5000 RTP/AVP 96\n\
                     a=rtpmap:96 H264/90000\n";

#[test]
fn an_offer_with_nothing_in_common_is_refused_and_the_call_goes_on() {
    for offer in ["m=audio 5000 RTP/AVP 18\n", "m=video 5000 RTP/AVP 96\na=rtpmap:96 H264/90000\n"] {
        let (mut world, anna, bo) = talking();
        let head = VIDEO.split("m=").next().expect("a head");
        world.propose(anna, &format!("{head}{offer}"));
        world.run(1.0);
        assert_eq!(world.on(anna).refused, [Some(Status::NOT_ACCEPTABLE_HERE)], "{offer}");
        world.talk(anna, bo);
        world.hang_up(anna);
        world.settles();
    }
}

fn refreshes(line: &&Line) -> bool {
    (line.is("UPDATE") || line.is("INVITE")) && line.message.headers().to().is_ok_and(|to| to.tag().is_some())
}

#[test]
fn session_timers_keep_a_living_call() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.peer(anna).profile.session_expires = Some(secs(90.0));
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(200.0);
    let agreed = world.ladder.lines.iter().rev().find(|line| line.from == Side::Box && line.is("200 INVITE"));
    let agreed = agreed.and_then(|line| line.message.headers().get(&Name::SessionExpires)).map(str::to_owned);
    assert!(agreed.as_deref().is_some_and(|value| value.starts_with("90")), "{agreed:?}\n{}", world.ladder);
    let count = world.ladder.lines.iter().filter(refreshes).count();
    assert!((3..=6).contains(&count), "{count} refreshes in 200 s\n{}", world.ladder);
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
}

#[test]
fn an_interval_too_short_is_raised() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 0.5);
    let mut dial = Dial::to("202");
    dial.extra.push(Name::SessionExpires, 30);
    world.call(anna, dial);
    world.run(1.0);
    assert_eq!(world.ladder.count(Side::Box, "422 INVITE"), 1, "{}", world.ladder);
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
    assert_eq!(world.vaxel.memory.began, 1, "the short one was no call");
}
