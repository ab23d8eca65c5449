//! Whatever comes from the network: each message gets its answer or none, and other people's calls go on.

use crate::world::simulated::{Dial, RawPhone, State, World};
use model::Cause;
use sip::flow::Transport;
use sip::{Message, Name, Response, Status};
use std::net::SocketAddr;

const STRANGER: &str = "203.0.113.66:5066";

fn stranger() -> SocketAddr {
    STRANGER.parse().expect("an address")
}

/// A request of a stranger, with one line in another way.
fn request(method: &str, instead: (&str, &str)) -> String {
    let text = format!(
        "{method} sip:202@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP {STRANGER};branch=z9hG4bKx;rport\nFrom: \
         <sip:x@203.0.113.66>;tag=x\nTo: <sip:202@127.0.0.1>\nCall-ID: x\nCSeq: 1 {method}\nMax-Forwards: \
         70\nContact: <sip:x@{STRANGER}>\nContent-Length: 0\n\n"
    );
    assert!(text.contains(instead.0), "{text}");
    text.replacen(instead.0, instead.1, 1)
}

/// The final responses that the stranger got.
fn answers(world: &World) -> Vec<Response> {
    let of = |(to, message): &(SocketAddr, Message)| match message {
        Message::Response(response) if *to == stranger() && response.status.is_final() => {
            Some(response.clone())
        }
        _ => None,
    };
    world.letters.iter().filter_map(of).collect()
}

#[test]
fn what_cannot_be_a_request_is_told_why() {
    for (method, (what, instead), status) in [
        ("TWIST", ("TWIST", "TWIST"), 405),
        ("PUBLISH", ("PUBLISH", "PUBLISH"), 405),
        ("OPTIONS", ("127.0.0.1 SIP/2.0", "127.0.0.1 SIP/3.0"), 505),
        ("OPTIONS", ("Content-Length: 0", "Content-Length: many"), 400),
        ("OPTIONS", ("Content-Length: 0", "Content-Length: 70000"), 400),
        ("OPTIONS", ("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"), 400),
        ("OPTIONS", ("CSeq: 1 OPTIONS", "CSeq: 99999999999 OPTIONS"), 400),
        ("OPTIONS", ("Max-Forwards: 70", "Max-Forwards: 70\nRequire: teleport"), 420),
        ("INVITE", ("Max-Forwards: 70", "Max-Forwards: 70\nRequire: teleport"), 420),
        ("OPTIONS", ("x", "x"), 200),
    ] {
        let mut world = World::new();
        let text = request(method, (what, instead));
        world.stranger(STRANGER, &text);
        world.run(0.1);
        let all = answers(&world);
        let codes: Vec<u16> = all.iter().map(|response| response.status.code()).collect();
        assert!(!codes.is_empty() && codes.iter().all(|code| *code == status), "{codes:?}\n{text}");
        if status == 405 {
            assert!(all[0].headers.contains(&Name::Allow), "{all:?}");
        }
        if status == 420 {
            assert_eq!(all[0].headers.get(&Name::Unsupported), Some("teleport"));
        }
        world.settles();
        assert!(world.vaxel.memory.records.is_empty(), "{text}");
    }
}

#[test]
fn a_session_timer_too_short_is_refused_with_the_shortest_there_is() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    let mut dial = Dial::to("202");
    dial.extra.push(Name::SessionExpires, 30);
    dial.extra.push(Name::Supported, "timer");
    world.call(anna, dial);
    world.run(1.0);
    let refused = world.ladder.lines.iter().find(|line| line.is("422 INVITE"));
    let refused = refused.unwrap_or_else(|| panic!("{}", world.ladder));
    assert_eq!(refused.message.headers().get(&Name::MinSe), Some("90"));
    world.hang_up(anna);
    world.settles();
    assert!(world.peer(bo).calls.iter().all(|call| matches!(call.state, State::Over(_))));
}

#[test]
fn garbage_and_halves_of_messages_leave_nothing_behind_and_calls_go_on() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 0.0);
    world.dial(anna, "202");
    world.run(0.5);
    let whole = request("INVITE", ("x", "x")).replace('\n', "\r\n").into_bytes();
    let mut noise = 1_u32;
    for length in 0..400_usize {
        let byte = |_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        };
        world.stranger_bytes(STRANGER, &(0..length).map(byte).collect::<Vec<u8>>());
        world.stranger_bytes(STRANGER, &whole[..length.min(whole.len() - 20)]);
        world.tell((Transport::Tcp, connection(length)), whole[..length.min(whole.len() - 20)].to_vec());
    }
    world.talk(anna, bo);
    // Whoever says half a message holds a connection until one side closes it.
    assert!(!world.vaxel.exchange.is_idle());
    (0..400).for_each(|number| world.hangs_up_on((Transport::Tcp, connection(number))));
    world.hang_up(anna);
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
}

