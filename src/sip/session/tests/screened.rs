use super::bare::{Bare, invite};
use super::link::{answer, none};
use crate::endpoint::{Config, Event};
use crate::{Name, Status};

fn statuses(bare: &mut Bare) -> Vec<u16> {
    bare.responses().iter().map(|response| response.status.code()).collect()
}

#[test]
fn an_invite_is_told_100_once_and_its_copies_are_absorbed() {
    let mut bare = Bare::new(Config::default());
    let text = invite("z9hG4bKa", "sip:alice@10.0.0.1", "");
    bare.hear(&text);
    assert_eq!(statuses(&mut bare), [100]);
    bare.hear(&text);
    assert_eq!(statuses(&mut bare), [100], "a copy gets the last response again");
    let events = bare.events();
    let [Event::Invited { session, .. }] = events[..] else { panic!("one call: {events:?}") };
    bare.endpoint.answer(bare.now, session, answer(), none());
    assert_eq!(statuses(&mut bare), [200]);
    bare.hear(&text);
    assert_eq!(statuses(&mut bare), [0u16; 0], "the 200 is sent again by its own timer");
    bare.settles();
}

#[test]
fn the_same_request_by_another_way_is_answered_482() {
    let mut bare = Bare::new(Config::default());
    bare.hear(&invite("z9hG4bKa", "sip:alice@10.0.0.1", ""));
    bare.hear(&invite("z9hG4bKb", "sip:alice@10.0.0.1", ""));
    assert_eq!(statuses(&mut bare), [100, 482]);
    assert_eq!(bare.events().len(), 1);
    bare.hear(
        &invite("z9hG4bKa", "sip:alice@10.0.0.1", "")
            .replace("INVITE ", "CANCEL ")
            .replace("1 INVITE", "1 CANCEL"),
    );
    bare.settles();
}

#[test]
fn options_nobody_knows_are_answered_420() {
    let mut bare = Bare::new(Config::default());
    bare.hear(&invite("z9hG4bKa", "sip:alice@10.0.0.1", "Require: timer, teleport\nRequire: nonsense\n"));
    let refusal = bare.responses().remove(0);
    assert_eq!(refusal.status, Status::BAD_EXTENSION);
    assert_eq!(refusal.headers.get(&Name::Unsupported), Some("teleport, nonsense"));
    assert!(bare.events().is_empty());
    bare.settles();
}

#[test]
fn a_request_with_no_hops_left_is_answered_483() {
    let mut bare = Bare::new(Config::default());
    bare.hear(&invite("z9hG4bKa", "sip:alice@10.0.0.1", "Max-Forwards: 0\n"));
    assert_eq!(statuses(&mut bare), [483]);
    bare.settles();
}

#[test]
fn our_own_invite_coming_back_is_a_loop() {
    let mut bare = Bare::new(Config::default());
    let ours = bare.call();
    let mut back = ours.clone();
    back.headers.insert_front(Name::Via, "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKproxy");
    bare.hear_message(&back.to_bytes());
    assert_eq!(statuses(&mut bare), [482]);
    back.uri = crate::Uri::parse("sip:somebody@10.0.0.1").expect("a URI");
    back.headers.set(Name::CSeq, "7 INVITE");
    back.headers.insert_front(Name::Via, "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKspiral");
    bare.hear_message(&back.to_bytes());
    assert_eq!(statuses(&mut bare), [100], "another Request-URI is a spiral");
    let sessions: Vec<_> = bare.events();
    for event in sessions {
        if let Event::Invited { session, .. } = event {
            bare.endpoint.reject(bare.now, session, Status::NOT_FOUND, none());
        }
    }
    bare.settles();
}

