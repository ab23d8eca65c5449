//! The lines to operators: where their servers are, whether they answer, our registrations there.

mod ask;
mod line;
mod register;
mod report;
mod way;

use super::{Exchange, Network, Output, names};
use line::{Line, Slot};
use model::site::{Registrar, Site, Trunk, TrunkKind};
use model::{Now, TrunkId};
use sip::Authority;
use sip::digest::Credentials;
use sip::endpoint::RequestId;
use sip::flow::Transport;
use sip::locate::{Families, Locate, Located, Place};
use sip::probe::{Ask, HostId, Pace, Probes};
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// A host whose servers are to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of which trunk.
    pub trunk: TrunkId,
    /// Which of its hosts.
    pub host: usize,
    /// What was configured.
    pub place: Place,
    /// How it is spoken to; where none was configured the DNS says it.
    pub transport: Option<Transport>,
}

/// A request of ours that a line waits for.
enum Asked {
    Probe(Ask),
    Register { trunk: TrunkId, number: u64, server: SocketAddr },
}

/// All lines.
pub(crate) struct Lines {
    lines: BTreeMap<TrunkId, Line>,
    probes: Probes,
    asked: HashMap<RequestId, Asked>,
    /// Why a server could not be connected to, for people; as long as that was the last thing known of it.
    refusals: HashMap<HostId, String>,
    random: names::Random,
    next_slot: u64,
}

impl Lines {
    pub fn new(seed: [u8; 32]) -> Self {
        let mut random = names::Random::new(seed);
        let probes = Probes::new(Pace::default(), random.seed());
        let (lines, asked, refusals) = (BTreeMap::new(), HashMap::new(), HashMap::new());
        Self { lines, probes, asked, refusals, random, next_slot: 0 }
    }

    /// The trunks with exactly this address.
    pub fn at(&self, address: SocketAddr) -> impl Iterator<Item = &TrunkId> {
        let has = move |line: &&Line| line.slots().any(|slot| slot.candidate.addr == address);
        self.lines.values().filter(has).map(|line| &line.trunk)
    }

    /// The trunks on this IP address.
    pub fn on(&self, address: IpAddr) -> impl Iterator<Item = &TrunkId> {
        let has = move |line: &&Line| line.slots().any(|slot| slot.candidate.addr.ip() == address);
        self.lines.values().filter(has).map(|line| &line.trunk)
    }

    /// Is this the user part that we registered with the trunk?
    pub fn is_contact(&self, trunk: &TrunkId, user: &str) -> bool {
        let registration = self.lines.get(trunk).and_then(|line| line.registration.as_ref());
        registration.is_some_and(|registration| *registration.account().contact_user == *user)
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.lines.values().flat_map(Line::slots)
    }

    /// The slots at an address: one for each account with that server.
    fn slots_at(&self, address: SocketAddr) -> Vec<HostId> {
        self.slots().filter(|slot| slot.candidate.addr == address).map(|slot| slot.id).collect()
    }

    fn slots_on(&self, (transport, address): (Transport, SocketAddr)) -> Vec<HostId> {
        let here = |slot: &&Slot| slot.candidate.transport == transport && slot.candidate.addr == address;
        self.slots().filter(here).map(|slot| slot.id).collect()
    }

    fn trunk_with(&self, slot: HostId) -> Option<&TrunkId> {
        let of = |line: &&Line| line.slots().any(|other| other.id == slot);
        self.lines.values().find(of).map(|line| &line.trunk)
    }

    fn forget(&mut self, slot: HostId) {
        self.probes.remove(slot);
        self.refusals.remove(&slot);
    }

    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let registrations = self.lines.values().filter_map(|line| line.registration.as_ref()?.poll_timeout());
        let searches =
            self.lines.values().filter_map(|line| Some((line.search_at()?, "a trunk's servers are due")));
        registrations.chain(searches).chain(self.probes.poll_timeout()).min_by_key(|(at, _)| *at)
    }
}

impl<N: Network> Exchange<N> {
    /// Sets up the lines of a site; lines whose trunk is unchanged go on as they are.
    pub(crate) fn lines_for(&mut self, now: Now, site: &Site) {
        let old = std::mem::take(&mut self.lines.lines);
        for (id, line) in old {
            if site.trunk(&id).is_some_and(|trunk| line.fits(trunk)) {
                self.lines.lines.insert(id, line);
            } else {
                line.slots().for_each(|slot| self.lines.forget(slot.id));
            }
        }
        for trunk in site.trunks() {
            if !self.lines.lines.contains_key(&trunk.id) {
                let line = Line::new(trunk, &mut self.lines.random);
                self.lines.lines.insert(trunk.id.clone(), line);
                self.report(now, &trunk.id);
            }
        }
        self.search(now);
        self.attend(now);
    }

