//! Ringing: several phones at once, busy, turned down, out of reach.

use super::{device, ending, operator, rules};
use crate::world::simulated::{Dial, Manner, Over, PeerId, Side, State, World, secs};
use model::{Cause, Direction, What};
use sip::Status;

const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

fn refused(status: Status) -> State {
    State::Over(Over::Refused(Some(status)))
}

/// Bo calls Anna, whose phone does something; gives Bo and what he is answered with.
fn anna_does(manner: Manner) -> (World, PeerId, PeerId) {
    let mut world = World::without_mailboxes(1);
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.peer(anna).manner = manner;
    world.dial(bo, "201");
    (world, anna, bo)
}

#[test]
fn all_devices_ring_and_the_answer_on_one_stops_the_others() {
    let mut world = World::new();
    let (desk, soft) = (world.phone("anna-bord"), world.phone("anna-dator"));
    let second = world.device_at("anna-dator", "127.0.0.90:5062");
    world.register(second);
    let bo = world.phone("bo-bord");
    world.answers(soft, 2.0);
    world.dial(bo, "201");
    world.run(1.0);
    for phone in [desk, soft, second] {
        assert_eq!(world.on(phone).state, State::Waiting);
        let shown = world.on(phone).invite.as_ref().and_then(|invite| invite.headers.from().ok());
        let shown = shown.expect("a From");
        assert_eq!((shown.display.as_deref(), shown.uri.user().as_deref()), (Some("Bo Berg"), Some("202")));
    }
    world.run(1.5);
    for phone in [desk, second] {
        assert_eq!(world.on(phone).state, State::Over(Over::Cancelled));
        assert_eq!(world.on(phone).reason.as_deref(), Some(ELSEWHERE));
    }
    world.talk(bo, soft);
    assert_eq!(world.on(bo).progress, [180], "the caller is told once that it rings");
    world.hang_up(bo);
    world.settles();
    let record = world.record();
    assert_eq!((record.cause, record.answered_device.clone()), (Cause::Answered, Some("anna-dator".into())));
    let rang = record.trail.iter().filter(|step| matches!(step.what, What::Rang { .. })).count();
    assert_eq!(rang, 3);
}

