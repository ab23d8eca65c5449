use rand_chacha::rand_core::RngCore as _;

use super::*;
use crate::rtp::tests::random;

#[allow(clippy::disallowed_methods)]
fn start() -> Instant {
    Instant::now()
}

/// A packet of the simulation: its number, when it arrives, in microseconds.
type Sent = (u32, u64);

#[derive(Debug, Default)]
struct Heard {
    /// The numbers played, in order.
    played: Vec<u32>,
    lost: u32,
    empty: u32,
    /// From the packet's moment of sending to its being played, in ms, for each played.
    delays: Vec<u64>,
}

struct Simulation {
    clock_rate: u32,
    packet_us: u64,
    /// The reader's clock against the sender's, in parts per million.
    drift: i64,
    first_sequence: u16,
    first_timestamp: u32,
}

const PLAIN: Simulation =
    Simulation { clock_rate: 8_000, packet_us: 20_000, drift: 0, first_sequence: 0, first_timestamp: 0 };

impl Simulation {
    fn header(&self, n: u32) -> Header {
        let units = (self.packet_us * u64::from(self.clock_rate) / 1_000_000) as u32;
        Header {
            marker: n == 0,
            payload_type: 8,
            sequence: self.first_sequence.wrapping_add(n as u16),
            timestamp: self.first_timestamp.wrapping_add(n.wrapping_mul(units)),
            ssrc: 1,
        }
    }

    /// Plays all packets to a reader that asks for one every packet time of its own clock.
    fn run(&self, sent: &[Sent]) -> (Heard, JitterBuffer) {
        let mut arrivals = sent.to_vec();
        arrivals.sort_by_key(|(_, at)| *at);
        let mut arrivals = arrivals.into_iter().peekable();
        let end = sent.iter().map(|(_, at)| *at).max().unwrap_or(0) + 300_000;
        let base = start();
        let at = |us: u64| base + Duration::from_micros(us);
        let mut buffer = JitterBuffer::new(self.clock_rate);
        let mut heard = Heard::default();
        for tick in 0.. {
            // A reader's phase is its own.
            let now = 7_000 + (tick * self.packet_us) * (1_000_000 + self.drift) as u64 / 1_000_000;
            if now > end {
                break;
            }
            while let Some((n, arrival)) = arrivals.next_if(|(_, arrival)| *arrival <= now) {
                buffer.push(&self.header(n), &n.to_be_bytes(), at(arrival));
                assert!(buffer.len() <= CAPACITY as usize);
            }
            match buffer.pull(at(now)) {
                Frame::Payload { payload, .. } => {
                    let n = u32::from_be_bytes(payload.try_into().unwrap());
                    heard.played.push(n);
                    heard.delays.push(now.saturating_sub(u64::from(n) * self.packet_us) / 1_000);
                }
                Frame::Lost { units } => {
                    assert!(units > 0);
                    heard.lost += 1;
                }
                Frame::Empty => heard.empty += 1,
            }
        }
        assert!(heard.played.windows(2).all(|pair| pair[0] < pair[1]), "out of order or twice");
        (heard, buffer)
    }
}

fn regular(count: u32) -> Vec<Sent> {
    (0..count).map(|n| (n, u64::from(n) * 20_000)).collect()
}

#[test]
fn a_regular_stream_is_played_whole_at_little_delay() {
    for (packet_us, clock_rate) in
        [(10_000, 8_000), (20_000, 8_000), (30_000, 8_000), (60_000, 8_000), (20_000, 48_000)]
    {
        let simulation = Simulation {
            packet_us,
            clock_rate,
            first_sequence: 65_000,
            first_timestamp: u32::MAX - 9_000,
            ..PLAIN
        };
        let sent: Vec<Sent> = (0..2_000).map(|n| (n, u64::from(n) * packet_us)).collect();
        let (heard, _) = simulation.run(&sent);
        assert_eq!(heard.lost, 0);
        assert!(heard.played.len() > 1_990, "{} of 2000 at {packet_us}", heard.played.len());
        let last = *heard.delays.last().unwrap();
        assert!(last <= 25 + 2 * packet_us / 1_000, "{last} ms at {packet_us}");
    }
}

#[test]
fn each_lost_packet_is_said_to_be_lost_once() {
    let sent: Vec<Sent> = regular(1_000).into_iter().filter(|(n, _)| n % 50 != 20).collect();
    let (heard, _) = PLAIN.run(&sent);
    // One of them may be told as an empty buffer, before its successor is there.
    assert!((18..=20).contains(&heard.lost) && heard.played.len() >= 979, "{heard:?}");
}

#[test]
fn reordered_and_doubled_packets_are_put_right() {
    let mut sent = regular(500);
    for n in (101..490).step_by(10) {
        sent[n].1 += 25_000; // Behind its successor.
    }
    sent.extend(regular(500).into_iter().map(|(n, at)| (n, at + 3_000)));
    let (heard, buffer) = PLAIN.run(&sent);
    assert!(
        heard.played.len() >= 497 && heard.lost <= 2,
        "{} played, {} lost",
        heard.played.len(),
        heard.lost
    );
    assert!(buffer.discards().duplicate + buffer.discards().late >= 499);
}

#[test]
fn jitter_is_learnt_and_absorbed() {
    let mut random = random(7);
    let sent: Vec<Sent> =
        regular(6_000).into_iter().map(|(n, at)| (n, at + u64::from(random.next_u32() % 60_000))).collect();
    let (heard, buffer) = PLAIN.run(&sent);
    let settled = heard.played.iter().filter(|n| **n >= 1_000).count();
    assert!(settled >= 4_980, "{settled} of 5000 played, {} lost", heard.lost);
    assert!((50..=90).contains(&buffer.target().as_millis()), "{:?}", buffer.target());
    let worst = heard.delays[1_000..].iter().max().unwrap();
    assert!(*worst <= 160, "{worst} ms");
}