    pub(crate) fn lines_timeout(&mut self, now: Now) {
        self.lines.probes.handle_timeout(now.mono);
        for line in self.lines.lines.values_mut() {
            if let Some(registration) = &mut line.registration {
                registration.handle_timeout(now.mono);
            }
        }
        self.search(now);
        self.attend(now);
    }

    /// The servers behind a host are known, or could not be found; then the last ones known stay.
    pub(crate) fn located(&mut self, now: Now, wanted: &Wanted, result: Result<Located, String>) {
        let Some(line) = self.lines.lines.get_mut(&wanted.trunk) else { return };
        match result {
            Ok(located) => {
                let gone = line.place(now.mono, wanted.host, located, &mut self.lines.next_slot);
                let slots: Vec<_> = line.slots().map(|slot| slot.id).collect();
                gone.into_iter().for_each(|slot| self.lines.forget(slot));
                slots.into_iter().for_each(|slot| self.lines.probes.add(now.mono, slot));
            }
            Err(why) => {
                tracing::warn!(trunk = %wanted.trunk, why, "a trunk's servers were not found");
                line.not_found(now.mono, wanted.host, why);
            }
        }
        self.give_servers(now, &wanted.trunk);
        self.report(now, &wanted.trunk);
        self.attend(now);
    }

    /// Looks for servers whose time has come. Addresses need no search.
    fn search(&mut self, now: Now) {
        let mut found = Vec::new();
        for line in self.lines.lines.values_mut() {
            for wanted in line.due(now.mono) {
                let seed = self.lines.random.seed();
                let mut locate =
                    Locate::new(wanted.place.clone(), wanted.transport, Families::default(), seed);
                match locate.poll_outcome() {
                    Some(outcome) => found.push((wanted, outcome.map_err(|error| error.to_string()))),
                    None => self.outputs.push_back(Output::Locate(wanted)),
                }
            }
        }
        for (wanted, result) in found {
            self.located(now, &wanted, result);
        }
    }

    /// Carries out what probes and registrations want, and tells the core what has changed.
    fn attend(&mut self, now: Now) {
        while let Some(ask) = self.lines.probes.poll_ask() {
            self.ask(now, ask);
        }
        let mut changed: Vec<TrunkId> = Vec::new();
        while let Some(event) = self.lines.probes.poll_event() {
            let slot = match event {
                sip::probe::Event::Up(slot) => {
                    self.lines.refusals.remove(&slot);
                    slot
                }
                sip::probe::Event::Down(slot, said) => {
                    let why = self.lines.refusals.get(&slot).cloned().unwrap_or_else(|| said.to_string());
                    tracing::warn!(why, "a trunk's host does not answer");
                    slot
                }
            };
            changed.extend(self.lines.trunk_with(slot).cloned());
        }
        let trunks: Vec<TrunkId> = self.lines.lines.keys().cloned().collect();
        for trunk in trunks {
            if self.attend_registration(now, &trunk) && !changed.contains(&trunk) {
                changed.push(trunk);
            }
        }
        for trunk in changed {
            self.report(now, &trunk);
        }
    }
}

/// The trunk's domain for Request-URIs and From: the registrar's; for a peer none, its address is used.
fn home(trunk: &Trunk) -> Option<Authority> {
    match &trunk.kind {
        TrunkKind::Peer { .. } => None,
        TrunkKind::Register(registrar) => domain(registrar),
    }
}

/// The domain of the address of record; the server's own name and port where no other was given.
fn domain(registrar: &Registrar) -> Option<Authority> {
    if registrar.domain == registrar.host.name {
        return Authority::parse(&registrar.host.to_string());
    }
    Authority::parse(&registrar.domain)
}

fn credentials(trunk: &Trunk) -> Option<Credentials> {
    match &trunk.kind {
        TrunkKind::Peer { .. } => None,
        TrunkKind::Register(registrar) => {
            Some(Credentials { user: registrar.auth_username.clone(), secret: registrar.secret.clone() })
        }
    }
}
