//! Two endpoints, a link between them that loses, doubles and reorders by seed, and one virtual clock.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::endpoint::{Body, Config, Endpoint, Event, Invite, OutOfDialog, SessionId};
use crate::flow::{Flow, HostPort, Target, Transport};
use crate::{Headers, Message, Method, NameAddr, Uri};

/// Which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    A,
    B,
}
pub(crate) use End::{A, B};

impl End {
    pub fn other(self) -> Self {
        match self {
            A => B,
            B => A,
        }
    }

    pub fn address(self) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, if self == A { 1 } else { 2 }], 5060))
    }
}

type Censor = Box<dyn FnMut(End, &Message) -> bool>;

pub(crate) struct Link {
    pub a: Endpoint,
    pub b: Endpoint,
    pub now: Instant,
    pub transport: Transport,
    /// In per cent.
    pub loss: u32,
    pub doubling: u32,
    /// The longest delay, in milliseconds.
    pub jitter: u32,
    /// Drops a message of this sender when true.
    pub censor: Option<Censor>,
    pub events_a: Vec<Event>,
    pub events_b: Vec<Event>,
    /// First lines with the sender, in order of sending.
    pub ladder: Vec<String>,
    /// Every message sent.
    pub sent: Vec<(End, Message)>,
    flying: BTreeMap<(Instant, u64), (End, Vec<u8>)>,
    random: ChaCha8Rng,
    count: u64,
}

/// A base for virtual time.
#[allow(clippy::disallowed_methods)]
pub(crate) fn start() -> Instant {
    Instant::now()
}

pub(crate) fn uri(text: &str) -> Uri {
    Uri::parse(text).expect("a URI")
}

pub(crate) fn offer() -> Body {
    Body::sdp(*b"v=0\r\no=offer\r\n")
}

pub(crate) fn answer() -> Body {
    Body::sdp(*b"v=0\r\no=answer\r\n")
}

pub(crate) fn described(text: &str) -> Body {
    Body::sdp(text.as_bytes())
}

pub(crate) fn none() -> Headers {
    Headers::new()
}

pub(crate) fn secs(n: f64) -> Duration {
    Duration::from_secs_f64(n)
}

pub(crate) fn target(from: End, transport: Transport) -> Target {
    Target {
        transport,
        remote: from.other().address(),
        local: from.address(),
        advertised: HostPort::from(from.address()),
        tls_name: None,
        reuse: None,
    }
}

impl Link {
    pub fn new() -> Self {
        Self::with(Config::default(), Config::default())
    }

    pub fn with(a: Config, b: Config) -> Self {
        Self {
            a: Endpoint::new(a, [1; 32]),
            b: Endpoint::new(b, [2; 32]),
            now: start(),
            transport: Transport::Udp,
            loss: 0,
            doubling: 0,
            jitter: 10,
            censor: None,
            events_a: Vec::new(),
            events_b: Vec::new(),
            ladder: Vec::new(),
            sent: Vec::new(),
            flying: BTreeMap::new(),
            random: ChaCha8Rng::seed_from_u64(7),
            count: 0,
        }
    }

    pub fn seeded(mut self, seed: u64) -> Self {
        self.random = ChaCha8Rng::seed_from_u64(seed);
        self
    }

    pub fn end(&mut self, end: End) -> &mut Endpoint {
        match end {
            A => &mut self.a,
            B => &mut self.b,
        }
    }

    pub fn invite_command(&self, body: Option<Body>) -> Invite {
        Invite {
            target: target(A, self.transport),
            request_uri: uri("sip:bob@10.0.0.2"),
            from: NameAddr::new(uri("sip:alice@10.0.0.1")),
            to: NameAddr::new(uri("sip:bob@10.0.0.2")),
            extra: Headers::new(),
            route: Vec::new(),
            body,
            credentials: None,
            session_expires: None,
        }
    }

    pub fn request_command(&self, method: Method) -> OutOfDialog {
        OutOfDialog {
            target: target(A, self.transport),
            method,
            request_uri: uri("sip:10.0.0.2"),
            from: NameAddr::new(uri("sip:alice@10.0.0.1")),
            to: NameAddr::new(uri("sip:bob@10.0.0.2")),
            headers: Headers::new(),
            cseq: None,
            body: None,
            credentials: None,
        }
    }

    /// A calls B; gives A's session. Nothing has moved yet.
    pub fn call(&mut self) -> SessionId {
        let command = self.invite_command(Some(offer()));
        let now = self.now;
        self.a.invite(now, command)
    }

    /// A calls B and the INVITE arrives; gives both sessions.
    pub fn ringing(&mut self) -> (SessionId, SessionId) {
        let a = self.call();
        self.run(0.1);
        (a, self.invited())
    }

    /// A talks with B.
    pub fn talking(&mut self) -> (SessionId, SessionId) {
        let (a, b) = self.ringing();
        let now = self.now;
        self.b.answer(now, b, answer(), none());
        self.run(0.1);
        (a, b)
    }

    /// B's session of the last `Invited`.
    pub fn invited(&self) -> SessionId {
        let mut events = self.events_b.iter().rev();
        events
            .find_map(|event| match event {
                Event::Invited { session, .. } => Some(*session),
                _ => None,
            })
            .expect("an INVITE has arrived")
    }

