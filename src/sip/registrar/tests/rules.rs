//! RFC 3261 section 10.3, row by row.

use super::*;

const DESK: &str = "udp:10.0.0.5:5060";

fn desk() -> Phone {
    Phone::new("anna", DESK, "<sip:anna@10.0.0.5:5060>")
}

#[test]
fn a_contact_is_kept_and_listed_with_its_time() {
    let mut world = World::new();
    let response = world.ok(&desk().header("Expires: 600"));
    assert_eq!(listed(&response), [("sip:anna@10.0.0.5:5060".into(), 600)]);
    let contact = world.registrar.contacts("anna").next().unwrap();
    assert_eq!(contact.agent.as_deref(), Some("Test phone"));
    assert_eq!((contact.cseq, &*contact.call_id), (1, "anna-udp:10.0.0.5:5060"));
    assert_eq!(contact.reach(), Reach::Flow(flow(DESK)));
    assert!(response.headers.has_option(&Name::Supported, "path"));
}

#[test]
fn the_time_comes_from_the_contact_then_the_header_then_the_default() {
    for (contact, header, granted) in [
        ("<sip:anna@10.0.0.5>;expires=120", "Expires: 600", 120),
        ("<sip:anna@10.0.0.5>", "Expires: 600", 600),
        ("<sip:anna@10.0.0.5>", "Subject: none", 3600),
        ("<sip:anna@10.0.0.5>;expires=soon", "Expires: 600", 3600),
        ("<sip:anna@10.0.0.5>", "Expires: tomorrow", 3600),
        ("<sip:anna@10.0.0.5>;expires=99999999999", "Expires: 600", 7200),
        ("<sip:anna@10.0.0.5>", "Expires: 86400", 7200),
        ("<sip:anna@10.0.0.5>;expires=60", "Expires: 10", 60),
        ("sip:anna@10.0.0.5;expires=70", "Expires: 600", 70),
    ] {
        let mut world = World::new();
        let response = world.ok(&Phone::new("anna", DESK, contact).header(header));
        assert_eq!(expires_of(&response), [granted], "{contact} {header}");
    }
}

#[test]
fn a_time_too_short_is_refused_with_the_shortest() {
    for (contact, header) in
        [("<sip:anna@10.0.0.5>;expires=59", "Expires: 600"), ("<sip:anna@10.0.0.5>", "Expires: 1")]
    {
        let mut world = World::new();
        let response = world.send(&Phone::new("anna", DESK, contact).header(header));
        assert_eq!(response.status.code(), 423);
        assert_eq!(response.headers.get(&Name::MinExpires), Some("60"));
        assert!(world.registrar.is_empty());
    }
}

#[test]
fn one_bad_contact_refuses_the_whole_request() {
    let good = "<sip:anna@10.0.0.5>;expires=600";
    for (bad, code) in [
        ("<sip:anna@10.0.0.6>;expires=5", 423),
        ("<tel:+46812345200>", 400),
        ("<mailto:anna@vaxel.example>", 400),
        ("<sip:anna@10.0.0.5", 400),
        ("*", 400),
    ] {
        let mut world = World::new();
        let mut phone = Phone::new("anna", DESK, good);
        world.ok(&phone);
        phone.contacts = vec!["<sip:anna@10.0.0.9>".into(), bad.into()];
        assert_eq!(world.code(phone.again()), code, "{bad}");
        assert_eq!(world.uris("anna"), ["sip:anna@10.0.0.5"], "{bad}");
    }
}

#[test]
fn without_contacts_it_only_tells_what_is_there() {
    let mut world = World::new();
    world.ok(&desk().header("Expires: 600"));
    world.seconds = 100.5;
    let response = world.ok(&Phone::new("anna", "udp:10.0.0.77:5060", ""));
    assert_eq!(listed(&response), [("sip:anna@10.0.0.5:5060".into(), 500)]);
    assert_eq!(world.uris("anna").len(), 1);
    assert!(listed(&world.ok(&Phone::new("bertil", DESK, ""))).is_empty());
}

#[test]
fn a_refresh_keeps_the_id_and_restarts_the_time() {
    let mut world = World::new();
    let mut phone = desk().header("Expires: 600");
    world.ok(&phone);
    let id = world.registrar.contacts("anna").next().unwrap().id;
    world.pass(400.0);
    assert_eq!(expires_of(&world.ok(phone.again())), [600]);
    assert_eq!(world.registrar.contacts("anna").next().unwrap().id, id);
    world.pass(599.0);
    assert_eq!(world.uris("anna").len(), 1);
}

#[test]
fn the_same_uri_by_rule_is_the_same_contact() {
    let mut world = World::new();
    world.ok(&Phone::new("anna", DESK, "<sip:anna@10.0.0.5:5060;ob;line=7>"));
    world.ok(&Phone::new("anna", DESK, "<sip:%61nna@10.0.0.5:5060;LINE=7>").call_id("other"));
    assert_eq!(world.uris("anna"), ["sip:%61nna@10.0.0.5:5060;LINE=7"]);
}

