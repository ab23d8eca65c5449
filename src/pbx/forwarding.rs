//! Forwarding: where calls may be sent on to, and where the rules of users and groups lead.

use crate::course::{From, Stage};
use crate::outbound::Manner;
use crate::pbx::Pbx;
use crate::personal::NotSet;
use crate::presentation;
use crate::visit::Reason;
use call::{Destination, Diversion, Invite};
use model::site::{Mailbox, Site, Target, Then, User};
use model::{CallId, Callers, Cause, Class, Forward, Now, Number, RefusalCode, UserId, When};

/// Calls that one user's rules keep forwarded to the outside at once. A number outside that sends its calls back here
/// would otherwise take every channel, one call after the other.
const OUTSIDE_MAX: usize = 5;

/// Where a user's rule leads.
enum Rule<'a> {
    /// The user has set it.
    Own(&'a Forward),
    /// The site document says so.
    Site(&'a Then),
}

/// A number that a call is sent on to.
pub(crate) struct Onward<'a> {
    /// Whose rule it is.
    pub by: Target,
    /// In which case.
    pub why: Diversion,
    /// Where to.
    pub to: &'a Number,
    /// Must whoever answers outside press 1? None means: where the number is a mobile's.
    pub accept: Option<bool>,
    /// What the caller hears where the rules lead nowhere.
    pub cause: Cause,
}

impl Pbx {
    /// The number that a user may send calls on to, or why not.
    pub(crate) fn forwardable(&self, site: &Site, user: &User, text: &str) -> Result<Number, NotSet> {
        let wrong = |why: &str| Err((RefusalCode::Invalid, format!("{text}: {why}")));
        let number = site.number(text);
        match site.target(&number) {
            Some(Target::User(id)) if *id == user.id => return wrong("that is the user's own number"),
            Some(Target::OwnMailbox) => {
                return wrong("that is one's own mailbox; the rule of the case says whether it takes calls");
            }
            Some(_) => return Ok(number),
            None => {}
        }
        match &number {
            Number::Unknown(why) => wrong(&why.to_string()),
            Number::Code(_) => wrong("calls cannot be sent to a code"),
            Number::Internal(_) => wrong("nobody has that extension"),
            Number::Short(_, Class::Emergency) => wrong("calls cannot be sent on to the emergency number"),
            Number::Public(public, _) if site.owns(*public) => wrong("nobody has that number of the company"),
            Number::Short(_, class) | Number::Public(_, class) => {
                if may_call(site, user, *class) {
                    Ok(number)
                } else {
                    Err((RefusalCode::Forbidden, format!("{} may not call {class} numbers", user.id)))
                }
            }
        }
    }

    /// A user's rule for a case is followed.
    pub(crate) fn follow(&mut self, now: Now, id: CallId, user: &User, (when, cause): (When, Cause)) {
        let Some(site) = self.site.clone() else { return };
        let personal = self.personals.of(&user.id).clone();
        let rule = rule(&personal, user, (when, self.callers(id)));
        let then = match rule {
            Some(Rule::Own(forward)) => {
                let to = site.number(&forward.number);
                self.decided(now, id, "forward", format!("{} forwards to {to} ({})", user.id, when.as_str()));
                let (by, why) = (Target::User(user.id.clone()), diversion(when));
                return self.send_on(now, id, Onward { by, why, to: &to, accept: forward.accept, cause });
            }
            Some(Rule::Site(then)) => Some(then),
            None => None,
        };
        match then {
            Some(Then::Forward(to)) => {
                self.decided(now, id, "forward", format!("{} forwards to {to} ({})", user.id, when.as_str()));
                let (by, why) = (Target::User(user.id.clone()), diversion(when));
                self.send_on(now, id, Onward { by, why, to, accept: None, cause });
            }
            Some(Then::Busy) => self.refuse(now, id, Cause::Busy, "the rule says busy"),
            None => self.refuse(now, id, cause, "nobody took the call"),
            Some(Then::Announce(announcement)) => self.announce(now, id, announcement),
            Some(Then::Voicemail(mailbox)) => {
                self.decided(now, id, "voicemail", format!("the mailbox of {mailbox} takes the call"));
                let reason = if when == When::Busy { Reason::Busy } else { Reason::NoAnswer };
                match mailbox {
                    Mailbox::User(of) => match site.user(of) {
                        Some(of) => self.receive(now, id, (of, reason)),
                        None => self.refuse(now, id, cause, "the user has gone"),
                    },
                    Mailbox::Group(_) | Mailbox::Queue(_) => {
                        self.receive_for_all(now, id, mailbox.clone());
                    }
                }
            }
        }
    }

