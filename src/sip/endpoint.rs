//! The endpoint: bytes and commands in, bytes and events out.
//!
//! ```text
//!   handle_datagram ─┐                                    ┌─► poll_transmit
//!   handle_stream ───┤ door ► transactions ► sessions ────┼─► poll_event
//!   handle_timeout ──┤            ▲                       ├─► poll_timeout
//!   invite, answer … ┘────────────┘                       └─► poll_trace
//! ```
//!
//! After every input, drain every output. The verbs of a call stand in `session/`, one a file.

mod abilities;
mod client;
mod command;
mod config;
mod event;
mod multipart;
mod outside;
mod receive;
mod retry;
mod screen;
mod server;
mod streams;
mod timers;
mod trace;
mod wire;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

pub use command::{
    Body, Digit, EndReason, IncomingId, Invite, OutOfDialog, Refer, RequestId, SessionId, SubscriptionId,
};
pub use config::Config;
pub use event::{
    CloseConnection, EndedBy, Event, ReferProgress, Referral, RequestFailed, Subscribe, Unsubscribed,
};
pub use trace::Traced;

use abilities::Abilities;
use client::ClientTx;
pub(crate) use client::{Outgoing, Owner, Purpose};
pub(crate) use receive::Within;
pub(crate) use server::Answerer;
use server::ServerTx;
pub(crate) use timers::{Alarm, Alarms, TxId, Wake};

use crate::door::{Admitted, Door};
use crate::flow::{Flow, Hop, SendToken, Transmit, Transport};
use crate::session::Session;
use crate::subscription::Subscriptions;
use crate::transaction::{ClientInput, Key};
use crate::{Message, Status};
use streams::Streams;
use timers::Timers;
use wire::Wire;

/// A SIP user agent for all calls and requests of the box (RFC 3261 8, 12 to 15, 17, 18 without sockets).
#[derive(Debug)]
pub struct Endpoint {
    pub(crate) config: Config,
    pub(crate) abilities: Abilities,
    pub(crate) wire: Wire,
    pub(crate) timers: Timers,
    pub(crate) events: VecDeque<Event>,
    streams: Streams,
    door: Door,
    last_id: u64,

    clients: HashMap<TxId, ClientTx>,
    client_keys: HashMap<Key, TxId>,
    /// Client transactions waiting on stream connections, to fail them when one closes.
    on_streams: BTreeSet<(Transport, SocketAddr, TxId)>,

    servers: HashMap<TxId, ServerTx>,
    server_keys: HashMap<Key, TxId>,
    /// Requests outside dialogs by From tag, Call-ID and CSeq: a second with another branch has come by another way
    /// (RFC 3261 8.2.2.2).
    merging: HashMap<Box<str>, TxId>,

    sessions: HashMap<SessionId, Box<Session>>,
    /// Every live session by our tag, which is unique and unguessable.
    by_tag: HashMap<Arc<str>, SessionId>,
    /// Subscriptions of peers.
    pub(crate) subscriptions: Subscriptions,
}

