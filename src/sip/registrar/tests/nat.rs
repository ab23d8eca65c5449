//! Which contacts are the same phone, told as what happens to phones.

use super::*;

/// The public addresses of two homes; in both the router gives out 192.168.1.20.
const HOME: &str = "udp:198.51.100.7:40001";
const HOME_LATER: &str = "udp:198.51.100.7:40777";
const OTHER_HOME: &str = "udp:203.0.113.9:50001";
const PRIVATE: &str = "<sip:anna@192.168.1.20:5060>";

fn only(world: &World) -> Contact {
    let contacts: Vec<&Contact> = world.registrar.contacts("anna").collect();
    assert_eq!(contacts.len(), 1, "{:?}", world.uris("anna"));
    contacts[0].clone()
}

#[test]
fn a_phone_behind_nat_is_called_where_it_came_from() {
    let mut world = World::new();
    world.ok(&Phone::new("anna", HOME, PRIVATE));
    assert!(only(&world).is_behind_nat());
    assert_eq!(only(&world).reach(), Reach::Flow(flow(HOME)));
    assert_eq!(only(&world).uri.as_str(), "sip:anna@192.168.1.20:5060");
}

#[test]
fn where_a_phone_is_called() {
    for (from, contact, expected) in [
        // The contact names the source.
        ("udp:10.0.0.5:5060", "<sip:a@10.0.0.5:5060>", "flow udp:10.0.0.5:5060"),
        ("udp:10.0.0.5:5060", "<sip:a@10.0.0.5>", "flow udp:10.0.0.5:5060"),
        ("udp:[2001:db8::5]:5060", "<sip:a@[2001:db8::5]:5060>", "flow udp:[2001:db8::5]:5060"),
        // On the local network a phone may send from one port and listen on another; over the internet that is NAT.
        ("udp:10.0.0.5:49152", "<sip:a@10.0.0.5:5060>", "flow udp:10.0.0.5:5060"),
        ("udp:198.51.100.7:49152", "<sip:a@198.51.100.7:5060>", "flow udp:198.51.100.7:49152"),
        // Another host, or a name.
        ("udp:198.51.100.7:40001", "<sip:a@192.168.1.20:5060>", "flow udp:198.51.100.7:40001"),
        ("udp:10.0.0.5:5060", "<sip:a@phone.example>", "flow udp:10.0.0.5:5060"),
        // Streams are used while they are open.
        ("tcp:10.0.0.5:49152", "<sip:a@10.0.0.5:5060;transport=tcp>", "flow tcp:10.0.0.5:49152"),
        ("tls:10.0.0.5:49152", "<sip:a@10.0.0.5:5061;transport=tls>", "flow tls:10.0.0.5:49152"),
        ("tls:198.51.100.7:49152", "<sips:a@k3j2.invalid>", "flow tls:198.51.100.7:49152"),
        // Registered by UDP, wants calls by TCP.
        ("udp:10.0.0.5:5060", "<sip:a@10.0.0.5:5080;transport=tcp>", "dial tcp:10.0.0.5:5080"),
    ] {
        let mut world = World::new();
        world.ok(&Phone::new("anna", from, contact));
        let reach = match only(&world).reach() {
            Reach::Flow(flow) => format!("flow {flow}"),
            Reach::Dial(flow) => format!("dial {flow}"),
            Reach::Nowhere => "nowhere".into(),
        };
        assert_eq!(reach, expected, "{from} {contact}");
    }
}

#[test]
fn a_new_nat_mapping_moves_the_flow() {
    let mut world = World::new();
    let mut phone = Phone::new("anna", HOME, PRIVATE).call_id("boot-1");
    world.ok(&phone);
    let id = only(&world).id;
    phone.from = HOME_LATER;
    world.ok(phone.again());
    assert_eq!((only(&world).id, only(&world).reach()), (id, Reach::Flow(flow(HOME_LATER))));
}

#[test]
fn a_restart_behind_nat_replaces_what_was_left_behind() {
    for (contact, after) in [
        // The same address, a new port of the translator, a new Call-ID.
        (PRIVATE, PRIVATE),
        // A softphone that makes up its user each time but keeps its port.
        ("<sip:anna-0x55d0@192.168.1.20:5060>", "<sip:anna-0x7f3c@192.168.1.20:5060>"),
        // One that keeps its made-up user, on another port.
        ("<sip:k83hs72l@192.168.1.20:41234>", "<sip:k83hs72l@192.168.1.20:59999>"),
        // An instance, and everything else new.
        (
            "<sip:a1@192.168.1.20:41234>;+sip.instance=\"<urn:uuid:1>\"",
            "<sip:b2@192.168.1.33:59999>;+sip.instance=\"<urn:uuid:1>\"",
        ),
    ] {
        let mut world = World::new();
        world.ok(&Phone::new("anna", HOME, contact).call_id("boot-1"));
        let id = only(&world).id;
        world.pass(120.0);
        world.ok(&Phone::new("anna", HOME_LATER, after).call_id("boot-2"));
        assert_eq!(only(&world).id, id, "{after}");
        assert_eq!(only(&world).reach(), Reach::Flow(flow(HOME_LATER)), "{after}");
    }
}

#[test]
fn a_phone_that_changes_network_keeps_its_call_id_and_replaces_itself() {
    let mut world = World::new();
    let mut phone = Phone::new("anna", HOME, "<sip:anna@192.168.1.20:5060>").call_id("boot-1");
    world.ok(&phone);
    phone.from = "udp:192.0.2.55:31000";
    phone.contacts = vec!["<sip:anna@10.77.1.2:5060>".into()];
    world.ok(phone.again());
    assert_eq!(only(&world).uri.as_str(), "sip:anna@10.77.1.2:5060");
}

