use super::bare::{Bare, invite};
use super::link::*;
use crate::endpoint::{Config, Event, SessionId};
use crate::{Headers, Method, Name, Replaces, Status};

/// A new call of A to B that wants the place of the dialog these headers name.
fn take_over(link: &mut Link, replaces: &Replaces) -> SessionId {
    let mut command = link.invite_command(Some(offer()));
    command.extra.push(Name::Replaces, replaces);
    command.extra.push(Name::Require, "replaces");
    let now = link.now;
    let session = link.a.invite(now, command);
    link.run(0.2);
    session
}

fn wanted(link: &Link) -> Option<SessionId> {
    let last = link.events_b.iter().rev().find_map(|event| match event {
        Event::Invited { replaces, .. } => Some(*replaces),
        _ => None,
    });
    last.expect("a call")
}

fn refusal(link: &Link, session: SessionId) -> Option<Status> {
    link.events_a.iter().find_map(|event| match event {
        Event::Failed { session: failed, status, .. } if *failed == session => *status,
        _ => None,
    })
}

#[test]
fn an_established_call_can_be_taken_over() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let replaces = link.a.replaces(a).expect("a dialog");
    let new = take_over(&mut link, &replaces);
    assert_eq!(wanted(&link), Some(b));
    let b_new = link.invited();
    let now = link.now;
    link.b.answer(now, b_new, answer(), none());
    link.b.hang_up(now, b, none());
    link.run(1.0);
    assert!(
        link.events_a
            .iter()
            .any(|event| matches!(event, Event::Established { session, .. } if *session == new))
    );
    let now = link.now;
    link.a.hang_up(now, new, none());
    link.settles();
}

