//! The lines to operators: where their servers are, whether they answer, our registrations there.

mod line;

use super::outgoing::Way;
use super::{Exchange, Network, Output, names};
use line::{Line, Slot};
use model::site::{Site, Trunk, TrunkKind};
use model::{LegId, Now, TrunkHost, TrunkId};
use pbx::Input;
use sip::digest::Credentials;
use sip::endpoint::{OutOfDialog, RequestFailed, RequestId};
use sip::flow::{HostPort, Transport};
use sip::locate::{Families, Locate, Located, Place};
use sip::probe::{Ask, Pace, Probes, Silence};
use sip::{Authority, Headers, Method, NameAddr, Response, Status, Uri};
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
    Register { trunk: TrunkId, number: u64 },
}

/// All lines.
pub(crate) struct Lines {
    lines: BTreeMap<TrunkId, Line>,
    probes: Probes,
    asked: HashMap<RequestId, Asked>,
    random: names::Random,
    next_slot: u64,
}

impl Lines {
    pub fn new(seed: [u8; 32]) -> Self {
        let mut random = names::Random::new(seed);
        let probes = Probes::new(Pace::default(), random.seed());
        Self { lines: BTreeMap::new(), probes, asked: HashMap::new(), random, next_slot: 0 }
    }

    /// The trunk with exactly this address.
    pub fn at(&self, address: SocketAddr) -> Option<&TrunkId> {
        let has = |line: &&Line| line.slots().any(|slot| slot.candidate.addr == address);
        self.lines.values().find(has).map(|line| &line.trunk)
    }

    /// A trunk on this IP address.
    pub fn on(&self, address: IpAddr) -> Option<&TrunkId> {
        let has = |line: &&Line| line.slots().any(|slot| slot.candidate.addr.ip() == address);
        self.lines.values().find(has).map(|line| &line.trunk)
    }

