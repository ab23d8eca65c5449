//! The simulated world: the real exchange between scripted peers, on a seeded network, in virtual time.
//!
//! ```
//! let mut world = World::new();                     // the demo site, an operator and a registrar, a calm network
//! let anna = world.phone("anna-bord");              // a registered phone; `device` gives one that is not
//! let bo = world.phone("bo-bord");
//! world.answers(bo, 2.0);                           // or world.peer(bo).manner = Manner::…
//! world.dial(anna, "202");                          // or world.call(operator, Dial::to("08…").from("+46…"))
//! world.run(4.0);                                   // two seconds of ringing, two of talking
//! assert_eq!(world.hears(bo), [anna]);              // by her tone: everybody has one
//! world.hang_up(anna);
//! world.settles();                                  // ends every story; see settle.rs for what it asserts
//! let record = world.record();                      // of the only call
//! ```
//!
//! Verbs take a peer and mean its newest call; all calls of a peer are in [`Peer::calls`]. What was said on the wire is
//! in [`World::ladder`], and every failed assertion of the world prints it. `lose` drops chosen messages, `network.weather`
//! makes the whole network bad, `vaxel` is the box itself (its events, its disk, what its DNS knows). Strangers
//! ([`World::stranger`]) are addresses from which a story sends whatever bytes it likes.
//!
//! Everything is drawn from the world's seed: the same seed gives the same story. Nothing here knows real time.

mod clock;
mod handling;
mod ladder;
mod memory;
mod peer;
mod people;
mod ports;
mod raw;
mod settle;
pub(crate) mod site;
mod sound;
mod the_box;
mod voice;
mod watcher;
mod weather;

pub(crate) use clock::secs;
pub(crate) use ladder::{Ladder, Line};
#[allow(unused_imports, reason = "stories pick what they need")]
pub(crate) use peer::{Account, Call, Dial, Digits, Faxing, Manner, Over, Peer, PeerId, Reports, State};
#[allow(unused_imports, reason = "stories pick what they need")]
pub(crate) use raw::{RawPhone, RawTrunk, Secret, header, sdp};
pub(crate) use sound::pitch_of as pitch;
pub(crate) use the_box::TheBox;
#[allow(unused_imports, reason = "stories pick what they need")]
pub(crate) use watcher::{Light, Watcher, WatcherId};
#[allow(unused_imports, reason = "stories pick what they need")]
pub(crate) use weather::Weather;

use memory::Memory;
use model::Now;
use sip::Message;
use sip::flow::{SendToken, Transport};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;
use the_box::Sent;
use weather::{Network, Packet};

/// One end of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// The box.
    Box,
    /// A peer.
    Peer(PeerId),
    /// Anybody else.
    Stranger(SocketAddr),
}

type Censor = Box<dyn FnMut(&Line) -> bool>;

/// The world.
pub(crate) struct World {
    pub now: Now,
    pub network: Network,
    pub vaxel: TheBox,
    pub ladder: Ladder,
    /// What strangers were sent.
    pub letters: Vec<(SocketAddr, Message)>,
    /// What strangers were sent that is no SIP message: keep-alives and sound.
    pub parcels: Vec<(SocketAddr, Vec<u8>)>,
    /// The outside of the address translator before the box, if there is one.
    pub outside: Option<IpAddr>,
    /// Addresses where a datagram is refused (ICMP) instead of being lost.
    pub refusing: BTreeSet<SocketAddr>,
    peers: Vec<Peer>,
    watchers: Vec<Watcher>,
    censors: Vec<Censor>,
    seed: u64,
    starts: u8,
}

impl World {
    /// The demo site, with its operator and the registrar of its reserve trunk in their places.
    pub fn new() -> Self {
        Self::seeded(1)
    }

    /// The same, by another throw of the dice.
    pub fn seeded(seed: u64) -> Self {
        Self::with_site(seed, site::demo())
    }

