//! The core: one owner of everything that decides.

use crate::activity::Returns;
use crate::callback::CallBacks;
use crate::course::Course;
use crate::mailbox::Owners;
use crate::meeting::Meetings;
use crate::messages::Messages;
use crate::paging::Pages;
use crate::parking::Parking;
use crate::personal::Personals;
use crate::pin::Overrides;
use crate::speaking::Speeches;
use crate::spending::Spending;
use crate::trunks::Trunks;
use crate::visit::Visits;
use crate::{Effect, Input, Offered};
use call::{Calls, Outcome};
use model::site::Site;
use model::{Alarm, CallId, Cause, Change, ContactId, DeviceId, Event, LegId, Now, Party, Snapshot, Ticket};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// The whole core. After every input drain [`Pbx::poll_effect`].
pub struct Pbx {
    pub(crate) site: Option<Arc<Site>>,
    pub(crate) calls: Calls,
    pub(crate) courses: HashMap<CallId, Course>,
    pub(crate) contacts: HashMap<DeviceId, Vec<ContactId>>,
    pub(crate) trunks: Trunks,
    pub(crate) alarms: BTreeMap<&'static str, Alarm>,
    pub(crate) parking: Parking,
    pub(crate) meetings: Meetings,
    pub(crate) personals: Personals,
    pub(crate) overrides: Overrides,
    pub(crate) callbacks: CallBacks,
    pub(crate) spending: Spending,
    pub(crate) pages: Pages,
    pub(crate) speeches: Speeches,
    pub(crate) returns: Returns,
    pub(crate) visits: Visits,
    pub(crate) messages: Messages,
    pub(crate) owners: Owners,
    pub(crate) pending: BTreeMap<Ticket, crate::command::Pending>,
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) started: jiff::Timestamp,
    next_call: u64,
}

impl Pbx {
    /// A core that goes on from what was kept. Calls that had no record get one: they were cut.
    pub fn new(now: Now, snapshot: &Snapshot, site: Option<Arc<Site>>) -> Self {
        let (personals, gone) = Personals::restore(&snapshot.personals, site.as_deref());
        let (messages, settled, unwanted) =
            Messages::restore(&snapshot.messages, &snapshot.recordings, site.as_deref());
        let mut pbx = Self {
            site,
            calls: Calls::new(),
            courses: HashMap::new(),
            contacts: HashMap::new(),
            trunks: Trunks::default(),
            parking: Parking::default(),
            meetings: Meetings::default(),
            personals,
            overrides: Overrides::default(),
            callbacks: CallBacks::default(),
            spending: Spending::restore(&snapshot.spent),
            pages: Pages::default(),
            speeches: Speeches::default(),
            returns: Returns::default(),
            visits: Visits::default(),
            messages,
            owners: Owners::default(),
            alarms: BTreeMap::new(),
            pending: BTreeMap::new(),
            effects: VecDeque::new(),
            started: now.wall,
            next_call: snapshot.next_call.map_or(1, |id| id.0),
        };
        let lost = snapshot.open_calls.iter().map(|open| Change::CallEnded(lost(open, now.wall)));
        let changes: Vec<Change> = lost.chain(gone).chain(settled).collect();
        if !changes.is_empty() {
            pbx.effects.push_back(Effect::Commit { ticket: None, changes });
        }
        pbx.effects.extend(unwanted.into_iter().map(Effect::Erase));
        pbx.expire_activities(now);
        if let Some(site) = &pbx.site {
            let site = Arc::clone(site);
            pbx.effects.push_back(Effect::SiteInForce { site, differences: Vec::new() });
        }
        pbx
    }

    /// A fresh leg id, for a call that comes in.
    pub fn next_leg(&mut self) -> LegId {
        self.calls.next_leg()
    }

    /// The call a leg belongs to, while it is in progress.
    pub fn call_of(&self, leg: LegId) -> Option<CallId> {
        self.calls.call_of(leg)
    }

    /// Is nothing left of any call?
    pub fn is_idle(&self) -> bool {
        self.calls.is_idle()
            && self.courses.is_empty()
            && self.parking.is_empty()
            && self.meetings.is_empty()
            && self.overrides.is_empty()
            && self.pages.is_empty()
            && self.speeches.is_empty()
            && self.visits.is_empty()
            && self.messages.is_idle()
            && self.owners.is_empty()
    }

