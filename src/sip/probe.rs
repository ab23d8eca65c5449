//! Whether other hosts answer: OPTIONS asked at intervals (RFC 3261 section 11), and what calls showed in passing.
//!
//! ```text
//!            answer                 1st failure               2nd failure or refused
//!  Unknown ─────────► Up ◄────────────► Doubted ───────────────────► Down
//!  (usable)      every 30 s   answer  again after 5 s   answer ◄─ every 5 s
//!     └─ 1st failure ─► Down           503 with Retry-After: Down until then
//! ```
//!
//! A host that has shown itself alive otherwise and never answered OPTIONS at all does not understand the question: its
//! silence says nothing.
//!
//! It sends nothing itself: [`Probes::poll_ask`] says whom to ask, [`Probes::handle_status`] and
//! [`Probes::handle_silence`] take what came of it. Read [`Probes`] first.

#[cfg(test)]
mod tests;

use crate::status::Status;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

/// How often, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between questions to a host that answers.
    pub up: Duration,
    /// Between questions to a host that does not.
    pub down: Duration,
    /// How long to wait for an answer.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { up: Duration::from_secs(30), down: Duration::from_secs(5), patience: Duration::from_secs(4) }
    }
}

/// The longest pause a host gets.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// A host, by the caller's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(pub u64);

/// Ask this host now: send OPTIONS and tell what came of it, with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ask {
    /// Whom.
    pub host: HostId,
    /// Which question; an answer to an earlier one counts no more.
    pub number: u64,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Silence {
    /// Nothing came in time.
    Timeout,
    /// The other end refused or closed the connection, or cannot be reached at all.
    Refused,
}

/// What a host last said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It has not been asked to the end yet.
    Nothing,
    /// A final response.
    Status(Status),
    /// Something else that shows it alive.
    Alive,
    /// It asked for a pause: 503 with Retry-After (RFC 3261 21.5.4).
    Pause(Status),
    /// No answer.
    Silence(Silence),
}

/// For people: `200 OK`, `no answer`.
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("not asked yet"),
            Self::Status(status) => write!(f, "{status} {}", status.reason()),
            Self::Alive => f.write_str("alive"),
            Self::Pause(status) => write!(f, "{status} {}, it asked for a pause", status.reason()),
            Self::Silence(Silence::Timeout) => f.write_str("no answer"),
            Self::Silence(Silence::Refused) => f.write_str("connection refused"),
        }
    }
}

/// How a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Not known yet; worth trying.
    Unknown,
    /// It answers.
    Up,
    /// It failed once; still worth trying.
    Doubted,
    /// It does not answer.
    Down,
}

impl Health {
    /// Whether a call should be sent there.
    pub fn is_usable(self) -> bool {
        !matches!(self, Self::Down)
    }
}

/// A change that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It answers: for the first time, or again.
    Up(HostId),
    /// It stopped answering.
    Down(HostId, Said),
}

/// The health of a set of hosts.
#[derive(Debug)]
pub struct Probes {
    pace: Pace,
    random: ChaCha8Rng,
    hosts: BTreeMap<HostId, Host>,
    asks: VecDeque<Ask>,
    events: VecDeque<Event>,
    last_number: u64,
}

#[derive(Debug, Clone, Copy)]
struct Host {
    health: Health,
    said: Said,
    turn: Turn,
    /// It has answered OPTIONS before.
    answers: bool,
    /// It asked to be left alone until then.
    paused: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
enum Turn {
    /// Ask at this time.
    Next(Instant),
    /// Asked; give up at this time.
    Asked { number: u64, until: Instant },
}

impl Turn {
    fn at(self) -> (Instant, &'static str) {
        match self {
            Self::Next(at) => (at, "time to ask a host"),
            Self::Asked { until, .. } => (until, "a host does not answer"),
        }
    }
}

impl Probes {
    /// No hosts yet. `seed` spreads the questions, so that many boxes do not ask in step.
    pub fn new(pace: Pace, seed: [u8; 32]) -> Self {
        Self {
            pace,
            random: ChaCha8Rng::from_seed(seed),
            hosts: BTreeMap::new(),
            asks: VecDeque::new(),
            events: VecDeque::new(),
            last_number: 0,
        }
    }

    /// Begins to ask `host`, at once. A host that is known already stays as it is.
    pub fn add(&mut self, now: Instant, host: HostId) {
        let turn = Turn::Next(now);
        let new =
            || Host { health: Health::Unknown, said: Said::Nothing, turn, answers: false, paused: None };
        self.hosts.entry(host).or_insert_with(new);
        self.handle_timeout(now);
    }

    /// Stops asking `host`.
    pub fn remove(&mut self, host: HostId) {
        self.hosts.remove(&host);
        self.asks.retain(|ask| ask.host != host);
    }

    /// How `host` is; unknown when it was never added.
    pub fn health(&self, host: HostId) -> Health {
        self.hosts.get(&host).map_or(Health::Unknown, |host| host.health)
    }

    /// What `host` last said.
    pub fn said(&self, host: HostId) -> Said {
        self.hosts.get(&host).map_or(Said::Nothing, |host| host.said)
    }

    /// A final response to a question. 408 and 503 say that nobody can be reached there; any other shows it alive
    /// (RFC 3261 11: even 404 or 405 is an answer).
    pub fn handle_status(&mut self, now: Instant, ask: Ask, status: Status) {
        if !self.is_awaited(ask) {
            return;
        }
        match status {
            Status::REQUEST_TIMEOUT | Status::SERVICE_UNAVAILABLE => {
                self.failed(now, ask.host, Said::Status(status))
            }
            _ => self.answered(now, ask.host, Said::Status(status)),
        }
    }

