use super::link::*;
use crate::endpoint::{Event, SessionId};
use crate::{Message, Method, Name, Status};

fn modify(link: &mut Link, end: End, id: SessionId, text: &str) {
    let now = link.now;
    link.end(end).modify(now, id, described(text));
}

fn accept(link: &mut Link, end: End, id: SessionId, text: &str) {
    let now = link.now;
    link.end(end).accept_offer(now, id, described(text));
    link.run(0.1);
}

fn finish(link: &mut Link, a: SessionId) {
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn either_side_holds_and_resumes() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    for (from, from_id, to, to_id) in [(A, a, B, b), (B, b, A, a), (A, a, B, b)] {
        modify(&mut link, from, from_id, "hold");
        link.run(0.1);
        let offered = if to == A { &link.events_a } else { &link.events_b };
        assert_eq!(offered.last(), Some(&Event::Offer { session: to_id, body: described("hold") }));
        accept(&mut link, to, to_id, "held");
        let answered = if from == A { &link.events_a } else { &link.events_b };
        assert_eq!(answered.last(), Some(&Event::Answer { session: from_id, body: described("held") }));
    }
    assert_eq!(link.count("A ACK") + link.count("B ACK"), 4);
    finish(&mut link, a);
}

#[test]
fn a_refused_modification_leaves_the_call_as_it_was() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    modify(&mut link, A, a, "video");
    link.run(0.1);
    let now = link.now;
    link.b.refuse_offer(now, b, Status::NOT_ACCEPTABLE_HERE);
    link.run(0.1);
    let failed = Event::ModifyFailed { session: a, status: Some(Status::NOT_ACCEPTABLE_HERE) };
    assert_eq!(link.events_a.last(), Some(&failed));
    modify(&mut link, A, a, "audio");
    link.run(0.1);
    accept(&mut link, B, b, "fine");
    assert_eq!(link.events_a.last(), Some(&Event::Answer { session: a, body: described("fine") }));
    finish(&mut link, a);
}

#[test]
fn a_modification_waits_for_the_one_before() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    modify(&mut link, A, a, "one");
    modify(&mut link, A, a, "two");
    link.run(0.1);
    assert_eq!(link.count("A INVITE"), 2);
    accept(&mut link, B, b, "first");
    link.run(0.1);
    assert_eq!(link.events_b.last(), Some(&Event::Offer { session: b, body: described("two") }));
    accept(&mut link, B, b, "second");
    finish(&mut link, a);
}

#[test]
fn crossing_reinvites_are_both_refused_and_tried_again_at_different_times() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    modify(&mut link, A, a, "from a");
    modify(&mut link, B, b, "from b");
    link.run(0.1);
    assert_eq!((link.count("A 491 INVITE"), link.count("B 491 INVITE")), (1, 1));
    // The called may go first: 0 to 2 s; the caller waits 2.1 to 4 s.
    link.run(2.0);
    assert_eq!(link.events_b.last(), Some(&Event::OfferOutdated { session: b }));
    modify(&mut link, B, b, "from b, anew");
    link.run(0.1);
    assert_eq!(link.events_a.last(), Some(&Event::Offer { session: a, body: described("from b, anew") }));
    accept(&mut link, A, a, "yes");
    link.run(2.1);
    assert_eq!(link.events_a.last(), Some(&Event::OfferOutdated { session: a }));
    modify(&mut link, A, a, "from a, anew");
    link.run(0.1);
    assert_eq!(link.events_b.last(), Some(&Event::Offer { session: b, body: described("from a, anew") }));
    accept(&mut link, B, b, "yes");
    assert_eq!(link.events_a.last(), Some(&Event::Answer { session: a, body: described("yes") }));
    finish(&mut link, a);
}

#[test]
fn an_offer_that_met_a_glare_and_is_wanted_no_more_is_never_sent() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    modify(&mut link, A, a, "from a");
    modify(&mut link, B, b, "from b");
    // What waits behind the refused one is as old.
    modify(&mut link, A, a, "from a, later");
    link.run(5.0);
    assert_eq!(link.events_a.last(), Some(&Event::OfferOutdated { session: a }));
    assert!(!link.events_a.iter().chain(&link.events_b).any(|event| matches!(event, Event::Offer { .. })));
    finish(&mut link, a);
}

#[test]
fn an_offer_that_the_user_forgets_is_refused_and_the_call_goes_on() {
    let mut link = Link::new();
    let (a, _) = link.talking();
    modify(&mut link, A, a, "hello");
    link.run(20.0);
    assert!(matches!(link.events_a.last(), Some(Event::ModifyFailed { .. })));
    finish(&mut link, a);
}

/// The end after forged requests, which have used up A's numbers.
fn finish_from_b(link: &mut Link, b: SessionId) {
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.settles();
}

/// Sends a request in A's name within the call.
fn forge(link: &mut Link, method: Method, number: u32, body: &str) {
    let Message::Request(mut request) = link.last("A ACK").clone() else { panic!("a request") };
    request.method = method.clone();
    request.headers.set(Name::CSeq, format!("{number} {method}"));
    request.headers.set(Name::Via, format!("SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK{method}{number}{body}"));
    request.headers.set(Name::Contact, "<sip:alice@10.0.0.1:5060>");
    if !body.is_empty() {
        request = request.with_body("application/sdp", body.into());
    }
    let flow =
        crate::flow::Flow { transport: crate::flow::Transport::Udp, local: B.address(), remote: A.address() };
    let now = link.now;
    link.b.handle_datagram(now, flow, &request.to_bytes());
    link.run(0.1);
}

