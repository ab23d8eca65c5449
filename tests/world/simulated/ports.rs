//! The box's ports for sound: the real graph, joined to the simulated network.

use media::{Channel, Command, Graph, Leg, Whom};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};
use vaxeld::exchange::{Network, NetworkError};

/// The range of ports; wide enough that a port is not used twice in a story.
const FIRST: u16 = 16_000;
const LAST: u16 = 19_998;
/// As the daemon's media threads tick.
const TICK: Duration = Duration::from_millis(20);

/// A packet of sound: from where, to where, and what.
pub(crate) type Sound = (SocketAddr, SocketAddr, Vec<u8>);

/// Ports and the graph behind them.
pub(crate) struct Ports {
    graph: Graph,
    open: BTreeMap<Leg, SocketAddr>,
    by_address: BTreeMap<SocketAddr, Leg>,
    orders: VecDeque<Command>,
    tick: Option<Instant>,
    next: u16,
    /// What is being recorded, by tape.
    pub tapes: BTreeMap<u64, Vec<i16>>,
    /// No more ports than these can be open at once.
    pub limit: usize,
}

/// What the exchange holds of them.
#[derive(Clone)]
pub(crate) struct Seam(pub Rc<RefCell<Ports>>);

impl Network for Seam {
    fn open(&mut self, leg: Leg, _group: u64, address: IpAddr) -> Result<u16, NetworkError> {
        self.0.borrow_mut().open(leg, address)
    }

    fn command(&mut self, _leg: Leg, command: Command) {
        self.0.borrow_mut().orders.push_back(command);
    }

    fn source(&mut self, remote: IpAddr) -> Option<IpAddr> {
        Some(if remote.is_ipv4() { [127, 0, 0, 1].into() } else { IpAddr::V6(std::net::Ipv6Addr::LOCALHOST) })
    }
}

impl Ports {
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            graph: Graph::new(seed),
            open: BTreeMap::new(),
            by_address: BTreeMap::new(),
            orders: VecDeque::new(),
            tick: None,
            next: FIRST,
            tapes: BTreeMap::new(),
            limit: usize::MAX,
        }
    }

    /// How many pairs are open.
    pub fn count(&self) -> usize {
        self.open.len()
    }

    /// The leg behind an RTP port, or behind the RTCP port beside it.
    pub fn leg_at(&self, address: SocketAddr) -> Option<(Leg, Channel)> {
        if let Some(leg) = self.by_address.get(&address) {
            return Some((*leg, Channel::Rtp));
        }
        let beside = SocketAddr::new(address.ip(), address.port().checked_sub(1)?);
        Some((*self.by_address.get(&beside)?, Channel::Rtcp))
    }

    /// A packet came to a leg's port.
    pub fn receive(&mut self, now: Instant, (leg, channel): (Leg, Channel), from: SocketAddr, packet: &[u8]) {
        match channel {
            Channel::Rtp => self.graph.handle_rtp(now, leg, from, packet),
            Channel::Rtcp => self.graph.handle_rtcp(now, leg, from, packet),
        }
    }

    /// When the next tick is due: only while ports are open.
    pub fn next(&self) -> Option<Instant> {
        self.tick
    }

    /// Ticks, if it is time.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(at) = self.tick.filter(|at| *at <= now) {
            self.graph.handle_tick(now);
            self.tick = Some(at + TICK);
        }
    }

    /// Carries out what the exchange ordered; gives what is to be sent and what the graph has noticed.
    pub fn drain(&mut self, now: Instant) -> (Vec<Sound>, Vec<(Whom, media::Event)>) {
        let mut packets = self.transmits();
        while let Some(order) = self.orders.pop_front() {
            let closes = match &order {
                Command::Close { leg } => Some(*leg),
                _ => None,
            };
            self.graph.handle_command(now, order);
            packets.extend(self.transmits());
            if let Some(address) = closes.and_then(|leg| self.open.remove(&leg)) {
                self.by_address.remove(&address);
            }
        }
        self.tick = if self.open.is_empty() { None } else { self.tick.or(Some(now + TICK)) };
        while let Some(stretch) = self.graph.poll_recorded() {
            let tape = self.tapes.entry(stretch.tape.0).or_default();
            assert_eq!(stretch.from, tape.len() as u64, "nothing is dropped here");
            tape.extend(stretch.samples);
        }
        (packets, std::iter::from_fn(|| self.graph.poll_event()).collect())
    }

    fn transmits(&mut self) -> Vec<Sound> {
        let mut packets = Vec::new();
        while let Some(transmit) = self.graph.poll_transmit() {
            let Some(from) = self.open.get(&transmit.leg) else { continue };
            let from = match transmit.channel {
                Channel::Rtp => *from,
                Channel::Rtcp => SocketAddr::new(from.ip(), from.port() + 1),
            };
            packets.push((from, transmit.to, transmit.packet.to_vec()));
        }
        packets
    }

    fn open(&mut self, leg: Leg, address: IpAddr) -> Result<u16, NetworkError> {
        if self.open.len() >= self.limit {
            return Err(NetworkError::NoneFree);
        }
        let taken = |port| self.by_address.contains_key(&SocketAddr::new(address, port));
        while taken(self.next) {
            self.next = if self.next >= LAST { FIRST } else { self.next + 2 };
        }
        let port = self.next;
        self.next = if port >= LAST { FIRST } else { port + 2 };
        let before = self.open.insert(leg, SocketAddr::new(address, port));
        assert!(before.is_none(), "{leg:?} opened its ports twice");
        self.by_address.insert(SocketAddr::new(address, port), leg);
        self.orders.push_back(Command::Open { leg });
        Ok(port)
    }
}
