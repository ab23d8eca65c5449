//! Calls from operators.

use super::changed;
use crate::world::simulated::{Dial, Over, Secret, State, World};
use model::{Cause, Direction};
use sip::{Name, Status};

#[test]
fn a_number_of_ours_is_known_in_every_spelling() {
    for number in ["+46812345202", "0046812345202", "08-12345202", "0812345202", "46812345202"] {
        let mut world = World::new();
        let bo = world.phone("bo-bord");
        world.answers(bo, 0.2);
        world.call(World::OPERATOR, Dial::to(number).from("+46701112233"));
        world.run(1.0);
        assert!(world.is_up(World::OPERATOR), "{number}\n{}", world.ladder);
        world.talk(World::OPERATOR, bo);
        world.hang_up(bo);
        world.settles();
        let record = world.record();
        assert_eq!((record.call.direction, record.call.from.as_str()), (Direction::Inbound, "+46701112233"));
        let invite = world.on(bo).invite.clone().expect("an INVITE");
        assert_eq!(invite.headers.from().expect("From").uri.user().as_deref(), Some("+46701112233"));
    }
}

#[test]
fn a_caller_without_a_number_is_shown_as_nobody() {
    let mut world = World::new();
    let bo = world.phone("bo-bord");
    world.answers(bo, 0.2);
    let mut dial = Dial::to("+46812345202").from("+46701112233");
    dial.extra.push(Name::Privacy, "id");
    dial.extra.push(Name::PAssertedIdentity, "<sip:+46701112233@operator.example>");
    world.call(World::OPERATOR, dial);
    world.run(1.0);
    world.talk(World::OPERATOR, bo);
    let invite = world.on(bo).invite.clone().expect("an INVITE");
    assert_eq!(invite.headers.from().expect("From").uri.raw_host(), "anonymous.invalid");
    assert!(!String::from_utf8_lossy(&invite.to_bytes()).contains("701112233"), "{invite:?}");
    world.hang_up(bo);
    world.settles();
}

#[test]
fn who_calls_is_read_from_what_the_operator_vouches_for() {
    for (name, value, shown) in [
        (Name::PAssertedIdentity, "<sip:+46705550000@operator.example>", Some("+46705550000")),
        (
            Name::RemotePartyId,
            "<sip:+46705550000@operator.example>;party=calling;privacy=off",
            Some("+46705550000"),
        ),
        (Name::RemotePartyId, "<sip:+46705550000@operator.example>;party=calling;privacy=full", None),
        (Name::PPreferredIdentity, "<sip:+46705550000@operator.example>", Some("+46701112233")),
    ] {
        let mut world = World::new();
        let bo = world.phone("bo-bord");
        let mut dial = Dial::to("+46812345202").from("+46701112233");
        dial.extra.push(name, value);
        world.call(World::OPERATOR, dial);
        world.run(0.5);
        let invite = world.on(bo).invite.clone().expect("an INVITE");
        let from = invite.headers.from().expect("From").uri.clone();
        match shown {
            Some(number) => assert_eq!(from.user().as_deref(), Some(number), "{value}"),
            None => assert_eq!(from.raw_host(), "anonymous.invalid", "{value}"),
        }
        world.hang_up(World::OPERATOR);
        world.settles();
    }
}

#[test]
fn a_number_that_nobody_has_is_not_found_and_never_goes_out_again() {
    for number in ["+46812345299", "+46701234567", "112", "09001234567", "#31#0701234567"] {
        let mut world = World::new();
        world.phone("bo-bord");
        world.call(World::OPERATOR, Dial::to(number).from("+46701112233"));
        world.run(1.0);
        assert_eq!(
            world.on(World::OPERATOR).state,
            State::Over(Over::Refused(Some(Status::NOT_FOUND))),
            "{number}\n{}",
            world.ladder
        );
        assert!(world.peer(World::RESERVE).calls.is_empty() && world.peer(World::OPERATOR).calls.len() == 1);
        world.settles();
        assert_eq!(world.record().cause, Cause::UnknownNumber, "{number}");
    }
}

#[test]
fn a_trunk_that_wants_encryption_gets_it_both_ways() {
    let (mut world, trunk) =
        super::raw_operator(changed("media_encryption = \"none\"", "media_encryption = \"sdes\""));
    let anna = world.phone("anna-bord");
    // A peer whose tone the trunk speaks with.
    let voice = World::OPERATOR;
    let mut sound = Secret::new(voice, 43_000);
    world.dial(anna, "0701234567");
    world.run(0.2);
    let invite = trunk.invite(&world);
    let offer = String::from_utf8_lossy(&invite.body).into_owned();
    assert!(offer.contains("RTP/SAVP") && offer.contains("a=crypto:"), "{offer}");
    let (answer, agreed) = sound.negotiation.answer(&invite.body, None).expect("an answer");
    sound.agree(agreed);
    trunk.respond(&mut world, &invite, (200, "one", Some(&String::from_utf8_lossy(&answer))));
    world.run(0.3);
    assert!(world.is_up(anna), "{}", world.ladder);
    assert_eq!(sound.talk(&mut world, 75, &[anna, voice]), [anna], "the trunk hears Anna");
    assert_eq!(world.hears(anna), [voice], "Anna hears the trunk");
    world.hang_up(anna);
    world.run(0.1);
    trunk.lets_go(&mut world);
    trunk.leaves(&mut world);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn a_trunk_that_wants_encryption_is_refused_without() {
    let document = changed("media_encryption = \"none\"", "media_encryption = \"sdes\"");
    let mut world = World::with_site(1, document);
    let bo = world.phone("bo-bord");
    world.answers(bo, 0.2);
    world.call(World::OPERATOR, Dial::to("+46812345202").from("+46701112233"));
    world.run(2.0);
    assert_eq!(
        world.on(World::OPERATOR).state,
        State::Over(Over::Refused(Some(Status::NOT_ACCEPTABLE_HERE))),
        "{}",
        world.ladder
    );
    world.settles();
}

#[test]
fn a_call_beyond_the_channels_of_its_trunk_is_busy_and_the_others_go_on() {
    let mut world = World::with_site(1, changed("channels = 30", "channels = 1"));
    let (bo, cia) = (world.phone("bo-bord"), world.phone("cia-bord"));
    world.answers(bo, 0.0);
    world.answers(cia, 0.0);
    world.call(World::OPERATOR, Dial::to("+46812345202").from("+46701112233"));
    world.run(0.5);
    world.call(World::OPERATOR, Dial::to("+46812345230").from("+46701112244"));
    world.run(0.5);
    assert_eq!(world.on(World::OPERATOR).state, State::Over(Over::Refused(Some(Status::BUSY_HERE))));
    assert!(world.is_up(bo) && world.peer(cia).calls.is_empty(), "{}", world.ladder);
    // The reserve has channels of its own.
    let reserve = Dial::to("+46812345202").from("+46701112255");
    world.call(World::RESERVE, reserve);
    world.run(0.2);
    let records = &world.vaxel.memory.records;
    assert_eq!((records.len(), records[0].cause), (2, Cause::Busy), "Bo talks and has no call waiting");
    assert!(
        format!("{:?}", records[0].trail).contains("all channels of operator are in use"),
        "{records:#?}"
    );
    assert!(!format!("{:?}", records[1].trail).contains("all channels"), "{records:#?}");
    world.all_hang_up();
    world.settles();
}