    /// Lets time pass.
    pub fn run(&mut self, seconds: f64) {
        let end = self.now + secs(seconds);
        loop {
            self.drain();
            let flying = self.flying.keys().next().map(|(at, _)| *at);
            let timers = [self.a.poll_timeout(), self.b.poll_timeout()];
            let timer = timers.into_iter().flatten().map(|(at, _)| at).min();
            let Some(next) = [flying, timer].into_iter().flatten().min().filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            if let Some(entry) = self.flying.first_entry()
                && entry.key().0 <= self.now
            {
                let (from, bytes) = entry.remove();
                self.arrive(from, &bytes);
            }
            let now = self.now;
            self.a.handle_timeout(now);
            self.b.handle_timeout(now);
        }
        self.now = end;
    }

    fn arrive(&mut self, from: End, bytes: &[u8]) {
        let to = from.other();
        let flow = Flow { transport: self.transport, local: to.address(), remote: from.address() };
        let (now, transport) = (self.now, self.transport);
        let endpoint = self.end(to);
        if transport == Transport::Udp {
            endpoint.handle_datagram(now, flow, bytes);
        } else {
            endpoint.handle_stream(now, flow, bytes).expect("our own messages can be framed");
        }
    }

    fn drain(&mut self) {
        for from in [A, B] {
            while let Some(transmit) = self.end(from).poll_transmit() {
                assert_eq!(transmit.to.remote(), from.other().address(), "sent to the right place");
                let message = Message::parse(&transmit.payload).expect("what we send can be read");
                self.ladder.push(format!("{from:?} {}", first_line(&message)));
                let censored = self.censor.as_mut().is_some_and(|censor| censor(from, &message));
                self.sent.push((from, message));
                if !censored {
                    self.launch(from, &transmit.payload);
                }
            }
            while let Some(event) = self.end(from).poll_event() {
                match from {
                    A => self.events_a.push(event),
                    B => self.events_b.push(event),
                }
            }
        }
    }

    fn launch(&mut self, from: End, payload: &[u8]) {
        let copies = 1 + u32::from(self.random.next_u32() % 100 < self.doubling);
        for _ in 0..copies {
            let lost = self.random.next_u32() % 100 < self.loss;
            let delay = Duration::from_millis(u64::from(self.random.next_u32() % self.jitter.max(1)) + 1);
            if !lost {
                self.count += 1;
                self.flying.insert((self.now + delay, self.count), (from, payload.to_vec()));
            }
        }
    }

    /// After enough time nothing is left on either end, and every session has had exactly one terminal event.
    pub fn settles(&mut self) {
        self.censor = None;
        self.run(120.0);
        assert!(self.a.is_idle(), "A is idle: {:?}\n{:#?}", self.a.load(), self.ladder);
        assert!(self.b.is_idle(), "B is idle: {:?}\n{:#?}", self.b.load(), self.ladder);
        for events in [&self.events_a, &self.events_b] {
            let mut ends: BTreeMap<SessionId, u32> = BTreeMap::new();
            for event in events {
                let (session, count) = match event {
                    Event::Failed { session, .. }
                    | Event::Ended { session, .. }
                    | Event::Cancelled { session, .. } => (session, 1),
                    Event::Invited { session, .. }
                    | Event::Confirmed { session }
                    | Event::Trying { session }
                    | Event::Provisional { session, .. }
                    | Event::Established { session, .. }
                    | Event::Offer { session, .. }
                    | Event::OfferWanted { session }
                    | Event::Answer { session, .. }
                    | Event::OfferOutdated { session }
                    | Event::ModifyFailed { session, .. }
                    | Event::Digit { session, .. }
                    | Event::Info { session, .. } => (session, 0),
                    Event::Referred { .. }
                    | Event::ReferProgress { .. }
                    | Event::Subscribed { .. }
                    | Event::Renewed { .. }
                    | Event::Unsubscribed { .. }
                    | Event::Request { .. }
                    | Event::Response { .. }
                    | Event::Stalled { .. } => continue,
                };
                *ends.entry(*session).or_default() += count;
                assert!(count == 1 || ends[session] == 0, "{event:?} after the end of its session");
            }
            assert!(ends.values().all(|count| *count == 1), "one end each: {ends:?} {events:#?}");
        }
    }

    /// How many messages with this first line A or B has sent.
    pub fn count(&self, line: &str) -> usize {
        self.ladder.iter().filter(|entry| entry.starts_with(line)).count()
    }

    /// The last message of this sender that begins so.
    pub fn last(&self, line: &str) -> &Message {
        let at = self.ladder.iter().rposition(|entry| entry.starts_with(line));
        &self.sent[at.unwrap_or_else(|| panic!("{line} in {:#?}", self.ladder))].1
    }
}

fn first_line(message: &Message) -> String {
    match message {
        Message::Request(request) => request.method.to_string(),
        Message::Response(response) => {
            let cseq = response.headers.cseq().expect("CSeq");
            format!("{} {}", response.status, cseq.method)
        }
    }
}
