//! What operators are told: who calls, and where the box is.

use super::changed;
use crate::world::simulated::{World, header};
use sip::{Name, Request};

/// Anna calls out by the operator; gives the INVITE that it got.
fn shown(document: String, dialled: &str) -> Request {
    let mut world = World::with_site(1, document);
    let anna = world.phone("anna-bord");
    world.answers(World::OPERATOR, 0.0);
    world.dial(anna, dialled);
    world.run(0.5);
    world.talk(anna, World::OPERATOR);
    world.hang_up(anna);
    world.settles();
    world.on(World::OPERATOR).invite.clone().expect("an INVITE")
}

fn from(invite: &Request) -> String {
    invite.headers.from().expect("From").uri.user().unwrap_or_default().into_owned()
}

fn hidden() -> String {
    changed("present = \"fixed\"", "present = \"hidden\"")
}

#[test]
fn a_user_is_shown_by_number_and_vouched_for() {
    let invite = shown(crate::world::simulated::site::demo(), "0701234567");
    assert_eq!(from(&invite), "+46812345201");
    assert!(header(&invite.headers, &Name::PAssertedIdentity).contains("+46812345201@"), "{invite:?}");
    assert!(!invite.headers.contains(&Name::Privacy));
}

#[test]
fn a_user_who_hides_is_vouched_for_in_private_and_may_show_for_one_call() {
    let invite = shown(hidden(), "0701234567");
    assert_eq!(invite.headers.from().expect("From").uri.as_str(), "sip:anonymous@anonymous.invalid");
    assert!(header(&invite.headers, &Name::PAssertedIdentity).contains("+46812345201@"), "{invite:?}");
    assert_eq!(header(&invite.headers, &Name::Privacy), "id");
    let contact = header(&invite.headers, &Name::Contact);
    assert!(!contact.contains("812345201") && !contact.contains("anna"), "{contact}");
    let invite = shown(hidden(), "*31#0701234567");
    assert_eq!(from(&invite), "+46812345201");
    assert!(!invite.headers.contains(&Name::Privacy));
}

#[test]
fn a_user_may_hide_for_one_call() {
    let invite = shown(crate::world::simulated::site::demo(), "#31#0701234567");
    assert_eq!(invite.uri.user().as_deref(), Some("+46701234567"));
    assert_eq!(invite.headers.from().expect("From").uri.raw_host(), "anonymous.invalid");
    assert_eq!(header(&invite.headers, &Name::Privacy), "id");
}

#[test]
fn behind_nat_operators_see_the_outside_address_and_phones_the_inside_one() {
    let document = changed("hosts = [\"127.0.0.1:5090\"]", "hosts = [\"203.0.113.90:5060\"]");
    let mut world = World::behind("198.51.100.7", document, Some("198.51.100.7"));
    let operator = world.operator_at("operator", "203.0.113.90:5060");
    let reserve = world.registrar_at("reserv", "127.0.0.1:5091", ("exempel", "trunk-hemlighet"));
    world.run(1.0);
    let anna = world.phone("anna-bord");
    world.answers(operator, 0.0);
    world.dial(anna, "0701234567");
    world.run(0.5);
    world.talk(anna, operator);
    let invite = world.on(operator).invite.clone().expect("an INVITE");
    assert_eq!(invite.headers.via().expect("a Via").sent_by().to_string(), "198.51.100.7:5060");
    assert!(header(&invite.headers, &Name::Contact).contains("@198.51.100.7:5060"), "{invite:?}");
    let offer = String::from_utf8_lossy(&invite.body).into_owned();
    assert!(offer.contains("c=IN IP4 198.51.100.7") && !offer.contains("127.0.0.1"), "{offer}");
    // What Anna's phone was answered.
    let answers: Vec<String> = world
        .ladder
        .lines
        .iter()
        .filter(|line| line.is("200 INVITE") && line.to == crate::world::simulated::Side::Peer(anna))
        .map(|line| String::from_utf8_lossy(&line.message.to_bytes()).into_owned())
        .collect();
    assert!(
        !answers.is_empty() && answers.iter().all(|answer| !answer.contains("198.51.100.7")),
        "{answers:?}"
    );
    world.hang_up(operator);
    world.settles();
    assert!(world.peer(reserve).calls.is_empty());
}