    /// A question got no answer.
    pub fn handle_silence(&mut self, now: Instant, ask: Ask, silence: Silence) {
        match silence {
            _ if !self.is_awaited(ask) => {}
            Silence::Timeout => self.unanswered(now, ask.host),
            Silence::Refused => self.failed(now, ask.host, Said::Silence(silence)),
        }
    }

    /// A call or another request showed `host` alive. The next question waits its full turn.
    pub fn seen_alive(&mut self, now: Instant, host: HostId) {
        if self.hosts.contains_key(&host) {
            self.answered(now, host, Said::Alive);
        }
    }

    /// A call or another request got no answer from `host`: counts like a failed question.
    pub fn seen_silent(&mut self, now: Instant, host: HostId, silence: Silence) {
        if self.hosts.contains_key(&host) {
            self.failed(now, host, Said::Silence(silence));
        }
    }

    /// The host asked for a pause: until it is over nothing is sent there, but at most five minutes.
    pub fn put_off(&mut self, now: Instant, id: HostId, (status, after): (Status, Duration)) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        let until = now + after.min(LONGEST_PAUSE);
        let said = Said::Pause(status);
        if host.health != Health::Down {
            self.events.push_back(Event::Down(id, said));
        }
        *host = Host { health: Health::Down, said, turn: Turn::Next(until), paused: Some(until), ..*host };
        self.asks.retain(|ask| ask.host != id);
    }

    /// The connection to the host is gone: whether it can be had again is to be known now.
    pub fn ask_now(&mut self, now: Instant, host: HostId) {
        let paused = |host: &Host| host.paused.is_some_and(|until| until > now);
        if let Some(state) = self.hosts.get_mut(&host)
            && !paused(state)
        {
            state.turn = Turn::Next(now);
            self.handle_timeout(now);
        }
    }

    /// The next host to ask now.
    pub fn poll_ask(&mut self) -> Option<Ask> {
        self.asks.pop_front()
    }

    /// The next change.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`Probes::handle_timeout`] next, and what for.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.hosts.values().map(|host| host.turn.at()).min()
    }

    /// Asks the hosts whose turn it is and gives up on those that were silent too long.
    pub fn handle_timeout(&mut self, now: Instant) {
        let due: Vec<(HostId, Turn)> = self
            .hosts
            .iter()
            .filter(|(_, host)| host.turn.at().0 <= now)
            .map(|(id, host)| (*id, host.turn))
            .collect();
        for (id, turn) in due {
            match turn {
                Turn::Next(_) => self.ask(now, id),
                Turn::Asked { .. } => self.unanswered(now, id),
            }
        }
    }

    fn ask(&mut self, now: Instant, host: HostId) {
        self.last_number += 1;
        let number = self.last_number;
        if let Some(state) = self.hosts.get_mut(&host) {
            state.turn = Turn::Asked { number, until: now + self.pace.patience };
            self.asks.push_back(Ask { host, number });
        }
    }

    fn is_awaited(&self, ask: Ask) -> bool {
        let turn = self.hosts.get(&ask.host).map(|host| host.turn);
        matches!(turn, Some(Turn::Asked { number, .. }) if number == ask.number)
    }

    fn answered(&mut self, now: Instant, id: HostId, said: Said) {
        let next = Turn::Next(now + self.spread(self.pace.up));
        let Some(host) = self.hosts.get_mut(&id) else { return };
        if host.paused.is_some_and(|until| until > now) {
            return;
        }
        if matches!(host.health, Health::Unknown | Health::Down) {
            self.events.push_back(Event::Up(id));
        }
        let answers = host.answers || matches!(said, Said::Status(_));
        *host = Host { health: Health::Up, said, turn: next, answers, paused: None };
        self.asks.retain(|ask| ask.host != id);
    }

    /// A question was not answered.
    fn unanswered(&mut self, now: Instant, id: HostId) {
        let next = Turn::Next(now + self.spread(self.pace.up));
        match self.hosts.get_mut(&id) {
            // It lives and takes OPTIONS for noise, as some operators' servers do.
            Some(host) if host.health == Health::Up && !host.answers => {
                host.turn = next;
                self.asks.retain(|ask| ask.host != id);
            }
            _ => self.failed(now, id, Said::Silence(Silence::Timeout)),
        }
    }

    fn failed(&mut self, now: Instant, id: HostId, said: Said) {
        let next = Turn::Next(now + self.spread(self.pace.down));
        let Some(host) = self.hosts.get_mut(&id) else { return };
        let health = match (host.health, said) {
            (Health::Down, _) => Health::Down,
            (_, Said::Silence(Silence::Refused)) | (Health::Doubted | Health::Unknown, _) => {
                self.events.push_back(Event::Down(id, said));
                Health::Down
            }
            (Health::Up, _) => Health::Doubted,
        };
        *host = Host { health, said, turn: next, ..*host };
        self.asks.retain(|ask| ask.host != id);
    }

    /// `span`, up to a tenth shorter.
    fn spread(&mut self, span: Duration) -> Duration {
        span.mul_f64(1.0 - 0.1 * f64::from(self.random.next_u32()) / f64::from(u32::MAX))
    }
}