#[test]
fn drifting_clocks_cost_a_frame_now_and_then_and_no_delay() {
    for drift in [-100, 100] {
        let (heard, _) = Simulation { drift, ..PLAIN }.run(&regular(60_000)); // 20 minutes: 120 ms apart.
        assert!(heard.played.len() >= 59_980 && heard.lost <= 10, "{drift} ppm: {} lost", heard.lost);
        let worst = heard.delays.iter().skip(100).max().unwrap();
        // The sending clock is the measure; only the reader's drift moves it.
        assert!(*worst <= 100, "{drift} ppm: {worst} ms");
    }
}

#[test]
fn a_stall_followed_by_its_burst_leaves_no_lasting_delay() {
    for stall in [100_000, 500_000, 1_000_000] {
        let held =
            |at: u64| if (4_000_000..4_000_000 + stall).contains(&at) { 4_000_000 + stall } else { at };
        let sent: Vec<Sent> = regular(3_000).into_iter().map(|(n, at)| (n, held(at))).collect();
        let (heard, _) = PLAIN.run(&sent);
        let last = *heard.delays.last().unwrap();
        assert!(last <= 120, "{last} ms after a stall of {stall} µs");
        assert!(heard.played.len() >= 3_000 - stall as usize / 20_000 - 20);
    }
}

#[test]
fn silence_between_talk_spurts_keeps_its_length() {
    let base = start();
    let mut buffer = JitterBuffer::new(8_000);
    let mut empties = 0;
    let mut played = 0;
    for tick in 0..200_u64 {
        let now = base + Duration::from_millis(20 * tick);
        // Packets in the first and the last second only; sequence numbers go on, timestamps leave the gap.
        if !(50..150).contains(&tick) {
            let sequence = if tick < 50 { tick } else { tick - 100 } as u16;
            let header = Header {
                marker: tick == 150,
                payload_type: 8,
                sequence,
                timestamp: tick as u32 * 160,
                ssrc: 1,
            };
            buffer.push(&header, &[1], now);
        }
        match buffer.pull(now + Duration::from_millis(3)) {
            Frame::Payload { .. } => played += 1,
            Frame::Lost { .. } => panic!("nothing was lost"),
            Frame::Empty => empties += 1,
        }
    }
    assert!((95..=106).contains(&empties) && played >= 94, "{played} and {empties}");
}

#[test]
fn a_new_source_or_timestamp_or_sequence_is_taken_up() {
    let base = start();
    let mut buffer = JitterBuffer::new(8_000);
    let mut played = vec![0; 4];
    for tick in 0..400_u32 {
        let now = base + Duration::from_millis(20) * tick;
        let part = tick / 100;
        let (ssrc, sequence, timestamp) = match part {
            0 => (1, tick, tick * 160),
            1 => (2, 40_000 + tick, tick * 160),
            2 => (2, 40_000 + tick, 0x8000_0000 + tick * 160),
            _ => (2, tick, 0x8000_0000 + tick * 160),
        };
        let header = Header { marker: false, payload_type: 8, sequence: sequence as u16, timestamp, ssrc };
        buffer.push(&header, &[part as u8], now);
        if let Frame::Payload { payload, .. } = buffer.pull(now + Duration::from_millis(9)) {
            played[usize::from(payload[0])] += 1;
        }
    }
    assert!(played.iter().all(|count| *count >= 93), "{played:?}");
}

#[test]
fn telephone_events_leave_no_loss_behind() {
    let base = start();
    let mut buffer = JitterBuffer::new(8_000);
    for tick in 0..200_u32 {
        let now = base + Duration::from_millis(20) * tick;
        let header =
            Header { marker: false, payload_type: 8, sequence: tick as u16, timestamp: tick * 160, ssrc: 1 };
        if (80..95).contains(&tick) {
            buffer.skip(&header, now);
        } else {
            buffer.push(&header, &[1], now);
        }
        assert!(!matches!(buffer.pull(now), Frame::Lost { .. }), "tick {tick}");
    }
}

#[test]
fn a_reader_that_does_not_come_finds_recent_packets() {
    let base = start();
    let mut buffer = JitterBuffer::new(8_000);
    for n in 0..1_000 {
        buffer.push(&PLAIN.header(n), &n.to_be_bytes(), base + Duration::from_millis(20) * n);
        assert!(buffer.len() <= CAPACITY as usize);
    }
    let Frame::Payload { payload, .. } = buffer.pull(base + Duration::from_secs(20)) else {
        panic!("nothing to play");
    };
    assert!(u32::from_be_bytes(payload.try_into().unwrap()) > 980);
}

#[test]
fn no_sequence_of_packets_makes_it_panic_or_grow() {
    let base = start();
    for seed in 0..20 {
        let mut random = random(seed);
        let mut buffer = JitterBuffer::new(8_000);
        let mut now = base;
        for _ in 0..5_000 {
            now += Duration::from_millis(u64::from(random.next_u32() % 40));
            let wild = random.next_u32().is_multiple_of(50);
            let header = Header {
                marker: wild,
                payload_type: 0,
                sequence: if wild { random.next_u32() as u16 } else { (random.next_u32() % 300) as u16 },
                timestamp: if wild { random.next_u32() } else { random.next_u32() % 50_000 },
                ssrc: u32::from(random.next_u32().is_multiple_of(500)),
            };
            let len = random.next_u32() as usize % 1_600;
            buffer.push(&header, &vec![0; len], now);
            assert!(buffer.len() <= CAPACITY as usize);
            if random.next_u32() & 1 == 0 {
                buffer.pull(now);
            }
        }
    }
}
