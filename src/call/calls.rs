//! Every call of the box, and the machine that drives them.

use crate::call::{Call, Phase};
use crate::leg::{Leg, LegState};
use crate::{Effect, EndedBy, LegEvent, Outcome, Wish};
use model::{CallId, Event, LegId, Now, OpenCall, Party, TrunkId, UserId, What};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Instant;

/// A caller's leg as it comes in.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The leg, from [`Calls::next_leg`].
    pub leg: LegId,
    /// Whose it is.
    pub party: Party,
    /// The call's description.
    pub open: OpenCall,
    /// What was dialled, as it arrived.
    pub dialled: String,
}

/// All calls in progress.
///
/// After every input drain [`Calls::poll_effect`], [`Calls::poll_event`] and [`Calls::poll_outcome`].
#[derive(Debug, Default)]
pub struct Calls {
    pub(crate) calls: BTreeMap<CallId, Call>,
    pub(crate) legs: HashMap<LegId, Leg>,
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) outcomes: VecDeque<Outcome>,
    deadlines: BTreeSet<(Instant, CallId)>,
    last_leg: u64,
    busy: HashMap<UserId, u32>,
    channels: HashMap<TrunkId, u32>,
}

impl Calls {
    /// No calls yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A fresh leg id.
    pub fn next_leg(&mut self) -> LegId {
        self.last_leg += 1;
        LegId(self.last_leg)
    }

    /// The call a leg belongs to, while the call is in progress.
    pub fn call_of(&self, leg: LegId) -> Option<CallId> {
        self.legs.get(&leg).map(|leg| leg.call)
    }

    /// Every call in progress, oldest first.
    pub fn ids(&self) -> Vec<CallId> {
        self.calls.keys().copied().collect()
    }

    /// How many calls are in progress.
    pub fn count(&self) -> usize {
        self.calls.len()
    }

