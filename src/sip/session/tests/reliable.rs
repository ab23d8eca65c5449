use super::link::*;
use crate::endpoint::{EndedBy, Endpoint, Event, SessionId};
use crate::{Message, Method, Name, RAck, Status};

/// A calls B, B gives early media reliably and A's PRACK has arrived.
fn with_early_media(link: &mut Link) -> (SessionId, SessionId) {
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.ring(now, b, Status::PROGRESS, Some(answer()));
    link.run(0.1);
    (a, b)
}

#[test]
fn early_media_is_given_reliably_and_acknowledged() {
    let mut link = Link::new();
    let (a, b) = with_early_media(&mut link);
    assert!(link.events_a.iter().any(|event| matches!(event,
        Event::Provisional { reliable: true, body: Some(body), .. } if *body == answer())));
    assert_eq!((link.count("A PRACK"), link.count("B 200 PRACK")), (1, 1));
    let now = link.now;
    link.b.answer(now, b, answer(), none());
    link.run(0.1);
    assert!(link.last("B 200 INVITE").body().is_empty(), "the answer was given already");
    assert!(link.events_a.iter().any(|event| matches!(event,
        Event::Established { body: Some(body), .. } if *body == answer())));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn a_caller_without_100rel_gets_early_media_unreliably() {
    let mut link = Link::new();
    let mut seen = None;
    let command = link.invite_command(Some(offer()));
    let now = link.now;
    link.a.invite(now, command);
    // The INVITE loses its Supported on the way.
    while let Some(transmit) = link.a.poll_transmit() {
        let text = String::from_utf8(transmit.payload).expect("text").replace("100rel, ", "");
        seen = Some(text);
    }
    let flow =
        crate::flow::Flow { transport: crate::flow::Transport::Udp, local: B.address(), remote: A.address() };
    link.b.handle_datagram(now, flow, seen.expect("an INVITE").as_bytes());
    link.run(0.1);
    let b = link.invited();
    let now = link.now;
    link.b.ring(now, b, Status::PROGRESS, Some(answer()));
    link.run(2.0);
    assert_eq!((link.count("B 183 INVITE"), link.count("A PRACK")), (1, 0));
    let now = link.now;
    link.b.reject(now, b, Status::BUSY_HERE, none());
    link.settles();
}

#[test]
fn a_lost_reliable_response_is_sent_again_and_told_once() {
    let mut link = Link::new();
    let mut count = 0;
    link.censor = Some(Box::new(move |_, message| {
        let prack = matches!(message, Message::Request(request) if request.method == Method::Prack);
        let progress = matches!(message, Message::Response(response) if response.status == Status::PROGRESS);
        count += u32::from(prack || progress);
        (prack || progress) && count < 5
    }));
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.ring(now, b, Status::PROGRESS, Some(answer()));
    link.run(10.0);
    let told = link.events_a.iter().filter(|event| matches!(event, Event::Provisional { .. })).count();
    assert_eq!(told, 1);
    assert_eq!(link.count("B 200 PRACK"), 1, "{:#?}", link.ladder);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn a_reliable_response_never_acknowledged_ends_the_call() {
    let mut link = Link::new();
    link.censor = Some(Box::new(
        |_, message| matches!(message, Message::Request(request) if request.method == Method::Prack),
    ));
    let (_, b) = with_early_media(&mut link);
    link.run(40.0);
    assert!(link.events_b.contains(&Event::Ended { session: b, how: EndedBy::AckLost }));
    assert_eq!(link.count("B 504 INVITE"), 1);
    link.settles();
}

#[test]
fn a_prack_for_another_response_is_answered_481() {
    let mut link = Link::new();
    link.censor = Some(Box::new(
        |_, message| matches!(message, Message::Request(request) if request.method == Method::Prack),
    ));
    let (a, _) = with_early_media(&mut link);
    let Message::Request(mut prack) = link.last("A PRACK").clone() else { panic!("a request") };
    let RAck { rseq, cseq } = prack.headers.rack().expect("RAck");
    prack.headers.set(Name::RAck, RAck { rseq: rseq + 1, cseq });
    deliver(&mut link.b, link.now, &prack);
    link.run(0.1);
    assert_eq!(link.count("B 481 PRACK"), 1);
    link.censor = None;
    link.run(5.0);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

fn deliver(endpoint: &mut Endpoint, now: std::time::Instant, request: &crate::Request) {
    let flow =
        crate::flow::Flow { transport: crate::flow::Transport::Udp, local: B.address(), remote: A.address() };
    let mut request = request.clone();
    request.headers.set(Name::Via, "SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bKforged");
    request.headers.set(Name::CSeq, "90 PRACK");
    endpoint.handle_datagram(now, flow, &request.to_bytes());
}

#[test]
fn cancel_works_while_a_response_waits_for_its_prack() {
    let mut link = Link::new();
    link.censor = Some(Box::new(
        |_, message| matches!(message, Message::Request(request) if request.method == Method::Prack),
    ));
    let (a, b) = with_early_media(&mut link);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.run(1.0);
    assert!(link.events_b.contains(&Event::Cancelled { session: b, reason: None }));
    link.settles();
}

#[test]
fn the_answer_waits_for_the_prack_of_a_description() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.ring(now, b, Status::PROGRESS, Some(answer()));
    link.b.answer(now, b, answer(), none());
    assert_eq!(link.count("B 200 INVITE"), 0);
    link.run(0.2);
    let of = |line: &str| link.ladder.iter().position(|entry| entry == line).expect("sent");
    assert!(of("B 200 PRACK") < of("B 200 INVITE"));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn responses_behind_an_unacknowledged_one_wait_their_turn() {
    let mut link = Link::new();
    let mut command = link.invite_command(Some(offer()));
    command.extra.push(Name::Require, "100rel");
    let now = link.now;
    let a = link.a.invite(now, command);
    link.run(0.1);
    let b = link.invited();
    let now = link.now;
    link.b.ring(now, b, Status::PROGRESS, None);
    link.b.ring(now, b, Status::RINGING, None);
    assert_eq!(link.count("B 180 INVITE"), 0);
    link.run(0.2);
    assert_eq!((link.count("B 180 INVITE"), link.count("A PRACK")), (1, 2));
    let now = link.now;
    link.b.answer(now, b, answer(), none());
    link.run(0.2);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn an_offer_in_a_reliable_response_is_answered_in_the_prack() {
    let mut link = Link::new();
    let command = link.invite_command(None);
    let now = link.now;
    let a = link.a.invite(now, command);
    link.run(0.1);
    let b = link.invited();
    let now = link.now;
    link.b.ring(now, b, Status::PROGRESS, Some(offer()));
    link.run(0.1);
    assert!(link.events_a.contains(&Event::Offer { session: a, body: offer() }));
    let now = link.now;
    link.a.accept_offer(now, a, answer());
    link.run(0.1);
    assert!(link.events_b.contains(&Event::Answer { session: b, body: answer() }));
    let now = link.now;
    link.b.answer(now, b, offer(), none());
    link.run(0.1);
    assert_eq!(link.count("A ACK"), 1);
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.settles();
}
