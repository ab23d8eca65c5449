//! Taking a call that rings elsewhere, or taking over one's own call from another phone.

use crate::pbx::Pbx;
use call::LegState;
use model::site::{Site, Target};
use model::{CallId, Cause, LegId, Now, UserId};
use std::collections::BTreeSet;

impl Pbx {
    /// The caller takes what has rung longest for a colleague in one of its groups or in its department.
    pub(crate) fn pick_up_any(&mut self, now: Now, id: CallId) {
        let (Some(site), Some(user)) = (self.site.clone(), self.waiting_user(id)) else { return };
        let mates = mates(&site, &user);
        let rings = mates.iter().filter_map(|mate| self.rings_at(mate)).min();
        self.take(now, id, rings);
    }

    /// The caller takes what rings at an extension. Its own extension means its own call on another phone.
    pub(crate) fn pick_up_at(&mut self, now: Now, id: CallId, number: &str) {
        let (Some(site), Some(user)) = (self.site.clone(), self.waiting_user(id)) else { return };
        let leg = match site.target(&site.number(number)) {
            Some(Target::User(of)) if *of == user => self.talks_at(&user, id).or_else(|| self.rings_at(of)),
            Some(Target::User(of)) => self.rings_at(of),
            Some(Target::Group(group)) => site
                .group(group)
                .and_then(|group| group.members.iter().filter_map(|member| self.rings_at(member)).min()),
            _ => return self.refuse(now, id, Cause::UnknownNumber, "nobody has that extension"),
        };
        self.take(now, id, leg);
    }

    /// The caller's phone names the leg whose place it wants (RFC 3891): one that rings, or one of its own user.
    pub(crate) fn replace(&mut self, now: Now, id: CallId, place: LegId) {
        let user = self.waiting_user(id);
        let rings = self.state_of(place) == Some(LegState::Ringing);
        let allowed = user.is_some() && (rings || self.user_of(place) == user);
        self.take(now, id, allowed.then_some(place));
    }

    fn take(&mut self, now: Now, id: CallId, place: Option<LegId>) {
        let into = place.and_then(|place| {
            let from = self.user_of(place);
            self.calls.take_place(now, id, place).map(|into| (into, from))
        });
        match into {
            Some((into, from)) => {
                let of = from.map_or_else(|| "a trunk".to_owned(), |user| user.to_string());
                self.decided(now, into, "pickup", format!("taken from {of}"));
                if let Some((leg, _)) = self.calls.anchor(into) {
                    self.set_anchor(into, leg);
                }
            }
            None => self.confirm(now, id, ("pickup", Err("no call rings there"))),
        }
    }

    /// The leg that has rung longest at a user's phones.
    fn rings_at(&self, user: &UserId) -> Option<LegId> {
        let rings =
            |state: &LegState| matches!(state, LegState::Inviting | LegState::Trying | LegState::Ringing);
        self.calls.stakes(user).into_iter().find(|(_, state)| rings(state)).map(|(leg, _)| leg)
    }

    /// A leg in conversation of a user, in another call than this.
    fn talks_at(&self, user: &UserId, id: CallId) -> Option<LegId> {
        let talks = |state: &LegState| matches!(state, LegState::Up | LegState::Holding);
        let legs = self.calls.stakes(user).into_iter().filter(|(_, state)| talks(state));
        legs.map(|(leg, _)| leg).find(|leg| self.calls.call_of(*leg) != Some(id))
    }

    fn state_of(&self, leg: LegId) -> Option<LegState> {
        let user = self.user_of(leg)?;
        self.calls.stakes(&user).into_iter().find(|(of, _)| *of == leg).map(|(_, state)| state)
    }
}

/// Those whose calls a user may take without saying whose: who shares a group or the department.
fn mates(site: &Site, user: &UserId) -> BTreeSet<UserId> {
    let groups = site.groups().filter(|group| group.members.contains(user));
    let mut mates: BTreeSet<UserId> = groups.flat_map(|group| group.members.iter().cloned()).collect();
    if let Some(department) = site.user(user).and_then(|user| user.department.as_ref()) {
        let same = site.users().filter(|other| other.department.as_ref() == Some(department));
        mates.extend(same.map(|other| other.id.clone()));
    }
    mates.remove(user);
    mates
}
