use super::link::*;
use crate::endpoint::{EndedBy, Event};
use crate::flow::Transport;
use crate::{Message, Method, Name, Response, Status};

#[test]
fn a_call_is_placed_rung_answered_and_hung_up() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.ring(now, b, Status::RINGING, None);
    link.run(1.0);
    let now = link.now;
    link.b.answer(now, b, answer(), none());
    link.run(1.0);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.run(1.0);
    assert_eq!(
        link.ladder,
        ["A INVITE", "B 100 INVITE", "B 180 INVITE", "B 200 INVITE", "A ACK", "A BYE", "B 200 BYE"]
    );
    assert!(matches!(link.events_a[0], Event::Trying { .. }));
    assert!(matches!(link.events_a[1], Event::Provisional { status: Status::RINGING, .. }));
    assert!(matches!(&link.events_a[2], Event::Established { body: Some(body), .. } if *body == answer()));
    assert_eq!(link.events_a[3], Event::Ended { session: a, how: EndedBy::Us });
    assert_eq!(link.events_b[1], Event::Confirmed { session: b });
    assert_eq!(link.events_b[2], Event::Ended { session: b, how: EndedBy::Peer { reason: None } });
    link.settles();
}

#[test]
fn a_call_over_a_stream_leaves_nothing_behind() {
    let mut link = Link::new();
    link.transport = Transport::Tcp;
    let (a, _) = link.talking();
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
    assert_eq!(link.count("A INVITE"), 1);
}

#[test]
fn the_called_hangs_up() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let now = link.now;
    let mut reason = none();
    reason.push(Name::Reason, "Q.850;cause=16");
    link.b.hang_up(now, b, reason);
    link.run(1.0);
    let how = EndedBy::Peer { reason: Some("Q.850;cause=16".to_owned()) };
    assert!(link.events_a.contains(&Event::Ended { session: a, how }));
    link.settles();
}

#[test]
fn a_rejected_call_fails_with_the_status_and_headers() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    let mut extra = none();
    extra.push(Name::RetryAfter, "30");
    link.b.reject(now, b, Status::BUSY_HERE, extra);
    link.run(1.0);
    let failed = link.events_a.last().expect("an event");
    assert!(
        matches!(failed, Event::Failed { session, status: Some(Status::BUSY_HERE), retry_after: Some(after), .. }
            if *session == a && after.as_secs() == 30),
        "{failed:?}"
    );
    assert_eq!(link.count("A ACK"), 1);
    link.settles();
}

#[test]
fn the_ack_of_a_refusal_has_the_route_and_branch_of_the_invite() {
    let mut link = Link::new();
    let mut command = link.invite_command(Some(offer()));
    command.route = vec![crate::NameAddr::new(uri("sip:proxy.example.com;lr"))];
    let now = link.now;
    link.a.invite(now, command);
    link.run(0.1);
    let b = link.invited();
    let now = link.now;
    link.b.reject(now, b, Status::NOT_FOUND, none());
    link.run(0.5);
    let invite = link.last("A INVITE").headers().clone();
    let ack = link.last("A ACK").headers().clone();
    assert_eq!(ack.get(&Name::Route), Some("<sip:proxy.example.com;lr>"));
    assert_eq!(ack.get(&Name::Via), invite.get(&Name::Via));
    link.settles();
}

#[test]
fn nobody_there_is_a_failure_after_32_seconds() {
    let mut link = Link::new();
    link.censor = Some(Box::new(|from, _| from == A));
    let a = link.call();
    link.run(31.9);
    assert!(link.events_a.is_empty());
    link.run(0.2);
    assert!(matches!(link.events_a[0], Event::Failed { session, status: None, .. } if session == a));
    assert_eq!(link.count("A INVITE"), 7);
    link.settles();
}

#[test]
fn a_refused_datagram_fails_the_call_at_once() {
    let mut link = Link::new();
    let a = link.call();
    let transmit = link.a.poll_transmit().expect("the INVITE");
    let now = link.now;
    link.a.handle_undeliverable(now, transmit.token);
    link.run(0.1);
    assert!(matches!(link.events_a[0], Event::Failed { session, status: None, .. } if session == a));
    link.settles();
}

#[test]
fn a_closed_connection_fails_what_waits_on_it() {
    let mut link = Link::new();
    link.transport = Transport::Tcp;
    link.censor = Some(Box::new(|_, _| true));
    link.call();
    link.run(0.1);
    let now = link.now;
    let flow = crate::flow::Flow { transport: Transport::Tcp, local: A.address(), remote: B.address() };
    link.a.handle_closed(now, flow);
    link.run(0.1);
    assert!(matches!(link.events_a[0], Event::Failed { status: None, .. }));
    link.settles();
}

