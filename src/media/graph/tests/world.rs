//! The network and the clock.

use super::super::{Channel, Command, Event, Graph, Leg, Recorded, Whom};
use super::peer::Peer;
use crate::negotiation::Agreed;
use crate::rtcp::NtpClock;
use crate::rtp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(1);

/// How bad the way from the peers to the graph is.
#[derive(Clone, Copy, Default)]
pub(super) struct Network {
    /// Packets lost, in percent.
    pub(super) loss: u32,
    /// The most a packet is delayed, milliseconds. More than the packet time reorders.
    pub(super) jitter_ms: u32,
    /// Packets doubled, in percent.
    pub(super) doubled: u32,
}

/// A graph with peers around it.
pub(super) struct World {
    pub(super) graph: Graph,
    pub(super) now: Instant,
    pub(super) peers: Vec<Peer>,
    pub(super) events: Vec<(Whom, Event)>,
    pub(super) recorded: Vec<Recorded>,
    pub(super) network: Network,
    /// Packets lost from the graph to the peers, in percent.
    pub(super) loss_to_peers: u32,
    /// Every how many milliseconds the graph is ticked.
    pub(super) tick_ms: u64,
    random: ChaCha8Rng,
    flying: Vec<(Instant, usize, Vec<u8>)>,
    tick: Instant,
    start: Instant,
}

#[allow(clippy::disallowed_methods)]
fn start() -> Instant {
    Instant::now()
}

impl World {
    /// Opens and configures a leg for each agreement, numbered from 1.
    pub(super) fn new(agreements: impl IntoIterator<Item = Agreed>) -> Self {
        let now = start();
        let mut world = Self {
            graph: Graph::new([3; 32]),
            now,
            peers: Vec::new(),
            events: Vec::new(),
            recorded: Vec::new(),
            network: Network::default(),
            loss_to_peers: 0,
            tick_ms: 20,
            random: ChaCha8Rng::seed_from_u64(11),
            flying: Vec::new(),
            tick: now,
            start: now,
        };
        for (leg, agreed) in (1..).zip(agreements) {
            world.command(Command::Open { leg: Leg(leg) });
            world.command(Command::Configure { leg: Leg(leg), agreed: Box::new(agreed.clone()) });
            world.peers.push(Peer::new(leg, now, agreed));
        }
        world
    }

    /// Two legs that hear each other.
    pub(super) fn call(a: Agreed, b: Agreed) -> Self {
        let mut world = Self::new([a, b]);
        world.connect(1, 2);
        world
    }

    pub(super) fn command(&mut self, command: Command) {
        self.graph.handle_command(self.now, command);
        self.drain();
    }

    pub(super) fn connect(&mut self, a: u64, b: u64) {
        self.command(Command::Connect { a: Leg(a), b: Leg(b) });
    }

    /// Agrees anew on both ends.
    pub(super) fn reconfigure(&mut self, leg: u64, agreed: Agreed) {
        self.peer(leg).agree(agreed.clone());
        self.command(Command::Configure { leg: Leg(leg), agreed: Box::new(agreed) });
    }

    pub(super) fn peer(&mut self, leg: u64) -> &mut Peer {
        self.peers.iter_mut().find(|peer| peer.leg == Leg(leg)).expect("the peer exists")
    }

    pub(super) fn run(&mut self, milliseconds: u64) {
        let end = self.now + Duration::from_millis(milliseconds);
        while self.now < end {
            for index in 0..self.peers.len() {
                self.speak(index);
            }
            self.land();
            if self.now >= self.tick {
                self.graph.handle_tick(self.now);
                self.tick += Duration::from_millis(self.tick_ms);
                self.drain();
            }
            self.now += STEP;
        }
    }

    /// A datagram from anywhere.
    pub(super) fn inject(&mut self, leg: u64, from: &str, packet: &[u8]) {
        self.graph.handle_rtp(self.now, Leg(leg), from.parse().expect("an address"), packet);
        self.drain();
    }

    /// A peer reports, and the report takes a while.
    pub(super) fn report(&mut self, leg: u64, delay_ms: u64) {
        let clock = NtpClock::new(self.start, Duration::from_secs(1_700_000_000));
        let now = self.now;
        let peer = self.peer(leg);
        let (from, packet) = (peer.agreed.remote_rtcp, peer.report(now, &clock));
        self.graph.handle_rtcp(now + Duration::from_millis(delay_ms), Leg(leg), from, &packet);
        self.drain();
    }

    pub(super) fn digits(&self, leg: u64) -> String {
        let digit = |(of, event): &(Whom, Event)| match event {
            Event::Digit { digit, .. } if *of == Whom::Leg(Leg(leg)) => Some(*digit),
            _ => None,
        };
        self.events.iter().filter_map(digit).collect()
    }

    fn speak(&mut self, index: usize) {
        let peer = &mut self.peers[index];
        if peer.next > self.now {
            return;
        }
        peer.next += Duration::from_millis(u64::from(peer.ptime_ms));
        if !peer.talks {
            return;
        }
        let packet = peer.speak();
        self.send(index, packet);
    }

    /// Sends a peer's packet through the network.
    pub(super) fn send(&mut self, index: usize, packet: Vec<u8>) {
        let Network { loss, jitter_ms, doubled } = self.network;
        if self.random.next_u32() % 100 < loss {
            return;
        }
        let copies = 1 + usize::from(self.random.next_u32() % 100 < doubled);
        for _ in 0..copies {
            let delay = u64::from(self.random.next_u32() % (jitter_ms + 1));
            self.flying.push((self.now + Duration::from_millis(delay), index, packet.clone()));
        }
    }

    fn land(&mut self) {
        let now = self.now;
        let mut landing: Vec<_> = self.flying.extract_if(.., |(at, ..)| *at <= now).collect();
        landing.sort_by_key(|(at, ..)| *at);
        for (_, index, packet) in landing {
            let (leg, from) = (self.peers[index].leg, self.peers[index].address);
            self.graph.handle_rtp(now, leg, from, &packet);
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(transmit) = self.graph.poll_transmit() {
            let Some(peer) = self.peers.iter_mut().find(|peer| peer.leg == transmit.leg) else { continue };
            // On a shared port the two are told apart as RFC 5761 says.
            if transmit.channel == Channel::Rtp && !rtp::is_rtcp(transmit.packet) {
                assert_eq!(transmit.to, peer.address);
                if self.random.next_u32() % 100 < self.loss_to_peers {
                    continue;
                }
                peer.receive(self.now, transmit.packet);
            } else {
                peer.receive_report(self.now, transmit.packet);
            }
        }
        while let Some(event) = self.graph.poll_event() {
            self.events.push(event);
        }
        self.recorded.extend(std::iter::from_fn(|| self.graph.poll_recorded()));
    }
}
