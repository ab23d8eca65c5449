//! The decision on a call: from who called what, to whom it rings, round by round.

use crate::course::{Course, From, Stage};
use crate::decision::{Decision, Facts, Moment, Verdict, decide};
use crate::pbx::Pbx;
use crate::presentation;
use crate::visit::Reason;
use crate::{Offered, Origin};
use call::{Destination, Invite, Offer, Refusal, Ring};
use model::site::{Site, Target, User};
use model::{
    CallId, Cause, Class, Direction, Extension, Now, Number, OpenCall, Party, TrunkId, Unknown, UserId, What,
    When,
};
use std::sync::Arc;
use std::time::Duration;

impl Pbx {
    /// Takes a call while there is no site: nobody can be reached.
    pub(crate) fn offer_without_site(&mut self, now: Now, offered: Offered) {
        let party = match offered.origin {
            Origin::Device(device) => Party::Device { user: UserId::new(device.as_str()), device },
            Origin::Trunk { trunk, .. } => Party::Trunk(trunk),
        };
        let open = OpenCall {
            id: self.next_call(),
            direction: Direction::Internal,
            from: String::new(),
            to: offered.dialled.clone(),
            began: now.wall,
        };
        let id = open.id;
        self.calls.offer(now, Offer { leg: offered.leg, party, open, dialled: offered.dialled });
        let why = "no site has been applied yet: run `vaxel site apply FILE`".to_owned();
        self.calls.refuse(now, id, Refusal { cause: Cause::UnknownNumber, why });
    }

    /// Takes a call and decides what happens first.
    pub(crate) fn route(&mut self, now: Now, site: &Arc<Site>, offered: Offered) {
        let Offered { leg, origin, dialled, source, replaces } = offered;
        let from_trunk = match &origin {
            Origin::Trunk { trunk, .. } => Some(trunk.clone()),
            Origin::Device(_) => None,
        };
        let outside = from_trunk.is_some();
        let (party, from) = identify(site, origin);
        let (text, hide) = presentation::without_prefix(&dialled);
        let number = if outside { called(site, text) } else { site.number(text) };
        let target = site.target(&number).cloned();
        let direction = match (outside, &target) {
            (true, _) => Direction::Inbound,
            (false, Some(_)) => Direction::Internal,
            (false, None) if matches!(number, Number::Public(..) | Number::Short(..)) => Direction::Outbound,
            (false, None) => Direction::Internal,
        };
        let to = match &target {
            // A colleague is the extension, however they were dialled.
            Some(target) if !outside => extension_of(site, target).unwrap_or_else(|| number.to_string()),
            _ if matches!(number, Number::Unknown(_)) => dialled.clone(),
            _ => number.to_string(),
        };
        let id = self.next_call();
        let open = OpenCall { id, direction, from: shown_from(site, &from), to, began: now.wall };
        self.calls.offer(now, Offer { leg, party, open, dialled });
        let full = self.is_full(site, &from_trunk);
        let class = number.class().map_or("none", |class| class.as_str()).to_owned();
        self.calls.note(now, id, What::Numbered { number: number.to_string(), class });
        self.courses.insert(id, Course::new(leg, from, source));
        if let Some(trunk) = full {
            self.decided(now, id, "channels", format!("all channels of {trunk} are in use"));
            // Busy, not 503: that would be said of the whole trunk, whose calls all go on.
            return self.refuse(now, id, Cause::Busy, "the trunk carries no more calls");
        }
        if let Some(place) = replaces {
            return self.replace(now, id, place);
        }
        if let (Number::Code(code), false) = (&number, outside) {
            return self.code(now, id, code);
        }
        match target {
            Some(target) => self.enter(now, id, &target),
            None if outside => self.refuse(now, id, Cause::UnknownNumber, "no number of the company"),
            None => self.outside(now, id, &number, hide),
        }
    }

    /// Nobody took the call in this round: the next round, the next trunk, or the rule for it.
    pub(crate) fn unanswered(&mut self, now: Now, id: CallId, (cause, moved): (Cause, Option<String>)) {
        let Some(course) = self.courses.get_mut(&id) else { return };
        match std::mem::replace(&mut course.stage, Stage::Starting) {
            Stage::Returning if self.park_again(now, id) => {}
            Stage::Starting | Stage::Returning => self.refuse(now, id, cause, "nobody took the call"),
            Stage::User(user) => self.user_unanswered(now, id, &user, (cause, moved)),
            Stage::Group { group, rounds } => self.group_round(now, id, group, rounds),
            Stage::Outside(way) => self.outside_failed(now, id, way, cause),
        }
    }

    /// Nothing more can be done for a call: it ends, or goes back to whoever connected it here.
    pub(crate) fn refuse(&mut self, now: Now, id: CallId, cause: Cause, why: &str) {
        if self.give_back(now, id, why) {
            return;
        }
        self.calls.refuse(now, id, Refusal { cause, why: why.to_owned() });
    }

