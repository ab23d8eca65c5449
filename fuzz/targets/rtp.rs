//! Packets of RTP, RTCP and UDPTL, read one by one and given to a graph of three legs.
//!
//! An input is records: an octet for what happens, an octet for the length, and so many octets of packet.

use media::dtmf::{Event as Digit, EventReceiver};
use media::srtp::{MasterKey, Suite};
use media::{
    Agreed, Clip, Codec, Command, Cue, Direction, Graph, Leg, Program, Repeat, Role, Room, SrtpKeys, Take,
    Tape, Tone, Watch, rtcp, rtp, udptl,
};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Some records.
#[allow(clippy::disallowed_methods)] // one arbitrary instant for everything below to count from
pub fn run(data: &[u8]) {
    let mut now = Instant::now();
    let mut graph = Graph::new([9; 32]);
    for leg in 1..=3 {
        graph.handle_command(now, Command::Open { leg: Leg(leg) });
        graph.handle_command(
            now,
            Command::Configure { leg: Leg(leg), agreed: Box::new(agreed(leg, leg as u8)) },
        );
    }
    graph.handle_command(now, Command::Connect { a: Leg(1), b: Leg(2) });
    let mut rest = data;
    for _ in 0..200 {
        let [what, length, tail @ ..] = rest else { break };
        let (packet, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = tail;
        parse(now, packet);
        let leg = Leg(1 + u64::from(what >> 4) % 3);
        let from = SocketAddr::from(([10, 0, 0, leg.0 as u8], 4000 + 2 * leg.0 as u16));
        match what & 15 {
            0..=6 => graph.handle_rtp(now, leg, from, packet),
            7 | 8 => graph.handle_rtcp(now, leg, from, packet),
            9 => graph.handle_rtp(now, leg, ([203, 0, 113, 9], 9).into(), packet),
            10..=12 => {
                now += Duration::from_millis(u64::from(*length));
                graph.handle_tick(now);
            }
            _ => graph.handle_command(now, command(leg, *length)),
        }
        let mut sent = 0;
        while graph.poll_transmit().is_some() {
            sent += 1;
        }
        assert!(sent < 200, "{sent} packets for one input");
        while graph.poll_event().is_some() {}
    }
    for leg in 1..=3 {
        graph.handle_command(now, Command::Close { leg: Leg(leg) });
    }
    assert_eq!(graph.legs(), 0);
}

fn parse(now: Instant, packet: &[u8]) {
    if let Some((header, range)) = rtp::parse(packet) {
        let mut again = Vec::new();
        rtp::write(&header, &packet[range.clone()], &mut again);
        assert_eq!(rtp::parse(&again), Some((header, rtp::HEADER_LEN..again.len())));
        EventReceiver::new(8000).handle(now, &header, &packet[range]);
    }
    rtcp::parse(packet);
    assert!(!udptl::is_whole(packet) || packet.len() <= udptl::MAX_DATAGRAM);
    if let Some(digit) = Digit::parse(packet) {
        assert_eq!(Digit::parse(&digit.octets()), Some(digit));
    }
}

fn command(leg: Leg, choice: u8) -> Command {
    let (to, cue, tape) = (leg.into(), Cue(1), Tape(leg.0));
    match choice % 16 {
        0 => Command::Connect { a: leg, b: Leg(1 + u64::from(choice) % 3) },
        1 => Command::Disconnect { leg },
        2 => Command::Play { to, cue, program: Program::tone(Tone::BEEP) },
        3 => {
            let program = Program::clip(Clip::new(8000, &[99; 700])).repeated(Repeat::Together);
            Command::Play { to, cue, program }
        }
        4 => Command::SendDigit { leg, digit: '5', ms: u32::from(choice) * 4 },
        5 => Command::Stop { to },
        6 => Command::Join { room: Room(1), leg, role: Role::MEMBER },
        7 => Command::Join { room: Room(1), leg, role: Role::whispering(Leg(1)) },
        8 => Command::Record { tape, take: Take::Leg(leg), watch: Watch::default() },
        9 => Command::EndRecord { tape },
        10 => {
            let port = 4000 + 2 * leg.0 as u16 + u16::from(choice >> 4 & 1);
            Command::Fax { leg, remote: SocketAddr::from(([10, 0, 0, leg.0 as u8], port)) }
        }
        _ => Command::Configure { leg, agreed: Box::new(agreed(leg.0, choice)) },
    }
}

/// What may be agreed with a leg's peer.
fn agreed(leg: u64, choice: u8) -> Agreed {
    let codec = Codec::ALL[usize::from(choice) % 4];
    let port = 4000 + 2 * leg as u16;
    let payload_type = codec.static_payload_type().unwrap_or(96);
    let key = |octet: u8| MasterKey::from_random(Suite::ALL[0], &[octet; _]);
    Agreed {
        remote_rtp: SocketAddr::from(([10, 0, 0, leg as u8], port)),
        remote_rtcp: SocketAddr::from(([10, 0, 0, leg as u8], port + 1)),
        rtcp_mux: choice & 16 != 0,
        codec,
        payload_type,
        receive_payload_type: payload_type,
        also_receive: vec![(0, Codec::Pcmu), (8, Codec::Pcma)],
        ptime_ms: [20, 10, 30, 60][usize::from(choice >> 2) % 4],
        event_payload_type: (choice & 32 == 0).then_some(101),
        event_receive_payload_type: (choice & 32 == 0).then_some(101),
        event_clock_rate: codec.clock_rate(),
        direction: if choice & 64 == 0 { Direction::SendReceive } else { Direction::ReceiveOnly },
        srtp: (choice & 128 != 0).then(|| SrtpKeys { send: key(1), receive: key(2) }),
        held_by_peer: false,
    }
}
