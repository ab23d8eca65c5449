//! Registering the box with an operator (RFC 3261 section 10.2): one machine for one trunk.
//!
//! ```text
//!                  ┌────────────── next server: 5xx, timeout, refused ──────────────┐
//!                  ▼                                                                 │
//!  Idle ─start─► Registering ──200──► Registered ──½…⅘ of the time──► Registering ──┤ (still bound)
//!   ▲              ▲    │ 423: longer, once more                                     │
//!   │              │    └─ all servers failed, 401 403 404 ─► Waiting (5 s … 5 min) ─┘
//!   └── Unregistering ◄── stop
//! ```
//!
//! Whether the operator still holds our binding ([`Registration::bound`]) is apart from what the machine is doing: a
//! failing refresh leaves the binding valid until its time is over.
//!
//! It lacks on purpose: sending, digest (the endpoint answers challenges) and the DNS ([`crate::locate`]).
//! Read [`Registration`] and [`Attempt`] first.

mod answer;
mod attempt;
mod backoff;
#[cfg(test)]
mod tests;

use crate::host::Authority;
use crate::locate::Candidate;
use crate::message::Response;
use crate::probe::Silence;
use crate::status::Status;
use crate::uri::Uri;
pub use attempt::Attempt;
use backoff::Backoff;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one server may take when there is another to try.
const IMPATIENT: Duration = Duration::from_secs(4);
/// How long the last server may take; the endpoint gives up before (Timer F).
const PATIENT: Duration = Duration::from_secs(40);
/// How long leaving may take.
const FAREWELL: Duration = Duration::from_secs(4);
/// Longest time we let ourselves be talked into by 423; seconds.
const MAX_EXPIRES: u32 = 24 * 3600;

/// What to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The registrar's domain, as configured: Request-URI, From and To.
    pub domain: Authority,
    /// The user at that domain; the credentials' name as well.
    pub username: Arc<str>,
    /// User part of our Contact, by which inbound calls are told from other trunks'.
    pub contact_user: Arc<str>,
    /// The time to ask for; seconds.
    pub expires: u32,
}

impl Account {
    /// The usual: the contact user is the username, ten minutes.
    pub fn new(domain: Authority, username: &str) -> Self {
        Self { domain, username: username.into(), contact_user: username.into(), expires: 600 }
    }
}

/// A server that may take the registration, and how we are seen from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it is.
    pub candidate: Candidate,
    /// Host and port for our Contact: the public ones when it is beyond NAT.
    pub advertised: Authority,
}

/// The binding the operator holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// Where it was made; outbound calls go there first.
    pub server: Server,
    /// Our Contact.
    pub contact: Uri,
    /// When the operator forgets it.
    pub expires_at: Instant,
    /// Routes to put on outbound requests (RFC 3608), first hop first.
    pub service_route: Vec<String>,
}

/// Why a registration failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The host has no servers known (yet).
    #[error("no server is known for the registrar")]
    NoServer,
    /// No server answered.
    #[error("{}", match .0 { Silence::Timeout => "no answer", Silence::Refused => "connection refused" })]
    Silence(Silence),
    /// A server refused; 401, 403 and 407 mean wrong username or secret.
    #[error("{0} {1}")]
    Refused(Status, String),
}

/// What the machine is doing, for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not started, or stopped.
    Idle,
    /// A REGISTER is under way.
    Registering,
    /// Registered; the next refresh.
    Registered {
        /// When.
        refresh_at: Instant,
    },
    /// Every server failed; the next try.
    Waiting {
        /// When.
        until: Instant,
    },
    /// Taking the registration back.
    Unregistering,
}

/// A change that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Registered for the first time, again, or at another server.
    Registered {
        /// Where.
        server: Candidate,
        /// For how long.
        expires: Duration,
    },
    /// A round over all servers failed; the binding may still be valid.
    Failed {
        /// The last server's answer.
        why: Failure,
        /// Until the next round.
        retry_in: Duration,
    },
    /// The binding ended: not refreshed in time.
    Lost,
    /// The server sees us at this address: give it back by [`Registration::set_servers`] as advertised.
    Seen {
        /// `received` and `rport` of our Via (RFC 3581).
        address: SocketAddr,
    },
    /// Taken back, or given up doing so; the machine is idle.
    Stopped,
}

