//! A registrar written out by hand: what it asks for, refuses, and sends.

use super::{changed, line};
use crate::world::simulated::{RawTrunk, World, site};
use model::TrunkState;
use sip::flow::Transport;
use sip::{Method, Name, Request, Response, Status};

const CHALLENGE: &str = "Digest realm=\"operator.example\", nonce=\"one\", algorithm=MD5, qop=\"auth\"";
const STALE: &str =
    "Digest realm=\"operator.example\", nonce=\"two\", algorithm=MD5, qop=\"auth\", stale=true";

/// The demo company whose reserve is written out by hand.
fn raw_registrar(document: String) -> (World, RawTrunk) {
    let mut world = World::bare(1, document);
    world.operator_at("operator", "127.0.0.1:5090");
    world.run(0.1);
    (world, RawTrunk::new("127.0.0.1:5091"))
}

/// The newest REGISTER.
#[track_caller]
fn asked(world: &World, registrar: &RawTrunk) -> Request {
    let mut all = world.requests_at(registrar.at, &Method::Register);
    all.pop().unwrap_or_else(|| panic!("no REGISTER\n{}", world.ladder))
}

fn count(world: &World, registrar: &RawTrunk) -> usize {
    world.requests_at(registrar.at, &Method::Register).len()
}

fn says(world: &mut World, registrar: &RawTrunk, response: Response) {
    world.tell((Transport::Udp, registrar.at), response.with_to_tag("registrar").to_bytes());
    world.run(0.1);
}

/// The story is over: a registrar that answers by itself takes its place, and nothing is left.
fn ends(mut world: World, registrar: RawTrunk) {
    world.peer(World::OPERATOR).gone = false;
    world.refusing.clear();
    world.registrar_at("reserv", &registrar.at.to_string(), ("exempel", "trunk-hemlighet"));
    world.settles();
}

/// Grants the newest REGISTER its contact, with further headers.
fn grants(world: &mut World, registrar: &RawTrunk, headers: &[(Name, &str)]) {
    let request = asked(world, registrar);
    let mut response = Response::to(&request, Status::OK).with(Name::Expires, 600);
    response.headers.copy(&request.headers, &Name::Contact);
    for (name, value) in headers {
        response.headers.push(name.clone(), *value);
    }
    says(world, registrar, response);
}

#[test]
fn an_interval_too_brief_and_a_stale_nonce_are_answered_and_it_is_registered() {
    let (mut world, registrar) = raw_registrar(site::demo());
    let first = asked(&world, &registrar);
    says(
        &mut world,
        &registrar,
        Response::to(&first, Status::UNAUTHORIZED).with(Name::WwwAuthenticate, CHALLENGE),
    );
    let proven = asked(&world, &registrar);
    assert!(proven.headers.get(&Name::Authorization).is_some_and(|value| value.contains("nonce=\"one\"")));
    says(
        &mut world,
        &registrar,
        Response::to(&proven, Status::UNAUTHORIZED).with(Name::WwwAuthenticate, STALE),
    );
    let again = asked(&world, &registrar);
    assert!(again.headers.get(&Name::Authorization).is_some_and(|value| value.contains("nonce=\"two\"")));
    says(
        &mut world,
        &registrar,
        Response::to(&again, Status::INTERVAL_TOO_BRIEF).with(Name::MinExpires, 1800),
    );
    let longer = asked(&world, &registrar);
    assert_eq!(longer.headers.expires().ok().flatten(), Some(1800), "{longer:?}");
    grants(&mut world, &registrar, &[]);
    assert_eq!(line(&mut world, "reserv").registered, Some(true), "{}", world.ladder);
    let ids: Vec<_> = [&first, &again, &longer].map(|one| one.headers.call_id().map(str::to_owned)).into();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "one Call-ID for all: {ids:?}");
    let numbers: Vec<u32> =
        [&first, &proven, &again, &longer].map(|one| one.headers.cseq().expect("CSeq").number).into();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    ends(world, registrar);
}