    /// Takes one input.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Offered(offered) => self.offered(now, *offered),
            Input::Leg { leg, event } => self.calls.handle_leg(now, leg, event),
            Input::Contacts { device, contacts } => self.set_contacts(device, contacts),
            Input::TrunkHosts { trunk, hosts, registration } => {
                if let Some(event) = self.trunks.update(&trunk, hosts, registration) {
                    self.effects.push_back(Effect::Notify(event));
                }
            }
            Input::Command { ticket, actor, command } => self.handle_command(now, ticket, (&actor, command)),
            Input::Parsed { ticket, result } => self.parsed(ticket, result),
            Input::Committed { ticket, result } => self.committed(now, ticket, result),
            Input::Recorded { recording, result } => {
                self.message_ended(now, recording);
                self.recorded(recording, result);
            }
            Input::Alarm { alarm, text } => self.alarm(now, alarm, text),
        }
        self.settle(now);
    }

    /// Whatever was due until `now` happens.
    pub fn handle_timeout(&mut self, now: Now) {
        self.calls.handle_timeout(now);
        self.spending_timeout(now);
        self.returns_timeout(now);
        self.settle(now);
    }

    /// When to call [`Pbx::handle_timeout`], and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let all = [
            self.calls.poll_timeout(),
            self.callbacks.poll_timeout(),
            self.spending.poll_timeout(),
            self.returns.poll_timeout(),
        ];
        all.into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// The next thing to be done.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Ends every call, because the box stops.
    pub fn stop(&mut self, now: Now) {
        for id in self.calls.ids() {
            self.calls.cut(now, id, call::HangUp::Released);
        }
        self.settle(now);
    }

    pub(crate) fn next_call(&mut self) -> CallId {
        let id = CallId(self.next_call);
        self.next_call += 1;
        id
    }

    /// Answers what the calls ask until they ask no more, then passes on what they want done.
    fn settle(&mut self, now: Now) {
        let mut ended = Vec::new();
        self.call_back(now);
        while let Some(outcome) = self.calls.poll_outcome() {
            match outcome {
                Outcome::Unanswered { call, cause, moved } => self.unanswered(now, call, (cause, moved)),
                Outcome::Asked { call, leg, wish } => self.asked(now, (call, leg), wish),
                Outcome::Gone { call } => {
                    self.parking.leave(call);
                    self.left_meeting(now, call);
                    self.overrides.leave(call);
                    self.visitor_left(call);
                    self.owner_left(call);
                    self.left_page(now, call);
                }
                Outcome::TimeUp { call } => self.time_up(now, call),
                Outcome::Summoned { call, leg } => self.summoned(now, call, leg),
                Outcome::Ended(record) => {
                    self.courses.remove(&record.call.id);
                    self.forget_speeches();
                    self.left_page(now, record.call.id);
                    self.note_busy(&record);
                    let mut changes = self.spending_ended(now, record.call.id);
                    changes.push(Change::CallEnded(*record));
                    ended.push(changes);
                }
            }
        }
        // A call's beginning comes before everything that is done for it, and its record last.
        while let Some(event) = self.calls.poll_event() {
            if let Event::CallBegan(open) = &event {
                let changes = vec![Change::CallBegan(open.clone())];
                self.effects.push_back(Effect::Commit { ticket: None, changes });
            }
            if let Event::PartyAnswered { call, party: Party::Trunk(_) } = &event {
                self.spending_began(now, *call);
            }
            self.effects.push_back(Effect::Notify(event));
        }
        while let Some(effect) = self.calls.poll_effect() {
            self.effects.push_back(Effect::Leg(effect));
        }
        let records = ended.into_iter().map(|changes| Effect::Commit { ticket: None, changes });
        self.effects.extend(records);
    }

    fn offered(&mut self, now: Now, offered: Offered) {
        let Some(site) = self.site.clone() else {
            self.offer_without_site(now, offered);
            return;
        };
        self.route(now, &site, offered);
    }

    fn set_contacts(&mut self, device: DeviceId, contacts: Vec<ContactId>) {
        let was = self.contacts.contains_key(&device);
        let event = match (was, contacts.is_empty()) {
            (false, false) => Some(Event::DeviceRegistered { device: device.clone() }),
            (true, true) => Some(Event::DeviceUnregistered { device: device.clone() }),
            (true, false) | (false, true) => None,
        };
        self.messages.touch();
        if contacts.is_empty() {
            self.contacts.remove(&device);
        } else {
            self.contacts.insert(device, contacts);
        }
        self.effects.extend(event.map(Effect::Notify));
    }

    fn alarm(&mut self, now: Now, alarm: &'static str, text: Option<String>) {
        match text {
            Some(text) => {
                let since = self.alarms.get(alarm).map_or(now.wall, |alarm| alarm.since);
                let raised = Alarm { alarm: alarm.to_owned(), text: text.clone(), since };
                if self.alarms.insert(alarm, raised).is_none() {
                    let event = Event::AlarmRaised { alarm: alarm.to_owned(), text };
                    self.effects.push_back(Effect::Notify(event));
                }
            }
            None => {
                if self.alarms.remove(alarm).is_some() {
                    let event = Event::AlarmCleared { alarm: alarm.to_owned() };
                    self.effects.push_back(Effect::Notify(event));
                }
            }
        }
    }
}

/// The record of a call that the box died under.
fn lost(open: &model::OpenCall, wall: jiff::Timestamp) -> model::CallRecord {
    let what = model::What::Ended { by: None, why: "the box stopped in the middle of the call".to_owned() };
    model::CallRecord {
        call: open.clone(),
        answered: None,
        ended: wall,
        cause: Cause::Lost,
        answered_by: None,
        answered_device: None,
        trail: vec![model::Step { time: wall, what }],
        quality: Vec::new(),
    }
}