#[test]
fn a_full_endpoint_answers_503_with_retry_after() {
    let mut bare = Bare::new(Config { max_sessions: 1, ..Config::default() });
    bare.hear(&invite("z9hG4bKa", "sip:alice@10.0.0.1", ""));
    bare.hear(&invite("z9hG4bKb", "sip:alice@10.0.0.1", "").replace("c1", "c2"));
    let sent = bare.responses();
    assert_eq!(sent[1].status, Status::SERVICE_UNAVAILABLE);
    assert_eq!(sent[1].headers.get(&Name::RetryAfter), Some("5"));
    let Some(Event::Invited { session, .. }) = bare.events().pop() else { panic!("a call") };
    bare.endpoint.reject(bare.now, session, Status::BUSY_HERE, none());
    bare.settles();
}

#[test]
fn events_nobody_reads_are_bounded() {
    let mut bare = Bare::new(Config { max_pending: 3, ..Config::default() });
    for n in 0..10 {
        let text = invite(&format!("z9hG4bK{n}"), "sip:alice@10.0.0.1", "").replace("c1", &format!("c{n}"));
        bare.hear(&text);
    }
    assert_eq!(statuses(&mut bare).iter().filter(|status| **status == 503).count(), 7);
    for event in bare.events() {
        if let Event::Invited { session, .. } = event {
            bare.endpoint.hang_up(bare.now, session, none());
        }
    }
    bare.settles();
}

#[test]
fn in_dialog_requests_without_a_dialog_are_answered_481() {
    let mut bare = Bare::new(Config::default());
    for (n, method) in ["BYE", "INVITE", "UPDATE", "PRACK", "INFO"].iter().enumerate() {
        let text = invite(&format!("z9hG4bK{n}"), "sip:alice@10.0.0.1", "")
            .replace("INVITE", method)
            .replace("To: <sip:alice@10.0.0.1>", "To: <sip:alice@10.0.0.1>;tag=gone");
        bare.hear(&text);
        assert_eq!(statuses(&mut bare), [481], "{method}");
    }
    bare.hear(&invite("z9hG4bKc", "sip:alice@10.0.0.1", "").replace("INVITE", "CANCEL"));
    assert_eq!(statuses(&mut bare), [481]);
    bare.settles();
}

#[test]
fn responses_go_to_the_source_port_only_when_asked() {
    let mut bare = Bare::new(Config::default());
    bare.peer.set_port(40_000);
    let text = invite("z9hG4bKa", "sip:alice@10.0.0.1", "");
    bare.hear(&text);
    let first = bare.endpoint.poll_transmit().expect("100");
    assert_eq!(first.to.remote().port(), 5060);
    bare.hear(&text.replace("c1", "c2").replace("z9hG4bKa", "z9hG4bKb;rport"));
    let second = bare.endpoint.poll_transmit().expect("100");
    assert_eq!(second.to.remote().port(), 40_000);
    let text = String::from_utf8(second.payload).expect("text");
    assert!(text.contains("rport=40000"), "{text}");
    for event in bare.events() {
        if let Event::Invited { session, .. } = event {
            bare.endpoint.hang_up(bare.now, session, none());
        }
    }
    bare.settles();
}

#[test]
fn requests_to_a_caller_behind_nat_go_back_the_way_they_came() {
    let mut bare = Bare::new(Config::default());
    bare.peer = "192.0.2.7:40000".parse().expect("address");
    bare.hear(&invite("z9hG4bKa;rport", "sip:alice@10.0.0.1", "Record-Route: <sip:192.0.2.7;lr>\n"));
    let Some(Event::Invited { session, .. }) = bare.events().pop() else { panic!("a call") };
    bare.endpoint.advertise(session, crate::flow::HostPort::new("203.0.113.1", 5070));
    bare.endpoint.answer(bare.now, session, answer(), none());
    let ok = bare.responses().pop().expect("200");
    assert_eq!(ok.headers.get(&Name::Contact), Some("<sip:alice@203.0.113.1:5070>"));
    assert_eq!(ok.headers.get(&Name::RecordRoute), Some("<sip:192.0.2.7;lr>"));
    bare.run(33.0);
    let bye = std::iter::from_fn(|| bare.endpoint.poll_transmit())
        .find(|transmit| transmit.payload.starts_with(b"BYE "))
        .expect("the ACK never came");
    assert_eq!(bye.to.remote(), bare.peer);
    bare.settles();
}