#[test]
fn the_tags_may_stand_as_a_watcher_of_the_other_end_knows_them() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let mut replaces = link.a.replaces(a).expect("a dialog");
    std::mem::swap(&mut replaces.to_tag, &mut replaces.from_tag);
    let new = take_over(&mut link, &replaces);
    assert_eq!(wanted(&link), Some(b));
    let now = link.now;
    link.a.hang_up(now, new, none());
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn a_dialog_nobody_knows_is_answered_481() {
    let mut link = Link::new();
    let (a, _) = link.talking();
    let known = link.a.replaces(a).expect("a dialog");
    for wrong in [
        Replaces { call_id: "other".into(), ..known.clone() },
        Replaces { to_tag: "other".into(), ..known.clone() },
        Replaces { from_tag: "other".into(), ..known.clone() },
    ] {
        let new = take_over(&mut link, &wrong);
        assert_eq!(refusal(&link, new), Some(Status::NO_CALL), "{wrong}");
    }
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn an_answered_call_is_not_taken_over_early_only() {
    let mut link = Link::new();
    let (a, _) = link.talking();
    let replaces = Replaces { early_only: true, ..link.a.replaces(a).expect("a dialog") };
    let new = take_over(&mut link, &replaces);
    assert_eq!(refusal(&link, new), Some(Status::BUSY_HERE));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn a_call_to_us_that_rings_cannot_be_taken_by_a_third() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.ring(now, b, Status::RINGING, None);
    link.run(0.2);
    let replaces = link.a.replaces(a).expect("an early dialog");
    let new = take_over(&mut link, &replaces);
    assert_eq!(refusal(&link, new), Some(Status::NO_CALL));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn our_ringing_call_can_be_picked_up() {
    // B calls nobody; so A is asked by hand for the place of its own call.
    let mut bare = Bare::new(Config::default());
    let ours = bare.call();
    let tag = ours.headers.from().expect("From").tag().expect("a tag").to_owned();
    let ringing = crate::Response::to(&ours, Status::RINGING)
        .with_to_tag("phone")
        .with(Name::Contact, "<sip:bob@10.0.0.2>");
    bare.hear_message(&ringing.to_bytes());
    bare.events();
    let call_id = ours.headers.call_id().expect("Call-ID");
    let line = format!("Replaces: {call_id};to-tag={tag};from-tag=phone;early-only\n");
    bare.hear(&invite("z9hG4bKp", "sip:alice@10.0.0.1", &line));
    let events = bare.events();
    let Some(Event::Invited { replaces: Some(replaced), session, .. }) = events.first() else {
        panic!("{events:?}");
    };
    bare.endpoint.hang_up(bare.now, *replaced, none());
    bare.endpoint.hang_up(bare.now, *session, none());
    bare.settles();
}

#[test]
fn a_call_that_is_over_is_declined() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let replaces = link.a.replaces(a).expect("a dialog");
    let now = link.now;
    link.censor = Some(Box::new(|from, message| {
        from == B && message.headers().cseq().is_ok_and(|cseq| cseq.method == Method::Bye)
    }));
    link.b.hang_up(now, b, none());
    link.run(0.2);
    let new = take_over(&mut link, &replaces);
    assert_eq!(refusal(&link, new), Some(Status::DECLINE));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn replaces_that_makes_no_sense_is_answered_400() {
    let mut bare = Bare::new(Config::default());
    for (at, lines) in [
        "Replaces: c1\n",
        "Replaces: c1;to-tag=1\n",
        "Replaces: ;to-tag=1;from-tag=2\n",
        "Replaces: c1;to-tag=1;from-tag=2\nReplaces: c1;to-tag=1;from-tag=2\n",
        "Replaces: c1;to-tag=1;from-tag=2\nJoin: c1;to-tag=1;from-tag=2\n",
    ]
    .into_iter()
    .enumerate()
    {
        bare.hear(&invite(&format!("z9hG4bKn{at}"), "sip:alice@10.0.0.1", lines));
        let sent = bare.responses();
        assert_eq!(sent.last().map(|response| response.status), Some(Status::BAD_REQUEST), "{lines}");
        let ack = invite(&format!("z9hG4bKn{at}"), "sip:alice@10.0.0.1", "").replace("INVITE", "ACK");
        bare.hear(&ack);
        bare.run(40.0);
    }
    let options = invite("z9hG4bKo", "sip:a@10.0.0.1", "Replaces: c1;to-tag=1;from-tag=2\n");
    bare.hear(&options.replace("INVITE", "OPTIONS"));
    assert_eq!(bare.responses()[0].status, Status::BAD_REQUEST);
    assert!(bare.events().is_empty());
    bare.settles();
}

#[test]
fn who_does_not_support_replaces_takes_the_call_as_a_new_one() {
    let supported = vec!["timer".to_owned()];
    let mut bare = Bare::new(Config { supported, ..Config::default() });
    bare.hear(&invite("z9hG4bKu", "sip:alice@10.0.0.1", "Replaces: c1;to-tag=1;from-tag=2\n"));
    let events = bare.events();
    let Some(Event::Invited { session, replaces: None, .. }) = events.first() else { panic!("{events:?}") };
    bare.endpoint.reject(bare.now, *session, Status::BUSY_HERE, Headers::new());
    bare.settles();
}

#[test]
fn a_redirection_tells_where_to_best_first() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    let mut extra = none();
    extra.push(Name::Contact, "<sip:1@c>;q=0.2, <mailto:x@y>, <tel:+46812345>;q=0.9");
    extra.push(Name::Contact, "<sip:2@c>");
    link.b.reject(now, b, Status::MOVED_TEMPORARILY, extra);
    link.run(0.5);
    let Some(Event::Failed { session, contacts, .. }) = link.events_a.last() else { panic!("no end") };
    assert_eq!(*session, a);
    let uris: Vec<&str> = contacts.iter().map(|contact| contact.uri.as_str()).collect();
    assert_eq!(uris, ["sip:2@c", "tel:+46812345", "sip:1@c"]);
    link.settles();
}