    /// The same, where nobody has a mailbox: callers hear why nobody takes their call by its status.
    pub fn without_mailboxes(seed: u64) -> Self {
        Self::with_site(seed, site::without_mailboxes())
    }

    /// A world with another site document in force.
    pub fn with_site(seed: u64, document: String) -> Self {
        let mut world = Self::bare(seed, document);
        world.operator_at("operator", "127.0.0.1:5090");
        world.registrar_at("reserv", "127.0.0.1:5091", ("exempel", "trunk-hemlighet"));
        world.run(1.0);
        world
    }

    /// A user's mailbox holds as many messages as it can; the box starts anew with them.
    pub fn fill_mailbox(&mut self, user: &str) {
        let second: Vec<i16> = vec![1_000; 16_000];
        for number in 0..100 {
            let id = model::RecordingId { call: model::CallId(900_000), number };
            let message = model::Message {
                id,
                mailbox: model::site::Mailbox::User(user.into()),
                from: None,
                began: self.now.wall,
                duration_ms: 1_000,
                state: model::MessageState::New,
                cut: false,
            };
            self.vaxel.memory.messages.insert(id, message);
            self.vaxel.memory.sounds.insert(id, second.clone());
        }
        self.restart();
        self.run(1.0);
    }

    /// A box without anybody around it.
    pub fn bare(seed: u64, document: String) -> Self {
        Self::with_disk(seed, Memory::with_site(document))
    }

    fn with_disk(seed: u64, memory: Memory) -> Self {
        let now = clock::morning();
        let mut world = Self {
            now,
            network: Network::new(seed),
            vaxel: TheBox::start(now, memory, dice(seed, 0)),
            ladder: Ladder::new(now),
            letters: Vec::new(),
            parcels: Vec::new(),
            outside: None,
            refusing: BTreeSet::new(),
            peers: Vec::new(),
            watchers: Vec::new(),
            censors: Vec::new(),
            seed,
            starts: 0,
        };
        world.drain();
        world
    }

    /// When it began.
    pub fn began(&self) -> Instant {
        self.ladder.began()
    }

    /// Drops the next `times` messages that the story points at.
    pub fn lose(&mut self, mut times: usize, mut which: impl FnMut(&Line) -> bool + 'static) {
        self.censors.push(Box::new(move |line| {
            let lost = times > 0 && which(line);
            times -= usize::from(lost);
            lost
        }));
    }

    /// The box loses its power and comes back with what its disk held.
    pub fn restart(&mut self) {
        self.starts += 1;
        let memory = self.vaxel.memory.clone();
        let (events, names) = (std::mem::take(&mut self.vaxel.events), std::mem::take(&mut self.vaxel.names));
        self.vaxel = TheBox::start(self.now, memory, dice(self.seed, self.starts));
        (self.vaxel.events, self.vaxel.names) = (events, names);
        self.drain();
    }

    /// Lets time pass.
    pub fn run(&mut self, seconds: f64) {
        let end = self.now.mono + secs(seconds);
        self.run_until(end, |_| false);
    }

    /// Lets time pass until something is so. That it never becomes so is a failure.
    #[track_caller]
    pub fn wait(&mut self, seconds: f64, what: &str, is_so: impl FnMut(&mut Self) -> bool) {
        let end = self.now.mono + secs(seconds);
        let waited = self.run_until(end, is_so);
        assert!(waited, "{what}: not within {seconds} s\n{}", self.ladder);
    }

    /// Steps from one happening to the next, up to `end`. Tells whether `is_so` came true before.
    fn run_until(&mut self, end: Instant, mut is_so: impl FnMut(&mut Self) -> bool) -> bool {
        let mut still = 0;
        loop {
            if is_so(self) {
                return true;
            }
            let peers = self.peers.iter().filter(|peer| !peer.gone).filter_map(Peer::next).min();
            let next = [self.network.next(), self.vaxel.next(), peers].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            still = if next > self.now.mono { 0 } else { still + 1 };
            assert!(still < 10_000, "time stands still at {next:?}\n{}", self.ladder);
            self.move_to(next);
            self.step();
        }
        self.move_to(end);
        is_so(self)
    }