#[test]
fn a_refused_account_is_shown_with_its_reason_and_asked_ever_more_rarely() {
    let (mut world, registrar) = raw_registrar(site::demo());
    let mut tries = Vec::new();
    for _ in 0..5 {
        tries.push(world.now.mono);
        let refused = asked(&world, &registrar);
        says(&mut world, &registrar, Response::to(&refused, Status::FORBIDDEN));
        let trunk = line(&mut world, "reserv");
        assert_eq!((trunk.state, trunk.registered), (TrunkState::Down, Some(false)));
        assert_eq!(trunk.said.as_deref(), Some("403 Forbidden"));
        assert!(trunk.next_try.is_some_and(|at| at > world.now.wall), "{trunk:?}");
        let before = count(&world, &registrar);
        world.wait(310.0, "the next try", |world| count(world, &RawTrunk::new("127.0.0.1:5091")) > before);
    }
    let gaps: Vec<f64> = tries.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    assert!(gaps[0] >= 30.0 && gaps.iter().all(|gap| *gap <= 301.0), "{gaps:?}");
    assert!(gaps[3] > gaps[0], "{gaps:?}");
    grants(&mut world, &registrar, &[]);
    let trunk = line(&mut world, "reserv");
    assert_eq!((trunk.registered, trunk.said, trunk.next_try), (Some(true), None, None));
    ends(world, registrar);
}

#[test]
fn calls_take_the_route_that_the_registrar_gave() {
    let (mut world, registrar) = raw_registrar(site::demo());
    grants(&mut world, &registrar, &[(Name::ServiceRoute, "<sip:edge.operator.example;lr>")]);
    world.vanishes(World::OPERATOR);
    world.refusing.insert("127.0.0.1:5090".parse().expect("an address"));
    let anna = world.phone("anna-bord");
    world.dial(anna, "0701234567");
    world.run(0.5);
    let invite = registrar.invite(&world);
    assert_eq!(invite.headers.get(&Name::Route), Some("<sip:edge.operator.example;lr>"), "{invite:?}");
    assert_eq!(invite.uri.as_str(), "sip:+46701234567@127.0.0.1:5091");
    registrar.respond(&mut world, &invite, (486, "busy", None));
    ends(world, registrar);
}

#[test]
fn a_domain_of_its_own_is_what_is_registered_and_called() {
    let document = changed(
        "registrar = \"127.0.0.1:5091\"",
        "registrar = \"127.0.0.1:5091\"\ndomain = \"ims.operator.example\"\nauth_username = \"exempel@private\"",
    );
    let (mut world, registrar) = raw_registrar(document);
    let first = asked(&world, &registrar);
    assert_eq!(first.uri.as_str(), "sip:ims.operator.example");
    assert_eq!(first.headers.to().expect("To").uri.as_str(), "sip:exempel@ims.operator.example");
    says(
        &mut world,
        &registrar,
        Response::to(&first, Status::UNAUTHORIZED).with(Name::WwwAuthenticate, CHALLENGE),
    );
    let proven = asked(&world, &registrar);
    let proof = proven.headers.get(&Name::Authorization).unwrap_or_default();
    assert!(proof.contains("username=\"exempel@private\""), "{proof}");
    grants(&mut world, &registrar, &[]);
    world.vanishes(World::OPERATOR);
    world.refusing.insert("127.0.0.1:5090".parse().expect("an address"));
    let anna = world.phone("anna-bord");
    world.dial(anna, "0701234567");
    world.run(0.5);
    let invite = registrar.invite(&world);
    assert_eq!(invite.uri.as_str(), "sip:+46701234567@ims.operator.example");
    assert_eq!(invite.headers.from().expect("From").uri.raw_host(), "ims.operator.example");
    registrar.respond(&mut world, &invite, (486, "busy", None));
    ends(world, registrar);
}

