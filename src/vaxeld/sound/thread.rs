//! One thread of sound: epoll, a timer, a queue of orders, and one [`media::Graph`].

use media::{Channel, Command, Graph, Leg, Whom};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Something the sound of a leg or a room tells the core.
pub type Heard = (Whom, media::Event);

/// What a thread is told.
pub(super) enum Order {
    Open { leg: Leg, rtp: UdpSocket, rtcp: UdpSocket },
    Command { leg: Leg, command: Command },
    Stop,
}

/// How often the graph ticks.
const TICK: Duration = Duration::from_millis(20);
/// Ticks made up for after a stall; more would only make noise.
const TICKS_LATE_MAX: u64 = 2;
/// Orders that may wait. When the queue is full the core waits: the thread always takes orders first.
const ORDERS_MAX: usize = 8_192;
/// Events kept while the core does not take them. Beyond that only the end of legs is kept.
const BACKLOG_MAX: usize = 65_536;
/// Looks for further packets before a busy thread pauses: as many may wait on one socket.
const ROUNDS_MAX: usize = 16;
/// A busy thread lets packets gather for so long: being woken costs more than passing a packet on.
const PAUSE: Duration = Duration::from_millis(1);
/// Nothing on the telephone is longer; a jumbo packet is cut and then fails its checks.
const PACKET_MAX: usize = 2_048;

/// Tokens of epoll that are no leg.
const ORDERS: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;

/// The media threads, and which leg is on which.
pub struct Sound {
    threads: Vec<Handle>,
    legs: HashMap<Leg, usize>,
}

struct Handle {
    orders: SyncSender<Order>,
    wake: Arc<Wake>,
    thread: Option<JoinHandle<()>>,
}

impl Sound {
    /// Starts `count` threads; each draws its random numbers from its own seed.
    pub fn start(seeds: Vec<[u8; 32]>, events: &mpsc::Sender<Heard>) -> io::Result<Self> {
        let start = |(number, seed): (usize, [u8; 32])| {
            let (orders, receiver) = sync_channel(ORDERS_MAX);
            let event = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?;
            let wake = Arc::new(Wake { event, pending: AtomicBool::new(false) });
            let worker = Worker::new(receiver, Arc::clone(&wake), seed, events.clone())?;
            let builder = std::thread::Builder::new().name(format!("sound-{number}"));
            let thread = builder.spawn(move || worker.run())?;
            Ok(Handle { orders, wake, thread: Some(thread) })
        };
        let threads = seeds.into_iter().enumerate().map(start).collect::<io::Result<_>>()?;
        Ok(Self { threads, legs: HashMap::new() })
    }

    pub(super) fn open(&mut self, leg: Leg, group: u64, order: Order) -> Result<(), Stopped> {
        let thread = usize::try_from(group % self.threads.len() as u64).unwrap_or(0);
        self.legs.insert(leg, thread);
        self.threads[thread].send(order)
    }

    pub(super) fn command(&mut self, leg: Leg, command: Command) {
        let thread = match &command {
            Command::Close { .. } => self.legs.remove(&leg),
            _ => self.legs.get(&leg).copied(),
        };
        let Some(thread) = thread else {
            tracing::debug!(leg = leg.0, "a command for a leg without sound");
            return;
        };
        if self.threads[thread].send(Order::Command { leg, command }).is_err() {
            tracing::error!("a media thread has stopped");
        }
    }
}

/// Stops every thread and waits for it.
impl Drop for Sound {
    fn drop(&mut self) {
        for handle in &mut self.threads {
            if handle.send(Order::Stop).is_err() {
                tracing::debug!("a media thread had already stopped");
            }
            if let Some(Err(_)) = handle.thread.take().map(JoinHandle::join) {
                tracing::error!("a media thread panicked");
            }
        }
    }
}

/// The thread is gone.
pub(super) struct Stopped;