#[test]
fn a_time_of_zero_removes_that_contact_only() {
    let mut world = World::new();
    let mut phone = desk().contact("<sip:anna@10.0.0.5:5070>");
    world.ok(&phone);
    phone.contacts = vec!["<sip:anna@10.0.0.5:5060>;expires=0".into()];
    let response = world.ok(phone.again());
    assert_eq!(listed(&response), [("sip:anna@10.0.0.5:5070".into(), 3600)]);
    phone.contacts = vec!["<sip:anna@10.0.0.5:5070>".into()];
    phone.more = vec!["Expires: 0".into()];
    assert!(listed(&world.ok(phone.again())).is_empty());
    // What is not there can be removed as well.
    assert!(listed(&world.ok(phone.again())).is_empty());
}

#[test]
fn a_star_with_zero_removes_all_and_is_refused_otherwise() {
    for (contacts, header, code) in [
        (vec!["*"], "Expires: 0", 200),
        (vec!["*"], "Expires: 600", 400),
        (vec!["*"], "Subject: none", 400),
        (vec!["*", "<sip:anna@10.0.0.9>"], "Expires: 0", 400),
        (vec!["*", "*"], "Expires: 0", 400),
    ] {
        let mut world = World::new();
        world.ok(&desk());
        world.ok(&Phone::new("anna", "udp:10.0.0.6:5060", "<sip:anna@10.0.0.6>"));
        world.ok(&Phone::new("bertil", "udp:10.0.0.7:5060", "<sip:bertil@10.0.0.7>"));
        let mut phone = desk().header(header);
        phone.contacts = contacts.iter().map(|contact| (*contact).to_owned()).collect();
        phone.cseq = 2;
        assert_eq!(world.code(&phone), code, "{contacts:?} {header}");
        assert_eq!(world.uris("anna").len(), if code == 200 { 0 } else { 2 });
        assert_eq!(world.uris("bertil").len(), 1);
    }
}

#[test]
fn an_older_request_of_the_same_call_id_changes_nothing() {
    let mut world = World::new();
    let mut phone = desk();
    phone.cseq = 10;
    world.ok(&phone);
    for (cseq, contact, header) in [
        (10, "<sip:anna@10.0.0.5:5060>", "Expires: 700"),
        (9, "<sip:anna@10.0.0.5:5060>", "Expires: 0"),
        (9, "*", "Expires: 0"),
    ] {
        let mut old = Phone::new("anna", DESK, contact).header(header);
        old.cseq = cseq;
        let response = world.send(&old);
        assert_eq!(response.status.code(), 500, "{contact} {cseq}");
        assert!(response.headers.retry_after().is_some());
        assert_eq!(world.uris("anna").len(), 1);
    }
    // Another Call-ID has its own count.
    let mut fresh = desk().call_id("other");
    fresh.cseq = 1;
    world.ok(&fresh);
}

#[test]
fn a_phone_that_keeps_its_call_id_over_a_restart_counts_from_one_again() {
    let mut world = World::new();
    let mut phone = desk().call_id("made-from-the-mac-address");
    phone.cseq = 900;
    world.ok(&phone);
    world.pass(45.0);
    phone.cseq = 1;
    assert_eq!(world.code(&phone), 200);
}

#[test]
fn required_extensions_are_checked() {
    let mut world = World::new();
    let response = world.send(&desk().header("Require: path, teleport").header("Require: gruu"));
    assert_eq!(response.status.code(), 420);
    assert_eq!(response.headers.get(&Name::Unsupported), Some("teleport"));
    assert!(world.registrar.is_empty());
    assert_eq!(world.code(&desk().header("Require: path, outbound, GRUU")), 200);
}

#[test]
fn a_path_is_kept_echoed_and_used_instead_of_the_contacts_address() {
    let mut world = World::new();
    let edge = "udp:10.0.0.8:5060";
    let phone = Phone::new("anna", edge, "<sip:anna@192.168.77.7:5060>")
        .header("Path: <sip:edge.example;lr>, \"far\" <sip:far.example;lr>")
        .header("Supported: path");
    let response = world.ok(&phone);
    let echoed: Vec<&str> = response.headers.values(&Name::Path).collect();
    assert_eq!(echoed, ["<sip:edge.example;lr>", "\"far\" <sip:far.example;lr>"]);
    let contact = world.registrar.contacts("anna").next().unwrap();
    assert_eq!(contact.path, ["<sip:edge.example;lr>", "\"far\" <sip:far.example;lr>"]);
    assert_eq!(contact.reach(), Reach::Flow(flow(edge)));
    assert!(!contact.is_behind_nat(), "the edge looks after its own phones");
}