/// One registration. `seed` decides Call-IDs and jitter.
#[derive(Debug)]
pub struct Registration {
    account: Account,
    servers: Vec<Server>,
    state: State,
    bound: Option<Bound>,
    backoff: Backoff,
    random: ChaCha8Rng,
    call_id: String,
    cseq: u32,
    expires: u32,
    seen: Option<SocketAddr>,
    last_attempt: u64,
    attempts: VecDeque<Attempt>,
    keepalives: VecDeque<Candidate>,
    keepalive_at: Option<Instant>,
    events: VecDeque<Event>,
}

#[derive(Debug)]
enum State {
    Idle,
    Registering(Try),
    Registered { refresh_at: Instant },
    Waiting { until: Instant },
    Unregistering { number: u64, until: Instant },
}

/// A REGISTER under way.
#[derive(Debug)]
struct Try {
    number: u64,
    server: Server,
    contact: Uri,
    /// Servers of this round not tried yet.
    rest: VecDeque<Server>,
    until: Instant,
    /// 423 was answered in this try already.
    lengthened: bool,
}

impl Registration {
    /// An idle machine.
    pub fn new(account: Account, seed: [u8; 32]) -> Self {
        let mut random = ChaCha8Rng::from_seed(seed);
        let call_id = attempt::call_id(&mut random);
        let expires = account.expires;
        Self {
            account,
            servers: Vec::new(),
            state: State::Idle,
            bound: None,
            backoff: Backoff::default(),
            random,
            call_id,
            cseq: 0,
            expires,
            seen: None,
            last_attempt: 0,
            attempts: VecDeque::new(),
            keepalives: VecDeque::new(),
            keepalive_at: None,
            events: VecDeque::new(),
        }
    }

    /// Begins to register and to stay so.
    pub fn start(&mut self, now: Instant) {
        if matches!(self.state, State::Idle) {
            self.begin_round(now);
        }
    }

    /// The servers in order of preference, after each search and whenever we learn how they see us. A changed own
    /// address is registered at once.
    pub fn set_servers(&mut self, now: Instant, servers: Vec<Server>) {
        let had_none = self.servers.is_empty();
        self.servers = servers;
        let moved = self.has_moved();
        match self.state {
            State::Waiting { .. } if had_none && !self.servers.is_empty() => self.begin_round(now),
            State::Registered { .. } | State::Waiting { .. } if moved => self.begin_round(now),
            // A round under way ends with the servers it began with.
            State::Registering(_) | State::Idle | State::Unregistering { .. } => {}
            State::Registered { .. } | State::Waiting { .. } => {}
        }
    }

    /// Takes the registration back; ends with [`Event::Stopped`] within four seconds.
    pub fn stop(&mut self, now: Instant) {
        self.attempts.clear();
        let held = match (&self.state, &self.bound) {
            (State::Idle | State::Unregistering { .. }, _) => return,
            (_, Some(bound)) => Some((bound.server.clone(), bound.contact.clone())),
            // What is under way may be granted after we have left.
            (State::Registering(attempt), None) => Some((attempt.server.clone(), attempt.contact.clone())),
            (State::Registered { .. } | State::Waiting { .. }, None) => None,
        };
        match held {
            None => self.stopped(),
            Some((server, contact)) => {
                let number = self.send(&server, &contact, 0);
                self.state = State::Unregistering { number, until: now + FAREWELL };
            }
        }
    }

    /// The connection to the bound server closed: registers again at once, so that calls find us.
    pub fn handle_closed(&mut self, now: Instant, remote: SocketAddr) {
        let ours = self.bound.as_ref().is_some_and(|bound| {
            bound.server.candidate.transport.is_reliable() && bound.server.candidate.addr == remote
        });
        if ours && matches!(self.state, State::Registered { .. }) {
            self.begin_round(now);
        }
    }

    /// The final response to an attempt.
    pub fn handle_response(&mut self, now: Instant, number: u64, response: &Response) {
        if let Ok(cseq) = response.headers.cseq() {
            // The endpoint counts on when it answers a challenge.
            self.cseq = self.cseq.max(cseq.number);
        }
        match &self.state {
            State::Unregistering { number: awaited, .. } if *awaited == number => self.stopped(),
            State::Registering(attempt) if attempt.number == number => self.settle(now, response),
            _ => {}
        }
    }

    /// An attempt got no response.
    pub fn handle_silence(&mut self, now: Instant, number: u64, silence: Silence) {
        match &self.state {
            State::Unregistering { number: awaited, .. } if *awaited == number => self.stopped(),
            State::Registering(attempt) if attempt.number == number => {
                self.next_server(now, Failure::Silence(silence), None);
            }
            _ => {}
        }
    }