#[test]
fn the_trace_shows_both_ways_of_a_call() {
    let mut bare = Bare::new(Config::default());
    bare.hear(&invite("z9hG4bKa", "sip:alice@10.0.0.1", "Authorization: Digest secret\n"));
    let traced: Vec<_> = std::iter::from_fn(|| bare.endpoint.poll_trace()).collect();
    assert_eq!(
        traced.iter().map(|entry| (entry.sent, &*entry.call_id)).collect::<Vec<_>>(),
        [(false, "c1"), (true, "c1")]
    );
    assert!(!String::from_utf8_lossy(&traced[0].message).contains("Digest secret"));
    let Some(Event::Invited { session, .. }) = bare.events().pop() else { panic!("a call") };
    bare.endpoint.hang_up(bare.now, session, none());
    bare.settles();
}

#[test]
fn a_flood_of_requests_for_unknown_calls_leaves_nothing_behind() {
    let mut bare = Bare::new(Config { max_transactions: 50, ..Config::default() });
    for n in 0..500 {
        let text = invite(&format!("z9hG4bK{n}"), "sip:alice@10.0.0.1", "")
            .replace("INVITE", "BYE")
            .replace("To: <sip:alice@10.0.0.1>", "To: <sip:alice@10.0.0.1>;tag=gone");
        bare.hear(&text);
    }
    assert_eq!(statuses(&mut bare), [481; 500]);
    assert!(bare.endpoint.load().0 <= 50);
    bare.settles();
}

#[test]
fn a_caller_that_moves_is_followed() {
    let mut bare = Bare::new(Config::default());
    bare.peer = "192.0.2.7:40000".parse().expect("address");
    bare.hear(&invite("z9hG4bKa;rport", "sip:alice@10.0.0.1", ""));
    let Some(Event::Invited { session, .. }) = bare.events().pop() else { panic!("a call") };
    bare.endpoint.answer(bare.now, session, answer(), none());
    let ok = bare.responses().pop().expect("200");
    let to = ok.headers.get(&Name::To).expect("To").to_owned();
    bare.peer.set_port(50_000);
    for method in ["ACK", "INFO"] {
        let text = invite(&format!("z9hG4bK{method};rport"), "sip:alice@10.0.0.1", "")
            .replace("INVITE", method)
            .replace("To: <sip:alice@10.0.0.1>", &format!("To: {to}"))
            .replace("CSeq: 1 INFO", "CSeq: 2 INFO");
        bare.hear(&text);
    }
    assert_eq!(statuses(&mut bare), [200]);
    bare.endpoint.hang_up(bare.now, session, none());
    let bye = bare.endpoint.poll_transmit().expect("BYE");
    assert_eq!(bye.to.remote(), bare.peer);
    bare.settles();
}

#[test]
fn an_invite_with_a_foreign_body_is_answered_415() {
    let mut bare = Bare::new(Config::default());
    let text = invite("z9hG4bKa", "sip:alice@10.0.0.1", "Content-Type: text/plain\n");
    bare.hear(&text.replace("Content-Length: 0\n\n", "Content-Length: 2\n\nhi"));
    let refusal = bare.responses().remove(0);
    assert_eq!(refusal.status, Status::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(refusal.headers.get(&Name::Accept), Some("application/sdp"));
    bare.settles();
}

#[test]
fn an_invite_that_takes_no_description_is_answered_406() {
    for (accept, taken) in [
        ("text/plain", false),
        ("text/plain, application/dtmf-relay;q=0.2", false),
        ("text/plain, Application/SDP;level=1", true),
        ("application/*", true),
        ("*/*", true),
        ("", true),
    ] {
        let mut bare = Bare::new(Config::default());
        bare.hear(&invite("z9hG4bKa", "sip:alice@10.0.0.1", &format!("Accept: {accept}\n")));
        let first = bare.responses().remove(0);
        assert_eq!(first.status != Status::NOT_ACCEPTABLE, taken, "{accept}: {first:?}");
        assert!(taken || first.headers.get(&Name::Warning).is_some_and(|text| text.starts_with("399 ")));
    }
}
