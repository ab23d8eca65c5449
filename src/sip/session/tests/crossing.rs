use super::link::*;
use crate::endpoint::{EndedBy, Event};
use crate::{Message, Name, Status};

fn is(message: &Message, code: u16, method: &str) -> bool {
    let Message::Response(response) = message else { return false };
    let cseq = response.headers.cseq().expect("CSeq");
    response.status.code() == code && cseq.method.as_str() == method
}

fn is_request(message: &Message, method: &str) -> bool {
    matches!(message, Message::Request(request) if request.method.as_str() == method)
}

#[test]
fn a_ringing_call_is_cancelled_with_its_reason() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.ring(now, b, Status::RINGING, None);
    link.run(1.0);
    let mut extra = none();
    extra.push(Name::Reason, "SIP;cause=200;text=\"Call completed elsewhere\"");
    let now = link.now;
    link.a.hang_up(now, a, extra);
    link.a.hang_up(now, a, none());
    link.run(1.0);
    let reason = Some("SIP;cause=200;text=\"Call completed elsewhere\"".to_owned());
    assert!(link.events_b.contains(&Event::Cancelled { session: b, reason }));
    assert_eq!(link.events_a.last(), Some(&Event::Ended { session: a, how: EndedBy::Us }));
    assert_eq!(link.ladder[3..], ["A CANCEL", "B 200 CANCEL", "B 487 INVITE", "A ACK"]);
    link.settles();
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut link = Link::new();
    link.jitter = 1;
    let mut lost = 0;
    link.censor = Some(Box::new(move |from, message| {
        lost += 1;
        from == A && is_request(message, "INVITE") && lost == 1
    }));
    let a = link.call();
    link.run(0.1);
    let now = link.now;
    link.a.hang_up(now, a, none());
    assert_eq!(link.count("A CANCEL"), 0);
    link.run(2.0);
    assert_eq!(
        link.ladder,
        ["A INVITE", "A INVITE", "B 100 INVITE", "A CANCEL", "B 200 CANCEL", "B 487 INVITE", "A ACK"]
    );
    link.settles();
}

#[test]
fn a_call_given_up_before_anybody_answers_ends_with_timer_b() {
    let mut link = Link::new();
    link.censor = Some(Box::new(|_, _| true));
    let a = link.call();
    link.run(1.0);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.run(40.0);
    assert_eq!(link.count("A CANCEL"), 0);
    assert_eq!(link.events_a, [Event::Ended { session: a, how: EndedBy::Us }]);
    link.settles();
}

#[test]
fn cancel_and_answer_cross_and_bye_follows() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.answer(now, b, answer(), none());
    link.a.hang_up(now, a, none());
    link.run(1.0);
    assert_eq!(link.events_a.last(), Some(&Event::Ended { session: a, how: EndedBy::Us }));
    assert!(!link.events_a.iter().any(|event| matches!(event, Event::Established { .. })));
    assert_eq!((link.count("A CANCEL"), link.count("A ACK"), link.count("A BYE")), (1, 1, 1));
    assert!(
        link.events_b.contains(&Event::Ended { session: b, how: EndedBy::Peer { reason: None } }),
        "{:#?}",
        link.events_b
    );
    link.settles();
}

#[test]
fn a_cancelled_call_whose_refusal_never_comes_is_given_up() {
    let mut link = Link::new();
    let (a, _) = link.ringing();
    link.censor = Some(Box::new(|from, message| from == B && is(message, 487, "INVITE")));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.run(60.0);
    assert!(link.a.is_idle());
    link.settles();
}

#[test]
fn the_200_is_sent_until_the_ack_comes() {
    let mut link = Link::new();
    let mut acks = 0;
    link.censor = Some(Box::new(move |from, message| {
        let ack = from == A && is_request(message, "ACK");
        acks += u32::from(ack);
        ack && acks < 4
    }));
    let (a, b) = link.talking();
    link.run(10.0);
    assert_eq!(link.count("B 200 INVITE"), 4);
    assert_eq!(link.count("A ACK"), 4, "each copy of the 200 gets the ACK again");
    assert!(link.events_b.contains(&Event::Confirmed { session: b }));
    assert_eq!(link.events_a.iter().filter(|event| matches!(event, Event::Established { .. })).count(), 1);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn a_200_never_acknowledged_ends_in_bye_after_32_seconds() {
    let mut link = Link::new();
    link.censor = Some(Box::new(|from, message| from == A && is_request(message, "ACK")));
    let (_, b) = link.talking();
    link.run(31.7);
    assert_eq!(link.count("B BYE"), 0);
    link.run(1.0);
    assert_eq!(link.count("B BYE"), 1);
    assert!(link.events_b.contains(&Event::Ended { session: b, how: EndedBy::AckLost }));
    link.settles();
}

#[test]
fn hanging_up_before_the_ack_holds_the_bye_until_it_comes() {
    let mut link = Link::new();
    link.censor = Some(Box::new(|from, message| from == A && is_request(message, "ACK")));
    let (_, b) = link.talking();
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.run(0.2);
    assert_eq!(link.count("B BYE"), 0);
    assert_eq!(link.events_b.last(), Some(&Event::Ended { session: b, how: EndedBy::Us }));
    link.censor = None;
    link.run(1.0);
    assert_eq!(link.count("B BYE"), 1);
    link.settles();
}

#[test]
fn a_lost_bye_is_sent_again() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let mut byes = 0;
    link.censor = Some(Box::new(move |_, message| {
        byes += u32::from(is_request(message, "BYE"));
        is_request(message, "BYE") && byes < 3
    }));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.run(5.0);
    assert_eq!(link.count("A BYE"), 3);
    assert!(link.events_b.contains(&Event::Ended { session: b, how: EndedBy::Peer { reason: None } }));
    link.settles();
}

#[test]
fn both_hang_up_at_once() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.b.hang_up(now, b, none());
    link.run(1.0);
    assert_eq!((link.count("A 200 BYE"), link.count("B 200 BYE")), (1, 1));
    link.settles();
}

#[test]
fn a_bye_that_nobody_answers_is_given_up() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    link.censor = Some(Box::new(|_, _| true));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.run(40.0);
    assert!(link.a.is_idle());
    link.censor = None;
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.settles();
}

#[test]
fn a_bye_in_an_unknown_dialog_is_answered_481() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    link.censor = Some(Box::new(|_, _| true));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.run(60.0);
    link.censor = None;
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.run(1.0);
    assert_eq!(link.count("A 481 BYE"), 1);
    link.settles();
}

#[test]
fn a_peer_that_falls_silent_while_ringing_is_cancelled_after_a_quarter_of_an_hour() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.ring(now, b, Status::RINGING, None);
    link.run(1.0);
    link.censor = Some(Box::new(|from, _| from == B));
    link.run(899.0);
    assert!(!link.events_a.iter().any(|event| matches!(event, Event::Failed { .. })));
    link.run(10.0);
    assert!(
        matches!(link.events_a.last(), Some(Event::Failed { session, status: None, .. }) if *session == a)
    );
    assert!(link.events_b.contains(&Event::Cancelled { session: b, reason: None }));
    link.settles();
}
