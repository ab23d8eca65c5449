//! What a leg costs: memory by a counting allocator, time printed and never judged.

#![allow(unsafe_code)] // an allocator cannot be written without; it only counts and passes on

use super::super::{Command, Graph, Leg};
use super::peer::{Peer, agreed, encrypted};
use crate::codec::Codec;
use crate::negotiation::Agreed;
use crate::srtp::Suite;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

struct Counting;

thread_local! {
    // Tests run on a thread each, so each counts its own.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn count(octets: isize) {
    // A thread that is ending has no counter any more, and nobody who asks.
    HELD.try_with(|held| held.set(held.get() + octets)).unwrap_or_default();
    if octets > 0 {
        CALLS.try_with(|calls| calls.set(calls.get() + 1)).unwrap_or_default();
    }
}

// SAFETY: everything is done by the system's allocator, with the arguments unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

/// The agreement of a leg.
type Agree = fn(u64) -> Agreed;

/// A graph with so many calls between legs as given, and packets of two seconds for each leg.
struct Load {
    graph: Graph,
    start: Instant,
    packets: Vec<(Leg, Agreed, Vec<Vec<u8>>)>,
    sent: usize,
}

impl Load {
    fn new(calls: u64, a: Agree, b: Agree) -> Self {
        let start = now();
        let packets = (0..2 * calls)
            .map(|leg| {
                // Two numbers only, so that addresses stay small; the graph does not mind twins.
                let agreed = if leg % 2 == 0 { a(1) } else { b(2) };
                let mut peer = Peer::new(1 + leg % 2, start, agreed.clone());
                (Leg(leg), agreed, (0..100).map(|_| peer.speak()).collect())
            })
            .collect();
        Self { graph: Graph::new([1; 32]), start, packets, sent: 0 }
    }

    fn open(&mut self) {
        for (leg, agreed, _) in &self.packets {
            self.graph.handle_command(self.start, Command::Open { leg: *leg });
            let agreed = Box::new(agreed.clone());
            self.graph.handle_command(self.start, Command::Configure { leg: *leg, agreed });
        }
        for call in 0..self.packets.len() as u64 / 2 {
            let (a, b) = (Leg(2 * call), Leg(2 * call + 1));
            self.graph.handle_command(self.start, Command::Connect { a, b });
        }
    }

    /// Two seconds of packets.
    fn run(&mut self) {
        for round in 0..100 {
            let at = self.start + Duration::from_millis(20 * round);
            for (leg, agreed, packets) in &self.packets {
                self.graph.handle_rtp(at, *leg, agreed.remote_rtp, &packets[round as usize]);
                while self.graph.poll_transmit().is_some() {
                    self.sent += 1;
                }
            }
            self.graph.handle_tick(at);
            while self.graph.poll_transmit().is_some() {
                self.sent += 1;
            }
            while self.graph.poll_event().is_some() {}
        }
    }
}

fn plain(leg: u64) -> Agreed {
    agreed(leg, Codec::Pcma, 20)
}

fn secure(leg: u64) -> Agreed {
    encrypted(agreed(leg, Codec::Pcma, 20), Suite::AesCm128HmacSha1_80)
}

#[test]
fn a_relayed_leg_holds_less_than_fifty_kibibytes() {
    for (what, agreed) in [("plain", plain as Agree), ("encrypted", secure)] {
        let mut load = Load::new(50, agreed, agreed);
        let before = HELD.get();
        load.open();
        load.run();
        let held = (HELD.get() - before) / 100;
        println!("{what}: {held} octets a leg");
        assert!(load.sent >= 9_900, "{} packets passed", load.sent);
        assert!(held < 50 * 1024, "{what}: {held} octets");
    }
}

#[test]
fn relaying_allocates_nothing() {
    let mut load = Load::new(10, plain, plain);
    load.open();
    load.graph.handle_tick(load.start);
    let (leg, agreed, packets) = &load.packets[0];
    load.graph.handle_rtp(load.start, *leg, agreed.remote_rtp, &packets[0]);
    while load.graph.poll_transmit().is_some() {}
    while load.graph.poll_event().is_some() {}
    let before = CALLS.get();
    let mut sent = 0;
    for packet in &packets[1..] {
        load.graph.handle_rtp(load.start, *leg, agreed.remote_rtp, packet);
        while load.graph.poll_transmit().is_some() {
            sent += 1;
        }
    }
    assert_eq!((sent, CALLS.get() - before), (99, 0));
}

#[test]
fn the_time_a_packet_takes_is_printed() {
    let cases: [(&str, Agree, Agree); 4] = [
        ("relayed", plain, plain),
        ("relayed, encrypted on both sides", secure, secure),
        ("PCMA to G.722", plain, |leg| self::agreed(leg, Codec::G722, 20)),
        ("PCMA to Opus", plain, |leg| self::agreed(leg, Codec::Opus, 20)),
    ];
    for (what, a, b) in cases {
        let mut load = Load::new(50, a, b);
        load.open();
        let began = now();
        load.run();
        let each = began.elapsed().as_secs_f64() * 1e6 / load.sent as f64;
        println!("{what}: {each:.2} µs a packet in and out, {:.2} % of a core for 100 calls", each);
    }
}