    /// Is this the user part that we registered with the trunk?
    pub fn is_contact(&self, trunk: &TrunkId, user: &str) -> bool {
        let registration = self.lines.get(trunk).and_then(|line| line.registration.as_ref());
        registration.is_some_and(|registration| *registration.account().contact_user == *user)
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
                line.slots().for_each(|slot| self.lines.probes.remove(slot.id));
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
                gone.into_iter().for_each(|slot| self.lines.probes.remove(slot));
                let slots: Vec<_> = line.slots().map(|slot| slot.id).collect();
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

    /// A response to a request of a line.
    pub(crate) fn lines_response(
        &mut self,
        now: Now,
        id: RequestId,
        result: Result<Box<Response>, RequestFailed>,
    ) {
        let silence = |failed: &RequestFailed| match failed {
            RequestFailed::Timeout => Silence::Timeout,
            RequestFailed::Transport => Silence::Refused,
        };
        match self.lines.asked.remove(&id) {
            Some(Asked::Probe(ask)) => match &result {
                Ok(response) => self.lines.probes.handle_status(now.mono, ask, response.status),
                Err(failed) => self.lines.probes.handle_silence(now.mono, ask, silence(failed)),
            },
            Some(Asked::Register { trunk, number }) => {
                let line = self.lines.lines.get_mut(&trunk);
                let Some(registration) = line.and_then(|line| line.registration.as_mut()) else { return };
                match &result {
                    Ok(response) => registration.handle_response(now.mono, number, response),
                    Err(failed) => registration.handle_silence(now.mono, number, silence(failed)),
                }
            }
            None => {}
        }
        self.attend(now);
    }

    /// A call leg to a trunk's host failed without an answer: that counts like an unanswered probe.
    pub(crate) fn trunk_failed(&mut self, now: Now, leg: LegId, status: Option<Status>) {
        if status.is_none()
            && let Some(slot) = self.legs.get(&leg).and_then(|leg| leg.slot)
        {
            self.lines.probes.seen_silent(now.mono, slot, Silence::Timeout);
            self.attend(now);
        }
    }

    /// A request from a trunk's address shows it alive.
    pub(crate) fn alive(&mut self, now: Now, flow: &sip::flow::Flow) {
        let at = |slot: &&Slot| slot.candidate.addr == flow.remote;
        let slot = self.lines.lines.values().flat_map(Line::slots).find(at).map(|slot| slot.id);
        if let Some(slot) = slot {
            self.lines.probes.seen_alive(now.mono, slot);
            self.attend(now);
        }
    }

    /// Takes our registrations back.
    pub(crate) fn unregister(&mut self, now: Now) {
        for line in self.lines.lines.values_mut() {
            if let Some(registration) = &mut line.registration {
                registration.stop(now.mono);
            }
        }
        self.attend(now);
    }

    /// How a call gets to one host of a trunk.
    pub(crate) fn way_to_trunk(&mut self, trunk: &TrunkId, host: usize, called: &str) -> Option<Way> {
        let line = self.lines.lines.get(trunk)?;
        let slot = line.slots().nth(host)?.clone();
        let service_route = line.registration.as_ref().and_then(|registration| registration.bound());
        let route = service_route.map(|bound| bound.service_route.clone()).unwrap_or_default();
        let (home, credentials) = (line.home.clone(), line.credentials.clone());
        let source = self.network.source(slot.candidate.addr.ip());
        let to = (slot.candidate.addr, slot.candidate.tls_name.clone());
        let (target, own) = self.addresses.target(slot.candidate.transport, to, source)?;
        let domain = home.clone().unwrap_or_else(|| slot.candidate.addr.into());
        let request_uri = Uri::sip(Some(called), &domain);
        let request_uri = match slot.candidate.transport {
            Transport::Udp => request_uri,
            transport => request_uri.with_param("transport", Some(transport.in_uri())),
        };
        let to = NameAddr::new(Uri::sip(Some(called), &Authority { port: None, ..domain }));
        let from_host =
            home.map_or_else(|| own.advertised.clone(), |home| HostPort::new(&plain(&home), 5060));
        Some(Way {
            target,
            own,
            request_uri,
            to,
            route: route.iter().filter_map(|hop| NameAddr::parse(hop)).collect(),
            credentials,
            from_host,
            slot: Some(slot.id),
        })
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
                sip::probe::Event::Up(slot) => slot,
                sip::probe::Event::Down(slot, said) => {
                    tracing::warn!(%said, "a trunk's host does not answer");
                    slot
                }
            };
            let of = |line: &&Line| line.slots().any(|other| other.id == slot);
            changed.extend(self.lines.lines.values().find(of).map(|line| line.trunk.clone()));
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

    fn attend_registration(&mut self, now: Now, trunk: &TrunkId) -> bool {
        let mut changed = false;
        loop {
            let line = self.lines.lines.get_mut(trunk);
            let Some(registration) = line.and_then(|line| line.registration.as_mut()) else { return changed };
            if let Some(attempt) = registration.poll_attempt() {
                self.send_register(now, trunk, attempt);
            } else if let Some(candidate) = registration.poll_keepalive() {
                self.keep_alive(candidate);
            } else if let Some(event) = registration.poll_event() {
                changed = true;
                self.registration_event(now, trunk, event);
            } else {
                return changed;
            }
        }
    }

    fn registration_event(&mut self, now: Now, trunk: &TrunkId, event: sip::registration::Event) {
        use sip::registration::Event;
        match event {
            Event::Registered { expires, .. } => tracing::info!(%trunk, ?expires, "registered"),
            Event::Failed { why, retry_in } => tracing::warn!(%trunk, %why, ?retry_in, "not registered"),
            Event::Lost => tracing::warn!(%trunk, "the registration is lost"),
            Event::Stopped => {}
            Event::Seen { address } => {
                if self.addresses.learn(address.ip()) {
                    tracing::info!(address = %address.ip(), "the box is seen from outside at this address");
                    self.give_servers(now, trunk);
                }
            }
        }
    }

    fn send_register(&mut self, now: Now, trunk: &TrunkId, attempt: sip::registration::Attempt) {
        let credentials = self.lines.lines.get(trunk).and_then(|line| line.credentials.clone());
        let server = &attempt.server;
        let source = self.network.source(server.addr.ip());
        let target = self.addresses.target(server.transport, (server.addr, server.tls_name.clone()), source);
        let asked = Asked::Register { trunk: trunk.clone(), number: attempt.number };
        let Some((target, _)) = target else {
            self.refuse_register(now, trunk, attempt.number);
            return;
        };
        let cseq = Some(attempt.cseq);
        let id = self.sip.request(
            now.mono,
            OutOfDialog {
                target,
                method: Method::Register,
                request_uri: attempt.request_uri,
                from: attempt.from,
                to: attempt.to,
                headers: attempt.headers,
                cseq,
                body: None,
                credentials,
            },
        );
        self.lines.asked.insert(id, asked);
    }

    fn refuse_register(&mut self, now: Now, trunk: &TrunkId, number: u64) {
        let line = self.lines.lines.get_mut(trunk);
        if let Some(registration) = line.and_then(|line| line.registration.as_mut()) {
            registration.handle_silence(now.mono, number, Silence::Refused);
        }
    }

    fn keep_alive(&mut self, candidate: sip::locate::Candidate) {
        let source = self.network.source(candidate.addr.ip());
        let target = self.addresses.target(candidate.transport, (candidate.addr, candidate.tls_name), source);
        if let Some((target, _)) = target {
            self.outputs.push_back(Output::Transmit(sip::flow::Transmit {
                to: target.hop(),
                payload: b"\r\n\r\n".to_vec(),
                token: sip::flow::SendToken::UNTRACKED,
            }));
        }
    }

    fn ask(&mut self, now: Now, ask: Ask) {
        let of = |slot: &&Slot| slot.id == ask.host;
        let slot = self.lines.lines.values().flat_map(Line::slots).find(of).cloned();
        let Some(slot) = slot else { return };
        let source = self.network.source(slot.candidate.addr.ip());
        let to = (slot.candidate.addr, slot.candidate.tls_name.clone());
        let Some((target, own)) = self.addresses.target(slot.candidate.transport, to, source) else {
            self.lines.probes.handle_silence(now.mono, ask, Silence::Refused);
            return;
        };
        let Some(from) = names::name("vaxel", &own.advertised).map(NameAddr::new) else { return };
        let request_uri = Uri::sip(None, &slot.candidate.addr.into());
        let to = NameAddr::new(request_uri.clone());
        let id = self.sip.request(
            now.mono,
            OutOfDialog {
                target,
                method: Method::Options,
                request_uri,
                from,
                to,
                headers: Headers::new(),
                cseq: None,
                body: None,
                credentials: None,
            },
        );
        self.lines.asked.insert(id, Asked::Probe(ask));
    }

    fn give_servers(&mut self, now: Now, trunk: &TrunkId) {
        let Some(line) = self.lines.lines.get(trunk) else { return };
        if line.registration.is_none() {
            return;
        }
        let slots: Vec<Slot> = line.slots().cloned().collect();
        let mut servers = Vec::new();
        for slot in slots {
            let source = self.network.source(slot.candidate.addr.ip());
            let own = self.addresses.towards(slot.candidate.transport, slot.candidate.addr.ip(), source);
            let advertised = own.and_then(|own| Authority::parse(&own.advertised.to_string()));
            servers.extend(advertised.map(|advertised| sip::registration::Server {
                candidate: slot.candidate.clone(),
                advertised,
            }));
        }
        if let Some(registration) =
            self.lines.lines.get_mut(trunk).and_then(|line| line.registration.as_mut())
        {
            registration.set_servers(now.mono, servers);
            registration.start(now.mono);
        }
    }

    /// Tells the core how a trunk is.
    fn report(&mut self, now: Now, trunk: &TrunkId) {
        let Some(line) = self.lines.lines.get(trunk) else { return };
        let hosts = line.slots().map(|slot| TrunkHost {
            address: slot.candidate.addr.to_string(),
            up: self.lines.probes.health(slot.id).is_usable(),
            said: self.lines.probes.said(slot.id).to_string(),
        });
        let hosts: Vec<TrunkHost> = hosts.chain(line.missing()).collect();
        let registered = line.registration.as_ref().map(|registration| registration.bound().is_some());
        let trunk = trunk.clone();
        self.pbx.handle_input(now, Input::TrunkHosts { trunk, hosts, registered });
    }
}

/// The trunk's domain for Request-URIs and From: the registrar's; for a peer none, its address is used.
fn home(trunk: &Trunk) -> Option<Authority> {
    match &trunk.kind {
        TrunkKind::Peer { .. } => None,
        TrunkKind::Register(registrar) => Authority::parse(&registrar.host.to_string()),
    }
}

fn credentials(trunk: &Trunk) -> Option<Credentials> {
    match &trunk.kind {
        TrunkKind::Peer { .. } => None,
        TrunkKind::Register(registrar) => {
            Some(Credentials { user: registrar.auth_username.clone(), secret: registrar.secret.clone() })
        }
    }
}

/// A host without brackets and port.
fn plain(authority: &Authority) -> String {
    match &authority.host {
        sip::Host::Name(name) => name.to_string(),
        sip::Host::Ip(ip) => ip.to_string(),
    }
}
