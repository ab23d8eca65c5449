//! Policy on the demo company: what is decided about each call, without a phone in sight.

mod activities;
mod commands;
mod deflection;
mod forwarding;
mod internal;
mod mailboxes;
mod outside;
mod pins;
mod places;
mod spending;

use crate::{Effect, Input, Offered, Origin, Pbx, Query};
use call::{Destination, EndedBy, HangUp, Invite, LegEvent, Refusal};
use model::site::{Hasher, PasswordHash, Site};
use model::{
    Actor, CallRecord, Cause, Change, Command, ContactId, DeviceId, LegId, Now, Reply, Snapshot, Ticket,
    TrunkHost, TrunkId, TrunkState, What,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

const DEMO: &str = include_str!("../../etc/demo.toml");

/// Tests need no real hashing, and would wait long for it.
struct Quick;

impl Hasher for Quick {
    fn hash(&self, _password: &str) -> PasswordHash {
        PasswordHash::argon2id("the same for all", [7; 16])
    }

    fn verify(&self, _password: &str, _hash: &PasswordHash) -> bool {
        true
    }
}

fn site(document: &str) -> Arc<Site> {
    let unhashed: String = document
        .lines()
        .filter(|line| !line.trim_start().starts_with("password"))
        .collect::<Vec<_>>()
        .join("\n");
    Arc::new(Site::parse(&unhashed, &Quick).expect("the document is right"))
}

#[allow(clippy::disallowed_methods)] // the one base instant of a virtual clock
fn base() -> Now {
    Now { mono: Instant::now(), wall: "2026-11-23T08:00:00Z".parse().unwrap() }
}

/// A core with the demo company, everything it says collected.
struct Office {
    now: Now,
    pbx: Pbx,
    effects: Vec<Effect>,
    tickets: u64,
}

impl Office {
    fn new() -> Self {
        Self::with(DEMO)
    }

    fn with(document: &str) -> Self {
        let now = base();
        let pbx = Pbx::new(now, &Snapshot::default(), Some(site(document)));
        let mut office = Self { now, pbx, effects: Vec::new(), tickets: 0 };
        office.drain();
        for (number, device) in ["anna-bord", "anna-dator", "bo-bord", "cia-bord"].into_iter().enumerate() {
            office.contacts(device, &[number as u64 + 1]);
        }
        office.trunk("operator", &[true]);
        office.trunk("reserv", &[true]);
        office.effects.clear();
        office
    }

    fn input(&mut self, input: Input) {
        self.pbx.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.pbx.poll_effect() {
            self.effects.push(effect);
        }
    }

    fn pass(&mut self, seconds: u64) {
        let until = self.now.mono + Duration::from_secs(seconds);
        while let Some((at, _)) = self.pbx.poll_timeout().filter(|(at, _)| *at <= until) {
            self.now = self.now.after(at.saturating_duration_since(self.now.mono));
            self.pbx.handle_timeout(self.now);
            self.drain();
        }
        self.now = self.now.after(until - self.now.mono);
    }

    fn contacts(&mut self, device: &str, contacts: &[u64]) {
        let contacts = contacts.iter().copied().map(ContactId).collect();
        self.input(Input::Contacts { device: device.into(), contacts });
    }

    fn trunk(&mut self, trunk: &str, up: &[bool]) {
        let state = |up: &bool| if *up { TrunkState::Up } else { TrunkState::Down };
        self.trunk_hosts(trunk, &up.iter().map(state).collect::<Vec<_>>());
    }

    fn trunk_hosts(&mut self, trunk: &str, states: &[TrunkState]) {
        let host = |state: &TrunkState| TrunkHost {
            address: "192.0.2.1:5060".into(),
            up: *state == TrunkState::Up,
            state: *state,
            said: "200 OK".into(),
        };
        let hosts = states.iter().map(host).collect();
        self.input(Input::TrunkHosts { trunk: trunk.into(), hosts, registration: None });
    }

    /// A device dials.
    fn dial(&mut self, device: &str, dialled: &str) -> LegId {
        self.offer(Origin::Device(device.into()), dialled)
    }

    /// A call comes by a trunk.
    fn ring_in(&mut self, number: Option<&str>, dialled: &str) -> LegId {
        let origin =
            Origin::Trunk { trunk: "operator".into(), number: number.map(str::to_owned), name: None };
        self.offer(origin, dialled)
    }

    fn offer(&mut self, origin: Origin, dialled: &str) -> LegId {
        let leg = self.pbx.next_leg();
        let source = "127.0.0.1".parse().unwrap();
        let offered = Offered { leg, origin, dialled: dialled.to_owned(), source, replaces: None };
        self.input(Input::Offered(Box::new(offered)));
        leg
    }

    fn leg(&mut self, leg: LegId, event: LegEvent) {
        self.input(Input::Leg { leg, event });
    }

    fn fails(&mut self, leg: LegId, cause: Cause) {
        self.leg(leg, LegEvent::Failed { cause, said: "in a test".into() });
        self.leg(leg, LegEvent::Closed(None));
    }

    /// The invitations since the last look, with their legs.
    fn invited(&mut self) -> Vec<(LegId, Invite)> {
        let effects = std::mem::take(&mut self.effects);
        let (invites, rest): (Vec<_>, Vec<_>) = effects
            .into_iter()
            .partition(|effect| matches!(effect, Effect::Leg(call::Effect::Invite { .. })));
        self.effects = rest;
        let invite = |effect| match effect {
            Effect::Leg(call::Effect::Invite { leg, invite }) => Some((leg, *invite)),
            _ => None,
        };
        invites.into_iter().filter_map(invite).collect()
    }

    /// The devices invited since the last look.
    fn devices(&mut self) -> Vec<DeviceId> {
        let device = |(_, invite): (LegId, Invite)| match invite.destination {
            Destination::Contact { device, .. } => Some(device),
            Destination::Trunk { .. } => None,
        };
        self.invited().into_iter().filter_map(device).collect()
    }

    /// The one leg invited to a trunk since the last look.
    fn by_trunk(&mut self) -> (LegId, TrunkId, Invite) {
        let mut invited = self.invited();
        assert_eq!(invited.len(), 1, "one try at a time");
        let (leg, invite) = invited.remove(0);
        match invite.destination.clone() {
            Destination::Trunk { trunk, .. } => (leg, trunk, invite),
            Destination::Contact { .. } => panic!("a phone was invited"),
        }
    }

    /// How the caller was turned away.
    fn refused(&mut self, leg: LegId) -> Refusal {
        let refusal = self.effects.iter().find_map(|effect| match effect {
            Effect::Leg(call::Effect::Reject { leg: of, refusal }) if *of == leg => Some(refusal.clone()),
            _ => None,
        });
        refusal.expect("the caller is refused")
    }

    /// Ends and closes a leg, and gives the record once the call is over.
    fn over(&mut self, legs: &[LegId]) -> CallRecord {
        for leg in legs {
            self.leg(*leg, LegEvent::Ended(EndedBy::Party));
        }
        for leg in legs {
            self.leg(*leg, LegEvent::Closed(None));
        }
        self.pass(10);
        assert!(self.pbx.is_idle(), "something is left");
        let mut records = self.records();
        assert_eq!(records.len(), 1, "exactly one record");
        records.remove(0)
    }

    fn records(&mut self) -> Vec<CallRecord> {
        let kept = self.effects.iter().filter_map(|effect| match effect {
            Effect::Commit { changes, .. } => Some(changes),
            _ => None,
        });
        let ended = kept.flatten().filter_map(|change| match change {
            Change::CallEnded(record) => Some(record.clone()),
            _ => None,
        });
        ended.collect()
    }

    fn command(&mut self, actor: Actor, command: Command) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.input(Input::Command { ticket, actor, command });
        ticket
    }

    fn reply(&mut self, ticket: Ticket) -> Option<Reply> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Reply { ticket: of, reply } if *of == ticket => Some(reply.clone()),
            _ => None,
        })
    }
}

/// The rules of a trail, in order.
fn rules(record: &CallRecord) -> Vec<&str> {
    let mut rules = Vec::new();
    for step in &record.trail {
        if let What::Decided { rule, .. } = &step.what {
            rules.push(rule.as_str());
        }
    }
    rules
}
