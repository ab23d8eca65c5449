//! What a thread of sound waits for, receives from and sends by: an epoll, a call for each packet in and one for each out.
//!
//! io_uring, with buffers handed over to the kernel, took a sixth less; see `docs/measurements.md` why it is not used.

use super::peer::{Peer, Sockets};
use media::{Channel, Leg, LegMap, Pin, Transmit};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::timerfd::TimerFd;
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::Instant;

/// What is ready at a time.
const READY_MAX: usize = 512;
/// Looks for more packets before a pause: as many may wait on one socket.
const ROUNDS_MAX: u32 = 16;
/// Tokens that are no leg.
const ORDERS: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;

/// Nothing on the telephone is longer; a jumbo packet is cut and then fails its checks.
pub(super) const PACKET_MAX: usize = 2_048;

/// What has happened.
pub(super) enum Ready<'a> {
    /// Orders wait.
    Orders,
    /// The timer has run out.
    Timer,
    /// A packet has come.
    Packet { leg: Leg, channel: Channel, from: SocketAddr, packet: &'a [u8] },
}

/// What to wait for.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    /// Anything.
    Anything,
    /// Anything; where nothing is left, not before then, so that packets gather.
    Gather(Instant),
}

/// The sockets of a thread.
pub(super) struct Polling {
    epoll: Epoll,
    peers: LegMap<Peer>,
    ready: Box<[EpollEvent]>,
    count: usize,
    taken: usize,
    /// Looks for more since the last pause.
    rounds: u32,
    packet: Box<[u8]>,
}

impl Polling {
    /// Waits for nothing but orders and a timer yet.
    pub(super) fn new(orders: BorrowedFd<'_>, timer: &TimerFd) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(orders, EpollEvent::new(EpollFlags::EPOLLIN, ORDERS))?;
        epoll.add(timer, EpollEvent::new(EpollFlags::EPOLLIN, TIMER))?;
        Ok(Self {
            epoll,
            peers: LegMap::default(),
            ready: vec![EpollEvent::empty(); READY_MAX].into(),
            count: 0,
            taken: 0,
            rounds: 0,
            packet: vec![0; PACKET_MAX].into(),
        })
    }

    /// Takes a leg's sockets and listens to them.
    pub(super) fn open(&mut self, leg: Leg, sockets: Sockets) -> io::Result<()> {
        self.put(leg, Peer::new(sockets))
    }

    /// Takes a leg that another thread has given.
    pub(super) fn put(&mut self, leg: Leg, peer: Peer) -> io::Result<()> {
        for channel in [Channel::Rtp, Channel::Rtcp] {
            let event = EpollEvent::new(EpollFlags::EPOLLIN, token(leg, channel));
            self.epoll.add(peer.sockets.of(channel), event)?;
        }
        self.peers.insert(leg, peer);
        Ok(())
    }

    /// Gives a leg away; what waits on its sockets goes with it.
    pub(super) fn take(&mut self, leg: Leg) -> Option<Peer> {
        let peer = self.peers.remove(&leg)?;
        for channel in [Channel::Rtp, Channel::Rtcp] {
            if let Err(error) = self.epoll.delete(peer.sockets.of(channel)) {
                tracing::warn!(%error, leg = leg.0, "a leg's socket is still watched where it was");
            }
        }
        Some(peer)
    }

    /// Closes a leg's sockets, which takes them out of the epoll as well; how many packets the system did not take.
    pub(super) fn close(&mut self, leg: Leg) -> u64 {
        self.peers.remove(&leg).map_or(0, |peer| peer.unsent)
    }

    /// Lets the system refuse packets of others, or admit them again.
    pub(super) fn pin(&mut self, pin: Pin) {
        if let Some(peer) = self.peers.get_mut(&pin.leg) {
            peer.pin(pin.source);
        }
    }

    /// Waits; then [`Polling::next`] says what has happened.
    pub(super) fn wait(&mut self, wait: Wait) -> io::Result<()> {
        if let Wait::Gather(until) = wait {
            self.rounds += 1;
            if self.rounds < ROUNDS_MAX {
                self.poll(EpollTimeout::ZERO)?;
                if self.count > 0 {
                    return Ok(());
                }
            }
            pause(until);
        }
        self.rounds = 0;
        self.poll(EpollTimeout::NONE)
    }

    fn poll(&mut self, timeout: EpollTimeout) -> io::Result<()> {
        self.taken = 0;
        self.count = match self.epoll.wait(&mut self.ready, timeout) {
            Ok(count) => count,
            Err(nix::Error::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        Ok(())
    }

    /// What has happened, until there is nothing more.
    ///
    /// One packet of each socket that is ready: where more wait, it stays ready, and others get their turn.
    pub(super) fn next(&mut self) -> Option<Ready<'_>> {
        while self.taken < self.count {
            let token = self.ready[self.taken].data();
            self.taken += 1;
            match token {
                ORDERS => return Some(Ready::Orders),
                TIMER => return Some(Ready::Timer),
                _ => {}
            }
            let (leg, channel) = socket(token);
            let Some(peer) = self.peers.get_mut(&leg) else { continue };
            let (length, from) = match peer.sockets.of(channel).recv_from(&mut self.packet) {
                Ok(received) => received,
                Err(error) => {
                    peer.refused(channel, &error);
                    continue;
                }
            };
            return Some(Ready::Packet { leg, channel, from, packet: &self.packet[..length] });
        }
        None
    }

    /// Sends a packet. What the system does not take now is lost, as on any other part of its way, and counted.
    pub(super) fn send(&mut self, transmit: &Transmit<'_>) {
        let Some(peer) = self.peers.get_mut(&transmit.leg) else { return };
        let socket = peer.sockets.of(transmit.channel);
        let sent = match peer.told(transmit) {
            Some(to) => socket.send_to(transmit.packet, to),
            None => socket.send(transmit.packet),
        };
        if let Err(error) = sent {
            peer.refused(transmit.channel, &error);
            peer.unsent += 1;
        }
    }
}

/// A socket of a leg as a number, for the system to give back.
fn token(leg: Leg, channel: Channel) -> u64 {
    leg.0 << 1 | u64::from(channel == Channel::Rtcp)
}

/// The socket of a number.
fn socket(token: u64) -> (Leg, Channel) {
    (Leg(token >> 1), if token & 1 == 1 { Channel::Rtcp } else { Channel::Rtp })
}

#[allow(clippy::disallowed_methods)] // the pause is the purpose: nothing is waited for
fn pause(until: Instant) {
    std::thread::sleep(until.saturating_duration_since(Instant::now()));
}
