//! Paging (utrop): one speaks, and the phones of a group answer by themselves and let it be heard. Nobody there is
//! heard.

use crate::pbx::Pbx;
use crate::presentation;
use crate::summons::Summons;
use call::{Effect, HangUp, Program, RoomKey};
use model::site::Group;
use model::{CallId, Cause, Now, UserId};
use std::collections::BTreeMap;
use std::time::Duration;

/// Nobody speaks longer.
const LONGEST: Duration = Duration::from_secs(120);
/// A phone that answers by itself does so by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// Announcements going on, by the call of who speaks.
#[derive(Debug, Default)]
pub(crate) struct Pages(BTreeMap<CallId, Page>);

#[derive(Debug)]
struct Page {
    room: RoomKey,
    listeners: Vec<CallId>,
}

impl Pages {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Does somebody speak in this call?
    pub fn has(&self, call: CallId) -> bool {
        self.0.contains_key(&call)
    }
}

impl Pbx {
    /// A user speaks to the phones of a group: of all who are free and may be disturbed.
    pub(crate) fn page(&mut self, now: Now, id: CallId, group: &Group) {
        let Some(site) = self.site.clone() else { return };
        let Some(speaker) = self.waiting_user(id) else { return };
        let may_hear = |user: &UserId| {
            let reachable = site
                .user(user)
                .is_some_and(|user| user.devices.iter().any(|device| self.contacts.contains_key(&device.id)));
            *user != speaker
                && reachable
                && self.calls.legs_of(user) == 0
                && !self.personals.of(user).do_not_disturb
        };
        let listeners: Vec<UserId> = group.members.iter().filter(|user| may_hear(user)).cloned().collect();
        self.decided(now, id, "paging", format!("{} phones of {} hear it", listeners.len(), group.id));
        if listeners.is_empty() {
            return self.refuse(now, id, Cause::Busy, "nobody of the group is free to hear it");
        }
        let Some(leg) = self.calls.serve(now, id, (Cause::Answered, Some(LONGEST))) else { return };
        let room = self.meetings.fresh();
        self.calls.perform(Effect::Enter { leg, room });
        self.calls.perform(Effect::Play { leg, program: Program::Joined });
        let from = self.courses.get(&id).map(|course| course.from.clone());
        let mut calls = Vec::new();
        for user in listeners.iter().filter_map(|user| site.user(user)) {
            let Some(from) = &from else { continue };
            let caller = presentation::to_user(&site, from, user);
            let ends = (caller.number.clone().unwrap_or_default(), user.extension.to_string());
            let summons = Summons { user, caller, ends, patience: PATIENCE, page: Some(room) };
            let call = self.summon(now, summons);
            self.decided(now, call, "paging", format!("{speaker} speaks to {}", group.id));
            calls.push(call);
        }
        self.pages.0.insert(id, Page { room, listeners: calls });
    }

    /// A phone has answered by itself: it hears who speaks, and is not heard.
    pub(crate) fn listen(&mut self, now: Now, id: CallId, room: RoomKey) {
        if !self.pages.0.values().any(|page| page.room == room) {
            return self.refuse(now, id, Cause::Answered, "it was over before the phone answered");
        }
        let Some(leg) = self.calls.serve(now, id, (Cause::Answered, None)) else { return };
        self.calls.perform(Effect::Enter { leg, room });
        self.calls.perform(Effect::Mute { leg, on: true });
    }

    /// A call is over: where somebody spoke in it, those who listened are let go.
    pub(crate) fn left_page(&mut self, now: Now, id: CallId) {
        let Some(page) = self.pages.0.remove(&id) else { return };
        for listener in page.listeners {
            self.calls.cut(now, listener, HangUp::Normal);
        }
    }
}
