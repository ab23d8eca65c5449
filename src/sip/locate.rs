//! Finding the servers behind a configured host (RFC 3263): which transport, which addresses, in which order.
//!
//! ```text
//!              address          port or none found
//!   Locate::new ───► Done   ┌──────────────────────────┐
//!        │ name             │                          ▼
//!        ├── no port, transport open ─► Services ─► Servers ─► Addresses ─► Done
//!        ├── no port, transport given ─────NAPTR──────►│SRV        │A, AAAA
//!        └── port given ───────────────────────────────┴──────────►│
//! ```
//!
//! The machine asks nothing itself: [`Locate::poll_question`] says what to ask the DNS, [`Locate::handle_answer`] takes
//! what it said, [`Locate::poll_outcome`] gives the candidates. Read [`Locate`] first.

mod order;
mod place;
#[cfg(test)]
mod tests;

use crate::flow::Transport;
use order::{Server, Service};
pub use place::{Place, PlaceError};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Candidates kept at most; more would never be tried within a call's patience.
pub const MAX_CANDIDATES: usize = 16;
/// Services of one domain looked at, at most.
const MAX_SERVICES: usize = 4;
/// Servers of one domain looked at, at most.
const MAX_SERVERS: usize = 8;
/// Addresses of one server and family used, at most.
const MAX_ADDRESSES: usize = 8;
/// How long an outcome that needed no DNS holds.
const FOREVER: Duration = Duration::from_secs(24 * 3600);

/// One address to try, in the order given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// How to talk to it.
    pub transport: Transport,
    /// Where it is.
    pub addr: SocketAddr,
    /// The name its certificate must have: the configured host, never what the DNS made of it (RFC 5922 4).
    pub tls_name: Option<Arc<str>>,
}

/// Which addresses the box can send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Families {
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// Both; of one server, the IPv4 addresses first.
    #[default]
    V4First,
    /// Both; of one server, the IPv6 addresses first (RFC 7984 with the default policy of RFC 6724).
    V6First,
}

impl Families {
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::V4 => &[Kind::A],
            Self::V6 => &[Kind::Aaaa],
            Self::V4First => &[Kind::A, Kind::Aaaa],
            Self::V6First => &[Kind::Aaaa, Kind::A],
        }
    }

    fn allow(self, address: IpAddr) -> bool {
        self.kinds().contains(if address.is_ipv4() { &Kind::A } else { &Kind::Aaaa })
    }
}

/// A type of DNS record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Services of a domain (RFC 3403).
    Naptr,
    /// Servers of a service (RFC 2782).
    Srv,
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
}

/// What to ask the DNS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// The fully qualified name, without the final dot.
    pub name: Arc<str>,
    /// The records wanted.
    pub kind: Kind,
}

/// What the DNS said to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Records; those of another kind than asked for are ignored.
    Found {
        /// In any order.
        records: Vec<Record>,
        /// The smallest time to live among them.
        ttl: Duration,
    },
    /// The name or its records do not exist.
    Nothing {
        /// How long that may be believed, when the answer says (RFC 2308).
        ttl: Option<Duration>,
    },
    /// No usable answer: silence, refusal, garbage.
    Failed,
}

