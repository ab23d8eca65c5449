//! Every message of RFC 4475 and RFC 5118, sent to a box that runs: `world/torture.rs` says what each gets.

use crate::world::simulated::{World, site};
use crate::world::torture;
use sip::flow::Transport;
use sip::{Message, Name, Response};
use std::net::{IpAddr, SocketAddr};

const STRANGER: &str = "203.0.113.66:5060";
const STRANGER_BY_IPV6: &str = "[2001:db8::66]:5060";
const OPERATOR: &str = "203.0.113.90:5060";

/// The final responses that a host was sent.
fn answers(world: &World, host: IpAddr) -> Vec<Response> {
    let of = |(to, message): &(SocketAddr, Message)| match message {
        Message::Response(response) if to.ip() == host && response.status.is_final() => {
            Some(response.clone())
        }
        _ => None,
    };
    world.letters.iter().filter_map(of).collect()
}

/// What an answer must say besides its status.
fn assert_explains(name: &str, answer: &Response) {
    let headers = &answer.headers;
    match answer.status.code() {
        401 => assert!(headers.get(&Name::WwwAuthenticate).is_some_and(|text| text.starts_with("Digest "))),
        405 => assert!(headers.contains(&Name::Allow), "{name}: {answer:?}"),
        406 => assert!(headers.contains(&Name::Warning), "{name}: {answer:?}"),
        415 => assert_eq!(headers.get(&Name::Accept), Some("application/sdp"), "{name}"),
        420 => {
            let unsupported: Vec<&str> = headers.values(&Name::Unsupported).collect();
            assert_eq!(unsupported, ["nothingSupportsThis", "nothingSupportsThisEither"], "{name}");
        }
        _ => {}
    }
}

#[test]
fn each_torture_message_gets_what_its_rfc_prescribes_and_leaves_nothing_behind() {
    let document = site::demo().replace("127.0.0.1:5090", OPERATOR);
    assert!(document.contains(OPERATOR), "the demo site's operator is where it was");
    for (rfc, (section, file, [stranger, operator], why)) in torture::all() {
        let name = format!("{rfc} {section} {file} ({why})");
        for (from, wanted) in [(STRANGER, stranger), (STRANGER_BY_IPV6, stranger), (OPERATOR, operator)] {
            let mut world = World::bare(1, document.clone());
            let from: SocketAddr = from.parse().expect("an address");
            world.tell((Transport::Udp, from), torture::message(rfc, file));
            world.run(0.2);
            let all = answers(&world, from.ip());
            let codes: Vec<u16> = all.iter().map(|response| response.status.code()).collect();
            let got = codes.first().copied().unwrap_or(torture::SILENCE);
            assert_eq!(got, wanted, "from {from}: {name}\n{}", world.ladder);
            assert!(codes.iter().all(|code| *code == got), "from {from}: {name} got {codes:?}");
            if let Some(answer) = all.first() {
                assert_explains(&name, answer);
            }
            // Nobody's phone rang, and whatever it opened is closed again.
            world.run(40.0);
            assert!(!world.vaxel.exchange.has_calls() && world.vaxel.memory.open_calls.is_empty(), "{name}");
        }
    }
}