impl Handle {
    fn send(&self, order: Order) -> Result<(), Stopped> {
        self.orders.send(order).map_err(|_| Stopped)?;
        if self.wake.pending.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        match self.wake.event.write(1) {
            // A full counter means that the thread has not yet taken an earlier wake-up: it will see this order too.
            Ok(_) | Err(nix::Error::EAGAIN) => Ok(()),
            Err(_) => Err(Stopped),
        }
    }
}

/// Wakes a thread, once for all orders that it has not seen.
struct Wake {
    event: EventFd,
    pending: AtomicBool,
}

struct Sockets {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

struct Worker {
    graph: Graph,
    epoll: Epoll,
    timer: TimerFd,
    ticking: bool,
    sockets: HashMap<Leg, Sockets>,
    orders: Receiver<Order>,
    wake: Arc<Wake>,
    events: mpsc::Sender<Heard>,
    backlog: VecDeque<Heard>,
}

impl Worker {
    fn new(
        orders: Receiver<Order>,
        wake: Arc<Wake>,
        seed: [u8; 32],
        events: mpsc::Sender<Heard>,
    ) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let timer =
            TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        epoll.add(&timer, EpollEvent::new(EpollFlags::EPOLLIN, TIMER))?;
        epoll.add(&wake.event, EpollEvent::new(EpollFlags::EPOLLIN, ORDERS))?;
        let graph = Graph::new(seed);
        Ok(Self {
            graph,
            epoll,
            timer,
            ticking: false,
            sockets: HashMap::new(),
            orders,
            wake,
            events,
            backlog: VecDeque::new(),
        })
    }

    fn run(mut self) {
        let mut ready = [EpollEvent::empty(); 256];
        let mut packet = [0_u8; PACKET_MAX];
        let mut woken = now();
        loop {
            let Some(mut count) = self.wait(&mut ready, EpollTimeout::NONE) else { return };
            let before = std::mem::replace(&mut woken, now());
            let busy = woken.duration_since(before) < PAUSE * 2;
            for _ in 0..ROUNDS_MAX {
                if self.handle(&ready[..count], &mut packet) == Next::Stop {
                    return;
                }
                count = match busy.then(|| self.wait(&mut ready, EpollTimeout::ZERO)) {
                    Some(None) => return,
                    Some(Some(count)) if count > 0 => count,
                    _ => break,
                };
            }
            if busy {
                pause(woken + PAUSE);
            }
        }
    }

    /// How many events there are; none when the thread cannot go on.
    fn wait(&self, ready: &mut [EpollEvent], timeout: EpollTimeout) -> Option<usize> {
        match self.epoll.wait(ready, timeout) {
            Ok(count) => Some(count),
            Err(nix::Error::EINTR) => Some(0),
            Err(error) => {
                tracing::error!(%error, "a media thread cannot wait and stops");
                None
            }
        }
    }

    fn handle(&mut self, ready: &[EpollEvent], packet: &mut [u8]) -> Next {
        for event in ready {
            match event.data() {
                ORDERS => {
                    if self.take_orders() == Next::Stop {
                        return Next::Stop;
                    }
                }
                TIMER => self.tick(),
                token => self.receive(token, packet),
            }
        }
        self.drain();
        Next::Go
    }

    fn take_orders(&mut self) -> Next {
        match self.wake.event.read() {
            Ok(_) | Err(nix::Error::EAGAIN) => {}
            Err(error) => tracing::warn!(%error, "the media thread's wake-up cannot be read"),
        }
        // Before the orders are looked at: one that comes later wakes again.
        self.wake.pending.swap(false, Ordering::AcqRel);
        loop {
            match self.orders.try_recv() {
                Ok(Order::Open { leg, rtp, rtcp }) => self.open(leg, rtp, rtcp),
                Ok(Order::Command { leg, command }) => {
                    let closes = matches!(command, Command::Close { .. });
                    self.graph.handle_command(now(), command);
                    self.drain();
                    if closes {
                        self.close(leg);
                    }
                }
                Err(TryRecvError::Empty) => return Next::Go,
                Ok(Order::Stop) | Err(TryRecvError::Disconnected) => return Next::Stop,
            }
        }
    }

