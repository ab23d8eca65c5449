use std::time::Duration;

use super::link::*;
use crate::endpoint::{Body, Config, Digit, EndedBy, Event};
use crate::{Method, Name, Status};

#[test]
fn a_digit_goes_over_by_info() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let digit = Digit::parse("#").expect("a digit");
    let now = link.now;
    let sent = link.a.send_digit(now, a, digit, Duration::from_millis(200));
    link.run(0.2);
    let lasting = Duration::from_millis(200);
    assert!(link.events_b.contains(&Event::Digit { session: b, digit, lasting }));
    let answered = |event: &Event| {
        matches!(event, Event::Response { id, result: Ok(response) }
            if *id == sent && response.status == Status::OK)
    };
    assert!(link.events_a.iter().any(answered));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn info_of_another_kind_is_told_and_of_an_unknown_package_refused() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let body = Body { media_type: "application/media_control+xml".into(), bytes: b"<x/>".to_vec() };
    let now = link.now;
    link.a.send_info(now, a, body.clone(), none());
    let mut package = none();
    package.push(Name::Other("Info-Package".into()), "strange");
    link.a.send_info(now, a, body, package);
    let broken = Body { media_type: "application/dtmf-relay".into(), bytes: b"Signal=E".to_vec() };
    link.a.send_info(now, a, broken, none());
    link.run(0.2);
    let told =
        link.events_b.iter().filter(|event| matches!(event, Event::Info { session, .. } if *session == b));
    assert_eq!(told.count(), 1);
    assert_eq!(link.count("B 469 INFO"), 1);
    assert_eq!(link.count("B 400 INFO"), 1);
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.settles();
}

#[test]
fn a_peer_that_no_longer_knows_the_session_ends_it() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    link.censor = Some(Box::new(|from, _| from == B));
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.run(40.0);
    link.censor = None;
    let now = link.now;
    link.a.send_digit(now, a, Digit::parse("1").expect("a digit"), Duration::from_millis(100));
    link.run(0.5);
    assert_eq!(link.count("B 481 INFO"), 1);
    assert!(link.events_a.contains(&Event::Ended { session: a, how: EndedBy::NotKnown }));
    link.settles();
}

#[test]
fn what_is_said_after_the_end_fails_at_once() {
    let mut link = Link::new();
    let (a, _) = link.talking();
    let now = link.now;
    link.a.hang_up(now, a, none());
    let id = link.a.send_message(now, a, Body { media_type: "text/plain".into(), bytes: vec![] }, none());
    link.run(0.1);
    let failed =
        |event: &Event| matches!(event, Event::Response { id: failed, result: Err(_) } if *failed == id);
    assert!(link.events_a.iter().any(failed));
    link.settles();
}

#[test]
fn a_message_shows_what_is_served_and_only_that() {
    let methods = vec![Method::Invite, Method::Ack, Method::Bye, Method::Cancel];
    let supported = vec!["timer".to_owned(), "path".to_owned()];
    let narrow = Config { methods, supported, packages: Vec::new(), ..Config::default() };
    let mut link = Link::with(Config::default(), narrow);
    let (a, _) = link.talking();
    let said = link.last("B 200 INVITE").headers();
    assert_eq!(said.get(&Name::Allow), Some("INVITE, ACK, BYE, CANCEL"));
    assert_eq!(said.get(&Name::Supported), Some("timer"));
    assert_eq!(said.get(&Name::AllowEvents), None);
    let invite = link.last("A INVITE").headers();
    assert_eq!(invite.get(&Name::AllowEvents), Some("dialog, presence, message-summary"));
    let now = link.now;
    link.a.send_digit(now, a, Digit::parse("1").expect("a digit"), Duration::from_millis(100));
    let command = link.request_command(Method::Options);
    link.a.request(now, command);
    link.run(0.2);
    assert_eq!(link.count("B 405 INFO"), 1);
    assert_eq!(link.count("B 405 OPTIONS"), 1);
    assert_eq!(link.last("B 405 INFO").headers().get(&Name::Allow), Some("INVITE, ACK, BYE, CANCEL"));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}