    /// Is nothing left of any call?
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty()
            && self.legs.is_empty()
            && self.deadlines.is_empty()
            && self.busy.is_empty()
            && self.channels.is_empty()
    }

    /// Legs of a user that are in use, over all devices.
    pub fn legs_of(&self, user: &UserId) -> u32 {
        self.busy.get(user).copied().unwrap_or(0)
    }

    /// Channels of a trunk that are in use.
    pub fn channels_of(&self, trunk: &TrunkId) -> u32 {
        self.channels.get(trunk).copied().unwrap_or(0)
    }

    /// Calls that use a channel of a trunk, oldest first.
    pub fn calls_on<'a>(&'a self, trunk: &'a TrunkId) -> impl Iterator<Item = CallId> + 'a {
        self.calls.iter().filter_map(move |(id, call)| {
            let uses = |leg: &LegId| {
                self.legs.get(leg).is_some_and(|leg| {
                    leg.state.is_live() && matches!(&leg.party, Party::Trunk(id) if id == trunk)
                })
            };
            call.legs.iter().any(uses).then_some(*id)
        })
    }

    /// Takes a caller's leg: a new call, which waits for policy.
    pub fn offer(&mut self, now: Now, offer: Offer) {
        let Offer { leg, party, open, dialled } = offer;
        let id = open.id;
        let mut call = Call {
            open: open.clone(),
            anchor: leg,
            legs: Vec::with_capacity(4),
            phase: Phase::Deciding,
            deadline: None,
            answered: None,
            trail: Vec::with_capacity(8),
        };
        call.note(now.wall, What::Offered { by: party.clone(), dialled });
        self.calls.insert(id, call);
        self.add_leg(id, leg, (party, open.from.clone()), LegState::Offered);
        self.events.push_back(Event::CallBegan(open));
    }

    /// Whose leg it is, and the number they are known by; that is empty when withheld.
    pub fn face(&self, leg: LegId) -> Option<(&Party, &str)> {
        self.legs.get(&leg).map(|leg| (&leg.party, leg.number.as_str()))
    }

    /// The legs that a user has in calls now, in the order they began.
    pub fn stakes(&self, user: &UserId) -> Vec<(LegId, LegState)> {
        let own = |leg: &Leg| matches!(&leg.party, Party::Device { user: of, .. } if of == user);
        let mine = self.legs.iter().filter(|(_, leg)| leg.state.is_live() && own(leg));
        let mut stakes: Vec<(LegId, LegState)> = mine.map(|(id, leg)| (*id, leg.state)).collect();
        stakes.sort_by_key(|(id, _)| *id);
        stakes
    }

    /// Adds a step to a call's trail.
    pub fn note(&mut self, now: Now, call: CallId, what: What) {
        if let Some(call) = self.calls.get_mut(&call) {
            call.note(now.wall, what);
        }
    }

    /// The leg a call hangs on, and whose it is, while the call is in progress.
    pub fn anchor(&self, call: CallId) -> Option<(LegId, &Party)> {
        let anchor = self.calls.get(&call)?.anchor;
        self.legs.get(&anchor).map(|leg| (anchor, &leg.party))
    }

    /// Something happened on a leg.
    pub fn handle_leg(&mut self, now: Now, leg: LegId, event: LegEvent) {
        let Some(state) = self.legs.get(&leg).map(|leg| leg.state) else {
            return;
        };
        match event {
            LegEvent::Closed(quality) => self.closed(now, leg, quality),
            _ if !state.is_live() => {}
            LegEvent::Trying => self.trying(leg),
            LegEvent::Ringing => self.ringing(now, leg),
            LegEvent::Early => self.early(now, leg),
            LegEvent::Answered => self.answered(now, leg),
            LegEvent::Failed { cause, said } => self.failed(now, leg, cause, said),
            LegEvent::Moved { to, said } => self.moved(now, leg, to, said),
            LegEvent::Ended(by) => self.ended(now, leg, by),
            LegEvent::Held => self.held(now, leg),
            LegEvent::Resumed => self.resumed(now, leg),
            LegEvent::Silent => self.effects.push_back(Effect::Probe { leg }),
            LegEvent::Digit(digit) if state == LegState::Asked => self.pressed(now, leg, digit),
            LegEvent::Digit(digit) => self.wishes(leg, Wish::Digit(digit)),
            LegEvent::Played if state == LegState::Asked => {}
            LegEvent::Played => self.wishes(leg, Wish::Played),
            LegEvent::Quiet => self.wishes(leg, Wish::Quiet),
            LegEvent::Referred(referral) => self.wishes(leg, Wish::Refer(referral)),
        }
    }

    /// The next thing to be done.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The next fact.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next question to policy.
    pub fn poll_outcome(&mut self) -> Option<Outcome> {
        self.outcomes.pop_front()
    }

    /// When to call [`Calls::handle_timeout`], and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let (at, call) = self.deadlines.first()?;
        let why = match self.calls.get(call).map(|call| &call.phase) {
            Some(Phase::Ringing { .. }) => "ringing time is up",
            Some(Phase::Ending { .. }) => "a leg does not close",
            Some(Phase::Served { .. }) => "time with the box is up",
            _ => "a deadline without a phase",
        };
        Some((*at, why))
    }

    /// Whatever was due until `now` happens.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(&(at, id)) = self.deadlines.first() {
            if at > now.mono {
                return;
            }
            self.deadlines.remove(&(at, id));
            match self.calls.get_mut(&id) {
                Some(call) => call.deadline = None,
                None => continue,
            }
            match self.calls.get(&id).map(|call| &call.phase) {
                Some(Phase::Ringing { .. }) => self.ring_timeout(now, id),
                Some(Phase::Ending { .. }) => self.conclude(id),
                Some(Phase::Served { .. }) => self.serve_timeout(id),
                Some(Phase::Deciding | Phase::Talking { .. }) | None => {}
            }
        }
    }

    pub(crate) fn add_leg(
        &mut self,
        call: CallId,
        id: LegId,
        (party, number): (Party, String),
        state: LegState,
    ) {
        match &party {
            Party::Device { user, .. } => *self.busy.entry(user.clone()).or_default() += 1,
            Party::Trunk(trunk) => *self.channels.entry(trunk.clone()).or_default() += 1,
        }
        self.legs.insert(id, Leg::new(call, (party, number), state));
        if let Some(call) = self.calls.get_mut(&call) {
            call.legs.push(id);
        }
    }

    /// A live leg stops taking part: it no longer makes anybody busy or takes a channel.
    pub(crate) fn release(&mut self, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        if !entry.state.is_live() {
            return;
        }
        entry.state = LegState::Closing;
        entry.silent_until = None;
        match &entry.party {
            Party::Device { user, .. } => subtract(&mut self.busy, user),
            Party::Trunk(trunk) => subtract(&mut self.channels, trunk),
        }
    }

    /// Derives a call's next deadline from its phase; a call has at most one at a time.
    pub(crate) fn reschedule(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let next = match &call.phase {
            Phase::Deciding | Phase::Talking { .. } => None,
            Phase::Ending { until, .. } => Some(*until),
            Phase::Served { until, .. } => *until,
            Phase::Ringing { branches, until, .. } => {
                let silent = branches.iter().filter_map(|leg| self.legs.get(leg)?.silent_until).min();
                Some(silent.map_or(*until, |silent| silent.min(*until)))
            }
        };
        if call.deadline == next {
            return;
        }
        if let Some(old) = std::mem::replace(&mut call.deadline, next) {
            self.deadlines.remove(&(old, id));
        }
        if let Some(next) = next {
            self.deadlines.insert((next, id));
        }
    }

    pub(crate) fn forget_deadline(&mut self, at: Instant, call: CallId) {
        self.deadlines.remove(&(at, call));
    }

    pub(crate) fn party(&self, leg: LegId) -> Option<Party> {
        self.legs.get(&leg).map(|leg| leg.party.clone())
    }

    fn wishes(&mut self, leg: LegId, wish: Wish) {
        if let Some(call) = self.call_of(leg) {
            self.outcomes.push_back(Outcome::Asked { call, leg, wish });
        }
    }

    fn ended(&mut self, now: Now, leg: LegId, by: EndedBy) {
        let Some(call) = self.legs.get(&leg).map(|leg| leg.call) else { return };
        self.leg_ended(now, call, leg, by);
    }
}

fn subtract<K: std::hash::Hash + Eq + Clone>(counts: &mut HashMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// The party behind a destination.
pub(crate) fn party_of(destination: &crate::Destination) -> Party {
    match destination {
        crate::Destination::Contact { user, device, .. } => {
            Party::Device { user: user.clone(), device: device.clone() }
        }
        crate::Destination::Trunk { trunk, .. } => Party::Trunk(trunk.clone()),
    }
}
