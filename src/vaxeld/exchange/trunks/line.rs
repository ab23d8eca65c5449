//! One line: a trunk's hosts and the servers found behind each.

use super::super::names::Random;
use super::{Wanted, credentials, domain, home};
use jiff::Timestamp;
use model::site::{Trunk, TrunkKind};
use model::{TrunkHost, TrunkId, TrunkState};
use sip::Authority;
use sip::digest::Credentials;
use sip::flow::Transport;
use sip::locate::{Candidate, Located, Place};
use sip::probe::HostId;
use sip::registration::{Account, Failure, Registration};
use std::time::{Duration, Instant};

/// How soon a search that failed is tried again: the first time, doubled each time after, and at most.
const RETRY: Duration = Duration::from_secs(2);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// Names are not looked up more often than this, whatever the DNS says.
const SHORTEST: Duration = Duration::from_secs(5);

/// A server.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub id: HostId,
    pub candidate: Candidate,
}

/// A trunk's line.
pub(crate) struct Line {
    pub trunk: TrunkId,
    pub registration: Option<Registration>,
    pub credentials: Option<Credentials>,
    pub home: Option<Authority>,
    /// Why the registration is not there, since it failed last.
    pub trouble: Option<Trouble>,
    hosts: Vec<Host>,
    given: Trunk,
}

struct Host {
    wanted: Wanted,
    slots: Vec<Slot>,
    /// When to search; none while a search is under way.
    search_at: Option<Instant>,
    searched: bool,
    trouble: Option<String>,
    /// Searches in a row that came to nothing.
    failures: u32,
}

/// Why a registration is not there.
pub(crate) struct Trouble {
    pub why: Failure,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
}

impl Line {
    pub fn new(trunk: &Trunk, random: &mut Random) -> Self {
        let transport = trunk.transport.map(|transport| match transport {
            model::site::Transport::Udp => Transport::Udp,
            model::site::Transport::Tcp => Transport::Tcp,
            model::site::Transport::Tls => Transport::Tls,
        });
        let places = trunk.hosts().iter().filter_map(|host| host.to_string().parse::<Place>().ok());
        let hosts = places.enumerate().map(|(host, place)| Host {
            wanted: Wanted { trunk: trunk.id.clone(), host, place, transport },
            slots: Vec::new(),
            search_at: None,
            searched: false,
            trouble: None,
            failures: 0,
        });
        let registration = match &trunk.kind {
            TrunkKind::Peer { .. } => None,
            TrunkKind::Register(registrar) => domain(registrar).map(|domain| {
                let account =
                    Account { expires: registrar.expires_s, ..Account::new(domain, &registrar.username) };
                Registration::new(account, random.seed())
            }),
        };
        Self {
            trunk: trunk.id.clone(),
            registration,
            credentials: credentials(trunk),
            home: home(trunk),
            trouble: None,
            hosts: hosts.collect(),
            given: trunk.clone(),
        }
    }

    /// Is the line still the one for this trunk? Numbers and channels may change under it.
    pub fn fits(&self, trunk: &Trunk) -> bool {
        self.given.kind == trunk.kind && self.given.transport == trunk.transport
    }

    /// Every server, in the order they are tried.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.hosts.iter().flat_map(|host| host.slots.iter())
    }

    /// Hosts without a known server, for people.
    pub fn missing(&self) -> impl Iterator<Item = TrunkHost> + '_ {
        let unknown = self.hosts.iter().filter(|host| host.slots.is_empty());
        unknown.map(|host| TrunkHost {
            address: host.wanted.place.host().to_string(),
            up: false,
            // Without an address there is nothing that a call could try.
            state: TrunkState::Down,
            said: host.trouble.clone().unwrap_or_else(|| "not found yet".to_owned()),
        })
    }

    /// When the next search is due.
    pub fn search_at(&self) -> Option<Instant> {
        self.hosts.iter().filter_map(|host| host.search_at).min()
    }

    /// The searches that are due now; each is under way until it is answered.
    pub fn due(&mut self, now: Instant) -> Vec<Wanted> {
        let due = |host: &&mut Host| !host.searched || host.search_at.is_some_and(|at| at <= now);
        let start = |host: &mut Host| {
            host.searched = true;
            host.search_at = None;
            host.wanted.clone()
        };
        self.hosts.iter_mut().filter(due).map(start).collect()
    }

    /// Puts the servers found in place; those that stay keep their id, those that go are given back.
    pub fn place(&mut self, now: Instant, host: usize, located: Located, next: &mut u64) -> Vec<HostId> {
        let Some(host) = self.hosts.get_mut(host) else { return Vec::new() };
        let mut old = std::mem::take(&mut host.slots);
        for candidate in located.candidates {
            let kept = old.iter().position(|slot| slot.candidate == candidate).map(|at| old.swap_remove(at));
            host.slots.push(kept.unwrap_or_else(|| {
                *next += 1;
                Slot { id: HostId(*next), candidate }
            }));
        }
        (host.trouble, host.failures) = (None, 0);
        host.search_at = Some(now + located.ttl.max(SHORTEST));
        old.into_iter().map(|slot| slot.id).collect()
    }

    /// A search came to nothing; the last servers known stay in use.
    pub fn not_found(&mut self, now: Instant, host: usize, why: String) {
        if let Some(host) = self.hosts.get_mut(host) {
            host.trouble = Some(why);
            host.search_at = Some(now + (RETRY * 2u32.saturating_pow(host.failures.min(8))).min(RETRY_MAX));
            host.failures += 1;
        }
    }
}
