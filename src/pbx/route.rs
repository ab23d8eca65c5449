//! The decision on a call: from who called what, to whom it rings, round by round.

use crate::course::{Course, From, Stage};
use crate::pbx::Pbx;
use crate::presentation;
use crate::{Offered, Origin};
use call::{Destination, Diversion, Invite, Offer, Refusal, Ring};
use model::site::{Group, GroupStrategy, Site, Target, Then, User};
use model::{
    CallId, Cause, Class, Direction, Extension, GroupId, Now, Number, OpenCall, Party, TrunkId, Unknown,
    UserId, What,
};
use std::collections::VecDeque;
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
    pub(crate) fn unanswered(&mut self, now: Now, id: CallId, cause: Cause) {
        let Some(course) = self.courses.get_mut(&id) else { return };
        match std::mem::replace(&mut course.stage, Stage::Starting) {
            Stage::Starting | Stage::Returning => self.refuse(now, id, cause, "nobody took the call"),
            Stage::User(user) => self.user_unanswered(now, id, &user, cause),
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
            Target::Queue(_) | Target::Menu(_) | Target::OwnMailbox => {
                let why = "this version does not yet answer for queues, menus and mailboxes";
                self.refuse(now, id, Cause::NoAnswer, why);
            }
        }
    }

    /// A call to a user, in the order of decisions: block list, busy rule, devices.
    fn enter_user(&mut self, now: Now, id: CallId, site: &Site, user: &User) {
        let Some(course) = self.courses.get(&id) else { return };
        if let From::Outside { number: Some(number), .. } = &course.from
            && user.blocked.contains(number)
        {
            self.decided(now, id, "block-list", format!("{} has blocked the caller", user.id));
            self.refuse(now, id, Cause::Blocked, "the caller is on the user's block list");
            return;
        }
        let own = matches!(&course.from, From::User { user: caller, .. } if *caller == user.id);
        let in_use = self.calls.legs_of(&user.id).saturating_sub(u32::from(own));
        if in_use > 0 && !user.call_waiting {
            self.decided(now, id, "busy", format!("{} is in another call", user.id));
            self.follow(now, id, user, (user.busy.as_ref(), Cause::Busy));
            return;
        }
        let invites = self.invites(site, id, user);
        if invites.is_empty() {
            self.decided(now, id, "unreachable", format!("no device of {} is registered", user.id));
            let then = user.unreachable.as_ref().or(user.no_answer.then.as_ref());
            self.follow(now, id, user, (then, Cause::NoAnswer));
            return;
        }
        let contacts = if invites.len() == 1 { "contact" } else { "contacts" };
        self.decided(now, id, "devices", format!("{} rings on {} {contacts}", user.id, invites.len()));
        self.set_stage(id, Stage::User(user.id.clone()));
        self.calls.ring(now, id, Ring { invites, patience: seconds(user.no_answer.after_s), silence: None });
    }

    fn user_unanswered(&mut self, now: Now, id: CallId, user: &UserId, cause: Cause) {
        let Some(site) = self.site.clone() else { return };
        let Some(user) = site.user(user) else {
            self.refuse(now, id, cause, "the user has gone");
            return;
        };
        if self.give_back(now, id, "nobody took the call") {
            return;
        }
        match cause {
            Cause::Busy => self.follow(now, id, user, (user.busy.as_ref(), cause)),
            Cause::Rejected => self.refuse(now, id, cause, "the called party refused the call"),
            _ => self.follow(now, id, user, (user.no_answer.then.as_ref(), Cause::NoAnswer)),
        }
    }

    /// What a user's rule says is done.
    fn follow(&mut self, now: Now, id: CallId, user: &User, (then, cause): (Option<&Then>, Cause)) {
        match then {
            Some(Then::Forward(number)) => {
                self.decided(now, id, "forward", format!("{} forwards to {number}", user.id));
                self.sent_on(id, user.number, diversion(cause));
                self.forward(now, id, Some(user), (number, cause));
            }
            Some(Then::Busy) => self.refuse(now, id, Cause::Busy, "the rule says busy"),
            None => self.refuse(now, id, cause, "nobody took the call"),
            Some(Then::Voicemail(_) | Then::Announce(_)) => {
                self.decided(now, id, "voicemail", "not in this version; the caller gets the cause itself");
                self.refuse(now, id, cause, "nobody took the call");
            }
        }
    }

    /// The call goes on to another number.
    fn forward(&mut self, now: Now, id: CallId, user: Option<&User>, (to, cause): (&Number, Cause)) {
        let (Some(site), Some(course)) = (self.site.clone(), self.courses.get_mut(&id)) else { return };
        if !course.may_hop() {
            self.refuse(now, id, cause, "forwarded too many times: the rules make a loop");
            return;
        }
        match (site.target(to), user) {
            (Some(target), _) => self.enter(now, id, target),
            (None, Some(user)) => self.outside_for(now, id, to, user),
            (None, None) => self.refuse(now, id, Cause::UnknownNumber, "the forward's number does not exist"),
        }
    }

    fn enter_group(&mut self, now: Now, id: CallId, group: &Group) {
        let rounds = match group.strategy {
            GroupStrategy::All => VecDeque::from([group.members.clone()]),
            GroupStrategy::Linear | GroupStrategy::Rotate => {
                group.members.iter().map(|member| vec![member.clone()]).collect()
            }
        };
        self.decided(now, id, "group", format!("{} rings its members", group.id));
        self.group_round(now, id, group.id.clone(), rounds);
    }

    fn group_round(&mut self, now: Now, id: CallId, name: GroupId, mut rounds: VecDeque<Vec<UserId>>) {
        let Some(site) = self.site.clone() else { return };
        let Some(group) = site.group(&name) else {
            self.refuse(now, id, Cause::UnknownNumber, "the group has gone");
            return;
        };
        while let Some(members) = rounds.pop_front() {
            let free = members.iter().filter_map(|member| site.user(member));
            let free = free.filter(|user| user.call_waiting || self.calls.legs_of(&user.id) == 0);
            let invites: Vec<Invite> = free.flat_map(|user| self.invites(&site, id, user)).collect();
            if invites.is_empty() {
                continue;
            }
            let patience = match group.strategy {
                GroupStrategy::All => seconds(group.no_answer.after_s),
                GroupStrategy::Linear | GroupStrategy::Rotate => {
                    (seconds(group.no_answer.after_s) / small(group.members.len())).max(MEMBER_MIN)
                }
            };
            self.set_stage(id, Stage::Group { group: name, rounds });
            self.calls.ring(now, id, Ring { invites, patience, silence: None });
            return;
        }
        match &group.no_answer.then {
            Some(Then::Forward(number)) => {
                self.decided(now, id, "forward", format!("{name} forwards to {number}"));
                self.sent_on(id, group.number, Diversion::NoAnswer);
                self.forward(now, id, None, (number, Cause::NoAnswer));
            }
            Some(Then::Busy) => self.refuse(now, id, Cause::Busy, "the group's rule says busy"),
            Some(Then::Voicemail(_) | Then::Announce(_)) | None => {
                self.refuse(now, id, Cause::NoAnswer, "no member of the group took the call");
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
                });
            }
        }
        invites
    }
}

/// A member of a linear group rings at least so long.
const MEMBER_MIN: Duration = Duration::from_secs(5);

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

fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).max(1)
}

fn diversion(cause: Cause) -> Diversion {
    match cause {
        Cause::Busy => Diversion::Busy,
        _ => Diversion::NoAnswer,
    }
}
