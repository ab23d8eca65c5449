//! Whether servers answer: what is asked, and what calls and connections show in passing.

use super::Asked;
use super::line::Line;
use crate::exchange::{Exchange, Network, names};
use model::{LegId, Now, TrunkId};
use sip::endpoint::{OutOfDialog, RequestFailed, RequestId};
use sip::flow::{Flow, Transport};
use sip::probe::{Ask, Health, Silence};
use sip::{Headers, Method, NameAddr, Response, Status, Uri};
use std::net::SocketAddr;
use std::time::Duration;

impl<N: Network> Exchange<N> {
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
        let asked = self.lines.asked.remove(&id);
        if let (Some(asked), Ok(response)) = (&asked, &result) {
            self.learn_from(now, asked, response);
        }
        match asked {
            Some(Asked::Probe(ask)) => {
                match &result {
                    Ok(response) => match pause(response) {
                        Some(pause) => self.lines.probes.put_off(now.mono, ask.host, pause),
                        None => self.lines.probes.handle_status(now.mono, ask, response.status),
                    },
                    Err(failed) => self.lines.probes.handle_silence(now.mono, ask, silence(failed)),
                }
                // Also what changes no state is shown: what the host said last.
                if let Some(trunk) = self.lines.trunk_with(ask.host).cloned() {
                    self.report(now, &trunk);
                }
            }
            Some(Asked::Register { trunk, number, server }) => {
                let line = self.lines.lines.get_mut(&trunk);
                let Some(registration) = line.and_then(|line| line.registration.as_mut()) else { return };
                match &result {
                    Ok(response) => {
                        registration.handle_response(now.mono, number, response);
                        if !matches!(response.status, Status::REQUEST_TIMEOUT | Status::SERVICE_UNAVAILABLE) {
                            self.seen_at(now, server);
                        }
                    }
                    Err(failed) => {
                        registration.handle_silence(now.mono, number, silence(failed));
                        for slot in self.lines.slots_at(server) {
                            self.lines.probes.seen_silent(now.mono, slot, silence(failed));
                        }
                    }
                }
            }
            None => {}
        }
        self.attend(now);
    }

    /// A server of a trunk saw our request come from somewhere: behind NAT that is where we are for it (RFC 3581).
    fn learn_from(&mut self, now: Now, asked: &Asked, response: &Response) {
        let server = match asked {
            Asked::Probe(ask) => self.lines.slots().find(|slot| slot.id == ask.host),
            Asked::Register { server, .. } => self.lines.slots().find(|slot| slot.candidate.addr == *server),
        };
        let Some(server) = server.map(|slot| (slot.candidate.transport, slot.candidate.addr.ip())) else {
            return;
        };
        let Ok(via) = response.headers.via() else { return };
        let (Some(ip), Some(port)) = (via.received().or_else(|| via.host.ip()), via.rport().or(via.port))
        else {
            return;
        };
        let source = self.network.source(server.1);
        if self.addresses.learn(server, source, SocketAddr::new(ip, port)) {
            tracing::info!(address = %ip, port, "the box is seen from outside at this address");
            let trunks: Vec<TrunkId> = self.lines.lines.keys().cloned().collect();
            trunks.iter().for_each(|trunk| self.give_servers(now, trunk));
        }
    }

    /// A connection is gone: a registration over it is made again, and whether the server is still there is asked.
    pub(crate) fn lines_closed(&mut self, now: Now, flow: Flow) {
        for line in self.lines.lines.values_mut() {
            if let Some(registration) = &mut line.registration {
                registration.handle_closed(now.mono, flow.remote);
            }
        }
        for slot in self.lines.slots_on((flow.transport, flow.remote)) {
            self.lines.probes.ask_now(now.mono, slot);
        }
        self.attend(now);
    }

    /// A connection could not be opened, and why, for people.
    pub(crate) fn lines_unreachable(&mut self, at: (Transport, SocketAddr), why: &str) {
        for slot in self.lines.slots_on(at) {
            self.lines.refusals.insert(slot, why.to_owned());
        }
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

    /// A call leg to a trunk's host was answered something: that shows it alive, whatever it says to OPTIONS.
    pub(crate) fn trunk_answers(&mut self, now: Now, leg: LegId) {
        if let Some(slot) = self.legs.get(&leg).and_then(|leg| leg.slot)
            && self.lines.probes.health(slot) != Health::Up
        {
            self.lines.probes.seen_alive(now.mono, slot);
            self.attend(now);
        }
    }

    /// A trunk's host refused a call and asked for a pause (RFC 3261 section 21.5.4): it gets it.
    pub(crate) fn trunk_pauses(&mut self, now: Now, leg: LegId, after: Duration) {
        if let Some(slot) = self.legs.get(&leg).and_then(|leg| leg.slot) {
            self.lines.probes.put_off(now.mono, slot, (Status::SERVICE_UNAVAILABLE, after));
            self.attend(now);
        }
    }

    /// A request from a trunk's address shows it alive.
    pub(crate) fn alive(&mut self, now: Now, flow: &sip::flow::Flow) {
        self.seen_at(now, flow.remote);
        self.attend(now);
    }

    fn seen_at(&mut self, now: Now, server: SocketAddr) {
        for slot in self.lines.slots_at(server) {
            self.lines.refusals.remove(&slot);
            self.lines.probes.seen_alive(now.mono, slot);
        }
    }

    pub(super) fn ask(&mut self, now: Now, ask: Ask) {
        let of = |slot: &&super::Slot| slot.id == ask.host;
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
}

/// The pause that a 503 asks for.
fn pause(response: &Response) -> Option<(Status, Duration)> {
    let after = response.headers.retry_after().filter(|_| response.status == Status::SERVICE_UNAVAILABLE)?;
    Some((response.status, Duration::from_secs(after.into())))
}
