//! What the company's rules do with a call.

use super::{ending, operator, rules};
use crate::world::simulated::{Dial, Over, Side, State, World, site};
use model::{Cause, Direction, What};
use sip::Status;

#[test]
fn a_colleague_dialled_by_public_number_stays_inside() {
    for number in ["+46812345202", "0812345202", "0046812345202", "12345202"] {
        let mut world = World::new();
        let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
        world.answers(bo, 0.5);
        world.dial(anna, number);
        world.run(1.0);
        assert!(world.peer(World::OPERATOR).calls.is_empty(), "{number} went out\n{}", world.ladder);
        world.talk(anna, bo);
        world.hang_up(anna);
        world.settles();
        let record = world.record();
        assert_eq!(
            (record.call.direction, record.call.to.as_str()),
            (Direction::Internal, "202"),
            "{number}"
        );
    }
}

#[test]
fn a_number_outside_leaves_by_the_operator_and_shows_the_callers_own() {
    for number in ["0701234567", "+46701234567", "0046701234567"] {
        let mut world = World::new();
        let anna = world.phone("anna-bord");
        world.answers(World::OPERATOR, 0.5);
        world.dial(anna, number);
        world.run(1.0);
        world.talk(anna, World::OPERATOR);
        let invite = world.on(World::OPERATOR).invite.clone().expect("an INVITE");
        assert_eq!(invite.uri.user().as_deref(), Some("+46701234567"));
        assert_eq!(invite.headers.from().expect("a From").uri.user().as_deref(), Some("+46812345201"));
        world.hang_up(World::OPERATOR);
        world.settles();
        let record = world.record();
        assert_eq!((record.call.direction, record.cause), (Direction::Outbound, Cause::Answered));
        assert_eq!(rules(record), ["outbound"]);
        assert_eq!(ending(record), (Some(operator()), "hung up"));
    }
}

#[test]
fn an_unknown_extension_is_not_found() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.dial(anna, "299");
    world.run(1.0);
    assert_eq!(world.on(anna).state, State::Over(Over::Refused(Some(Status::NOT_FOUND))));
    world.settles();
    assert_eq!(world.record().cause, Cause::UnknownNumber);
}

#[test]
fn a_number_of_a_barred_class_goes_nowhere() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    // 0900 is premium; 118118 is directory.
    world.dial(anna, "09001234567");
    world.run(1.0);
    assert_eq!(world.on(anna).state, State::Over(Over::Refused(Some(Status::FORBIDDEN))));
    world.settles();
    assert!(world.peer(World::OPERATOR).calls.is_empty());
    assert_eq!(world.record().cause, Cause::Barred);
    assert!(rules(world.record()).contains(&"barring"), "{:#?}", world.record().trail);
}

#[test]
fn a_blocked_caller_reaches_nobody() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.call(World::OPERATOR, Dial::to("+46812345201").from("+46700000666"));
    world.run(1.0);
    assert_eq!(world.on(World::OPERATOR).state, State::Over(Over::Refused(Some(Status::DECLINE))));
    assert!(world.peer(anna).calls.is_empty(), "nothing rings");
    world.settles();
    assert_eq!(world.record().cause, Cause::Blocked);
    assert_eq!(rules(world.record()), ["block-list"]);
}

#[test]
fn a_caller_in_a_call_is_busy_where_there_is_no_call_waiting() {
    let mut document = site::demo();
    document = document.replace("id = \"bo\"\n", "id = \"bo\"\ncall_waiting = false\n");
    let mut world = World::with_site(3, document);
    let (anna, bo, cia) = (world.phone("anna-bord"), world.phone("bo-bord"), world.phone("cia-bord"));
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(1.0);
    world.dial(cia, "202");
    world.run(1.0);
    assert_eq!(world.on(cia).state, State::Over(Over::Refused(Some(Status::BUSY_HERE))));
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
    let causes: Vec<Cause> = world.vaxel.memory.records.iter().map(|record| record.cause).collect();
    assert_eq!(causes, [Cause::Busy, Cause::Answered]);
}

/// The demo site where Anna, Bo and Cia each forward to the next when nobody answers in five seconds.
fn round() -> String {
    let mut document = site::demo();
    for (user, next) in [("anna", "202"), ("bo", "203"), ("cia", "201")] {
        let rule = format!("no_answer = {{ after_s = 5, then = \"forward:{next}\" }}");
        let start = document.find(&format!("[[users]]\nid = \"{user}\"")).expect("the user");
        let head = document.split_off(start);
        let end = head[2..].find("\n[[").map_or(head.len(), |at| at + 2);
        let (mine, rest) = head.split_at(end);
        let kept: Vec<&str> = mine.lines().filter(|line| !line.starts_with("no_answer")).collect();
        let mine = kept.join("\n").replacen("id = ", &format!("{rule}\nid = "), 1);
        document = format!("{document}{mine}\n{rest}");
    }
    document
}

#[test]
fn forwards_that_go_round_in_a_circle_end() {
    let mut world = World::with_site(4, round());
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    let cia = world.phone("cia-bord");
    world.call(World::OPERATOR, Dial::to("+46812345201").from("+46700000001"));
    world.run(120.0);
    assert!(
        matches!(world.on(World::OPERATOR).state, State::Over(Over::Refused(Some(_)))),
        "{}",
        world.ladder
    );
    world.settles();
    let rang = [anna, bo, cia].map(|phone| world.peer(phone).calls.len());
    assert_eq!(rang, [1, 1, 1], "each once, and not the first one again");
    let record = world.record();
    assert_eq!(record.cause, Cause::NoAnswer);
    assert_eq!(ending(record).1, "the rules make a loop: anna, bo, cia, anna");
    assert_eq!(record.trail.iter().filter(|step| matches!(step.what, What::Rang { .. })).count(), 3);
}

#[test]
fn a_forward_to_a_colleague_rings_there_and_is_heard() {
    let mut world = World::with_site(4, round());
    let (_, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 1.0);
    world.call(World::OPERATOR, Dial::to("+46812345201").from("+46700000001"));
    world.run(7.0);
    world.talk(World::OPERATOR, bo);
    world.hang_up(bo);
    world.settles();
    assert_eq!(world.record().answered_by, Some("bo".into()));
    assert_eq!(rules(world.record()), ["devices", "forward", "devices"]);
}

#[test]
fn strangers_and_wrong_passwords_make_no_calls() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.stranger(
        "127.0.0.200:5060",
        "INVITE sip:201@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.200:5060;branch=z9hG4bKx1\n\
         From: <sip:evil@127.0.0.200>;tag=1\nTo: <sip:201@127.0.0.1>\nCall-ID: evil\nCSeq: 1 INVITE\n\
         Contact: <sip:evil@127.0.0.200>\nMax-Forwards: 70\nContent-Length: 0\n\n",
    );
    world.run(1.0);
    let told = world.ladder.lines.iter().filter(|line| matches!(line.to, Side::Stranger(_)));
    let told: Vec<String> = told.map(|line| line.summary()).filter(|what| what.ends_with("INVITE")).collect();
    assert!(told.contains(&"401 INVITE".to_owned()), "{told:?}");
    assert!(world.peer(anna).calls.is_empty());
    world.run(40.0);
    world.settles();
    assert!(world.vaxel.memory.records.is_empty(), "nobody called");
}