    /// The next REGISTER to send now.
    pub fn poll_attempt(&mut self) -> Option<Attempt> {
        self.attempts.pop_front()
    }

    /// The next server that a keep-alive (CRLF CRLF) should be sent to now, so that its calls pass our NAT.
    pub fn poll_keepalive(&mut self) -> Option<Candidate> {
        self.keepalives.pop_front()
    }

    /// The next change.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`Registration::handle_timeout`] next, and what for.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let state = match &self.state {
            State::Idle => None,
            State::Registering(attempt) => Some((attempt.until, "the registrar does not answer")),
            State::Registered { refresh_at } => Some((*refresh_at, "time to refresh the registration")),
            State::Waiting { until } => Some((*until, "time to try the registrar again")),
            State::Unregistering { until, .. } => Some((*until, "the registrar does not let us go")),
        };
        let bound = self.bound.as_ref().map(|bound| (bound.expires_at, "the registration ends"));
        let keepalive = self.keepalive_at.map(|at| (at, "keep-alive to the registrar"));
        [state, bound, keepalive].into_iter().flatten().min()
    }

    /// Refreshes, retries and gives up as the time has come for.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.bound.as_ref().is_some_and(|bound| bound.expires_at <= now) {
            self.unbind();
            self.events.push_back(Event::Lost);
        }
        if self.keepalive_at.is_some_and(|at| at <= now) {
            self.keep_alive(now);
        }
        match &self.state {
            State::Registering(attempt) if attempt.until <= now => {
                self.next_server(now, Failure::Silence(Silence::Timeout), None);
            }
            State::Registered { refresh_at } if *refresh_at <= now => self.begin_round(now),
            State::Waiting { until } if *until <= now => self.begin_round(now),
            State::Unregistering { until, .. } if *until <= now => self.stopped(),
            _ => {}
        }
    }

    /// The binding the operator holds, while it does.
    pub fn bound(&self) -> Option<&Bound> {
        self.bound.as_ref()
    }

    /// What the machine is doing.
    pub fn phase(&self) -> Phase {
        match &self.state {
            State::Idle => Phase::Idle,
            State::Registering(_) => Phase::Registering,
            State::Registered { refresh_at } => Phase::Registered { refresh_at: *refresh_at },
            State::Waiting { until } => Phase::Waiting { until: *until },
            State::Unregistering { .. } => Phase::Unregistering,
        }
    }

    /// The account given.
    pub fn account(&self) -> &Account {
        &self.account
    }

    fn settle(&mut self, now: Instant, response: &Response) {
        if response.status.is_success() {
            return self.registered(now, response);
        }
        let why = Failure::Refused(response.status, response.reason.clone());
        match response.status {
            Status::INTERVAL_TOO_BRIEF => self.lengthen(now, response, why),
            // The account is wrong, and it is at every server: ask rarely, or the operator bans us.
            Status::UNAUTHORIZED
            | Status::FORBIDDEN
            | Status::NOT_FOUND
            | Status::PROXY_AUTHENTICATION_REQUIRED => {
                let span = self.backoff.refused(&mut self.random);
                self.wait(now, why, span);
            }
            _ => {
                let after = response.headers.retry_after().map(|after| Duration::from_secs(after.into()));
                self.next_server(now, why, after);
            }
        }
    }

    fn registered(&mut self, now: Instant, response: &Response) {
        let State::Registering(attempt) = &self.state else { return };
        let (server, contact) = (attempt.server.clone(), attempt.contact.clone());
        let granted = answer::granted(response, &contact).unwrap_or(self.expires);
        if granted == 0 {
            let why = Failure::Refused(response.status, "granted no time".into());
            return self.next_server(now, why, None);
        }
        let expires = Duration::from_secs(granted.into());
        let before = self.bound.as_ref().map(|bound| bound.server.candidate.clone());
        if before.as_ref() != Some(&server.candidate) || self.backoff.is_running() {
            self.events.push_back(Event::Registered { server: server.candidate.clone(), expires });
        }
        let candidate = server.candidate.clone();
        let service_route = answer::service_route(response);
        self.bound = Some(Bound { server, contact, expires_at: now + expires, service_route });
        let refresh_after = if self.has_moved() { Duration::ZERO } else { self.refresh_after(expires) };
        self.state = State::Registered { refresh_at: now + refresh_after };
        self.backoff = Backoff::default();
        self.keepalive_at = Some(now + attempt::keepalive(candidate.transport));
        let seen = answer::seen(response);
        if seen.is_some() && seen != self.seen {
            self.seen = seen;
            self.events.extend(seen.map(|address| Event::Seen { address }));
        }
    }

    /// 423: asks again for the time the server wants, once per try (RFC 3261 10.2.8).
    fn lengthen(&mut self, now: Instant, response: &Response, why: Failure) {
        let wanted = response.headers.min_expires().unwrap_or(None);
        let State::Registering(attempt) = &self.state else { return };
        match (wanted, attempt.lengthened) {
            (Some(wanted), false) if wanted > self.expires && wanted <= MAX_EXPIRES => {
                self.expires = wanted;
                let (server, rest) = (attempt.server.clone(), attempt.rest.clone());
                self.try_server(now, server, rest);
                if let State::Registering(attempt) = &mut self.state {
                    attempt.lengthened = true;
                }
            }
            _ => self.next_server(now, why, None),
        }
    }

    /// A round begins at the server that holds the binding, else at the first.
    fn begin_round(&mut self, now: Instant) {
        let holder = self.bound.as_ref().map(|bound| bound.server.candidate.clone());
        let mut rest: VecDeque<Server> = self.servers.iter().cloned().collect();
        let first = rest.iter().position(|server| Some(&server.candidate) == holder.as_ref()).unwrap_or(0);
        match rest.remove(first) {
            Some(server) => self.try_server(now, server, rest),
            None => {
                let span = self.backoff.failed(&mut self.random);
                self.wait(now, Failure::NoServer, span);
            }
        }
    }

    fn try_server(&mut self, now: Instant, server: Server, rest: VecDeque<Server>) {
        let contact = self.contact_at(&server);
        let number = self.send(&server, &contact, self.expires);
        let until = now + if rest.is_empty() { PATIENT } else { IMPATIENT };
        self.state = State::Registering(Try { number, server, contact, rest, until, lengthened: false });
    }

    fn next_server(&mut self, now: Instant, why: Failure, after: Option<Duration>) {
        let State::Registering(attempt) = &mut self.state else { return };
        let mut rest = std::mem::take(&mut attempt.rest);
        match rest.pop_front() {
            Some(next) => self.try_server(now, next, rest),
            None => {
                let span = self.backoff.failed(&mut self.random);
                let span = after.map_or(span, |after| span.max(after.min(backoff::LONGEST)));
                self.wait(now, why, span);
            }
        }
    }

    fn wait(&mut self, now: Instant, why: Failure, span: Duration) {
        // A registrar that took our CSeq for an old one takes a new Call-ID.
        self.call_id = attempt::call_id(&mut self.random);
        self.cseq = 0;
        self.state = State::Waiting { until: now + span };
        self.events.push_back(Event::Failed { why, retry_in: span });
    }

    fn send(&mut self, server: &Server, contact: &Uri, expires: u32) -> u64 {
        self.last_attempt += 1;
        self.cseq += 1;
        let old = self.bound.as_ref().map(|bound| &bound.contact).filter(|old| *old != contact);
        let wanted = attempt::Wanted { number: self.last_attempt, server, contact, old, expires };
        let attempt = wanted.attempt(&self.account, &self.call_id, self.cseq);
        self.attempts.clear();
        self.attempts.push_back(attempt);
        self.last_attempt
    }

    fn contact_at(&self, server: &Server) -> Uri {
        attempt::contact(&self.account, server)
    }

    /// Whether the binding names an address that is ours no more.
    fn has_moved(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| {
            let same = self.servers.iter().find(|server| server.candidate == bound.server.candidate);
            same.is_some_and(|server| self.contact_at(server) != bound.contact)
        })
    }

    fn keep_alive(&mut self, now: Instant) {
        self.keepalive_at =
            self.bound.as_ref().map(|bound| now + attempt::keepalive(bound.server.candidate.transport));
        self.keepalives.clear();
        self.keepalives.extend(self.bound.as_ref().map(|bound| bound.server.candidate.clone()));
    }

    fn unbind(&mut self) {
        self.bound = None;
        self.keepalive_at = None;
        self.keepalives.clear();
    }

    fn stopped(&mut self) {
        self.unbind();
        self.state = State::Idle;
        self.call_id = attempt::call_id(&mut self.random);
        self.cseq = 0;
        self.seen = None;
        self.backoff = Backoff::default();
        self.events.push_back(Event::Stopped);
    }

    /// Somewhere between a half and four fifths of the time granted.
    fn refresh_after(&mut self, granted: Duration) -> Duration {
        granted.mul_f64(0.5 + 0.3 * f64::from(self.random.next_u32()) / f64::from(u32::MAX))
    }
}