#[test]
fn what_the_registrar_grants_decides_and_another_binding_is_not_taken_for_ours() {
    let (mut world, registrar) = raw_registrar(site::demo());
    let request = asked(&world, &registrar);
    let contact = request.headers.contacts().expect("Contact")[0].uri.to_string();
    let mut response = Response::to(&request, Status::OK).with(Name::Expires, 3600);
    response.headers.push(Name::Contact, "<sip:exempel@192.0.2.99:5060>;expires=7200");
    response.headers.push(Name::Contact, format!("<{contact}>;expires=60"));
    says(&mut world, &registrar, response);
    let before = count(&world, &registrar);
    world.run(29.0);
    assert_eq!(count(&world, &registrar), before, "not before half of the time");
    world.run(20.0);
    assert_eq!(count(&world, &registrar), before + 1, "before the time is over\n{}", world.ladder);
    // Nobody answers any more: it lapses after its minute.
    world.run(15.0);
    assert_eq!(line(&mut world, "reserv").registered, Some(false));
    ends(world, registrar);
}

/// The operator calls what was registered; where the number is, the story says.
fn called(world: &mut World, uri: &str, headers: &str) {
    let body = crate::world::simulated::sdp(44_000);
    let text = format!(
        "INVITE sip:{uri}@127.0.0.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1:5091;branch=z9hG4bKin\n\
         From: <sip:+46701112233@operator.example>;tag=in\n{headers}\nCall-ID: in\nCSeq: 1 INVITE\n\
         Contact: <sip:127.0.0.1:5091>\nMax-Forwards: 70\nContent-Type: application/sdp\n\
         Content-Length: {}\n\n",
        body.len()
    );
    world.stranger_bytes("127.0.0.1:5091", (text.replace('\n', "\r\n") + &body).as_bytes());
    world.run(0.5);
}

#[test]
fn a_call_to_the_registered_contact_finds_its_number_wherever_the_operator_puts_it() {
    for (uri, headers) in [
        ("exempel", "To: <sip:+46812345202@operator.example>"),
        (
            "exempel",
            "To: <sip:exempel@operator.example>\nP-Called-Party-ID: <sip:+46812345202@operator.example>",
        ),
        ("exempel", "To: <sip:+46812345203@operator.example>\nP-Called-Party-ID: <tel:+46812345202>"),
        ("+46812345202;npdi", "To: <sip:exempel@operator.example>"),
        ("trunkgroup7", "To: <sip:08-12345202@operator.example>"),
        ("0046812345202", "To: <sip:+46812345203@operator.example>"),
    ] {
        let (mut world, registrar) = raw_registrar(site::demo());
        grants(&mut world, &registrar, &[]);
        let bo = world.phone("bo-bord");
        called(&mut world, uri, headers);
        assert_eq!(world.peer(bo).calls.len(), 1, "{uri} {headers}\n{}", world.ladder);
        let invite = world.on(bo).invite.clone().expect("an INVITE");
        assert_eq!(invite.headers.from().expect("From").uri.user().as_deref(), Some("+46701112233"));
        ends(world, registrar);
    }
}

#[test]
fn of_two_accounts_with_one_operator_the_one_that_was_called_takes_the_call() {
    let two = "[[trunks]]\nid = \"andra\"\nkind = \"register\"\nregistrar = \"127.0.0.1:5091\"\nusername = \"andra\"\n\
               secret = \"hemlig\"\nnumbers = [\"+46855500100-199\"]\nchannels = 2\n\n[[outbound]]";
    let document = changed("[[outbound]]", two);
    let mut world = World::bare(1, document);
    world.operator_at("operator", "127.0.0.1:5090");
    let registrar = RawTrunk::new("127.0.0.1:5091");
    world.run(0.1);
    for request in world.requests_at(registrar.at, &Method::Register) {
        let mut response = Response::to(&request, Status::OK).with(Name::Expires, 600);
        response.headers.copy(&request.headers, &Name::Contact);
        says(&mut world, &registrar, response);
    }
    let bo = world.phone("bo-bord");
    called(&mut world, "andra", "To: <sip:+46812345202@operator.example>");
    assert_eq!(world.peer(bo).calls.len(), 1, "{}", world.ladder);
    assert_eq!((line(&mut world, "andra").channels_used, line(&mut world, "reserv").channels_used), (1, 0));
    assert!(line(&mut world, "andra").up && line(&mut world, "reserv").up, "the server lives for both");
    ends(world, registrar);
}
