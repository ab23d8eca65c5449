//! Which trunks can carry a call now, and in which order they are tried.

use crate::Registration;
use call::Calls;
use model::site::Site;
use model::{Class, Event, TrunkHost, TrunkId, TrunkState};
use std::collections::{BTreeMap, VecDeque};

/// One try to get a call out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub trunk: TrunkId,
    /// Which of the trunk's hosts.
    pub host: usize,
}

/// How the trunks are, as last told.
#[derive(Debug, Default)]
pub(crate) struct Trunks {
    states: BTreeMap<TrunkId, State>,
}

#[derive(Debug, Default)]
struct State {
    hosts: Vec<TrunkHost>,
    registration: Option<Registration>,
}

impl State {
    /// A trunk carries calls while a host answers and, where it must be, it is registered.
    fn state(&self) -> TrunkState {
        let has = |state| self.hosts.iter().any(|host| host.state == state);
        match &self.registration {
            Some(Registration::Not { .. }) => TrunkState::Down,
            _ if has(TrunkState::Up) => TrunkState::Up,
            _ if has(TrunkState::Unknown) => TrunkState::Unknown,
            _ => TrunkState::Down,
        }
    }

    fn is_up(&self) -> bool {
        self.state() == TrunkState::Up
    }
}

impl Trunks {
    /// Takes a trunk's state; says whether the trunk went up or down by it.
    pub fn update(
        &mut self,
        id: &TrunkId,
        hosts: Vec<TrunkHost>,
        registration: Option<Registration>,
    ) -> Option<Event> {
        let state = self.states.entry(id.clone()).or_default();
        let was = state.is_up();
        *state = State { hosts, registration };
        match (was, state.is_up()) {
            (false, true) => Some(Event::TrunkUp { trunk: id.clone() }),
            (true, false) => Some(Event::TrunkDown { trunk: id.clone() }),
            (true, true) | (false, false) => None,
        }
    }

    /// Forgets trunks that the site no longer has.
    pub fn keep(&mut self, site: &Site) {
        self.states.retain(|id, _| site.trunk(id).is_some());
    }

    pub fn is_up(&self, id: &TrunkId) -> bool {
        self.states.get(id).is_some_and(State::is_up)
    }

    /// Nothing speaks against trying a call there.
    fn is_usable(&self, id: &TrunkId) -> bool {
        self.states.get(id).is_some_and(|state| state.state() != TrunkState::Down)
    }

    /// How many are up, and how many there are.
    pub fn count(&self, site: &Site) -> (u32, u32) {
        let all = site.trunks().count();
        let up = site.trunks().filter(|trunk| self.is_up(&trunk.id)).count();
        (small(up), small(all))
    }

    /// For listings.
    pub fn list(&self, site: &Site, calls: &Calls) -> Vec<model::Trunk> {
        let describe = |trunk: &model::site::Trunk| {
            let state = self.states.get(&trunk.id);
            let registration = state.and_then(|state| state.registration.as_ref());
            let (said, next_try) = match registration {
                Some(Registration::Not { said, next_try }) => (said.clone(), *next_try),
                Some(Registration::Registered) | None => (None, None),
            };
            model::Trunk {
                id: trunk.id.clone(),
                kind: trunk.kind.as_str().to_owned(),
                up: self.is_up(&trunk.id),
                state: state.map_or(TrunkState::Unknown, State::state),
                registered: registration.map(|registration| *registration == Registration::Registered),
                said,
                next_try,
                channels_used: calls.channels_of(&trunk.id),
                channels: trunk.channels,
                hosts: state.map(|state| state.hosts.clone()).unwrap_or_default(),
            }
        };
        site.trunks().map(describe).collect()
    }

    /// The tries for a class of numbers: the trunks of the first outbound rule that has the class, each with the
    /// hosts that answer, then those not heard from yet. A trunk whose channels are all used is left out.
    pub fn attempts(&self, site: &Site, calls: &Calls, class: Class) -> VecDeque<Attempt> {
        let trunks = site.outbound(class).iter();
        let free = trunks.filter(|id| {
            site.trunk(id).is_some_and(|trunk| calls.channels_of(id) < trunk.channels) && self.is_usable(id)
        });
        let usable = |id| self.hosts(id, TrunkState::Up).chain(self.hosts(id, TrunkState::Unknown));
        free.flat_map(usable).collect()
    }

    /// The tries for an emergency call: every trunk there is, the best first. Those of the outbound rule before
    /// others, those that are up before those that seem down; full ones too, because a channel will be made.
    pub fn emergency<'a>(&'a self, site: &'a Site) -> VecDeque<Attempt> {
        let ruled = site.outbound(Class::Emergency);
        let others = site.trunks().map(|trunk| &trunk.id).filter(|id| !ruled.contains(id));
        let every: Vec<&TrunkId> = ruled.iter().chain(others).collect();
        let (usable, others): (Vec<&TrunkId>, Vec<&TrunkId>) =
            every.iter().partition(|id| self.is_usable(id));
        let of =
            |trunks: Vec<&'a TrunkId>, state| trunks.into_iter().flat_map(move |id| self.hosts(id, state));
        of(usable.clone(), TrunkState::Up)
            .chain(of(usable, TrunkState::Unknown))
            .chain(of(others.clone(), TrunkState::Up))
            .chain(of(others, TrunkState::Unknown))
            .chain(of(every, TrunkState::Down))
            .collect()
    }

    fn hosts<'a>(&'a self, id: &'a TrunkId, state: TrunkState) -> impl Iterator<Item = Attempt> + 'a {
        let hosts = self.states.get(id).map(|state| state.hosts.as_slice()).unwrap_or_default();
        let fitting = hosts.iter().enumerate().filter(move |(_, host)| host.state == state);
        fitting.map(|(host, _)| Attempt { trunk: id.clone(), host })
    }
}

/// Counts of things in a site document are far below the limit.
fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