#[test]
fn a_phone_that_learns_its_public_address_replaces_its_private_one() {
    let mut world = World::new();
    let mut phone = Phone::new("anna", HOME, PRIVATE).call_id("boot-1");
    world.ok(&phone);
    phone.contacts = vec!["<sip:anna@198.51.100.7:40001>".into()];
    world.ok(phone.again());
    assert_eq!(only(&world).uri.as_str(), "sip:anna@198.51.100.7:40001");
    assert!(!only(&world).is_behind_nat(), "as it says itself");
}

#[test]
fn two_phones_with_one_credential_both_ring() {
    for (what, one, two) in [
        (
            "on one network",
            ("udp:10.0.0.5:5060", "<sip:anna@10.0.0.5:5060>"),
            ("udp:10.0.0.6:5060", "<sip:anna@10.0.0.6:5060>"),
        ),
        (
            "on one host",
            ("udp:127.0.0.1:6001", "<sip:anna@127.0.0.1:6001>"),
            ("udp:127.0.0.1:6002", "<sip:anna@127.0.0.1:6002>"),
        ),
        ("behind one NAT", (HOME, PRIVATE), (HOME_LATER, "<sip:anna@192.168.1.21:5060>")),
        ("behind two NATs with one private address", (HOME, PRIVATE), (OTHER_HOME, PRIVATE)),
        (
            "of one model with instances",
            (HOME, "<sip:anna@192.168.1.20:5060>;+sip.instance=\"<urn:uuid:1>\""),
            (OTHER_HOME, "<sip:anna@192.168.1.20:5060>;+sip.instance=\"<urn:uuid:2>\""),
        ),
        (
            "of two browsers",
            ("tls:198.51.100.7:1000", "<sip:anna@x1.invalid>"),
            ("tls:198.51.100.7:2000", "<sip:anna@x2.invalid>"),
        ),
    ] {
        let mut world = World::new();
        for round in 1..=3 {
            for (n, (from, contact)) in [one, two].into_iter().enumerate() {
                let mut phone = Phone::new("anna", from, contact).call_id(&format!("call-{n}"));
                phone.cseq = round;
                world.ok(&phone);
            }
            assert_eq!(world.registrar.reachable("anna").len(), 2, "{what}, round {round}");
            let flows: std::collections::HashSet<Flow> =
                world.registrar.all().map(|contact| contact.flow).collect();
            assert_eq!(flows.len(), 2, "{what}, round {round}");
        }
    }
}

#[test]
fn two_places_told_one_by_one_from_one_socket_both_stay() {
    let mut world = World::new();
    let from = "udp:127.0.0.1:6000";
    world.ok(&Phone::new("anna", from, "<sip:anna@127.0.0.1:6001>").call_id("one"));
    world.ok(&Phone::new("anna", from, "<sip:anna@127.0.0.1:6002>").call_id("two"));
    assert_eq!(world.uris("anna").len(), 2);
}

#[test]
fn one_connection_of_a_browser_is_one_phone() {
    let mut world = World::new();
    let from = "tls:198.51.100.7:1000";
    world.ok(&Phone::new("anna", from, "<sip:x1@a1.invalid>").call_id("one"));
    world.ok(&Phone::new("anna", from, "<sip:x2@a2.invalid>").call_id("two"));
    assert_eq!(only(&world).uri.as_str(), "sip:x2@a2.invalid");
}

#[test]
fn a_closed_connection_is_dialled_again_or_not_reached() {
    let mut world = World::new();
    let (near, far) = ("tcp:10.0.0.5:49152", "tls:198.51.100.7:49152");
    world.ok(&Phone::new("anna", near, "<sip:anna@10.0.0.5:5060;transport=tcp>"));
    world.ok(&Phone::new("anna", far, "<sip:anna@192.168.1.20:5061;transport=tls>"));
    world.registrar.flow_lost(flow(near));
    world.registrar.flow_lost(flow(far));
    let dial = Flow { remote: "10.0.0.5:5060".parse().unwrap(), ..flow(near) };
    assert_eq!(world.reach("anna"), [Reach::Dial(dial), Reach::Nowhere]);
    assert_eq!(world.registrar.reachable("anna").len(), 1);
    // It comes back on a new connection.
    let mut phone =
        Phone::new("anna", "tls:198.51.100.7:50000", "<sip:anna@192.168.1.20:5061;transport=tls>");
    world.ok(phone.again());
    assert_eq!(world.uris("anna").len(), 2);
    assert_eq!(world.registrar.reachable("anna").len(), 2);
}

#[test]
fn a_udp_flow_is_never_lost() {
    let mut world = World::new();
    world.ok(&Phone::new("anna", HOME, PRIVATE));
    world.registrar.flow_lost(flow(HOME));
    assert_eq!(only(&world).reach(), Reach::Flow(flow(HOME)));
}

#[test]
fn another_device_is_never_touched() {
    let mut world = World::new();
    world.ok(&Phone::new("anna", HOME, PRIVATE).call_id("same"));
    world.ok(&Phone::new("bertil", HOME, PRIVATE).call_id("same"));
    assert_eq!((world.uris("anna").len(), world.uris("bertil").len()), (1, 1));
}

#[test]
fn a_private_contact_is_removed_from_wherever_the_phone_is_now() {
    let mut world = World::new();
    let mut phone = Phone::new("anna", HOME, PRIVATE).call_id("boot-1");
    world.ok(&phone);
    phone.from = OTHER_HOME;
    phone.contacts = vec![format!("{PRIVATE};expires=0")];
    world.ok(phone.again());
    assert!(world.registrar.is_empty());
}