fn connection(number: usize) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 67], 10_000 + number as u16))
}

#[test]
fn a_stream_that_says_nonsense_is_closed() {
    let mut world = World::new();
    let at: SocketAddr = "203.0.113.67:9999".parse().expect("an address");
    world.tell((Transport::Tcp, at), b"GET / HTTP/1.1\r\nHost: vaxel\r\n\r\n".to_vec());
    world.tell((Transport::Tls, at), vec![b'x'; 200_000]);
    world.run(1.0);
    world.settles();
    assert!(world.vaxel.memory.records.is_empty());
}

#[test]
fn thousands_of_registers_without_proof_disturb_nobody() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 0.0);
    for number in 0..5_000 {
        let mut guest = RawPhone::new(&format!("gast-{number}"), Transport::Udp, "203.0.113.66:5066");
        world.tell((Transport::Udp, guest.at), guest.request("").to_bytes());
    }
    world.dial(anna, "202");
    world.run(1.0);
    world.talk(anna, bo);
    world.hang_up(anna);
    let all = answers(&world);
    let asked = all.iter().filter(|response| response.status == Status::UNAUTHORIZED).count();
    // As many as the guard allows a source: 200 at once, 40 a second.
    assert!((200..=300).contains(&asked), "{asked} of {} were challenged", all.len());
    world.settles();
    assert_eq!(world.record().cause, Cause::Answered);
    assert_eq!(world.vaxel.memory.bindings.len(), 2);
}

#[test]
fn a_stranger_calls_nobody() {
    let mut world = World::new();
    let bo = world.phone("bo-bord");
    for target in ["202", "+46701234567", "112"] {
        let text = request("INVITE", ("sip:202@127.0.0.1 SIP", &format!("sip:{target}@127.0.0.1 SIP")));
        world.stranger(
            STRANGER,
            &text.replace("Call-ID: x", &format!("Call-ID: {target}")).replace("bKx", target),
        );
    }
    world.run(1.0);
    let codes: Vec<u16> = answers(&world).iter().map(|response| response.status.code()).collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| *code == 401), "{codes:?}");
    assert!(world.peer(bo).calls.is_empty() && world.peer(World::OPERATOR).calls.is_empty());
    // It never acknowledges, which costs it nothing and the box only a while.
    world.settles();
    assert!(world.vaxel.memory.records.is_empty());
}

#[test]
fn allow_lists_exactly_what_is_not_refused_with_405() {
    let mut world = World::new();
    let from = "127.0.0.200:5060";
    let ask = |world: &mut World, method: &str| -> sip::Response {
        world.letters.clear();
        world.stranger(
            from,
            &format!(
                "{method} sip:vaxel@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{method}\n\
                 From: <sip:a@b>;tag={method}\nTo: <sip:vaxel@127.0.0.1>\nCall-ID: {method}\n\
                 CSeq: 1 {method}\nMax-Forwards: 70\nContact: <sip:a@{from}>\nContent-Length: 0\n\n"
            ),
        );
        world.run(1.0);
        let finals = world.letters.iter().find_map(|(_, message)| match message {
            sip::Message::Response(response) if response.status.is_final() => Some(response.clone()),
            _ => None,
        });
        finals.unwrap_or_else(|| panic!("{method} is answered"))
    };
    let options = ask(&mut world, "OPTIONS");
    let allow: Vec<String> = options.headers.values(&sip::Name::Allow).map(str::to_owned).collect();
    let all =
        "INVITE BYE CANCEL OPTIONS REGISTER PRACK UPDATE REFER SUBSCRIBE NOTIFY MESSAGE INFO PUBLISH FOO";
    for method in all.split(' ') {
        let response = ask(&mut world, method);
        let served = allow.iter().any(|known| known == method);
        assert_eq!(
            response.status.code() != 405,
            served,
            "{method} got {}, Allow is {allow:?}",
            response.status
        );
        if !served {
            let listed: Vec<&str> = response.headers.values(&sip::Name::Allow).collect();
            assert_eq!(listed, allow, "the same list everywhere");
        }
    }
    world.run(40.0);
    world.settles();
}

#[test]
fn a_message_that_does_not_end_costs_its_sender_the_connection() {
    let mut world = World::new();
    let whole = request("OPTIONS", ("x", "x")).replace('\n', "\r\n").into_bytes();
    for length in 1..whole.len() {
        world.tell((Transport::Tcp, connection(length)), whole[..length].to_vec());
    }
    // One that sends its rest just in time is answered.
    world.run(29.0);
    let slow = (Transport::Tcp, connection(100));
    world.tell(slow, whole[100..].to_vec());
    world.settles();
    let answered: Vec<SocketAddr> = world.letters.iter().map(|(to, _)| *to).collect();
    assert_eq!(answered, [connection(100)]);
}