impl Endpoint {
    /// An idle endpoint. The seed is what makes tags, branches and Call-IDs unguessable.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        Self {
            wire: Wire::new(config.max_traced, seed),
            streams: Streams::new(config.max_connections, config.message_wait),
            abilities: Abilities::of(&config),
            door: Door::new(config.methods.clone()),
            subscriptions: Subscriptions::new(config.max_subscriptions, config.max_subscriptions_per_source),
            config,
            timers: Timers::default(),
            events: VecDeque::new(),
            last_id: 0,
            clients: HashMap::new(),
            client_keys: HashMap::new(),
            on_streams: BTreeSet::new(),
            servers: HashMap::new(),
            server_keys: HashMap::new(),
            merging: HashMap::new(),
            sessions: HashMap::new(),
            by_tag: HashMap::new(),
        }
    }

    /// One datagram.
    pub fn handle_datagram(&mut self, now: Instant, flow: Flow, data: &[u8]) {
        match self.door.admit(data, &flow) {
            Admitted::Message(message) => {
                self.wire.trace.record(now, false, flow, data);
                self.receive(now, flow, message);
            }
            Admitted::Answer(answer) => {
                self.wire.trace.record(now, false, flow, data);
                self.wire.send(now, Hop::Flow(flow), answer, SendToken::UNTRACKED);
            }
            Admitted::Keepalive(reply) if !reply.is_empty() => {
                self.wire.send_keepalive(Hop::Flow(flow), reply);
            }
            Admitted::Keepalive(_) | Admitted::Drop(_) => {}
        }
    }

    /// Bytes of a connection, in any pieces. On an error the driver closes the connection and says `handle_closed`.
    pub fn handle_stream(&mut self, now: Instant, flow: Flow, data: &[u8]) -> Result<(), CloseConnection> {
        for message in self.streams.push(now, flow, data)? {
            match message {
                streams::Piece::Message(bytes) => self.handle_datagram(now, flow, &bytes),
                streams::Piece::Ping => {
                    self.wire.send_keepalive(Hop::Flow(flow), crate::framer::PONG);
                }
                streams::Piece::Broken { head, status, reason } => {
                    if let Ok(answer) = self.door.refuse(&head, &flow, (status, &reason)) {
                        self.wire.send(now, Hop::Flow(flow), answer, SendToken::UNTRACKED);
                    }
                    return Err(CloseConnection::Garbage);
                }
            }
        }
        Ok(())
    }

    /// The connection is gone: requests on it have failed (RFC 3261 8.1.3.1).
    pub fn handle_closed(&mut self, now: Instant, flow: Flow) {
        self.streams.forget(flow);
        let here = (flow.transport, flow.remote);
        let waiting: Vec<TxId> = self
            .on_streams
            .range((here.0, here.1, TxId(0))..=(here.0, here.1, TxId(u64::MAX)))
            .map(|(_, _, id)| *id)
            .collect();
        for id in waiting {
            self.step_client(now, id, ClientInput::Undeliverable, None);
        }
    }

    /// What was sent under this token could not be delivered: refused by the far end (ICMP), connect failed, queue full.
    pub fn handle_undeliverable(&mut self, now: Instant, token: SendToken) {
        if token != SendToken::UNTRACKED {
            self.step_client(now, TxId(token.0), ClientInput::Undeliverable, None);
        }
    }

    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, wake)) = self.timers.pop_due(now) {
            if !self.applies(at, wake) {
                continue;
            }
            match wake {
                Wake::Client(id) => self.wake_client(now, id),
                Wake::Server(id) => self.wake_server(now, id),
                Wake::Owed(id) => self.answer_for_user(now, id, Status::SERVER_TIMEOUT),
                Wake::Session(id, alarm) => self.wake_session(now, id, alarm),
                Wake::Subscription(id) => self.wake_subscription(now, id),
            }
        }
        while let Some(flow) = self.streams.pop_due(now) {
            self.events.push_back(Event::Stalled { flow });
        }
        self.prune();
    }

    /// The next payload to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.wire.poll()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When `handle_timeout` is wanted, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let stalled = self.streams.timeout().map(|at| (at, "a message does not end"));
        [self.timers.next(), stalled].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// The next message of the trace, oldest first.
    pub fn poll_trace(&mut self) -> Option<Traced> {
        self.wire.trace.poll()
    }

    /// True when nothing is left: no transaction, session, timer, half message, event or payload.
    pub fn is_idle(&mut self) -> bool {
        self.prune();
        self.clients.is_empty()
            && self.client_keys.is_empty()
            && self.on_streams.is_empty()
            && self.servers.is_empty()
            && self.server_keys.is_empty()
            && self.merging.is_empty()
            && self.sessions.is_empty()
            && self.by_tag.is_empty()
            && self.subscriptions.is_empty()
            && self.timers.next().is_none()
            && self.streams.is_empty()
            && self.wire.is_empty()
            && self.events.is_empty()
    }

    /// How many transactions and sessions are held, for display.
    pub fn load(&self) -> (usize, usize) {
        (self.clients.len() + self.servers.len(), self.sessions.len())
    }

    /// The session of a dialog, for Replaces (RFC 3891 3) and Target-Dialog. Both tags must fit; the other way round
    /// fits as well: a watcher knows them from a document about the phone at the other end, not about us.
    pub fn session_of(&self, call_id: &str, to_tag: &str, from_tag: &str) -> Option<SessionId> {
        [(to_tag, from_tag), (from_tag, to_tag)].into_iter().find_map(|(ours, theirs)| {
            let id = self.by_tag.get(ours)?;
            self.sessions.get(id)?.is_dialog(call_id, theirs).then_some(*id)
        })
    }

    pub(crate) fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id).map(|session| &**session)
    }

    /// The methods that are served, as they stand in Allow.
    pub fn allow(&self) -> Arc<str> {
        self.door.allow().clone()
    }

    /// The Call-ID of a session, for traces.
    pub fn call_id(&self, id: SessionId) -> Option<&str> {
        self.sessions.get(&id).map(|session| &*session.call_id)
    }

    /// Host and port for Contact in a call that came in, when the peer sees the box under another address than the
    /// one it is bound to. To be said before `ring` and `answer`.
    pub fn advertise(&mut self, id: SessionId, advertised: crate::flow::HostPort) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.advertise(advertised);
        }
    }

    pub(crate) fn receive(&mut self, now: Instant, flow: Flow, message: Message) {
        match message {
            Message::Request(mut request) => {
                multipart::unwrap(&mut request.headers, &mut request.body);
                self.receive_request(now, flow, request);
            }
            Message::Response(mut response) => {
                multipart::unwrap(&mut response.headers, &mut response.body);
                self.receive_response(now, response);
            }
        }
    }

    /// The next id of any kind.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// True when new work must be refused: something is full.
    pub(crate) fn is_full(&self) -> bool {
        self.clients.len() + self.servers.len() >= self.config.max_transactions
            || self.sessions.len() >= self.config.max_sessions
            || self.events.len() >= self.config.max_pending
    }

    /// True when not even requests of running calls find room: they have an eighth more than new work has.
    pub(crate) fn is_exhausted(&self) -> bool {
        let most = self.config.max_transactions + self.config.max_transactions / 8;
        self.clients.len() + self.servers.len() >= most
    }

    /// Takes the session out, lets `act` work on it and the endpoint, and puts it back unless it is done.
    pub(crate) fn with<T>(
        &mut self,
        id: SessionId,
        act: impl FnOnce(&mut Self, &mut Session) -> T,
    ) -> Option<T> {
        let mut session = self.sessions.remove(&id)?;
        let result = act(self, &mut session);
        self.keep(session);
        Some(result)
    }

    /// Puts a session into the table, or drops it when it is done.
    pub(crate) fn keep(&mut self, session: Box<Session>) {
        if session.is_done() {
            self.by_tag.remove(&session.local_tag);
        } else {
            self.by_tag.entry(session.local_tag.clone()).or_insert(session.id);
            self.sessions.insert(session.id, session);
        }
    }

    /// Sets an alarm of a session.
    pub(crate) fn alarm(&mut self, session: &mut Session, alarm: Alarm, at: Instant) {
        session.alarms.set(alarm, at);
        self.timers.push(at, Wake::Session(session.id, alarm));
    }

    fn applies(&self, at: Instant, wake: Wake) -> bool {
        match wake {
            Wake::Client(id) => self.clients.get(&id).is_some_and(|tx| tx.wake == Some(at)),
            Wake::Server(id) => self.servers.get(&id).is_some_and(|tx| tx.wake == Some(at)),
            Wake::Owed(id) => self.servers.get(&id).is_some_and(|tx| tx.is_open()),
            Wake::Subscription(id) => self.subscriptions.wake(id) == Some(at),
            Wake::Session(id, alarm) => {
                self.sessions.get(&id).is_some_and(|session| session.alarms.get(alarm) == Some(at))
            }
        }
    }

    fn prune(&mut self) {
        let mut timers = std::mem::take(&mut self.timers);
        timers.prune(|at, wake| self.applies(at, wake));
        self.timers = timers;
    }
}