#[test]
fn an_overlapping_reinvite_is_put_off() {
    let mut link = Link::new();
    let (_, b) = link.talking();
    forge(&mut link, Method::Invite, 2, "one");
    forge(&mut link, Method::Invite, 3, "two");
    let Message::Response(refused) = link.last("B 500 INVITE") else { panic!("a response") };
    assert!(refused.headers.retry_after().expect("Retry-After") <= 10);
    let now = link.now;
    link.b.accept_offer(now, b, answer());
    finish_from_b(&mut link, b);
}

#[test]
fn an_offerless_reinvite_asks_for_an_offer() {
    let mut link = Link::new();
    let (_, b) = link.talking();
    forge(&mut link, Method::Invite, 2, "");
    assert_eq!(link.events_b.last(), Some(&Event::OfferWanted { session: b }));
    let now = link.now;
    link.b.accept_offer(now, b, offer());
    link.run(0.1);
    assert_eq!(link.last("B 200 INVITE").body(), offer().bytes);
    forge(&mut link, Method::Ack, 2, "answer");
    assert_eq!(link.events_b.last(), Some(&Event::Answer { session: b, body: described("answer") }));
    finish_from_b(&mut link, b);
}

#[test]
fn sequence_numbers_may_skip_and_must_grow() {
    let mut link = Link::new();
    let (a, _) = link.talking();
    forge(&mut link, Method::Info, 20, "dtmf");
    assert!(matches!(link.events_b.last(), Some(Event::Info { body, .. }) if body == b"dtmf"));
    forge(&mut link, Method::Info, 10, "late");
    assert_eq!(link.count("B 500 INFO"), 1);
    forge(&mut link, Method::Bye, 4000, "");
    assert_eq!(link.count("B 200 BYE"), 1);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.run(0.1);
    assert_eq!(link.count("B 481 BYE"), 1, "the call is gone");
    link.settles();
}

#[test]
fn an_update_without_an_offer_is_answered_at_once() {
    let mut link = Link::new();
    let (_, b) = link.talking();
    forge(&mut link, Method::Update, 2, "");
    assert_eq!(link.count("B 200 UPDATE"), 1);
    finish_from_b(&mut link, b);
}

#[test]
fn an_update_with_an_offer_is_answered_by_the_user() {
    let mut link = Link::new();
    let (_, b) = link.talking();
    forge(&mut link, Method::Update, 2, "new");
    assert_eq!(link.events_b.last(), Some(&Event::Offer { session: b, body: described("new") }));
    forge(&mut link, Method::Update, 3, "newer");
    assert_eq!(link.count("B 500 UPDATE"), 1);
    let now = link.now;
    link.b.accept_offer(now, b, answer());
    link.run(0.1);
    assert_eq!(link.last("B 200 UPDATE").body(), answer().bytes);
    finish_from_b(&mut link, b);
}

#[test]
fn an_update_that_meets_our_offer_is_refused_with_491() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    link.censor = Some(Box::new(|from, _| from == B));
    modify(&mut link, B, b, "mine");
    forge(&mut link, Method::Update, 2, "theirs");
    assert_eq!(link.count("B 491 UPDATE"), 1);
    link.censor = None;
    link.run(5.0);
    accept(&mut link, A, a, "fine");
    finish_from_b(&mut link, b);
}

#[test]
fn before_the_answer_an_update_changes_the_early_media() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    modify(&mut link, A, a, "early change");
    link.run(0.1);
    assert_eq!(link.count("A UPDATE"), 0, "nothing is settled yet");
    let now = link.now;
    link.b.ring(now, b, Status::PROGRESS, Some(answer()));
    link.run(0.2);
    assert_eq!(link.count("A UPDATE"), 1);
    assert_eq!(link.events_b.last(), Some(&Event::Offer { session: b, body: described("early change") }));
    accept(&mut link, B, b, "early answer");
    assert_eq!(link.events_a.last(), Some(&Event::Answer { session: a, body: described("early answer") }));
    let now = link.now;
    link.b.answer(now, b, described("early answer"), none());
    link.run(0.2);
    assert_eq!(link.count("B INVITE"), 0);
    finish(&mut link, a);
}

#[test]
fn cancelling_with_an_unanswered_update_leaves_nothing() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.ring(now, b, Status::PROGRESS, Some(answer()));
    link.run(0.2);
    modify(&mut link, A, a, "early change");
    link.run(0.1);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.run(1.0);
    assert!(link.events_b.contains(&Event::Cancelled { session: b, reason: None }));
    assert_eq!(link.count("B 487 UPDATE"), 1);
    link.settles();
}

#[test]
fn a_new_contact_is_where_later_requests_go() {
    let mut link = Link::new();
    let (_, b) = link.talking();
    forge(&mut link, Method::Update, 2, "");
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.run(0.1);
    let Message::Request(bye) = link.last("B BYE") else { panic!("a request") };
    assert_eq!(bye.uri.as_str(), "sip:alice@10.0.0.1:5060");
    finish_from_b(&mut link, b);
}

#[test]
fn hanging_up_while_a_reinvite_is_answered_leaves_nothing() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    modify(&mut link, A, a, "hold");
    link.run(0.1);
    let now = link.now;
    link.b.accept_offer(now, b, answer());
    link.a.hang_up(now, a, none());
    link.run(1.0);
    assert_eq!(link.count("A ACK"), 2, "the 200 of the re-INVITE is acknowledged all the same");
    assert_eq!(link.count("A BYE"), 1);
    link.settles();
}

#[test]
fn hanging_up_takes_back_a_reinvite_nobody_has_answered() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    modify(&mut link, A, a, "hold");
    link.run(0.1);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.run(1.0);
    assert_eq!(link.count("B 487 INVITE"), 1);
    let now = link.now;
    link.b.accept_offer(now, b, answer());
    link.settles();
}
