use super::super::{Command, Cue, Event, HeardBy, Hears, Leg, Role, Room, Take, Tape, Watch, Whom};
use super::peer::{agreed, encrypted};
use super::world::World;
use crate::codec::Codec;
use crate::negotiation::Agreed;
use crate::program::{Clip, Piece, Program, Repeat};
use crate::sdp::Direction;
use crate::srtp::Suite;
use crate::tone::Tone;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::time::Duration;

fn any_agreement(leg: u64, random: &mut ChaCha8Rng) -> Agreed {
    let mut pick = |limit: usize| random.next_u32() as usize % limit;
    let codec = Codec::ALL[pick(4)];
    let mut agreed = agreed(leg, codec, [10, 20, 30, 40, 60, 0, 255][pick(7)]);
    agreed.direction =
        [Direction::SendReceive, Direction::SendReceive, Direction::ReceiveOnly, Direction::Inactive]
            [pick(4)];
    agreed.also_receive = vec![(0, Codec::Pcmu), (8, Codec::Pcma)];
    agreed.rtcp_mux = pick(2) == 0;
    agreed.event_clock_rate = [8000, 48_000, 0, u32::MAX][pick(4)];
    if pick(3) == 0 {
        agreed.event_payload_type = None;
    }
    if pick(3) == 0 { encrypted(agreed, Suite::AesCm128HmacSha1_80) } else { agreed }
}

fn any_program(random: &mut ChaCha8Rng) -> Program {
    let rate = [0, 8000, 44_100, u32::MAX][random.next_u32() as usize % 4];
    let pieces = (0..random.next_u32() % 4).map(|_| match random.next_u32() % 4 {
        0 => Piece::Tone(Tone::BUSY),
        1 => Piece::Tone(Tone::BEEP),
        2 => Piece::Silence { ms: random.next_u32() % 3 * 20 },
        _ => Piece::Clip(Clip::new(rate, &vec![100; random.next_u32() as usize % 3 * 450])),
    });
    let pieces: Vec<Piece> = pieces.collect();
    let repeat = [Repeat::Once, Repeat::Forever, Repeat::Together][random.next_u32() as usize % 3];
    Program::new(pieces)
        .repeated(repeat)
        .from(u64::from(random.next_u32() % 200))
        .gain(random.next_u32() as i8)
}

fn any_command(random: &mut ChaCha8Rng) -> Command {
    let mut leg = || Leg(1 + u64::from(random.next_u32() % 5));
    let (leg, other) = (leg(), leg());
    let room = Room(1 + u64::from(random.next_u32() % 2));
    let to = if random.next_u32().is_multiple_of(3) { Whom::Room(room) } else { Whom::Leg(leg) };
    let (cue, tape) = (Cue(u64::from(random.next_u32() % 9)), Tape(u64::from(random.next_u32() % 5)));
    match random.next_u32() % 16 {
        0 | 1 => Command::Open { leg },
        2..5 => Command::Configure { leg, agreed: Box::new(any_agreement(leg.0, random)) },
        5 | 6 => Command::Connect { a: leg, b: other },
        7 => Command::Disconnect { leg },
        8 | 9 => Command::Play { to, cue, program: any_program(random) },
        10 => Command::SendDigit { leg, digit: '5', ms: random.next_u32() },
        11 | 12 => {
            let heard_by = [HeardBy::Everybody, HeardBy::Nobody, HeardBy::Only(other)];
            let heard_by = heard_by[random.next_u32() as usize % 3];
            let hears = [Hears::Everybody, Hears::Nothing][random.next_u32() as usize % 2];
            Command::Join { room, leg, role: Role { heard_by, hears } }
        }
        13 => {
            let take = [Take::Leg(leg), Take::Call(leg, other), Take::Room(room)];
            let take = take[random.next_u32() as usize % 3];
            let watch = Watch { quiet_ms: random.next_u32() % 500, limit_ms: random.next_u32() % 5000 };
            Command::Record { tape, take, watch }
        }
        14 => Command::EndRecord { tape },
        _ if random.next_u32().is_multiple_of(4) => Command::Close { leg },
        _ => Command::Stop { to },
    }
}

fn any_packet(random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut packet = vec![0; random.next_u32() as usize % 400];
    random.fill_bytes(&mut packet);
    if packet.len() >= 12 && !random.next_u32().is_multiple_of(8) {
        packet[0] = [0x80, 0x80, 0x80, 0x90, 0xa0][random.next_u32() as usize % 5];
        packet[1] = [0, 8, 9, 96, 97, 98, 101, 102, 103, 200, 201][random.next_u32() as usize % 11];
        // A source that mostly goes on, so that the machinery behind is reached.
        packet.splice(4..12, [0, 0, 0, 7, 1, 1, 1, 1]);
        packet[2] = 0;
    }
    packet
}

#[test]
fn whatever_comes_nothing_panics_and_little_goes_out() {
    for seed in 0..4 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut world = World::new([]);
        let mut closed = 0;
        for _ in 0..4000 {
            match random.next_u32() % 16 {
                0 => world.graph.handle_command(world.now, any_command(&mut random)),
                1..4 => {
                    world.now += Duration::from_millis(u64::from(random.next_u32() % 40));
                    world.graph.handle_tick(world.now);
                }
                way => {
                    let leg = 1 + u64::from(random.next_u32() % 5);
                    let from = if way < 14 {
                        agreed(leg, Codec::Pcma, 20).remote_rtp
                    } else {
                        "203.0.113.9:9".parse().unwrap()
                    };
                    let packet = any_packet(&mut random);
                    if way.is_multiple_of(5) {
                        world.graph.handle_rtcp(world.now, Leg(leg), from, &packet);
                    } else {
                        world.graph.handle_rtp(world.now, Leg(leg), from, &packet);
                    }
                }
            }
            let mut sent = 0;
            while world.graph.poll_transmit().is_some() {
                sent += 1;
            }
            assert!(sent < 120, "{sent} packets for one input");
            while let Some((_, event)) = world.graph.poll_event() {
                closed += usize::from(matches!(event, Event::Closed(_)));
            }
        }
        assert!(closed > 0 && world.graph.legs() <= 5);
    }
}
