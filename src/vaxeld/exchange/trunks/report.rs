//! What the core is told of a trunk.

use super::line::Trouble;
use crate::exchange::{Exchange, Network};
use model::{Now, TrunkHost, TrunkId, TrunkState};
use pbx::{Input, Registration};
use sip::probe::{Health, Said, Silence};

impl<N: Network> Exchange<N> {
    /// Tells the core how a trunk is.
    pub(super) fn report(&mut self, now: Now, trunk: &TrunkId) {
        let Some(line) = self.lines.lines.get(trunk) else { return };
        let hosts = line.slots().map(|slot| {
            let state = match self.lines.probes.health(slot.id) {
                Health::Unknown => TrunkState::Unknown,
                Health::Up | Health::Doubted => TrunkState::Up,
                Health::Down => TrunkState::Down,
            };
            let said = self.lines.probes.said(slot.id);
            let refused = || self.lines.refusals.get(&slot.id).cloned();
            let said = match said {
                Said::Silence(Silence::Refused) => refused().unwrap_or_else(|| said.to_string()),
                _ => said.to_string(),
            };
            let address = slot.candidate.addr.to_string();
            TrunkHost { address, up: state == TrunkState::Up, state, said }
        });
        let hosts: Vec<TrunkHost> = hosts.chain(line.missing()).collect();
        let registration =
            line.registration.as_ref().map(|registration| match (registration.bound(), &line.trouble) {
                (Some(_), _) => Registration::Registered,
                (None, Some(trouble)) => {
                    let Trouble { why, next_try } = trouble;
                    Registration::Not { said: Some(why.to_string()), next_try: *next_try }
                }
                (None, None) => Registration::Not { said: None, next_try: None },
            });
        let trunk = trunk.clone();
        self.pbx.handle_input(now, Input::TrunkHosts { trunk, hosts, registration });
    }
}