    pub(crate) fn decided(&mut self, now: Now, id: CallId, rule: &str, outcome: impl Into<String>) {
        let what = What::Decided { rule: rule.to_owned(), outcome: outcome.into() };
        self.calls.note(now, id, what);
    }

    /// The trunk that a call came by, if it has more calls than it may.
    fn is_full(&self, site: &Site, trunk: &Option<TrunkId>) -> Option<TrunkId> {
        let trunk = site.trunk(trunk.as_ref()?)?;
        (self.calls.channels_of(&trunk.id) > trunk.channels).then(|| trunk.id.clone())
    }

    /// The call reaches one of the company's own numbers.
    pub(crate) fn enter(&mut self, now: Now, id: CallId, target: &Target) {
        let Some(site) = self.site.clone() else { return };
        match target {
            Target::User(user) => match site.user(user) {
                Some(user) => self.enter_user(now, id, &site, user),
                None => self.refuse(now, id, Cause::UnknownNumber, "the user has gone"),
            },
            Target::Group(group) => match site.group(group) {
                Some(group) => self.enter_group(now, id, group),
                None => self.refuse(now, id, Cause::UnknownNumber, "the group has gone"),
            },
            Target::Room(room) => match site.room(room) {
                Some(room) => self.enter_room(now, id, room),
                None => self.refuse(now, id, Cause::UnknownNumber, "the room has gone"),
            },
            Target::OwnMailbox => self.enter_own_mailbox(now, id),
            Target::Queue(_) | Target::Menu(_) => {
                let why = "this version does not yet answer for queues and menus";
                self.refuse(now, id, Cause::NoAnswer, why);
            }
        }
    }

    /// A call to a user.
    fn enter_user(&mut self, now: Now, id: CallId, site: &Site, user: &User) {
        let mut invites = self.invites(site, id, user);
        invites.extend(self.twin(site, id, user));
        let Some(facts) = self.facts(site, id, user, (Moment::Arrived, !invites.is_empty())) else { return };
        let Decision { rule, verdict } = decide(&facts);
        match verdict {
            Verdict::Ring => {
                let contacts = if invites.len() == 1 { "contact" } else { "contacts" };
                self.decided(now, id, rule, format!("{} rings on {} {contacts}", user.id, invites.len()));
                self.set_stage(id, Stage::User(user.id.clone()));
                let forward = self.personals.of(&user.id).forward(When::NoAnswer, self.callers(id));
                let after_s = forward.and_then(|forward| forward.after_s).unwrap_or(user.no_answer.after_s);
                self.calls.ring(now, id, Ring { invites, patience: seconds(after_s), silence: None });
            }
            Verdict::Follow(when, cause) => {
                let outcome = match when {
                    When::Always => format!("{} forwards every call", user.id),
                    When::Busy if facts.do_not_disturb => format!("{} is not to be disturbed", user.id),
                    When::Busy => format!("{} is in another call", user.id),
                    When::Unreachable | When::NoAnswer => {
                        format!("no device of {} is registered", user.id)
                    }
                };
                self.decided(now, id, rule, outcome);
                self.follow(now, id, user, (when, cause));
            }
            Verdict::Refer => {
                self.decided(now, id, rule, format!("{} is not taking calls", user.id));
                self.receive(now, id, (user, Reason::Away));
            }
            // Nobody says before it rings that it should ring elsewhere.
            Verdict::Move => {}
            Verdict::Refuse(cause) => {
                let why = if facts.blocked {
                    "the caller is on the user's block list"
                } else {
                    "the user turns callers away who withhold their number"
                };
                self.decided(now, id, rule, format!("{} has blocked the caller", user.id));
                self.refuse(now, id, cause, why);
            }
        }
    }

    /// Has the user made the caller of a call a VIP?
    pub(crate) fn is_vip(&self, site: &Site, id: CallId, user: &User) -> bool {
        self.courses.get(&id).is_some_and(|course| made_vip(site, &course.from, user))
    }

    /// What is known of a call for a user.
    fn facts(
        &self,
        site: &Site,
        id: CallId,
        user: &User,
        (moment, reachable): (Moment, bool),
    ) -> Option<Facts> {
        let from = &self.courses.get(&id)?.from;
        let personal = self.personals.of(&user.id);
        let own = matches!(from, From::User { user: caller, .. } if *caller == user.id);
        let (blocked, anonymous) = match from {
            From::User { .. } => (false, false),
            From::Outside { number, .. } => {
                (number.is_some_and(|number| user.blocked.contains(&number)), number.is_none())
            }
        };
        Some(Facts {
            moment,
            blocked,
            refused_anonymous: anonymous && personal.refuse_anonymous,
            vip: self.is_vip(site, id, user),
            forwards_always: self.forwards_always(site, id, user),
            away: self.is_away(site, &user.id),
            do_not_disturb: personal.do_not_disturb,
            in_use: self.calls.legs_of(&user.id) > u32::from(own),
            call_waiting: personal.call_waiting.unwrap_or(user.call_waiting),
            reachable,
        })
    }

