//! Our registrations with operators.

use super::Asked;
use super::line::{Slot, Trouble};
use crate::exchange::{Exchange, Network, Output};
use model::{Now, TrunkId};
use sip::endpoint::OutOfDialog;
use sip::probe::Silence;
use sip::{Authority, Method};

impl<N: Network> Exchange<N> {
    /// Takes our registrations back.
    pub(crate) fn unregister(&mut self, now: Now) {
        for line in self.lines.lines.values_mut() {
            if let Some(registration) = &mut line.registration {
                registration.stop(now.mono);
            }
        }
        self.attend(now);
    }

    pub(super) fn attend_registration(&mut self, now: Now, trunk: &TrunkId) -> bool {
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

    pub(super) fn registration_event(&mut self, now: Now, trunk: &TrunkId, event: sip::registration::Event) {
        use sip::registration::Event;
        let line = self.lines.lines.get_mut(trunk);
        match event {
            Event::Registered { expires, .. } => {
                tracing::info!(%trunk, ?expires, "registered");
                line.into_iter().for_each(|line| line.trouble = None);
            }
            Event::Failed { why, retry_in } => {
                tracing::warn!(%trunk, %why, ?retry_in, "not registered");
                let next_try = now.wall.checked_add(retry_in).ok();
                line.into_iter().for_each(|line| line.trouble = Some(Trouble { why: why.clone(), next_try }));
            }
            Event::Lost => tracing::warn!(%trunk, "the registration is lost"),
            Event::Stopped => {}
            // Every response teaches it, whatever it answers.
            Event::Seen { .. } => {}
        }
    }

    pub(super) fn send_register(&mut self, now: Now, trunk: &TrunkId, attempt: sip::registration::Attempt) {
        let credentials = self.lines.lines.get(trunk).and_then(|line| line.credentials.clone());
        let server = &attempt.server;
        let source = self.network.source(server.addr.ip());
        let target = self.addresses.target(server.transport, (server.addr, server.tls_name.clone()), source);
        let asked = Asked::Register { trunk: trunk.clone(), number: attempt.number, server: server.addr };
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

    pub(super) fn refuse_register(&mut self, now: Now, trunk: &TrunkId, number: u64) {
        let line = self.lines.lines.get_mut(trunk);
        if let Some(registration) = line.and_then(|line| line.registration.as_mut()) {
            registration.handle_silence(now.mono, number, Silence::Refused);
        }
    }

    pub(super) fn keep_alive(&mut self, candidate: sip::locate::Candidate) {
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

    pub(super) fn give_servers(&mut self, now: Now, trunk: &TrunkId) {
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
}