    /// A call goes on to another number, unless its rules lead nowhere.
    pub(crate) fn send_on(&mut self, now: Now, id: CallId, onward: Onward<'_>) {
        let Onward { by, why, to, accept, cause } = onward;
        let (Some(site), Some(course)) = (self.site.clone(), self.courses.get_mut(&id)) else { return };
        if let Err(why) = course.send_on(&by, site.target(to)) {
            self.decided(now, id, "forward", why.as_str());
            return self.refuse(now, id, cause, &why);
        }
        let number = match &by {
            Target::User(user) => site.user(user).and_then(|user| user.number),
            Target::Group(group) => site.group(group).and_then(|group| group.number),
            Target::Queue(_) | Target::Menu(_) | Target::Room(_) | Target::OwnMailbox => None,
        };
        self.sent_on(id, number, why);
        if let Some(target) = site.target(to) {
            return self.enter(now, id, target);
        }
        let of_group = !matches!(by, Target::User(_));
        let class = to.class();
        let confirm = accept.unwrap_or(of_group || class == Some(Class::Mobile));
        let payer = match &by {
            Target::User(user) => site.user(user),
            _ => None,
        };
        let allowed = match (payer, class) {
            (Some(user), Some(class)) => may_call(&site, user, class),
            // A group has no user whose rights would count: the company's hold.
            (None, Some(class)) => !site.barring().company.contains(class),
            (_, None) => true,
        };
        if !allowed {
            self.decided(now, id, "barring", "the forward goes to numbers that are barred");
            return self.refuse(now, id, Cause::Barred, "the forward goes to a number that is barred");
        }
        let by = payer.map(|user| user.id.clone());
        if by.as_ref().is_some_and(|user| self.forwarded_by(user) >= OUTSIDE_MAX) {
            let why = format!("{OUTSIDE_MAX} calls are forwarded outside already, perhaps in a circle");
            self.decided(now, id, "forward", why.as_str());
            return self.refuse(now, id, Cause::Busy, &why);
        }
        if let Some(course) = self.courses.get_mut(&id) {
            course.payer.clone_from(&by);
        }
        self.outside_as(now, id, to, Manner { confirm, by, ..Manner::default() });
    }

    /// What rings for a member of a group: its phones, or where it has sent its calls. Nobody where it is busy or not to
    /// be disturbed. A member's forward is followed one step only, and only to a colleague or to the outside.
    pub(crate) fn member_invites(&self, site: &Site, id: CallId, user: &User) -> Vec<Invite> {
        let personal = self.personals.of(&user.id);
        let waits = personal.call_waiting.unwrap_or(user.call_waiting);
        if personal.do_not_disturb || (!waits && self.calls.legs_of(&user.id) > 0) {
            return Vec::new();
        }
        let Some(forward) = personal.forward(When::Always, self.callers(id)) else {
            let mut invites = self.invites(site, id, user);
            invites.extend(self.twin(site, id, user));
            return invites;
        };
        let number = site.number(&forward.number);
        match site.target(&number) {
            Some(Target::User(other)) => match site.user(other) {
                Some(other) if !self.personals.of(&other.id).do_not_disturb => self.invites(site, id, other),
                _ => Vec::new(),
            },
            Some(_) => Vec::new(),
            None => self.invite_outside(site, id, &number, user).into_iter().collect(),
        }
    }