    fn user_unanswered(
        &mut self,
        now: Now,
        id: CallId,
        user: &UserId,
        (cause, moved): (Cause, Option<String>),
    ) {
        let Some(site) = self.site.clone() else { return };
        let Some(user) = site.user(user) else {
            self.refuse(now, id, cause, "the user has gone");
            return;
        };
        let goal = moved.and_then(|to| self.deflected_to(now, id, (&site, user), &to));
        let moment = if goal.is_some() { Moment::Moved(cause) } else { Moment::Rang(cause) };
        let Some(facts) = self.facts(&site, id, user, (moment, true)) else { return };
        let verdict = decide(&facts).verdict;
        if let (Verdict::Move, Some(to)) = (verdict, goal) {
            return self.deflect(now, id, user, &to);
        }
        if self.give_back(now, id, "nobody took the call") {
            return;
        }
        match verdict {
            Verdict::Follow(when, cause) => self.follow(now, id, user, (when, cause)),
            Verdict::Refuse(cause) => self.refuse(now, id, cause, "the called party refused the call"),
            Verdict::Ring | Verdict::Refer | Verdict::Move => {
                self.refuse(now, id, cause, "nobody took the call")
            }
        }
    }

    pub(crate) fn set_stage(&mut self, id: CallId, stage: Stage) {
        if let Some(course) = self.courses.get_mut(&id) {
            course.stage = stage;
        }
    }

    /// A leg for every contact of every device of a user, but not for the device that calls.
    pub(crate) fn invites(&self, site: &Site, id: CallId, user: &User) -> Vec<Invite> {
        let Some(course) = self.courses.get(&id) else { return Vec::new() };
        let calling = match &course.from {
            From::User { device, .. } => Some(device),
            From::Outside { .. } => None,
        };
        let caller = presentation::to_user(site, &course.from, user);
        let mut invites = Vec::new();
        for device in user.devices.iter().filter(|device| Some(&device.id) != calling) {
            for contact in self.contacts.get(&device.id).into_iter().flatten() {
                invites.push(Invite {
                    destination: Destination::Contact {
                        user: user.id.clone(),
                        device: device.id.clone(),
                        contact: *contact,
                    },
                    caller: caller.clone(),
                    called: user.extension.to_string(),
                    parent: course.leg,
                    confirm: false,
                    by_itself: false,
                });
            }
        }
        invites
    }
}

fn identify(site: &Site, origin: Origin) -> (Party, From) {
    match origin {
        Origin::Device(device) => {
            let user = site
                .device(device.as_str())
                .map_or_else(|| UserId::new(device.as_str()), |(user, _)| user.id.clone());
            let from = From::User { user: user.clone(), device: device.clone() };
            (Party::Device { user, device }, from)
        }
        Origin::Trunk { trunk, number, name } => {
            let number = number.and_then(|text| site.company().numbering.caller(&text));
            (Party::Trunk(trunk), From::Outside { number, name })
        }
    }
}

/// Has the user made the caller a VIP?
fn made_vip(site: &Site, from: &From, user: &User) -> bool {
    let (extension, public) = match from {
        From::User { user, .. } => {
            let caller = site.user(user);
            (caller.map(|user| user.extension), caller.and_then(|user| user.number))
        }
        From::Outside { number, .. } => (None, *number),
    };
    let is_caller = |number: &Number| match number {
        Number::Internal(of) => Some(*of) == extension,
        Number::Public(of, _) => Some(*of) == public,
        Number::Short(..) | Number::Code(_) | Number::Unknown(_) => false,
    };
    user.contacts.iter().any(|contact| contact.vip && contact.numbers.iter().any(is_caller))
}

fn shown_from(site: &Site, from: &From) -> String {
    match from {
        From::User { user, device } => {
            site.user(user).map_or_else(|| device.to_string(), |user| user.extension.to_string())
        }
        From::Outside { number, .. } => number.map(|number| number.to_string()).unwrap_or_default(),
    }
}

/// What a number from outside means here: a number of the company, or nothing.
fn called(site: &Site, text: &str) -> Number {
    match site.called(text) {
        Some(number) => Number::Public(number, Class::National),
        None => Number::Unknown(Unknown::NoSuchExtension),
    }
}

fn extension_of(site: &Site, target: &Target) -> Option<String> {
    let extension = match target {
        Target::User(id) => site.user(id).map(|user| user.extension),
        Target::Group(id) => site.group(id).and_then(|group| group.extension),
        Target::Queue(id) => site.queue(id).and_then(|queue| queue.extension),
        Target::Menu(id) => site.menu(id).and_then(|menu| menu.extension),
        Target::Room(id) => site.room(id).and_then(|room| room.extension),
        Target::OwnMailbox => Some(Extension::OWN_MAILBOX),
    };
    extension.map(|extension| extension.to_string())
}

pub(crate) fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}
