//! Plain calls between two phones: talked, given up, unanswered.

use super::device;
use crate::world::simulated::{Manner, Over, Side, State, World, secs};
use model::{Cause, Direction, What};

#[test]
fn two_phones_talk_and_hear_each_other() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 3.0);
    world.dial(anna, "202");
    world.run(2.0);
    assert_eq!(
        (world.on(anna).progress.as_slice(), world.on(anna).state),
        ([180].as_slice(), State::Waiting)
    );
    assert!(world.hears(anna).is_empty() && world.hears(bo).is_empty());
    world.run(1.5);
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
    assert_eq!(world.on(anna).state, State::Over(Over::HungUp));
    let record = world.record();
    assert_eq!((record.cause, record.call.direction), (Cause::Answered, Direction::Internal));
    assert_eq!((record.call.from.as_str(), record.call.to.as_str()), ("201", "202"));
    assert_eq!(record.answered_device, Some("bo-bord".into()));
    let bo = device("bo", "bo-bord");
    let trail: Vec<&What> = record.trail.iter().map(|step| &step.what).collect();
    let expected = [
        What::Offered { by: device("anna", "anna-bord"), dialled: "202".to_owned() },
        What::Numbered { number: "202".to_owned(), class: "internal".to_owned() },
        What::Decided { rule: "devices".to_owned(), outcome: "bo rings on 1 contact".to_owned() },
        What::Invited { party: bo.clone() },
        What::Rang { party: bo.clone() },
        What::Answered { party: bo.clone() },
        What::Ended { by: Some(bo), why: "hung up".to_owned() },
    ];
    assert_eq!(trail, expected.iter().collect::<Vec<_>>());
    assert_eq!(record.quality.len(), 2);
    assert!(record.quality.iter().all(|leg| leg.lost == 0 && leg.received > 50), "{:?}", record.quality);
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.dial(anna, "202");
    world.run(5.0);
    assert_eq!(world.on(bo).state, State::Waiting);
    world.hang_up(anna);
    world.run(1.0);
    assert_eq!(world.on(bo).state, State::Over(Over::Cancelled));
    assert_eq!(world.ladder.count(Side::Box, "487 INVITE"), 1);
    world.settles();
    let record = world.record();
    assert_eq!((record.cause, record.answered), (Cause::Cancelled, None));
    let last = record.trail.last().map(|step| step.what.clone());
    let expected =
        What::Ended { by: Some(device("anna", "anna-bord")), why: "the caller gave up".to_owned() };
    assert_eq!(last, Some(expected));
}

#[test]
fn a_phone_that_nobody_answers_stops_after_its_time() {
    let mut world = World::without_mailboxes(1);
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.peer(anna).manner = Manner::Rings;
    world.dial(bo, "201");
    // Anna's rule: 20 seconds.
    world.run(19.5);
    assert_eq!(world.on(anna).state, State::Waiting);
    world.run(1.0);
    assert_eq!(world.on(anna).state, State::Over(Over::Cancelled));
    assert_eq!(world.on(anna).reason.as_deref(), Some("SIP;cause=408;text=\"No answer\""));
    assert_eq!(world.on(bo).state, State::Over(Over::Refused(sip::Status::new(480))));
    world.settles();
    assert_eq!(world.record().cause, Cause::NoAnswer);
    assert!(world.record().quality.is_empty(), "nobody was heard");
    let rang = world.record().ended.duration_since(world.record().call.began);
    assert!(rang.unsigned_abs().abs_diff(secs(20.0)) < secs(0.1), "{rang}");
}