/// One DNS record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A service of a domain (RFC 3403 4.1); the regular expression is not used by SIP.
    Naptr {
        /// Lower first, strictly.
        order: u16,
        /// Lower first, within an order.
        preference: u16,
        /// `s`: the replacement names SRV records.
        flags: String,
        /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`.
        service: String,
        /// The name to ask next.
        replacement: String,
    },
    /// A server of a service.
    Srv {
        /// Lower first, strictly.
        priority: u16,
        /// A share within a priority.
        weight: u16,
        /// Its port.
        port: u16,
        /// Its name; `.` says there is none.
        target: String,
    },
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
}

/// The servers found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// In the order to try them; never empty, at most [`MAX_CANDIDATES`].
    pub candidates: Vec<Candidate>,
    /// How long this holds: the smallest time to live among the answers used.
    pub ttl: Duration,
    /// False when a question on the way failed, so that something better may be found soon.
    pub complete: bool,
}

/// Why no servers were found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// The domain has no server that we can talk to; correct the configured host.
    #[error("{host} has no address in the DNS")]
    NoServers {
        /// The host as configured.
        host: Arc<str>,
    },
    /// The domain's SRV record says that the service is not offered there (RFC 2782, target `.`).
    #[error("{host} says in the DNS that it offers no SIP by this transport")]
    NotOffered {
        /// The host as configured.
        host: Arc<str>,
    },
    /// The DNS did not answer; try again later.
    #[error("the DNS gave no usable answer about {host}")]
    NoAnswer {
        /// The host as configured.
        host: Arc<str>,
    },
}

/// What the search came to.
pub type Outcome = Result<Located, LocateError>;

/// One search for the servers of a configured host. Lives for a few questions and ends with one outcome.
#[derive(Debug)]
pub struct Locate {
    place: Place,
    transport: Option<Transport>,
    families: Families,
    random: ChaCha8Rng,
    questions: VecDeque<Question>,
    ttl: Duration,
    complete: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// NAPTR asked.
    Services,
    /// SRV asked for each service.
    Servers(Vec<(Service, Reply)>),
    /// A and AAAA asked for each server name.
    Addresses(Vec<Server>, Vec<(Question, Option<Vec<IpAddr>>)>),
    /// Outcome ready; `None` once taken.
    Done(Option<Outcome>),
}

/// What became of one SRV question.
#[derive(Debug)]
enum Reply {
    Awaited,
    Servers(Vec<Server>),
    NotOffered,
}

impl Locate {
    /// Begins a search. Without a transport the DNS chooses it (RFC 3263 4.1). `seed` decides among SRV weights.
    pub fn new(place: Place, transport: Option<Transport>, families: Families, seed: [u8; 32]) -> Self {
        let mut machine = Self {
            place,
            transport,
            families,
            random: ChaCha8Rng::from_seed(seed),
            questions: VecDeque::new(),
            ttl: FOREVER,
            complete: true,
            stage: Stage::Services,
        };
        machine.begin();
        machine
    }

    /// The host searched for, as configured, without its port.
    pub fn host(&self) -> Arc<str> {
        self.place.host()
    }

    /// The next question for the DNS. All that are out may be asked at once.
    pub fn poll_question(&mut self) -> Option<Question> {
        self.questions.pop_front()
    }

    /// The outcome, once, when no answer is awaited any more.
    pub fn poll_outcome(&mut self) -> Option<Outcome> {
        match &mut self.stage {
            Stage::Done(outcome) => outcome.take(),
            Stage::Services | Stage::Servers(_) | Stage::Addresses(..) => None,
        }
    }

    /// Takes the answer to a question given out before; any other is ignored.
    pub fn handle_answer(&mut self, question: &Question, answer: Answer) {
        match std::mem::replace(&mut self.stage, Stage::Done(None)) {
            Stage::Services if question.kind == Kind::Naptr && *question.name == *self.place.host() => {
                let records = self.take(answer);
                self.ask_servers(order::services(&records, self.transport));
            }
            Stage::Servers(services) => self.handle_servers(services, question, answer),
            Stage::Addresses(servers, mut found) => {
                if let Some((_, slot)) =
                    found.iter_mut().find(|(asked, slot)| asked == question && slot.is_none())
                {
                    *slot = Some(addresses(question.kind, &self.take(answer)));
                }
                self.settle_addresses(servers, found);
            }
            stage @ (Stage::Services | Stage::Done(_)) => self.stage = stage,
        }
    }

    fn begin(&mut self) {
        match (self.place.clone(), self.transport) {
            (Place::Address(ip, port), transport) => {
                let transport = transport.unwrap_or(Transport::Udp);
                let addr = SocketAddr::new(ip, port.unwrap_or(default_port(transport)));
                let candidates =
                    if self.families.allow(ip) { vec![self.candidate(transport, addr)] } else { Vec::new() };
                self.finish(candidates);
            }
            (Place::Name(name, Some(port)), transport) => {
                let transport = transport.unwrap_or(Transport::Udp);
                self.ask_addresses(vec![Server { transport, name, port }]);
            }
            (Place::Name(_, None), Some(_)) => self.ask_servers(Vec::new()),
            (Place::Name(name, None), None) => {
                self.questions.push_back(Question { name, kind: Kind::Naptr });
            }
        }
    }

    /// Asks for the servers of `services`, or of the services SIP names by rule when the domain lists none.
    fn ask_servers(&mut self, mut services: Vec<Service>) {
        if services.is_empty() {
            services = order::services_by_rule(self.place.host(), self.transport);
        }
        services.truncate(MAX_SERVICES);
        for (at, service) in services.iter().enumerate() {
            // Several services may lie behind one name; its one answer is for all of them.
            if services[..at].iter().all(|earlier| earlier.name != service.name) {
                self.questions.push_back(Question { name: service.name.clone(), kind: Kind::Srv });
            }
        }
        self.stage = Stage::Servers(services.into_iter().map(|service| (service, Reply::Awaited)).collect());
    }

    fn handle_servers(&mut self, mut services: Vec<(Service, Reply)>, question: &Question, answer: Answer) {
        let awaited = |(service, reply): &(Service, Reply)| {
            question.kind == Kind::Srv && service.name == question.name && matches!(reply, Reply::Awaited)
        };
        if services.iter().any(awaited) {
            let records = self.take(answer);
            for (service, reply) in services.iter_mut().filter(|one| awaited(one)) {
                *reply = match order::servers(service, &records, &mut self.random) {
                    Some(servers) => Reply::Servers(servers),
                    None => Reply::NotOffered,
                };
            }
        }
        if services.iter().any(|(_, reply)| matches!(reply, Reply::Awaited)) {
            self.stage = Stage::Servers(services);
            return;
        }
        let refused = services.iter().any(|(_, reply)| matches!(reply, Reply::NotOffered));
        let mut servers: Vec<Server> = Vec::new();
        for (_, reply) in services {
            if let Reply::Servers(found) = reply {
                servers.extend(found);
            }
        }
        servers.truncate(MAX_SERVERS);
        if servers.is_empty() && refused {
            self.stage = Stage::Done(Some(Err(LocateError::NotOffered { host: self.place.host() })));
        } else if servers.is_empty() {
            // RFC 3263 4.2: no SRV records, so the name itself is the server.
            let transport = self.transport.unwrap_or(Transport::Udp);
            let name = self.place.host();
            self.ask_addresses(vec![Server { transport, name, port: default_port(transport) }]);
        } else {
            self.ask_addresses(servers);
        }
    }

    fn ask_addresses(&mut self, servers: Vec<Server>) {
        let mut found: Vec<(Question, Option<Vec<IpAddr>>)> = Vec::new();
        for server in &servers {
            for &kind in self.families.kinds() {
                let question = Question { name: server.name.clone(), kind };
                if found.iter().all(|(asked, _)| *asked != question) {
                    self.questions.push_back(question.clone());
                    found.push((question, None));
                }
            }
        }
        self.stage = Stage::Addresses(servers, found);
    }

    fn settle_addresses(&mut self, servers: Vec<Server>, found: Vec<(Question, Option<Vec<IpAddr>>)>) {
        if found.iter().any(|(_, addresses)| addresses.is_none()) {
            self.stage = Stage::Addresses(servers, found);
            return;
        }
        let mut candidates: Vec<Candidate> = Vec::new();
        for server in &servers {
            let of_server = found.iter().filter(|(question, _)| question.name == server.name);
            for ip in of_server.flat_map(|(_, addresses)| addresses.iter().flatten()) {
                let candidate = self.candidate(server.transport, SocketAddr::new(*ip, server.port));
                if !candidates.contains(&candidate) {
                    candidates.push(candidate);
                }
            }
        }
        self.finish(candidates);
    }

    fn finish(&mut self, mut candidates: Vec<Candidate>) {
        candidates.truncate(MAX_CANDIDATES);
        let host: Arc<str> = self.place.host();
        let outcome = match (candidates.is_empty(), self.complete) {
            (false, complete) => Ok(Located { candidates, ttl: self.ttl, complete }),
            (true, true) => Err(LocateError::NoServers { host }),
            (true, false) => Err(LocateError::NoAnswer { host }),
        };
        self.stage = Stage::Done(Some(outcome));
    }

    fn candidate(&self, transport: Transport, addr: SocketAddr) -> Candidate {
        let tls_name = (transport == Transport::Tls).then(|| self.place.host());
        Candidate { transport, addr, tls_name }
    }

    fn take(&mut self, answer: Answer) -> Vec<Record> {
        match answer {
            Answer::Found { records, ttl } => {
                self.ttl = self.ttl.min(ttl);
                records
            }
            Answer::Nothing { ttl } => {
                self.ttl = self.ttl.min(ttl.unwrap_or(FOREVER));
                Vec::new()
            }
            Answer::Failed => {
                self.complete = false;
                Vec::new()
            }
        }
    }
}

/// RFC 3261 19.1.2: 5061 under TLS, else 5060.
pub fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Tls => 5061,
        Transport::Udp | Transport::Tcp => 5060,
    }
}

fn addresses(kind: Kind, records: &[Record]) -> Vec<IpAddr> {
    let wanted = records.iter().filter_map(|record| match (kind, record) {
        (Kind::A, Record::A(ip)) => Some(IpAddr::V4(*ip)),
        (Kind::Aaaa, Record::Aaaa(ip)) => Some(IpAddr::V6(*ip)),
        _ => None,
    });
    wanted.take(MAX_ADDRESSES).collect()
}