#[test]
fn an_offerless_call_takes_the_offer_from_the_200_and_answers_in_the_ack() {
    let mut link = Link::new();
    let command = link.invite_command(None);
    let now = link.now;
    let a = link.a.invite(now, command);
    link.run(0.1);
    let b = link.invited();
    let now = link.now;
    link.b.answer(now, b, offer(), none());
    link.run(3.0);
    assert!(link.count("B 200 INVITE") > 1, "no ACK before the user answers");
    assert_eq!(link.count("A ACK"), 0);
    assert!(link.events_a.contains(&Event::Offer { session: a, body: offer() }));
    let now = link.now;
    link.a.accept_offer(now, a, answer());
    link.run(0.1);
    assert!(link.events_b.contains(&Event::Answer { session: b, body: answer() }));
    assert!(link.events_b.contains(&Event::Confirmed { session: b }));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn an_offer_in_the_200_that_nobody_answers_ends_the_call() {
    let mut link = Link::new();
    let command = link.invite_command(None);
    let now = link.now;
    let a = link.a.invite(now, command);
    link.run(0.1);
    let b = link.invited();
    let now = link.now;
    link.b.answer(now, b, offer(), none());
    link.run(20.0);
    assert!(link.events_a.contains(&Event::Ended { session: a, how: EndedBy::Us }));
    assert_eq!((link.count("A ACK"), link.count("A BYE")), (1, 1));
    link.settles();
}

#[test]
fn ringing_is_said_again_every_minute_and_has_no_end_of_its_own() {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.ring(now, b, Status::RINGING, None);
    link.run(605.0);
    assert_eq!(link.count("B 180 INVITE"), 11);
    let now = link.now;
    link.b.answer(now, b, answer(), none());
    link.run(1.0);
    assert!(link.events_a.iter().any(|event| matches!(event, Event::Established { .. })));
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}

#[test]
fn options_is_answered_by_the_user() {
    let mut link = Link::new();
    let command = link.request_command(Method::Options);
    let now = link.now;
    let id = link.a.request(now, command);
    link.run(0.1);
    let Some(Event::Request { id: incoming, request, session: None, .. }) = link.events_b.pop() else {
        panic!("a request")
    };
    let response = Response::to(&request, Status::OK);
    let now = link.now;
    link.b.respond(now, incoming, response);
    link.run(0.1);
    let Some(Event::Response { id: answered, result: Ok(response) }) = link.events_a.pop() else {
        panic!("a response")
    };
    assert_eq!((answered, response.status), (id, Status::OK));
    assert!(response.headers.to().expect("To").tag().is_some());
    link.settles();
}

#[test]
fn a_request_the_user_forgets_is_answered_for_the_user() {
    let mut link = Link::new();
    let command = link.request_command(Method::Message);
    let now = link.now;
    link.a.request(now, command);
    link.run(20.0);
    let result = link.events_a.pop();
    assert!(
        matches!(&result, Some(Event::Response { result: Ok(response), .. })
            if response.status == Status::SERVER_TIMEOUT),
        "{result:?}"
    );
    link.settles();
}

#[test]
fn a_register_without_answer_times_out() {
    let mut link = Link::new();
    link.censor = Some(Box::new(|_, _| true));
    let mut command = link.request_command(Method::Register);
    command.cseq = Some(17);
    command.headers.push(Name::CallId, "mine");
    let now = link.now;
    link.a.request(now, command);
    link.run(33.0);
    assert!(matches!(link.events_a[0], Event::Response { result: Err(_), .. }));
    let Message::Request(register) = link.last("A REGISTER") else { panic!("a request") };
    assert_eq!(register.headers.get(&Name::CSeq), Some("17 REGISTER"));
    assert_eq!(register.headers.get(&Name::CallId), Some("mine"));
    assert_eq!(link.count("A REGISTER"), 11);
    link.settles();
}

#[test]
fn a_session_is_found_for_replaces() {
    let mut link = Link::new();
    let (a, b) = link.talking();
    let headers = link.last("B 200 INVITE").headers().clone();
    let call_id = headers.call_id().expect("Call-ID");
    let (from, to) = (headers.from().expect("From"), headers.to().expect("To"));
    let (from, to) = (from.tag().expect("tag"), to.tag().expect("tag"));
    assert_eq!(link.b.session_of(call_id, to, from), Some(b));
    assert_eq!(link.a.session_of(call_id, from, to), Some(a));
    assert_eq!(link.b.session_of("other", to, from), None);
    let now = link.now;
    link.a.hang_up(now, a, none());
    link.settles();
}