#[test]
fn two_devices_that_answer_at_once_give_one_call() {
    let mut world = World::new();
    let (desk, soft, bo) = (world.phone("anna-bord"), world.phone("anna-dator"), world.phone("bo-bord"));
    world.answers(desk, 2.0);
    world.answers(soft, 2.0);
    world.dial(bo, "201");
    world.run(3.0);
    let up = [desk, soft].into_iter().filter(|phone| world.is_up(*phone)).collect::<Vec<_>>();
    let &[winner] = up.as_slice() else { panic!("{up:?}\n{}", world.ladder) };
    let loser = if winner == desk { soft } else { desk };
    assert_eq!(world.on(loser).state, State::Over(Over::HungUp));
    assert_eq!(world.on(loser).reason.as_deref(), Some(ELSEWHERE));
    world.talk(bo, winner);
    world.hang_up(winner);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

#[test]
fn an_answer_that_crosses_the_cancel_is_hung_up_and_nobody_is_left_on_the_line() {
    let (mut world, anna, bo) = anna_does(Manner::Rings);
    world.run(1.0);
    // The CANCEL leaves while the 200 is under way.
    world.pick_up(anna);
    world.hang_up(bo);
    world.settles();
    assert_eq!(world.on(anna).state, State::Over(Over::HungUp));
    assert!(matches!(world.on(bo).state, State::Over(_)));
    // Whichever reached the box first, there is one word for it.
    let cause = world.record().cause;
    assert!(matches!(cause, Cause::Cancelled | Cause::Answered), "{cause:?}");
}

#[test]
fn a_busy_phone_makes_the_call_busy() {
    let (mut world, _, bo) = anna_does(Manner::Refuses(Status::BUSY_HERE));
    world.run(1.0);
    assert_eq!(world.on(bo).state, refused(Status::BUSY_HERE));
    world.settles();
    let record = world.record();
    assert_eq!(record.cause, Cause::Busy);
    let failed = What::Failed {
        party: device("anna", "anna-bord"),
        cause: Cause::Busy,
        said: "486 Busy Here".to_owned(),
    };
    assert!(record.trail.iter().any(|step| step.what == failed), "{:#?}", record.trail);
}

#[test]
fn a_busy_phone_leaves_the_other_device_ringing() {
    let mut world = World::new();
    let (desk, soft, bo) = (world.phone("anna-bord"), world.phone("anna-dator"), world.phone("bo-bord"));
    world.peer(desk).manner = Manner::Refuses(Status::BUSY_HERE);
    world.answers(soft, 3.0);
    world.dial(bo, "201");
    world.run(4.0);
    world.talk(bo, soft);
    world.hang_up(soft);
    world.settles();
    assert_eq!(world.record().answered_device, Some("anna-dator".into()));
}

#[test]
fn a_call_turned_down_is_declined() {
    let (mut world, _, bo) = anna_does(Manner::RefusesAfter(secs(3.0), Status::DECLINE));
    world.run(2.0);
    assert_eq!(world.on(bo).progress, [180]);
    world.run(2.0);
    assert_eq!(world.on(bo).state, refused(Status::DECLINE));
    world.settles();
    assert_eq!(world.record().cause, Cause::Rejected);
    assert_eq!(ending(world.record()).1, "the called party refused the call");
}

#[test]
fn a_user_without_a_registered_phone_cannot_be_reached() {
    let mut world = World::without_mailboxes(1);
    let bo = world.phone("bo-bord");
    world.dial(bo, "201");
    world.run(1.0);
    assert_eq!(world.on(bo).state, refused(Status::TEMPORARILY_UNAVAILABLE));
    world.settles();
    assert_eq!(world.record().cause, Cause::NoAnswer);
    assert!(rules(world.record()).contains(&"unreachable"));
}

#[test]
fn a_registered_phone_without_power_ends_as_no_answer() {
    let (mut world, anna, bo) = anna_does(Manner::Rings);
    world.vanishes(anna);
    world.run(19.0);
    assert_eq!(world.on(bo).state, State::Waiting);
    assert!(world.on(bo).progress.is_empty(), "nothing rings");
    world.run(2.0);
    assert_eq!(world.on(bo).state, refused(Status::TEMPORARILY_UNAVAILABLE));
    world.settles();
    assert_eq!(world.record().cause, Cause::NoAnswer);
}

#[test]
fn a_phone_that_loses_its_power_while_it_rings_ends_as_no_answer() {
    let (mut world, anna, bo) = anna_does(Manner::Rings);
    world.run(3.0);
    world.vanishes(anna);
    world.run(18.0);
    assert_eq!(world.on(bo).state, refused(Status::TEMPORARILY_UNAVAILABLE));
    world.settles();
    assert_eq!(world.record().cause, Cause::NoAnswer);
}

#[test]
fn a_caller_who_vanishes_while_it_rings_leaves_nothing() {
    let (mut world, anna, bo) = anna_does(Manner::Rings);
    world.run(2.0);
    world.vanishes(bo);
    world.run(30.0);
    assert_eq!(world.on(anna).state, State::Over(Over::Cancelled));
    world.settles();
    assert_eq!(world.record().cause, Cause::NoAnswer);
}

#[test]
fn a_caller_who_hangs_up_before_anything_rings_is_cancelled() {
    let (mut world, anna, bo) = anna_does(Manner::Ponders);
    world.run(1.0);
    world.hang_up(bo);
    world.run(1.0);
    assert_eq!(world.on(anna).state, State::Over(Over::Cancelled));
    assert_eq!(world.on(bo).state, State::Over(Over::Here));
    assert_eq!(world.ladder.count(Side::Box, "487 INVITE"), 1);
    world.settles();
    assert_eq!(world.record().cause, Cause::Cancelled);
}

#[test]
fn a_cancel_that_overtakes_everything_but_the_invite_still_ends_the_call() {
    let (mut world, anna, bo) = anna_does(Manner::Rings);
    world.lose(3, |line| line.from == Side::Box && line.is("100 INVITE"));
    world.lose(1, |line| line.from == Side::Box && line.is("180 INVITE"));
    world.run(0.005);
    world.hang_up(bo);
    world.settles();
    assert!(matches!(world.on(bo).state, State::Over(_)));
    assert!(world.peer(anna).calls.iter().all(|call| matches!(call.state, State::Over(_))));
    assert_eq!(world.record().cause, Cause::Cancelled);
}

#[test]
fn a_call_from_outside_rings_by_its_number_in_any_spelling_and_is_heard() {
    for number in ["+46812345202", "0046812345202", "0812345202", "46812345202"] {
        let mut world = World::new();
        let bo = world.phone("bo-bord");
        world.answers(bo, 1.0);
        world.call(World::OPERATOR, Dial::to(number).from("+46700000001"));
        world.run(1.5);
        world.talk(World::OPERATOR, bo);
        world.hang_up(World::OPERATOR);
        world.settles();
        let record = world.record();
        assert_eq!((record.cause, record.call.direction), (Cause::Answered, Direction::Inbound), "{number}");
        assert_eq!(record.call.from, "+46700000001");
        assert_eq!(ending(record).0, Some(operator()));
    }
}

#[test]
fn a_group_rings_all_its_members_and_the_first_takes_the_call() {
    let mut world = World::new();
    let (anna, bo, cia) = (world.phone("anna-bord"), world.phone("bo-bord"), world.phone("cia-bord"));
    world.answers(bo, 2.0);
    world.dial(cia, "300");
    world.run(1.0);
    assert_eq!((world.on(anna).state, world.on(bo).state), (State::Waiting, State::Waiting));
    world.run(2.0);
    assert_eq!(world.on(anna).reason.as_deref(), Some(ELSEWHERE));
    world.talk(cia, bo);
    world.hang_up(cia);
    world.settles();
    assert_eq!(world.record().answered_by, Some("bo".into()));
}

#[test]
fn a_call_whose_description_cannot_be_used_is_refused_before_anything_rings() {
    let head = "v=0\no=- 1 1 IN IP4 127.0.0.13\ns=-\nc=IN IP4 127.0.0.13\nt=0 0\n";
    for (description, status) in [
        ("hello".to_owned(), Status::BAD_REQUEST),
        (format!("{head}m=audio 5000 RTP/AVP 18\n"), Status::NOT_ACCEPTABLE_HERE),
        (format!("{head}m=video 5000 RTP/AVP 96\na=rtpmap:96 H264/90000\n"), Status::NOT_ACCEPTABLE_HERE),
    ] {
        let mut world = World::new();
        let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
        world.call(bo, Dial::to("201").describing(&description));
        world.run(1.0);
        assert_eq!(world.on(bo).state, refused(status), "{description}");
        assert!(world.peer(anna).calls.is_empty(), "nothing rings");
        world.settles();
    }
}