#[test]
fn several_phones_of_one_device_stand_side_by_side_by_preference() {
    let mut world = World::new();
    world.ok(&Phone::new("anna", "udp:10.0.0.5:5060", "<sip:anna@10.0.0.5>;q=0.5"));
    world.ok(&Phone::new("anna", "udp:10.0.0.6:5060", "<sip:anna@10.0.0.6>"));
    world.ok(&Phone::new("anna", "udp:10.0.0.7:5060", "<sip:anna@10.0.0.7>;q=0.75"));
    world.ok(&Phone::new("anna", "udp:10.0.0.8:5060", "<sip:anna@10.0.0.8>;q=seven"));
    assert_eq!(world.uris("anna").len(), 4);
    let order: Vec<u16> = world.registrar.reachable("anna").iter().map(|contact| contact.q).collect();
    assert_eq!(order, [1000, 1000, 750, 500]);
    let response = world.ok(&Phone::new("anna", "udp:10.0.0.9:5060", ""));
    assert!(response.headers.values(&Name::Contact).any(|value| value.contains(";q=0.750;")));
}

#[test]
fn the_same_contact_twice_in_one_request_is_one() {
    let mut world = World::new();
    world.ok(&desk().contact("<sip:anna@10.0.0.5:5060>;expires=100"));
    assert_eq!(world.uris("anna").len(), 1);
}

#[test]
fn a_device_has_ten_contacts_and_only_its_own_oldest_makes_room() {
    let mut world = World::new();
    for n in 1..=10u8 {
        let from: &'static str = format!("udp:10.0.1.{n}:5060").leak();
        world.ok(&Phone::new("anna", from, &format!("<sip:anna@10.0.1.{n}>")));
        world.pass(1.0);
    }
    let stranger = Phone::new("anna", "udp:10.0.2.1:5060", "<sip:anna@10.0.2.1>");
    assert_eq!(world.code(&stranger), 403);
    assert_eq!(world.uris("anna").len(), 10);
    // From a source that has one already, the oldest of that source goes.
    world.ok(&Phone::new("anna", "udp:10.0.1.4:6000", "<sip:anna@10.0.1.4:6000>"));
    let uris = world.uris("anna");
    assert_eq!(uris.len(), 10);
    assert!(
        !uris.contains(&"sip:anna@10.0.1.4".to_owned())
            && uris.contains(&"sip:anna@10.0.1.4:6000".to_owned())
    );
}

#[test]
fn a_contact_that_cannot_be_reached_makes_room_first() {
    let mut world = World::new();
    for n in 1..=10u8 {
        let from: &'static str = format!("tls:198.51.100.{n}:40000").leak();
        world.ok(&Phone::new("anna", from, &format!("<sip:anna@192.168.1.{n}:5061;transport=tls>")));
    }
    world.registrar.flow_lost(flow("tls:198.51.100.7:40000"));
    world.ok(&Phone::new("anna", "udp:10.0.2.1:5060", "<sip:anna@10.0.2.1>"));
    let uris = world.uris("anna");
    assert!(uris.len() == 10 && !uris.iter().any(|uri| uri.contains("192.168.1.7:")), "{uris:?}");
}

#[test]
fn more_contacts_than_a_device_may_have_are_refused_at_once() {
    let mut world = World::new();
    let mut phone = desk();
    phone.contacts = (0..11).map(|n| format!("<sip:anna@10.0.0.5:{}>", 6000 + n)).collect();
    assert_eq!(world.code(&phone), 403);
    phone.contacts.pop();
    assert_eq!(world.code(&phone), 200);
}

#[test]
fn a_full_registrar_refuses_new_contacts_and_refreshes_old_ones() {
    let mut world = World::with(Limits { total: 2, ..Limits::default() });
    let mut one = desk();
    world.ok(&one);
    world.ok(&Phone::new("bertil", "udp:10.0.0.6:5060", "<sip:bertil@10.0.0.6>"));
    let third = Phone::new("cecilia", "udp:10.0.0.7:5060", "<sip:cecilia@10.0.0.7>");
    let response = world.send(&third);
    assert_eq!((response.status.code(), response.headers.retry_after()), (503, Some(60)));
    assert_eq!(world.code(one.again()), 200);
    // A phone that moves takes its own place.
    let moved = Phone::new("anna", "udp:10.0.0.55:5060", "<sip:anna@10.0.0.55>").call_id(&one.call_id);
    assert_eq!(world.code(&Phone { cseq: 9, ..moved }), 200);
}

#[test]
fn a_removed_device_loses_its_contacts() {
    let mut world = World::new();
    world.ok(&desk().contact("<sip:anna@10.0.0.5:5070>"));
    let changes = world.registrar.forget("anna");
    assert_eq!(changes.len(), 2);
    world.keep(&changes);
    world.check();
    assert_eq!(world.registrar.poll_timeout(), None, "no timer is left");
}

#[test]
fn texts_without_end_are_refused() {
    let long = "x".repeat(3000);
    for contact in
        [format!("<sip:{long}@10.0.0.5>"), format!("<sip:anna@10.0.0.5>;+sip.instance=\"<urn:{long}>\"")]
    {
        let mut world = World::new();
        assert_eq!(world.code(&Phone::new("anna", DESK, &contact)), 400);
    }
    let mut world = World::new();
    let response =
        world.send(&desk().header(&format!("Path: <sip:{long}.example;lr>, <sip:{long}.example;lr>")));
    assert_eq!(response.status.code(), 400);
    assert_eq!(world.code(&desk().header(&format!("User-Agent: {}å", "y".repeat(127)))), 200);
}
