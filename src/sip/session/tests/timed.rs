use std::time::Duration;

use super::link::*;
use crate::endpoint::{Config, EndedBy, Event};
use crate::{Message, Name, Status};

fn timed(link: &mut Link, seconds: u64) -> (crate::endpoint::SessionId, crate::endpoint::SessionId) {
    let mut command = link.invite_command(Some(offer()));
    command.session_expires = Some(Duration::from_secs(seconds));
    let now = link.now;
    let a = link.a.invite(now, command);
    link.run(0.1);
    let b = link.invited();
    let now = link.now;
    link.b.answer(now, b, answer(), none());
    link.run(0.1);
    (a, b)
}

#[test]
fn a_timed_session_is_refreshed_for_as_long_as_it_lives() {
    let mut link = Link::new();
    let (a, _) = timed(&mut link, 180);
    let Message::Response(ok) = link.last("B 200 INVITE") else { panic!("a response") };
    assert_eq!(ok.headers.get(&Name::SessionExpires), Some("180;refresher=uac"));
    assert!(ok.headers.has_option(&Name::Require, "timer"));
    link.run(3600.0);
    assert_eq!(link.count("A UPDATE"), 39, "every 90 s");
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn a_session_nobody_refreshes_expires() {
    let mut link = Link::new();
    let (a, b) = timed(&mut link, 180);
    link.censor = Some(Box::new(|from, _| from == A));
    link.run(160.0);
    assert!(
        link.events_b.contains(&Event::Ended { session: b, how: EndedBy::Timer }),
        "{:#?}",
        link.events_b
    );
    let Message::Request(bye) = link.last("B BYE") else { panic!("a request") };
    assert!(bye.headers.contains(&Name::Reason));
    assert!(link.events_a.iter().any(|event| matches!(event, Event::Ended { session, .. } if *session == a)));
    link.settles();
}

#[test]
fn the_called_refreshes_when_it_wants_a_timer() {
    let wanting = Config { session_expires: Some(Duration::from_secs(120)), ..Config::default() };
    let mut link = Link::with(Config::default(), wanting);
    let (a, _) = link.talking();
    let Message::Response(ok) = link.last("B 200 INVITE") else { panic!("a response") };
    assert_eq!(ok.headers.get(&Name::SessionExpires), Some("120;refresher=uas"));
    link.run(601.0);
    assert_eq!(link.count("B UPDATE"), 10);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

/// A session with a timer, whose called party has never said that it takes UPDATE.
fn without_update(link: &mut Link) -> (crate::endpoint::SessionId, crate::endpoint::SessionId) {
    let mut command = link.invite_command(Some(offer()));
    command.session_expires = Some(Duration::from_secs(120));
    let now = link.now;
    let a = link.a.invite(now, command);
    link.run(0.1);
    let b = link.invited();
    let now = link.now;
    let mut extra = none();
    extra.push(Name::Allow, "");
    link.b.answer(now, b, answer(), extra);
    // The answer loses its Allow on the way.
    let transmit = link.b.poll_transmit().expect("the answer");
    let text = String::from_utf8(transmit.payload).expect("text").replace("PRACK, UPDATE, ", "");
    let flow =
        crate::flow::Flow { transport: crate::flow::Transport::Udp, local: A.address(), remote: B.address() };
    link.a.handle_datagram(now, flow, text.as_bytes());
    (a, b)
}

#[test]
fn a_refresh_is_a_reinvite_for_a_peer_without_update() {
    let mut link = Link::new();
    let (a, b) = without_update(&mut link);
    link.run(61.0);
    assert_eq!(link.count("A INVITE"), 2);
    assert_eq!(link.last("A INVITE").body(), offer().bytes);
    let now = link.now;
    link.b.accept_offer(now, b, answer());
    link.run(1.0);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn what_was_refused_is_not_what_a_session_is_refreshed_with() {
    let mut link = Link::new();
    let (a, b) = without_update(&mut link);
    link.run(1.0);
    let now = link.now;
    link.a.modify(now, a, described("a fax"));
    link.run(0.1);
    let now = link.now;
    link.b.refuse_offer(now, b, Status::NOT_ACCEPTABLE_HERE);
    link.run(61.0);
    assert_eq!(link.count("A INVITE"), 3);
    assert_eq!(link.last("A INVITE").body(), offer().bytes);
    let now = link.now;
    link.b.accept_offer(now, b, answer());
    link.run(1.0);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn an_interval_below_90_seconds_is_refused_and_raised() {
    let mut link = Link::new();
    let mut command = link.invite_command(Some(offer()));
    // Past the caller's own check.
    command.extra.push(Name::SessionExpires, "30");
    let now = link.now;
    let a = link.a.invite(now, command);
    link.run(0.2);
    let Message::Response(refusal) = link.last("B 422 INVITE") else { panic!("a response") };
    assert_eq!(refusal.headers.get(&Name::MinSe), Some("90"));
    let Message::Request(invite) = link.last("A INVITE").clone() else { panic!("a request") };
    assert_eq!(invite.headers.get(&Name::SessionExpires), Some("90"));
    assert_eq!(invite.headers.get(&Name::CSeq), Some("2 INVITE"));
    assert!(matches!(link.events_b[0], Event::Invited { .. }));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn a_peer_that_forgot_the_call_ends_it() {
    let mut link = Link::new();
    let (a, b) = timed(&mut link, 180);
    link.censor = Some(Box::new(|_, _| true));
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.run(60.0);
    link.censor = None;
    link.run(60.0);
    assert_eq!(link.count("B 481 UPDATE"), 1);
    assert!(link.events_a.contains(&Event::Ended { session: a, how: EndedBy::NotKnown }));
    link.settles();
}

#[test]
fn a_peer_that_vanished_ends_the_call() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    link.censor = Some(Box::new(|from, _| from == B));
    let now = link.now;
    link.a.modify(now, a, described("anybody there"));
    link.run(33.0);
    assert!(link.events_a.contains(&Event::Ended { session: a, how: EndedBy::NotKnown }));
    link.run(33.0);
    link.censor = None;
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.settles();
}

#[test]
fn a_refused_datagram_within_a_call_ends_it() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let now = link.now;
    link.a.modify(now, a, described("anybody there"));
    let transmit = link.a.poll_transmit().expect("the re-INVITE");
    link.a.handle_undeliverable(now, transmit.token);
    link.run(0.1);
    assert!(link.events_a.contains(&Event::Ended { session: a, how: EndedBy::Transport }));
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.settles();
}

#[test]
fn a_reinvite_refreshes_too_and_the_refresher_stays() {
    let mut link = Link::new();
    let (a, b) = timed(&mut link, 180);
    link.run(89.0);
    let now = link.now;
    link.b.modify(now, b, described("hold"));
    link.run(0.1);
    let now = link.now;
    link.a.accept_offer(now, a, answer());
    link.run(80.0);
    assert_eq!(link.count("A UPDATE"), 0, "the re-INVITE has wound the clock");
    link.run(20.0);
    assert_eq!((link.count("A UPDATE"), link.count("B UPDATE")), (1, 0));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn a_refresh_waits_for_an_offer_under_way() {
    let mut link = Link::new();
    let (a, b) = timed(&mut link, 180);
    link.run(85.0);
    let now = link.now;
    link.b.modify(now, b, described("hold"));
    link.run(8.0);
    assert_eq!(link.count("A UPDATE"), 0);
    let now = link.now;
    link.a.refuse_offer(now, a, Status::NOT_ACCEPTABLE_HERE);
    link.run(5.0);
    assert_eq!(link.count("A UPDATE"), 1);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn a_peer_that_drops_the_timer_leaves_the_refreshing_to_us() {
    let mut link = Link::new();
    let (a, b) = timed(&mut link, 180);
    let Message::Request(mut update) = link.last("A ACK").clone() else { panic!("a request") };
    update.method = crate::Method::Update;
    update.headers.set(Name::CSeq, "2 UPDATE");
    update.headers.set(Name::Via, "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKplain");
    let flow =
        crate::flow::Flow { transport: crate::flow::Transport::Udp, local: B.address(), remote: A.address() };
    let now = link.now;
    link.b.handle_datagram(now, flow, &update.to_bytes());
    link.run(0.1);
    let Message::Response(ok) = link.last("B 200 UPDATE") else { panic!("a response") };
    assert_eq!(ok.headers.get(&Name::SessionExpires), Some("180;refresher=uas"));
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.settles();
    assert!(link.events_a.iter().any(|event| matches!(event, Event::Ended { session, .. } if *session == a)));
}
