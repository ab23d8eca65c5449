//! RFC 5626 (instances, flows) and RFC 5627 (GRUU).

use super::*;

const INSTANCE: &str = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\"";
const OUTBOUND: &str = "Supported: path, outbound";

fn flow_of_phone(reg_id: u32, from: &'static str) -> Phone {
    let contact = format!("<sip:anna@192.168.1.20:5061;transport=tls;ob>;{INSTANCE};reg-id={reg_id}");
    Phone::new("anna", from, &contact).header(OUTBOUND).call_id(&format!("flow-{reg_id}"))
}

#[test]
fn two_flows_of_one_phone_are_kept_and_the_newest_rings() {
    let mut world = World::new();
    let response = world.ok(&flow_of_phone(1, "tls:198.51.100.7:1001"));
    assert!(response.headers.has_option(&Name::Require, "outbound"));
    assert_eq!(response.headers.get(&Name::FlowTimer), Some("120"));
    world.pass(10.0);
    world.ok(&flow_of_phone(2, "tls:198.51.100.7:1002"));
    assert_eq!(world.uris("anna").len(), 2);
    let ring = |world: &World| -> Vec<Flow> {
        world.registrar.reachable("anna").iter().map(|contact| contact.flow).collect()
    };
    assert_eq!(ring(&world), [flow("tls:198.51.100.7:1002")]);
    // When the newer breaks, the older serves.
    world.registrar.flow_lost(flow("tls:198.51.100.7:1002"));
    assert_eq!(ring(&world), [flow("tls:198.51.100.7:1001")]);
}

#[test]
fn a_flow_opened_again_replaces_the_one_with_its_number() {
    let mut world = World::new();
    world.ok(&flow_of_phone(1, "tls:198.51.100.7:1001"));
    world.ok(&flow_of_phone(2, "tls:198.51.100.7:1002"));
    let id = world.registrar.contacts("anna").next().unwrap().id;
    world.ok(&flow_of_phone(1, "tls:203.0.113.9:7777").call_id("boot-2"));
    assert_eq!(world.uris("anna").len(), 2);
    assert_eq!(world.registrar.contact(id).unwrap().flow, flow("tls:203.0.113.9:7777"));
}

#[test]
fn over_udp_outbound_is_not_promised_because_stun_is_not_answered() {
    let mut world = World::new();
    let response = world.ok(&flow_of_phone(1, "udp:198.51.100.7:1001"));
    assert!(!response.headers.contains(&Name::Require) && !response.headers.contains(&Name::FlowTimer));
    assert_eq!(world.registrar.contacts("anna").next().unwrap().reg_id, Some(1));
}

#[test]
fn a_flow_number_without_outbound_or_instance_is_ignored() {
    let mut world = World::new();
    let bare = Phone::new("anna", "tls:10.0.0.5:1001", "<sip:anna@10.0.0.5;transport=tls>;reg-id=1")
        .header(OUTBOUND);
    let response = world.ok(&bare);
    assert!(!response.headers.contains(&Name::Require));
    let mut old = flow_of_phone(1, "tls:10.0.0.6:1001");
    old.more.clear();
    assert!(!world.ok(&old).headers.contains(&Name::Require));
    assert!(world.registrar.all().all(|contact| contact.reg_id.is_none()));
}

#[test]
fn a_first_hop_that_does_not_do_outbound_is_told() {
    let via = "Via: SIP/2.0/UDP 192.168.1.20:5060;branch=z9hG4bK2";
    let from = "tcp:10.0.0.8:5060";
    let mut world = World::new();
    assert_eq!(world.code(&flow_of_phone(1, from).header(via)), 439);
    assert_eq!(world.code(&flow_of_phone(1, from).header(via).header("Path: <sip:edge.example;lr>")), 439);
    assert!(world.registrar.is_empty());
    assert_eq!(
        world.code(&flow_of_phone(1, from).header(via).header("Path: <sip:x1@edge.example;lr;ob>")),
        200
    );
}

#[test]
fn a_phone_that_asks_gets_its_public_gruu() {
    let mut world = World::new();
    let phone = Phone::new("anna", "udp:10.0.0.5:5060", &format!("<sip:anna@10.0.0.5>;{INSTANCE}"));
    assert!(!world.ok(&phone).headers.get(&Name::Contact).unwrap().contains("gruu"));
    let mut phone = phone.header("Supported: gruu");
    let response = world.ok(phone.again());
    let contact = &response.headers.contacts().unwrap()[0];
    let gruu = contact.params.unquoted("pub-gruu").unwrap();
    assert_eq!(gruu, "sip:anna@vaxel.example;gr=urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF");
    assert_eq!(
        contact.params.unquoted("+sip.instance").unwrap(),
        "<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"
    );
    // And it leads back to the phone.
    let uri = crate::uri::Uri::parse(&gruu).unwrap();
    let found = world.registrar.by_instance("anna", uri.param("gr").unwrap()).unwrap();
    assert_eq!(found.uri.as_str(), "sip:anna@10.0.0.5");
    assert!(world.registrar.by_instance("anna", "urn:uuid:2").is_none());
}

#[test]
fn an_instance_that_is_no_urn_is_ignored() {
    for instance in ["<a b>", "<urn:x;y=z>", "<urn:\\\"x>", "", "<>", "<urn:x?y>"] {
        let mut world = World::new();
        let contact = format!("<sip:anna@10.0.0.5>;+sip.instance=\"{instance}\"");
        let response = world.ok(&Phone::new("anna", "udp:10.0.0.5:5060", &contact).header("Supported: gruu"));
        let contact = &response.headers.contacts().unwrap()[0];
        assert!(
            !contact.params.contains("pub-gruu") && !contact.params.contains("+sip.instance"),
            "{contact}"
        );
        assert_eq!(contact.params.get("expires"), Some("3600"));
    }
}
