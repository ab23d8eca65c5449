use super::bare::Bare;
use super::link::{answer, none};
use crate::endpoint::{Config, EndedBy, Event};
use crate::{Method, Name, Request, Response, Status};

fn from_fork(invite: &Request, status: Status, tag: &str) -> Vec<u8> {
    let contact = format!("<sip:{tag}@10.0.0.2>");
    let response = Response::to(invite, status).with_to_tag(tag).with(Name::Contact, contact);
    match status {
        Status::OK => response.with_body("application/sdp", answer().bytes).to_bytes(),
        _ => response.to_bytes(),
    }
}

#[test]
fn the_first_answer_of_a_fork_wins_and_the_others_are_hung_up() {
    let mut bare = Bare::new(Config::default());
    let invite = bare.call();
    for tag in ["one", "two", "three"] {
        bare.hear_message(&from_fork(&invite, Status::RINGING, tag));
    }
    bare.hear_message(&from_fork(&invite, Status::OK, "two"));
    let acks = bare.requests();
    assert_eq!((acks.len(), &acks[0].method, acks[0].uri.as_str()), (1, &Method::Ack, "sip:two@10.0.0.2"));
    bare.hear_message(&from_fork(&invite, Status::OK, "one"));
    let shed = bare.requests();
    let methods: Vec<(&Method, &str)> =
        shed.iter().map(|request| (&request.method, request.uri.as_str())).collect();
    assert_eq!(methods, [(&Method::Ack, "sip:one@10.0.0.2"), (&Method::Bye, "sip:one@10.0.0.2")]);
    bare.hear_message(&from_fork(&invite, Status::OK, "one"));
    bare.hear_message(&from_fork(&invite, Status::OK, "two"));
    let again: Vec<Method> = bare.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(again, [Method::Ack, Method::Ack], "copies only get their ACK again");
    let events = bare.events();
    let rings = events.iter().filter(|event| matches!(event, Event::Provisional { .. })).count();
    let established = events.iter().filter(|event| matches!(event, Event::Established { .. })).count();
    assert_eq!((rings, established), (3, 1));
    let Some(Event::Established { session, .. }) =
        events.into_iter().find(|event| matches!(event, Event::Established { .. }))
    else {
        panic!("established")
    };
    bare.endpoint.hang_up(bare.now, session, none());
    assert_eq!(bare.events(), [Event::Ended { session, how: EndedBy::Us }]);
    assert_eq!(bare.requests()[0].uri.as_str(), "sip:two@10.0.0.2");
    bare.settles();
}

#[test]
fn a_challenged_call_is_tried_again_once_with_credentials() {
    let mut bare = Bare::new(Config::default());
    let invite = bare.call();
    let challenge = r#"Digest realm="here", nonce="n1", algorithm=MD5, qop="auth""#;
    let refusal =
        Response::to(&invite, Status::UNAUTHORIZED).with_to_tag("p").with(Name::WwwAuthenticate, challenge);
    bare.hear_message(&refusal.to_bytes());
    let sent = bare.requests();
    assert_eq!((&sent[0].method, &sent[1].method), (&Method::Ack, &Method::Invite));
    let second = sent[1].clone();
    assert_eq!(second.headers.get(&Name::CSeq), Some("2 INVITE"));
    assert!(
        second.headers.get(&Name::Authorization).is_some_and(|value| value.contains("username=\"alice\""))
    );
    assert_eq!(second.headers.get(&Name::From), invite.headers.get(&Name::From));
    assert!(second.headers.to().expect("To").tag().is_none());
    let stale = format!("{challenge}, stale=true").replace("n1", "n2");
    let refusal =
        Response::to(&second, Status::UNAUTHORIZED).with_to_tag("p").with(Name::WwwAuthenticate, stale);
    bare.hear_message(&refusal.to_bytes());
    let third = bare.requests().pop().expect("an INVITE");
    assert!(third.headers.get(&Name::Authorization).is_some_and(|value| value.contains("nonce=\"n2\"")));
    let wrong = challenge.replace("n1", "n3");
    let refusal =
        Response::to(&third, Status::UNAUTHORIZED).with_to_tag("p").with(Name::WwwAuthenticate, wrong);
    bare.hear_message(&refusal.to_bytes());
    assert_eq!(bare.requests().len(), 1, "only the ACK: the secret is wrong");
    assert!(matches!(bare.events().last(), Some(Event::Failed { status: Some(Status::UNAUTHORIZED), .. })));
    bare.settles();
}

#[test]
fn the_ack_carries_the_credentials_and_the_bye_uses_the_nonce_again() {
    let mut bare = Bare::new(Config::default());
    let invite = bare.call();
    let challenge = r#"Digest realm="here", nonce="n1", algorithm=MD5, qop="auth""#;
    let refusal =
        Response::to(&invite, Status::PROXY_AUTHENTICATION_REQUIRED).with(Name::ProxyAuthenticate, challenge);
    bare.hear_message(&refusal.to_bytes());
    let second = bare.requests().pop().expect("an INVITE");
    bare.hear_message(&from_fork(&second, Status::OK, "x"));
    let ack = bare.requests().pop().expect("an ACK");
    assert_eq!(ack.headers.get(&Name::ProxyAuthorization), second.headers.get(&Name::ProxyAuthorization));
    assert_eq!(ack.headers.get(&Name::CSeq), Some("2 ACK"));
    let Some(Event::Established { session, .. }) = bare.events().pop() else { panic!("established") };
    bare.endpoint.hang_up(bare.now, session, none());
    let bye = bare.requests().pop().expect("a BYE");
    assert_eq!(bye.headers.get(&Name::CSeq), Some("3 BYE"));
    assert!(bye.headers.get(&Name::ProxyAuthorization).is_some_and(|value| value.contains("nc=00000002")));
    bare.settles();
}

#[test]
fn requests_follow_the_record_route_reversed_and_a_strict_router_gets_its_way() {
    let mut bare = Bare::new(Config::default());
    let invite = bare.call();
    let ok = Response::to(&invite, Status::OK)
        .with_to_tag("t")
        .with(Name::Contact, "<sip:bob@phone.example>")
        .with(Name::RecordRoute, "<sip:far.example;lr>")
        .with(Name::RecordRoute, "<sip:near.example>");
    bare.hear_message(&ok.to_bytes());
    let ack = bare.requests().pop().expect("an ACK");
    assert_eq!(ack.uri.as_str(), "sip:near.example");
    let routes: Vec<&str> = ack.headers.all(&Name::Route).collect();
    assert_eq!(routes, ["<sip:far.example;lr>", "<sip:bob@phone.example>"]);
    for event in bare.events() {
        if let Event::Established { session, .. } = event {
            bare.endpoint.hang_up(bare.now, session, none());
        }
    }
    bare.settles();
}

#[test]
fn a_redirection_is_given_out_with_its_contacts() {
    let mut bare = Bare::new(Config::default());
    let invite = bare.call();
    let moved = Response::to(&invite, Status::MOVED_TEMPORARILY)
        .with_to_tag("t")
        .with(Name::Contact, "<sip:carol@10.0.0.9>");
    bare.hear_message(&moved.to_bytes());
    let Some(Event::Failed { status, headers, .. }) = bare.events().pop() else { panic!("failed") };
    assert_eq!(status, Some(Status::MOVED_TEMPORARILY));
    assert_eq!(headers.contacts().expect("Contact")[0].uri.as_str(), "sip:carol@10.0.0.9");
    bare.settles();
}
