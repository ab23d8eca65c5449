//! Text messages between colleagues' telephones.

use crate::world::simulated::{RawPhone, World};
use sip::flow::Transport;
use sip::{Headers, Message, Method, Name, Request, Response, Status};

/// Anna, who writes, and Bo's two telephones, which a story answers for.
fn phones(world: &mut World) -> (RawPhone, [RawPhone; 2]) {
    let mut anna = RawPhone::new("anna-bord", Transport::Udp, "127.0.0.60:5060");
    let mut bos = ["127.0.0.61:5060", "127.0.0.62:5060"].map(|at| {
        let mut phone = RawPhone::new("bo-bord", Transport::Udp, at);
        phone.call_id = format!("bo-{at}");
        phone
    });
    assert_eq!(world.registers(&mut anna, "").status, Status::OK);
    for bo in &mut bos {
        assert_eq!(world.registers(bo, "").status, Status::OK);
    }
    (anna, bos)
}

/// A MESSAGE, proven by what the phone has learned.
fn message(phone: &mut RawPhone, (to, kind): (&str, &str), text: &str) -> Request {
    let RawPhone { device, at, cseq, .. } = phone;
    let uri = format!("sip:{to}@127.0.0.1");
    let head = format!(
        "MESSAGE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKm{cseq}{to};rport\r\nFrom: \
         <sip:{device}@127.0.0.1>;tag=m{cseq}\r\nTo: <{uri}>\r\nCall-ID: letter-{cseq}\r\nCSeq: {cseq} MESSAGE\r\n\
         Max-Forwards: 70\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    phone.cseq += 1;
    let Ok(Message::Request(mut request)) = Message::parse(head.as_bytes()) else { panic!("{head}") };
    for (name, value) in phone.login.headers(&Method::Message, &uri, "c0ffee") {
        request.headers.push(name, value);
    }
    request
}

/// Every telephone that has a message answers it.
fn answer(world: &mut World, phone: &RawPhone, status: Status) -> Vec<String> {
    let mut texts = Vec::new();
    for request in world.requests_at(phone.at, &Method::Message) {
        texts.push(String::from_utf8(request.body.clone()).expect("text"));
        world.tell((Transport::Udp, phone.at), Response::to(&request, status).to_bytes());
    }
    texts
}

fn header(headers: &Headers, name: &Name) -> String {
    headers.get(name).unwrap_or_default().to_owned()
}

/// Sends and answers; what the writer was told at last.
fn told(world: &mut World, from: &RawPhone, request: &Request) -> Status {
    let branch = request.headers.via().ok().and_then(|via| via.branch().map(str::to_owned));
    let at = from.at;
    let mut found = None;
    world.wait(40.0, "an answer", |world| {
        found = world.letters.iter().rev().find_map(|(to, letter)| match letter {
            Message::Response(response) if *to == at => {
                let via = response.headers.via().ok()?;
                (via.branch().map(str::to_owned) == branch).then_some(response.status)
            }
            _ => None,
        });
        found.is_some()
    });
    found.expect("an answer")
}

#[test]
fn a_message_reaches_all_telephones_of_a_colleague_and_one_is_enough() {
    let mut world = World::new();
    let (mut anna, [desk, other]) = phones(&mut world);
    let first = message(&mut anna, ("202", "text/plain;charset=UTF-8"), "Är du på väg?");
    world.tell((Transport::Udp, anna.at), first.to_bytes());
    world.run(0.5);
    assert_eq!(answer(&mut world, &desk, Status::OK), ["Är du på väg?"]);
    assert_eq!(told(&mut world, &anna, &first), Status::OK);
    assert_eq!(answer(&mut world, &other, Status::OK), ["Är du på väg?"]);
    let copy = world.requests_at(desk.at, &Method::Message).remove(0);
    assert!(header(&copy.headers, &Name::From).contains("Anna Andersson"), "{copy:?}");
    assert!(header(&copy.headers, &Name::From).contains("sip:201@"), "{copy:?}");
    assert_eq!(header(&copy.headers, &Name::ContentType), "text/plain;charset=UTF-8");
    assert!(!copy.headers.contains(&Name::Authorization));
    world.settles();
}

#[test]
fn a_message_that_no_telephone_takes_is_told_why() {
    let mut world = World::new();
    let (mut anna, [desk, other]) = phones(&mut world);
    let request = message(&mut anna, ("202", "text/plain"), "hej");
    world.tell((Transport::Udp, anna.at), request.to_bytes());
    world.run(0.5);
    answer(&mut world, &desk, Status::UNSUPPORTED_MEDIA_TYPE);
    answer(&mut world, &other, Status::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(told(&mut world, &anna, &request), Status::UNSUPPORTED_MEDIA_TYPE);
    world.settles();
}

#[test]
fn what_cannot_be_delivered_is_refused_at_once() {
    let mut world = World::new();
    let (mut anna, _) = phones(&mut world);
    let long = "x".repeat(1_301);
    for (to, kind, text, code) in [
        ("203", "text/plain", "hej", 480),
        ("299", "text/plain", "hej", 404),
        ("0701234567", "text/plain", "hej", 404),
        ("202", "application/zip", "PK", 415),
        ("202", "text/plain", &*long, 413),
    ] {
        let request = message(&mut anna, (to, kind), text);
        world.tell((Transport::Udp, anna.at), request.to_bytes());
        assert_eq!(told(&mut world, &anna, &request).code(), code, "{to} {kind}");
    }
    let mut stranger = RawPhone::knowing("bo-bord", Transport::Udp, ("127.0.0.99:5060", "gissning"));
    let request = message(&mut stranger, ("202", "text/plain"), "hej");
    world.tell((Transport::Udp, stranger.at), request.to_bytes());
    assert_eq!(told(&mut world, &stranger, &request), Status::UNAUTHORIZED);
    world.settles();
}

#[test]
fn who_writes_without_a_pause_is_slowed() {
    let mut world = World::new();
    let (mut anna, _) = phones(&mut world);
    let mut last = Status::OK;
    for _ in 0..25 {
        let request = message(&mut anna, ("203", "text/plain"), "hej");
        world.tell((Transport::Udp, anna.at), request.to_bytes());
        last = told(&mut world, &anna, &request);
    }
    assert_eq!(last, Status::SERVICE_UNAVAILABLE);
    world.run(11.0);
    let request = message(&mut anna, ("203", "text/plain"), "hej");
    world.tell((Transport::Udp, anna.at), request.to_bytes());
    assert_eq!(told(&mut world, &anna, &request).code(), 480);
    world.settles();
}
