//! One thread of sound: its sockets, a timer, a queue of orders, and one [`media::Graph`].

use super::peer::{Peer, Sockets};
use super::polling::{Polling, Ready, Wait};
use super::seating::{Move, Seating};
use crate::recorder::Recorder;
use media::{Channel, Command, Graph, Leg, Moving, Whom};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
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
    Open {
        leg: Leg,
        sockets: Sockets,
    },
    Command {
        leg: Leg,
        command: Command,
    },
    /// A leg goes to another thread.
    Give {
        leg: Leg,
        to: SyncSender<Moved>,
    },
    /// And comes from there.
    Take {
        leg: Leg,
        from: Receiver<Moved>,
    },
    Stop,
}

/// A leg on its way between threads, with its sockets.
type Moved = (Moving, Peer);

/// How often the graph ticks.
const TICK: Duration = Duration::from_millis(20);
/// Ticks made up for after a stall; more would only make noise.
const TICKS_LATE_MAX: u64 = 2;
/// Orders that may wait. When the queue is full the core waits: the thread always takes orders first.
const ORDERS_MAX: usize = 8_192;
/// Events kept while the core does not take them. Beyond that only the end of legs is kept.
const BACKLOG_MAX: usize = 65_536;
/// A thread that has passed on so many packets since its last tick is busy, as with ten calls.
const BUSY: u32 = 20;
/// A busy thread lets packets gather for so long: being woken costs it more than passing a packet on. Half of it is what
/// sound is delayed by.
const GATHER: Duration = Duration::from_millis(1);
/// How long a thread waits for a leg from another, which has been told before and is never waiting for this one: orders
/// have one sender, and each waits for earlier ones only. A thread that takes longer has stopped.
const HANDOVER_MAX: Duration = Duration::from_secs(1);

/// The media threads, and which leg is on which.
pub struct Sound {
    threads: Vec<Handle>,
    seating: Seating,
}

struct Handle {
    orders: SyncSender<Order>,
    wake: Arc<Wake>,
    thread: Option<JoinHandle<()>>,
}

impl Sound {
    /// Starts a thread for each seed, from which it draws its random numbers.
    pub fn start(
        seeds: Vec<[u8; 32]>,
        events: &mpsc::Sender<Heard>,
        recorder: Option<&Recorder>,
    ) -> io::Result<Self> {
        let beginning = now();
        let start = |(number, seed): (usize, [u8; 32])| {
            let (orders, receiver) = sync_channel(ORDERS_MAX);
            let event = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?;
            let wake = Arc::new(Wake { event, pending: AtomicBool::new(false) });
            let graph = Graph::beside(seed, beginning);
            let tell = (events.clone(), recorder.cloned());
            let worker = Worker::new(receiver, Arc::clone(&wake), graph, tell)?;
            let builder = std::thread::Builder::new().name(format!("sound-{number}"));
            let thread = builder.spawn(move || worker.run())?;
            Ok(Handle { orders, wake, thread: Some(thread) })
        };
        let threads = seeds.into_iter().enumerate().map(start).collect::<io::Result<_>>()?;
        Ok(Self { threads, seating: Seating::default() })
    }

    pub(super) fn open(&mut self, leg: Leg, group: u64, order: Order) -> Result<(), Stopped> {
        let thread = usize::try_from(group % self.threads.len() as u64).unwrap_or(0);
        self.seating.sit(leg, thread);
        self.threads[thread].send(order)
    }

    pub(super) fn command(&mut self, leg: Leg, command: Command) {
        let Some((thread, moved)) = self.seating.place(leg, &command) else {
            tracing::debug!(leg = leg.0, "a command for a leg without sound");
            return;
        };
        let told = moved.map_or(Ok(()), |moved| self.bring(moved));
        if told.and_then(|()| self.threads[thread].send(Order::Command { leg, command })).is_err() {
            tracing::error!("a media thread has stopped");
        }
    }