    fn open(&mut self, leg: Leg, rtp: UdpSocket, rtcp: UdpSocket) {
        let watch =
            |socket: &UdpSocket, token| self.epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, token));
        if let Err(error) = watch(&rtp, leg.0 << 1).and_then(|()| watch(&rtcp, leg.0 << 1 | 1)) {
            tracing::error!(%error, leg = leg.0, "a leg's sockets cannot be watched");
        }
        self.sockets.insert(leg, Sockets { rtp, rtcp });
        self.graph.handle_command(now(), Command::Open { leg });
        self.set_ticking(true);
    }

    /// Closing the sockets takes them out of the epoll as well.
    fn close(&mut self, leg: Leg) {
        self.sockets.remove(&leg);
        if self.sockets.is_empty() {
            self.set_ticking(false);
        }
    }

    fn set_ticking(&mut self, on: bool) {
        if self.ticking == on {
            return;
        }
        self.ticking = on;
        let changed = if on {
            self.timer.set(Expiration::Interval(TimeSpec::from_duration(TICK)), TimerSetTimeFlags::empty())
        } else {
            self.timer.unset()
        };
        if let Err(error) = changed {
            tracing::error!(%error, "the media timer cannot be set");
        }
    }

    fn tick(&mut self) {
        let mut count = [0_u8; 8];
        let late = match nix::unistd::read(&self.timer, &mut count) {
            Ok(8) => u64::from_ne_bytes(count),
            _ => 0,
        };
        for _ in 0..late.min(TICKS_LATE_MAX) {
            self.graph.handle_tick(now());
            self.transmit();
        }
        self.deliver();
        if self.sockets.is_empty() && self.backlog.is_empty() {
            self.set_ticking(false);
        }
    }

    /// One packet: where more wait, the socket stays ready, and others get their turn.
    fn receive(&mut self, token: u64, packet: &mut [u8]) {
        let leg = Leg(token >> 1);
        let control = token & 1 == 1;
        let Some(sockets) = self.sockets.get(&leg) else { return };
        let socket = if control { &sockets.rtcp } else { &sockets.rtp };
        // An error is an ICMP answer to an earlier packet: the peer is not there yet, or any more.
        let Ok((length, from)) = socket.recv_from(packet) else { return };
        if control {
            self.graph.handle_rtcp(now(), leg, from, &packet[..length]);
        } else {
            self.graph.handle_rtp(now(), leg, from, &packet[..length]);
        }
        self.transmit();
    }

    /// A packet that the system does not take now is lost, as on any other part of its way.
    fn transmit(&mut self) {
        while let Some(transmit) = self.graph.poll_transmit() {
            let Some(sockets) = self.sockets.get(&transmit.leg) else { continue };
            let socket = match transmit.channel {
                Channel::Rtp => &sockets.rtp,
                Channel::Rtcp => &sockets.rtcp,
            };
            if let Err(error) = socket.send_to(transmit.packet, transmit.to) {
                tracing::trace!(%error, "a packet was not sent");
            }
        }
    }

    fn drain(&mut self) {
        self.transmit();
        while let Some((whom, event)) = self.graph.poll_event() {
            let last = matches!(event, media::Event::Closed(_));
            if last || self.backlog.len() < BACKLOG_MAX {
                self.backlog.push_back((whom, event));
            }
        }
        self.deliver();
    }

    fn deliver(&mut self) {
        while let Some(heard) = self.backlog.pop_front() {
            match self.events.try_send(heard) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(heard)) => {
                    self.backlog.push_front(heard);
                    self.set_ticking(true);
                    return;
                }
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Next {
    Go,
    Stop,
}

#[allow(clippy::disallowed_methods)] // the pause is the purpose: nothing is waited for
fn pause(until: Instant) {
    std::thread::sleep(until.saturating_duration_since(now()));
}

#[allow(clippy::disallowed_methods)] // this is a driver: it reads the clock for the machine it drives
fn now() -> Instant {
    Instant::now()
}
