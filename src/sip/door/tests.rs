use std::net::SocketAddr;

use super::*;
use crate::flow::Transport;

mod mutate;

/// What must become of a torture message.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Let in; if it is to be refused, that is the business of the endpoint or the registrar (said beside it).
    Accept,
    /// Answered with this status and this reason phrase.
    Refuse(u16, &'static str),
    /// Dropped in silence.
    Drop(Dropped),
}

use Fate::{Accept, Refuse};

const BAD_CONTACT: &str = "Malformed Contact header";

/// RFC 4475, in its order.
const RFC4475: [(&str, Fate); 49] = [
    // 3.1.1 Valid messages
    ("wsinv", Accept),
    ("intmeth", Refuse(405, "Method Not Allowed")),
    ("esc01", Accept),
    ("escnull", Accept),
    ("esc02", Refuse(405, "Method Not Allowed")), // RE%47IST%45R is not REGISTER
    ("lwsdisp", Accept),
    ("longreq", Accept),
    ("dblreq", Accept), // the datagram's rest is ignored; on a stream see the framer
    ("semiuri", Accept),
    ("transports", Accept),
    ("mpart01", Accept),
    ("unreason", Accept),
    ("noreason", Accept),
    // 3.1.2 Invalid messages
    ("badinv01", Refuse(400, "Malformed Via header")),
    ("clerr", Refuse(400, "Content-Length larger than message")),
    ("ncl", Refuse(400, "Malformed Content-Length header")),
    ("scalar02", Refuse(400, "Malformed CSeq header")),
    ("scalarlg", Fate::Drop(Dropped::Response)),
    ("quotbal", Refuse(400, "Malformed To header")),
    ("ltgtruri", Refuse(400, "Malformed Request-URI: no scheme")),
    ("lwsruri", Refuse(400, "Malformed Request-URI: characters that need escaping")),
    ("lwsstart", Refuse(400, "Malformed Request-URI: characters that need escaping")),
    ("trws", Refuse(400, "Malformed start line")),
    ("escruri", Refuse(400, "Headers in Request-URI")),
    ("baddate", Accept), // nothing here depends on Date
    ("regbadct", Refuse(400, BAD_CONTACT)),
    ("badaspec", Accept), // the RFC allows to be liberal about these spaces
    ("baddn", Refuse(400, "Malformed From header")),
    ("badvers", Refuse(505, "Version Not Supported")),
    ("mismatch01", Refuse(400, "CSeq method does not match request method")),
    ("mismatch02", Refuse(501, "Not Implemented")),
    ("bigcode", Fate::Drop(Dropped::Response)),
    // 3.2 Transaction layer
    ("badbranch", Accept), // matched by RFC 2543 rules: Via::unique_branch has none
    // 3.3 Application layer
    ("insuf", Refuse(400, "Missing Call-ID header")),
    ("unkscm", Refuse(416, "Unsupported URI Scheme")),
    ("novelsc", Refuse(416, "Unsupported URI Scheme")),
    ("unksm2", Refuse(400, "To of REGISTER is no SIP URI")),
    ("bext01", Accept),                                             // endpoint: 420
    ("invut", Accept),                                              // endpoint: 415
    ("regaut01", Accept),                                           // registrar: 401
    ("multi01", Refuse(400, "Content-Length larger than message")), // as printed; see the test below
    ("mcl01", Refuse(400, "Multiple Content-Length headers")),
    ("bcast", Fate::Drop(Dropped::Response)), // two Vias: not ours
    ("zeromf", Accept),                       // only a proxy would count hops
    ("cparam01", Accept),
    ("cparam02", Accept),
    ("regescrt", Accept),
    ("sdp01", Accept), // endpoint: 406
    // 3.4 Backward compatibility
    ("inv2543", Accept),
];

/// RFC 5118, in its order.
const RFC5118: [(&str, Fate); 12] = [
    ("ipv6-good", Accept),
    ("ipv6-bad", Refuse(400, "Malformed Request-URI: bad port")),
    ("port-ambiguous", Accept),
    ("port-unambiguous", Accept),
    ("via-received-param-with-delim", Accept),
    ("via-received-param-no-delim", Accept),
    ("ipv6-in-sdp", Accept),
    ("mult-ip-in-header", Accept),
    ("mult-ip-in-sdp", Accept),
    ("ipv4-mapped-ipv6", Accept),
    ("ipv6-bug-abnf-3-colons", Accept),
    ("ipv6-correct-abnf-2-colons", Accept),
];

