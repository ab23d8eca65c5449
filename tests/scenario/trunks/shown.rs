//! What operators are told: who calls, and where the box is.

use super::changed;
use crate::world::simulated::{Dial, World, header, site};
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
    let invite = shown(site::demo(), "0701234567");
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
    let invite = shown(site::demo(), "#31#0701234567");
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

const PRESENT: &str = "present = \"fixed\"";
const EARLY: &str = "early_media = true";

/// The demo company with Anna showing her mobile number, as far as `user` and `trunk` allow.
fn mobile(user: &str, trunk: &str) -> String {
    let text = include_str!("../../../etc/demo.toml");
    let text = text.replacen(PRESENT, &format!("present = \"mobile\"\n{user}"), 1);
    site::read(&text.replacen(EARLY, trunk, 1)).export()
}

#[test]
fn a_mobile_number_is_shown_where_both_operators_play_along_and_the_fixed_one_elsewhere() {
    let flag = "operator_mobile = true";
    let clip = "clip_no_screening = true";
    for (user, trunk, number) in
        [(flag, clip, "+46701234501"), (flag, "", "+46812345201"), ("", clip, "+46812345201")]
    {
        let invite = shown(mobile(user, trunk), "0701234567");
        assert_eq!(from(&invite), number, "{user} {trunk}");
        // What is vouched for is the trunk's own number, whatever is shown.
        assert!(header(&invite.headers, &Name::PAssertedIdentity).contains("+46812345201@"), "{invite:?}");
    }
    let invite = shown(mobile(flag, clip), "#31#0701234567");
    assert_eq!(invite.headers.from().expect("From").uri.raw_host(), "anonymous.invalid");
    let invite = shown(mobile(flag, clip), "112");
    assert_eq!(from(&invite), "+46812345200", "help sees the number of the place");
}

#[test]
fn why_a_mobile_number_was_not_shown_is_in_the_record() {
    let mut world = World::with_site(1, mobile("", "clip_no_screening = true"));
    let anna = world.phone("anna-bord");
    world.answers(World::OPERATOR, 0.0);
    world.dial(anna, "0701234567");
    world.run(0.5);
    world.hang_up(anna);
    world.settles();
    let trail = format!("{:?}", world.record().trail);
    assert!(trail.contains("presentation") && trail.contains("operator_mobile"), "{trail}");
}

#[test]
fn a_trunk_gets_the_headers_that_it_wants() {
    let document = changed(EARLY, "identity = [\"remote-party-id\", \"p-preferred-identity\"]");
    for (dialled, privacy, hidden) in [("0701234567", "off", false), ("#31#0701234567", "full", true)] {
        let invite = shown(document.clone(), dialled);
        assert!(!invite.headers.contains(&Name::PAssertedIdentity));
        assert!(
            header(&invite.headers, &Name::PPreferredIdentity).contains("<sip:+46812345201@"),
            "{invite:?}"
        );
        let party = header(&invite.headers, &Name::RemotePartyId);
        assert!(party.contains("<sip:+46812345201@") && party.contains("screen=yes"), "{party}");
        assert!(party.contains("party=calling") && party.contains(&format!("privacy={privacy}")), "{party}");
        assert_eq!(invite.headers.contains(&Name::Privacy), hidden);
    }
}

/// Somebody outside calls Bo, who is away and forwards to a mobile; gives the INVITE that goes out again.
fn forwarded(trunk: &str, dial: Dial) -> Request {
    let text = include_str!("../../../etc/demo.toml").replacen(EARLY, trunk, 1);
    let forward = "name = \"Bo Berg\"\nno_answer = { after_s = 5, then = \"forward:0701234567\" }";
    let document = site::read(&text.replacen("name = \"Bo Berg\"", forward, 1)).export();
    let mut world = World::with_site(1, document);
    world.answers(World::OPERATOR, 0.0);
    world.call(World::OPERATOR, dial);
    world.run(1.0);
    let invite = world.on(World::OPERATOR).invite.clone().unwrap_or_else(|| panic!("{}", world.ladder));
    world.all_hang_up();
    world.settles();
    invite
}

#[test]
fn a_call_that_goes_out_again_shows_what_the_trunk_carries_and_who_sent_it_on() {
    let dial = || Dial::to("+46812345202").from("+46705556677");
    for (trunk, number) in [("", "+46812345200"), ("clip_no_screening = true", "+46705556677")] {
        let invite = forwarded(trunk, dial());
        assert_eq!(from(&invite), number, "{trunk}");
        assert!(header(&invite.headers, &Name::PAssertedIdentity).contains("+46812345200@"), "{invite:?}");
        let diversion = header(&invite.headers, &Name::Diversion);
        assert!(
            diversion.contains("<sip:+46812345202@") && diversion.contains("reason=unavailable"),
            "{diversion}"
        );
        assert!(!invite.headers.contains(&Name::HistoryInfo));
    }
    let invite = forwarded("diversion = [\"history-info\"]", dial());
    assert!(!invite.headers.contains(&Name::Diversion));
    let history: Vec<&str> = invite.headers.all(&Name::HistoryInfo).collect();
    assert_eq!(history.len(), 2, "{history:?}");
    assert!(history[0].contains("+46812345202@") && history[0].ends_with(";index=1"), "{history:?}");
    assert!(history[1].contains("+46701234567@") && history[1].contains(";cause=503>"), "{history:?}");
    assert!(history[1].ends_with(";index=1.1;mp=1"), "{history:?}");
}

#[test]
fn somebody_outside_who_hides_stays_hidden_when_the_call_goes_out_again() {
    let mut dial = Dial::to("+46812345202").from("+46705556677");
    dial.extra.push(Name::Privacy, "id");
    let invite = forwarded("clip_no_screening = true", dial);
    assert_eq!(invite.headers.from().expect("From").uri.raw_host(), "anonymous.invalid");
    assert_eq!(header(&invite.headers, &Name::Privacy), "id");
    assert!(!String::from_utf8_lossy(&invite.to_bytes()).contains("705556677"), "{invite:?}");
}