    /// The leg of a user's mobile that rings beside the phones.
    pub(crate) fn twin(&self, site: &Site, id: CallId, user: &User) -> Option<Invite> {
        let mobile = user.mobile.filter(|_| user.mobile_twinning)?;
        let calling = match &self.courses.get(&id)?.from {
            From::User { user: caller, .. } => *caller == user.id,
            From::Outside { number, .. } => *number == Some(mobile),
        };
        if calling {
            return None;
        }
        self.invite_outside(site, id, &site.number(&mobile.to_string()), user)
    }

    /// A leg to a number outside that rings beside others, by the first trunk that can carry it; whoever answers must
    /// press 1.
    fn invite_outside(&self, site: &Site, id: CallId, number: &Number, user: &User) -> Option<Invite> {
        let course = self.courses.get(&id)?;
        let class = number.class().filter(|class| may_call(site, user, *class))?;
        let attempt = self.trunks.attempts(site, &self.calls, class).pop_front()?;
        let trunk = site.trunk(&attempt.trunk)?;
        Some(Invite {
            destination: Destination::Trunk { trunk: attempt.trunk, host: attempt.host },
            caller: presentation::to_trunk(site, course, trunk, None).caller,
            called: number.to_string(),
            parent: course.leg,
            confirm: true,
            by_itself: false,
        })
    }

    /// Whose calls a call belongs to.
    pub(crate) fn callers(&self, id: CallId) -> Callers {
        match self.courses.get(&id).map(|course| &course.from) {
            Some(From::User { .. }) => Callers::Internal,
            Some(From::Outside { .. }) | None => Callers::External,
        }
    }

    /// Does every call of this kind go on from a user? Not those of whom they go to: an assistant gets through.
    pub(crate) fn forwards_always(&self, site: &Site, id: CallId, user: &User) -> bool {
        let forward = self.personals.of(&user.id).forward(When::Always, self.callers(id));
        let (Some(forward), Some(course)) = (forward, self.courses.get(&id)) else { return false };
        let to = site.number(&forward.number);
        let is_goal = match &course.from {
            From::User { user: caller, .. } => site.target(&to) == Some(&Target::User(caller.clone())),
            From::Outside { number, .. } => {
                matches!((&to, number), (Number::Public(to, _), Some(number)) if to == number)
            }
        };
        !is_goal
    }

    /// How many calls a user's rules keep forwarded to the outside.
    fn forwarded_by(&self, user: &UserId) -> usize {
        let by = |stage: &Stage| matches!(stage, Stage::Outside(way) if way.by() == Some(user));
        self.courses.values().filter(|course| by(&course.stage)).count()
    }
}

/// May a user's calls go to numbers of a class at all?
fn may_call(site: &Site, user: &User, class: Class) -> bool {
    !site.barred(user).contains(class) && !site.outbound(class).is_empty()
}

/// The rule for a case: what the user has set before what the site says; of a phone that is not there, what is said of
/// that before what is said of one that nobody answers.
fn rule<'a>(
    personal: &'a model::Personal,
    user: &'a User,
    (when, callers): (When, Callers),
) -> Option<Rule<'a>> {
    let own = |when| personal.forward(when, callers).map(Rule::Own);
    let site = |then: &'a Option<Then>| then.as_ref().map(Rule::Site);
    match when {
        When::Always => own(When::Always),
        When::Busy => own(When::Busy).or_else(|| site(&user.busy)),
        When::NoAnswer => own(When::NoAnswer).or_else(|| site(&user.no_answer.then)),
        When::Unreachable => own(When::Unreachable)
            .or_else(|| site(&user.unreachable))
            .or_else(|| own(When::NoAnswer))
            .or_else(|| site(&user.no_answer.then)),
    }
}

/// What the next one called is told of the case.
fn diversion(when: When) -> Diversion {
    match when {
        When::Always => Diversion::Always,
        When::Busy => Diversion::Busy,
        When::NoAnswer => Diversion::NoAnswer,
        When::Unreachable => Diversion::Unreachable,
    }
}