fn data(folder: &str, name: &str) -> Vec<u8> {
    let path = format!("{}/../../tests/data/{folder}/{name}.dat", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn flow() -> Flow {
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    Flow {
        transport: Transport::Udp,
        local: address("192.0.2.254:5060"),
        remote: address("198.51.100.7:1024"),
    }
}

fn judge(bytes: &[u8]) -> Admitted {
    Door::default().admit(bytes, &flow())
}

fn request(folder: &str, name: &str) -> Request {
    match judge(&data(folder, name)) {
        Admitted::Message(Message::Request(request)) => request,
        other => panic!("{name}: {other:?}"),
    }
}

fn answer(bytes: &[u8]) -> Response {
    match judge(bytes) {
        Admitted::Answer(answer) => match Message::parse(&answer) {
            Ok(Message::Response(response)) => response,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn assert_fate(folder: &str, name: &str, fate: Fate) {
    let admitted = judge(&data(folder, name));
    match (fate, &admitted) {
        (Accept, Admitted::Message(_)) => {}
        (Refuse(code, reason), Admitted::Answer(bytes)) => {
            let start = format!("SIP/2.0 {code} {reason}\r\n");
            assert!(bytes.starts_with(start.as_bytes()), "{name}: {}", String::from_utf8_lossy(bytes));
        }
        (Fate::Drop(why), Admitted::Drop(dropped)) => assert_eq!(why, *dropped, "{name}"),
        _ => panic!("{name}: wanted {fate:?}, got {admitted:?}"),
    }
}

#[test]
fn every_message_of_rfc_4475_gets_what_the_rfc_prescribes() {
    for (name, fate) in RFC4475 {
        assert_fate("rfc4475", name, fate);
    }
}

#[test]
fn every_message_of_rfc_5118_gets_what_the_rfc_prescribes() {
    for (name, fate) in RFC5118 {
        assert_fate("rfc5118", name, fate);
    }
}

#[test]
fn every_message_that_is_let_in_survives_being_printed_and_read_again() {
    let all =
        RFC4475.map(|entry| ("rfc4475", entry)).into_iter().chain(RFC5118.map(|entry| ("rfc5118", entry)));
    for (folder, (name, fate)) in all {
        if !matches!(fate, Accept) {
            continue;
        }
        let Admitted::Message(message) = judge(&data(folder, name)) else { panic!("{name}") };
        let again = Message::parse(&message.to_bytes()).unwrap();
        assert_eq!(again.body(), message.body(), "{name}");
        let without_length = |message: &Message| {
            let mut headers = message.headers().clone();
            headers.remove(&Name::ContentLength);
            headers
        };
        assert_eq!(without_length(&again), without_length(&message), "{name}");
    }
}

#[test]
fn the_tortuous_invite_is_understood_in_every_detail() {
    let request = request("rfc4475", "wsinv");
    let headers = &request.headers;
    assert_eq!(headers.to().unwrap().tag(), Some("1918181833n"));
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(from.tag(), Some("98asjd8"));
    assert_eq!(headers.max_forwards(), Ok(Some(68)));
    assert_eq!(headers.cseq().unwrap().number, 9);
    let vias = headers.vias().unwrap();
    let hosts: Vec<String> = vias.iter().map(|via| format!("{} {}", via.transport, via.host)).collect();
    assert_eq!(hosts, ["UDP 192.0.2.2", "TCP spindle.example.com", "UDP 192.168.255.111"]);
    assert_eq!(vias[2].branch(), Some("z9hG4bK30239"));
    assert_eq!(headers.get(&Name::Subject), Some(""));
    let unknown = Name::parse("newfangledheader");
    assert_eq!(headers.get(&unknown), Some("newfangled value continued newfangled value"));
    let contact = &headers.contacts().unwrap()[0];
    assert_eq!(contact.display.as_deref(), Some("Quoted string \"\""));
    assert_eq!(contact.params.get("newparam"), Some("newvalue"));
    assert_eq!(contact.params.get("secondparam"), Some(""));
    assert_eq!(contact.params.get("q"), Some("0.33"));
    assert_eq!(headers.routes().unwrap()[0].uri.param("unknownwith"), Some("value"));
    assert_eq!(request.body.len(), 150);
}

#[test]
fn escapes_are_undone_in_users_only_and_the_text_stays() {
    let request = request("rfc4475", "esc01");
    assert_eq!(request.uri.as_str(), "sip:sips%3Auser%40example.com@example.net");
    assert_eq!(request.uri.user().as_deref(), Some("sips:user@example.com"));
    assert_eq!(request.headers.to().unwrap().uri.user().as_deref(), Some("user"));
    let null = self::request("rfc4475", "escnull");
    assert_eq!(null.headers.to().unwrap().uri.user().as_deref(), Some("null-\0-null"));
}

#[test]
fn the_user_of_semiuri_keeps_its_semicolon() {
    let request = request("rfc4475", "semiuri");
    assert_eq!(request.uri.user().as_deref(), Some("user;par=u@example.net"));
    assert_eq!(request.uri.raw_host(), "example.com");
    assert_eq!(request.uri.params().count(), 0);
}

#[test]
fn headers_that_may_be_there_once_are_refused_when_repeated() {
    let bytes = String::from_utf8(data("rfc4475", "multi01")).unwrap().replace("l: 154", "l: 152");
    assert_eq!(answer(bytes.as_bytes()).reason, "Multiple Call-ID headers");
    let bytes = bytes.replacen("Call-ID: multi01.98asdh@192.0.2.2\r\n", "", 1);
    assert_eq!(answer(bytes.as_bytes()).reason, "Multiple From headers");
}

#[test]
fn binary_bodies_come_through_whole() {
    let request = request("rfc4475", "mpart01");
    assert_eq!(request.body.len(), 553);
    assert!(request.body.contains(&0));
}

#[test]
fn a_parameter_belongs_to_the_header_or_to_the_uri_as_the_brackets_say() {
    let outside = &request("rfc4475", "cparam01").headers.contacts().unwrap()[0];
    assert!(outside.params.contains("unknownparam") && outside.uri.param("unknownparam").is_none());
    let inside = &request("rfc4475", "cparam02").headers.contacts().unwrap()[0];
    assert!(!inside.params.contains("unknownparam") && inside.uri.param("unknownparam").is_some());
}

#[test]
fn the_bare_magic_cookie_names_no_transaction() {
    let request = request("rfc4475", "badbranch");
    assert_eq!(request.headers.via().unwrap().unique_branch(), None);
}

#[test]
fn ipv6_ports_and_received_addresses_are_read_as_rfc_5118_says() {
    let uri = |name: &str| request("rfc5118", name).uri;
    assert_eq!(uri("port-ambiguous").port(), None);
    assert_eq!(uri("port-unambiguous").port(), Some(5070));
    for (host, name) in [(":::", "bug-abnf-3-colons"), ("::", "correct-abnf-2-colons")] {
        let uri = uri(&format!("ipv6-{name}"));
        assert_eq!(uri.raw_host(), format!("[2001:db8{host}192.0.2.1]"));
        assert_eq!(uri.host().unwrap().to_string(), "[2001:db8::c000:201]");
    }
    for delimited in ["with", "no"] {
        let bytes = data("rfc5118", &format!("via-received-param-{delimited}-delim"));
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(message.headers().via().unwrap().received(), "2001:db8::9:255".parse().ok());
    }
}

#[test]
fn an_answer_repeats_what_the_request_said_and_tags_it() {
    let response = answer(&data("rfc4475", "mismatch01"));
    let headers = &response.headers;
    assert_eq!(headers.call_id(), Ok("mismatch01.dj0234sxdfl3"));
    assert_eq!(headers.get(&Name::CSeq), Some("8 INVITE"));
    assert_eq!(headers.from().unwrap().tag(), Some("34525"));
    assert!(headers.to().unwrap().tag().is_some());
    assert_eq!(headers.via().unwrap().received(), "198.51.100.7".parse().ok());
    assert_eq!(answer(&data("rfc4475", "mismatch01")), response, "a retransmission gets the same answer");
}

#[test]
fn an_unknown_method_is_told_the_known_ones() {
    let response = answer(&data("rfc4475", "intmeth"));
    assert!(response.headers.allows(&Method::Invite) && response.headers.allows(&Method::Refer));
}

#[test]
fn the_source_is_noted_in_the_via_of_what_is_let_in() {
    let wanted =
        b"OPTIONS sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bK1, SIP/2.0/UDP c\r\n\
        f: <sip:x@y>;tag=1\r\nt: <sip:a@b>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
    let Admitted::Message(message) = judge(wanted) else { panic!() };
    let via = message.headers().via().unwrap();
    assert_eq!(via.received(), "198.51.100.7".parse().ok());
    assert_eq!(via.rport(), Some(1024));
    assert_eq!(message.headers().vias().unwrap().len(), 2);
}

#[test]
fn acks_responses_and_requests_without_via_are_never_answered() {
    let head = |start: &str| format!("{start}\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nCSeq: x\r\n\r\n");
    let drop = |text: &str| judge(text.as_bytes());
    assert_eq!(drop(&head("ACK sip:a@b SIP/2.0")), Admitted::Drop(Dropped::Ack));
    assert_eq!(drop(&head("ACK nonsense")), Admitted::Drop(Dropped::Ack));
    assert_eq!(drop(&head("SIP/2.0 200 OK")), Admitted::Drop(Dropped::Response));
    assert_eq!(drop("OPTIONS sip:a@b SIP/2.0\r\nCSeq: x\r\n\r\n"), Admitted::Drop(Dropped::NoVia));
    assert_eq!(drop("GET / HTTP/1.1\r\nVia: 1.1 proxy\r\n\r\n"), Admitted::Drop(Dropped::NoVia));
    assert_eq!(drop("garbage"), Admitted::Drop(Dropped::NoVia));
}

#[test]
fn what_is_too_large_is_told_so() {
    let start = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\n";
    let lines = format!("{start}{}\r\n", "X: y\r\n".repeat(600));
    assert_eq!(answer(lines.as_bytes()).status, Status::MESSAGE_TOO_LARGE);
    let head = format!("{start}X: {}\r\n\r\n", "y".repeat(40_000));
    assert_eq!(answer(head.as_bytes()).status, Status::MESSAGE_TOO_LARGE);
    let uri = start.replace("a@b", &format!("{}@b", "a".repeat(3000)));
    assert_eq!(answer(format!("{uri}\r\n").as_bytes()).status, Status::URI_TOO_LONG);
}

#[test]
fn line_ends_alone_keep_the_path_open() {
    for bytes in [&b""[..], b"\r\n", b"\r\n\r\n", b"\0\0\0\0"] {
        assert_eq!(judge(bytes), Admitted::Keepalive(b""));
    }
}

#[test]
fn a_stray_carriage_return_cannot_smuggle_a_header_into_an_answer() {
    let bytes =
        b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\rEvil: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
    let Admitted::Answer(answer) = judge(bytes) else { panic!() };
    assert!(!answer.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n'));
}

#[test]
fn only_what_is_served_is_let_in_and_listed() {
    let door = Door::new(vec![Method::Invite, Method::Ack, Method::Bye]);
    let request = |method: &str| {
        format!(
            "{method} sip:bo@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
             To: <sip:bo@h>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n\r\n"
        )
    };
    for (method, taken) in [("INVITE", true), ("BYE", true), ("ACK", true), ("REFER", false), ("FOO", false)]
    {
        match door.admit(request(method).as_bytes(), &flow()) {
            Admitted::Message(_) => assert!(taken, "{method}"),
            Admitted::Answer(answer) => {
                let answer = String::from_utf8(answer).unwrap();
                assert!(!taken && answer.starts_with("SIP/2.0 405 "), "{method}: {answer}");
                assert!(answer.contains("Allow: INVITE, ACK, BYE\r\n"), "{answer}");
            }
            other => panic!("{method}: {other:?}"),
        }
    }
    assert!(matches!(Door::new(Vec::new()).admit(request("ACK").as_bytes(), &flow()), Admitted::Message(_)));
}