    fn move_to(&mut self, at: Instant) {
        self.now = self.now.after(at.saturating_duration_since(self.now.mono));
    }

    fn step(&mut self) {
        let now = self.now;
        if let Some(packet) = self.network.arrived(now.mono) {
            self.deliver(&packet);
        } else {
            if self.vaxel.next().is_some_and(|at| at <= now.mono) {
                self.vaxel.handle_timeout(now);
            }
            for at in 0..self.peers.len() {
                let peer = &mut self.peers[at];
                if peer.gone || peer.next().is_none_or(|due| due > now.mono) {
                    continue;
                }
                for (from, to, payload) in peer.handle_timeout(now) {
                    self.network.send(now.mono, Packet { transport: Transport::Udp, from, to, payload });
                }
            }
        }
        self.drain();
    }

    fn deliver(&mut self, packet: &Packet) {
        let now = self.now;
        let packet = &self.translated(packet);
        if self.vaxel.receive(now, packet) {
            return;
        }
        for peer in self.peers.iter_mut().filter(|peer| !peer.gone) {
            if peer.address == packet.to {
                return peer.receive(now, packet.from, packet.transport, &packet.payload);
            }
            if let Some(call) = peer.call_at(packet.to) {
                return call.hear(now, packet.to, &packet.payload);
            }
        }
        if self.told(packet) {
            return;
        }
        match Message::parse(&packet.payload) {
            Ok(message) => self.letters.push((packet.to, message)),
            Err(_) => self.parcels.push((packet.to, packet.payload.clone())),
        }
    }

    /// Carries out everything that everybody wants, until nobody wants anything more.
    fn drain(&mut self) {
        let now = self.now;
        for sent in self.vaxel.drain(now) {
            match sent {
                Sent::Signal(packet, token) => self.signal(packet, token),
                Sent::Sound(packet) => self.network.send(now.mono, packet),
            }
        }
        for at in 0..self.peers.len() {
            for transmit in self.peers[at].drain(now) {
                let peer = &self.peers[at];
                if peer.gone {
                    continue;
                }
                let (transport, to) = (transmit.to.transport(), transmit.to.remote());
                let packet = Packet { transport, from: peer.address, to, payload: transmit.payload };
                self.signal(packet, SendToken::UNTRACKED);
            }
        }
    }

    /// Puts a message on its way, unless the story loses it.
    fn signal(&mut self, packet: Packet, token: SendToken) {
        if token != SendToken::UNTRACKED && self.refusing.contains(&packet.to) {
            self.vaxel.exchange.handle_undeliverable(self.now, token);
            return self.drain();
        }
        if let Ok(message) = Message::parse(&packet.payload) {
            let (from, to) = (self.side(packet.from), self.side(packet.to));
            let mut line = Line { at: self.now.mono, from, to, message, lost: false };
            line.lost = self.censors.iter_mut().any(|censor| censor(&line));
            let lost = line.lost;
            self.ladder.lines.push(line);
            if lost {
                return;
            }
        }
        self.network.send(self.now.mono, packet);
    }

    fn side(&self, address: SocketAddr) -> Side {
        if the_box::addresses().contains(&address) || Some(address.ip()) == self.outside {
            return Side::Box;
        }
        let peer = self.peers.iter().find(|peer| peer.address == address);
        peer.map_or(Side::Stranger(address), |peer| Side::Peer(peer.id))
    }
}

/// A seed for the box's `start`-th life in a world.
fn dice(seed: u64, start: u8) -> [u8; 32] {
    let mut dice = [start; 32];
    dice[..8].copy_from_slice(&seed.to_le_bytes());
    dice
}