    fn bring(&self, Move { leg, from, to }: Move) -> Result<(), Stopped> {
        let (give, take) = sync_channel(1);
        self.threads[from].send(Order::Give { leg, to: give })?;
        self.threads[to].send(Order::Take { leg, from: take })
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

struct Worker {
    graph: Graph,
    polling: Polling,
    timer: TimerFd,
    ticking: bool,
    legs: usize,
    /// Packets that have come since the last tick.
    passed: u32,
    busy: bool,
    orders: Receiver<Order>,
    wake: Arc<Wake>,
    events: mpsc::Sender<Heard>,
    /// Takes what is recorded; it is thrown away where there is none.
    recorder: Option<Recorder>,
    backlog: VecDeque<Heard>,
}

impl Worker {
    fn new(
        orders: Receiver<Order>,
        wake: Arc<Wake>,
        graph: Graph,
        (events, recorder): (mpsc::Sender<Heard>, Option<Recorder>),
    ) -> io::Result<Self> {
        let timer =
            TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        let polling = Polling::new(wake.event.as_fd(), &timer)?;
        Ok(Self {
            graph,
            polling,
            timer,
            ticking: false,
            legs: 0,
            passed: 0,
            busy: false,
            orders,
            wake,
            events,
            recorder,
            backlog: VecDeque::new(),
        })
    }

    fn run(mut self) {
        let mut woken = now();
        loop {
            let wait = if self.busy { Wait::Gather(woken + GATHER) } else { Wait::Anything };
            if let Err(error) = self.polling.wait(wait) {
                tracing::error!(%error, "a media thread cannot wait and stops");
                return;
            }
            woken = now();
            if self.handle(woken) == Next::Stop {
                return;
            }
        }
    }

    /// What has come together counts as having come at once.
    fn handle(&mut self, now: Instant) -> Next {
        while let Some(ready) = self.polling.next() {
            match ready {
                Ready::Packet { leg, channel, from, packet } => {
                    match channel {
                        Channel::Rtp => self.graph.handle_rtp(now, leg, from, packet),
                        Channel::Rtcp => self.graph.handle_rtcp(now, leg, from, packet),
                    }
                    self.passed += 1;
                    self.transmit();
                }
                Ready::Timer => self.tick(),
                Ready::Orders => {
                    if self.take_orders() == Next::Stop {
                        return Next::Stop;
                    }
                }
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
                Ok(Order::Open { leg, sockets }) => self.open(leg, sockets),
                Ok(Order::Command { leg, command }) => {
                    let closes = matches!(command, Command::Close { .. });
                    self.graph.handle_command(now(), command);
                    self.drain();
                    if closes {
                        self.close(leg);
                    }
                }
                Ok(Order::Give { leg, to }) => self.give(leg, &to),
                Ok(Order::Take { leg, from }) => self.take(leg, &from),
                Err(TryRecvError::Empty) => return Next::Go,
                Ok(Order::Stop) | Err(TryRecvError::Disconnected) => return Next::Stop,
            }
        }
    }

    fn open(&mut self, leg: Leg, sockets: Sockets) {
        if let Err(error) = self.polling.open(leg, sockets) {
            tracing::error!(%error, leg = leg.0, "a leg's sockets cannot be watched");
        }
        self.graph.handle_command(now(), Command::Open { leg });
        self.entered();
    }

    fn give(&mut self, leg: Leg, to: &SyncSender<Moved>) {
        let moving = self.graph.take(leg);
        // What it has said and where it listens, before its sockets are gone from here.
        self.drain();
        let (Some(moving), Some(peer)) = (moving, self.polling.take(leg)) else { return };
        self.gone();
        if to.try_send((moving, peer)).is_err() {
            tracing::error!(leg = leg.0, "a leg is lost on its way to a media thread that has stopped");
        }
    }

    fn take(&mut self, leg: Leg, from: &Receiver<Moved>) {
        let Ok((moving, peer)) = from.recv_timeout(HANDOVER_MAX) else {
            tracing::error!(leg = leg.0, "a leg has not come from another media thread");
            return;
        };
        if let Err(error) = self.polling.put(leg, peer) {
            tracing::error!(%error, leg = leg.0, "a leg's sockets cannot be watched");
        }
        self.graph.put(moving);
        self.entered();
    }

    fn close(&mut self, leg: Leg) {
        let unsent = self.polling.close(leg);
        if unsent > 0 {
            tracing::debug!(leg = leg.0, unsent, "packets that the system did not take");
        }
        self.gone();
    }

    fn entered(&mut self) {
        self.legs += 1;
        self.set_ticking(true);
    }

    fn gone(&mut self) {
        self.legs = self.legs.saturating_sub(1);
        if self.legs == 0 {
            self.set_ticking(false);
        }
    }

    fn set_ticking(&mut self, on: bool) {
        if self.ticking == on {
            return;
        }
        self.ticking = on;
        // Only ticks find that there is little to do.
        self.busy &= on;
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
        self.busy = std::mem::take(&mut self.passed) >= BUSY;
        self.deliver();
        if self.legs == 0 && self.backlog.is_empty() {
            self.set_ticking(false);
        }
    }

    fn transmit(&mut self) {
        while let Some(transmit) = self.graph.poll_transmit() {
            self.polling.send(&transmit);
        }
    }

    fn drain(&mut self) {
        self.transmit();
        while let Some(pin) = self.graph.poll_pin() {
            self.polling.pin(pin);
        }
        // Before the events: the end of a recording comes after all of it.
        while let Some(stretch) = self.graph.poll_recorded() {
            if let Some(recorder) = &self.recorder {
                recorder.hear(stretch);
            }
        }
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

#[allow(clippy::disallowed_methods)] // this is a driver: it reads the clock for the machine it drives
fn now() -> Instant {
    Instant::now()
}
