//! What users set for themselves: checked, made durable, and only then in force and acknowledged.

use crate::Effect;
use crate::activity::Wish;
use crate::pbx::Pbx;
use crate::service::Question;
use jiff::Timestamp;
use model::site::Site;
use model::{
    CallId, Callers, Change, FORWARD_AFTER_S, Forward, Now, Personal, Refusal, RefusalCode, Reply, Setting,
    Ticket, UserId, When,
};
use std::collections::BTreeMap;

/// Settings being written at once; a further one is refused.
const WRITING_MAX: usize = 256;
/// Tickets that the core makes for itself begin here; the driver counts its own from one.
const OWN_TICKETS: u64 = 1 << 63;
/// Of a user who has set nothing.
static NOTHING: Personal = Personal {
    forwards: Vec::new(),
    do_not_disturb: false,
    call_waiting: None,
    refuse_anonymous: false,
    hide_number: None,
    doing: None,
};

/// What every user has set.
#[derive(Debug, Default)]
pub(crate) struct Personals {
    in_force: BTreeMap<UserId, Personal>,
    writing: BTreeMap<Ticket, Writing>,
    last: u64,
}

#[derive(Debug)]
struct Writing {
    user: UserId,
    personal: Personal,
    asker: Asker,
}

/// Who waits for a setting to be durable.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asker {
    /// A command.
    Command(Ticket),
    /// Somebody who dialled a code.
    Call(CallId),
    /// A command about an activity: it is answered with that.
    ActivityCommand(Ticket),
    /// Somebody who dialled the code of an activity.
    ActivityCall(CallId),
}

/// Why something is not set, for programs and for people.
pub(crate) type NotSet = (RefusalCode, String);

impl Personals {
    /// Takes what was kept. Gives the users who are not in the site any more, whose settings go.
    pub fn restore(kept: &[(UserId, Personal)], site: Option<&Site>) -> (Self, Vec<Change>) {
        let mut personals = Self { in_force: kept.iter().cloned().collect(), ..Self::default() };
        let gone = site.map(|site| personals.gone(site)).unwrap_or_default();
        if let Some(site) = site {
            personals.keep(site);
        }
        (personals, gone)
    }

    /// What a user has set.
    pub fn of(&self, user: &UserId) -> &Personal {
        self.in_force.get(user).unwrap_or(&NOTHING)
    }

    /// The changes that go with a site: what was set by users it does not have.
    pub fn gone(&self, site: &Site) -> Vec<Change> {
        let gone = self.in_force.keys().filter(|user| site.user(user).is_none());
        gone.map(|user| Change::Personal { user: user.clone(), personal: Personal::default() }).collect()
    }

    /// Forgets users that the site no longer has.
    pub fn keep(&mut self, site: &Site) {
        self.in_force.retain(|user, _| site.user(user).is_some());
    }

    /// Ends what is over by the clock on the wall; gives those who are available again.
    pub fn returned(&mut self, wall: Timestamp) -> Vec<UserId> {
        let is_over = |personal: &Personal| {
            personal.doing.as_ref().and_then(|doing| doing.until).is_some_and(|until| until <= wall)
        };
        let over: Vec<UserId> = self
            .in_force
            .iter()
            .filter(|(_, personal)| is_over(personal))
            .map(|(user, _)| user.clone())
            .collect();
        for user in &over {
            let personal = Personal { doing: None, ..self.of(user).clone() };
            self.put(user.clone(), personal);
        }
        over
    }

    /// The first end of what anybody is doing.
    pub fn next_return(&self) -> Option<Timestamp> {
        self.in_force.values().filter_map(|personal| personal.doing.as_ref()?.until).min()
    }

    fn put(&mut self, user: UserId, personal: Personal) {
        if personal.is_empty() {
            self.in_force.remove(&user);
        } else {
            self.in_force.insert(user, personal);
        }
    }
}

impl Pbx {
    /// Sets something for a user. The asker hears of it when it is durable, or why it is not.
    pub(crate) fn set(&mut self, now: Now, user: &UserId, setting: &Setting, asker: Asker) {
        let personal = match self.changed(now, user, setting) {
            Ok(personal) => personal,
            Err(why) => return self.answer_setting(now, (asker, user), Err(why)),
        };
        if personal == *self.personals.of(user) {
            return self.answer_setting(now, (asker, user), Ok(personal));
        }
        // Each setting is made from what is in force, so one must be durable before the next is made.
        let writing = &mut self.personals.writing;
        if writing.len() >= WRITING_MAX || writing.values().any(|writing| writing.user == *user) {
            let why = "another setting is just being written; try again in a moment".to_owned();
            return self.answer_setting(now, (asker, user), Err((RefusalCode::Unavailable, why)));
        }
        let ticket = match asker {
            Asker::Command(ticket) | Asker::ActivityCommand(ticket) => ticket,
            Asker::Call(_) | Asker::ActivityCall(_) => {
                self.personals.last += 1;
                Ticket(OWN_TICKETS + self.personals.last)
            }
        };
        let changes = vec![Change::Personal { user: user.clone(), personal: personal.clone() }];
        self.personals.writing.insert(ticket, Writing { user: user.clone(), personal, asker });
        self.effects.push_back(Effect::Commit { ticket: Some(ticket), changes });
    }

    /// What was being written is durable, or is not. False where the ticket is of something else.
    pub(crate) fn setting_committed(
        &mut self,
        now: Now,
        ticket: Ticket,
        result: &Result<(), String>,
    ) -> bool {
        let Some(Writing { user, personal, asker }) = self.personals.writing.remove(&ticket) else {
            return false;
        };
        let known = self.site.as_ref().is_some_and(|site| site.user(&user).is_some());
        let result = match result {
            Ok(()) if known => {
                self.personals.put(user.clone(), personal.clone());
                self.expire_activities(now);
                Ok(personal)
            }
            Ok(()) => Err((RefusalCode::NotFound, format!("{user} has gone from the site"))),
            Err(why) => Err((RefusalCode::Storage, why.clone())),
        };
        self.answer_setting(now, (asker, &user), result);
        true
    }

    /// Is what a code asks about in force?
    pub(crate) fn is_set(&self, user: &UserId, question: Question) -> bool {
        let personal = self.personals.of(user);
        let site = self.site.as_ref();
        let in_site =
            |has: fn(&model::site::User) -> bool| site.and_then(|site| site.user(user)).is_some_and(has);
        match question {
            Question::Forward(when) => {
                Callers::ALL.iter().any(|callers| personal.forward(when, *callers).is_some())
            }
            Question::HideNumber => personal
                .hide_number
                .unwrap_or_else(|| in_site(|user| user.present == model::site::Present::Hidden)),
            Question::CallWaiting => {
                personal.call_waiting.unwrap_or_else(|| in_site(|user| user.call_waiting))
            }
            Question::RefuseAnonymous => personal.refuse_anonymous,
            Question::DoNotDisturb => personal.do_not_disturb,
            Question::Activity => personal.doing.is_some(),
        }
    }

    /// What a user's settings become.
    fn changed(&self, now: Now, user: &UserId, setting: &Setting) -> Result<Personal, NotSet> {
        let site = self.site.as_deref().ok_or_else(|| no_such_user(user))?;
        let owner = site.user(user).ok_or_else(|| no_such_user(user))?;
        let mut personal = self.personals.of(user).clone();
        match setting {
            Setting::Forward { when, callers, number, after_s, accept } => {
                within_bounds(*when, *after_s)?;
                let number = self.forwardable(site, owner, number)?.to_string();
                for callers in of(*callers) {
                    let number = number.clone();
                    let (when, after_s, accept) = (*when, *after_s, *accept);
                    personal.put(Forward { when, callers, number, on: true, after_s, accept });
                }
            }
            Setting::ForwardAgain { when } => {
                let last: Vec<Forward> = Callers::ALL
                    .iter()
                    .filter_map(|callers| personal.last(*when, *callers).cloned())
                    .collect();
                if last.is_empty() {
                    let why = "no number was set before; give one".to_owned();
                    return Err((RefusalCode::NotFound, why));
                }
                for forward in last {
                    self.forwardable(site, owner, &forward.number)?;
                    personal.put(Forward { on: true, ..forward });
                }
            }
            Setting::ForwardClear { when, callers } => {
                let clears = |forward: &Forward| {
                    when.is_none_or(|when| forward.when == when)
                        && callers.is_none_or(|callers| forward.callers == callers)
                };
                for forward in personal.forwards.iter_mut().filter(|forward| clears(forward)) {
                    forward.on = false;
                }
            }
            Setting::Activity { activity, until, note, closed } => {
                let (until, note) = (until.as_deref(), note.as_deref());
                personal.doing = Wish { activity, until, note, closed: *closed }.doing(now, site, owner)?;
            }
            Setting::ActivityClear => personal.doing = None,
            Setting::DoNotDisturb { on } => personal.do_not_disturb = *on,
            Setting::CallWaiting { on } => personal.call_waiting = *on,
            Setting::RefuseAnonymous { on } => personal.refuse_anonymous = *on,
            Setting::HideNumber { on } => personal.hide_number = *on,
        }
        Ok(personal)
    }

    fn answer_setting(
        &mut self,
        now: Now,
        (asker, user): (Asker, &UserId),
        result: Result<Personal, NotSet>,
    ) {
        match (asker, result) {
            (Asker::Command(ticket), Ok(personal)) => {
                self.reply(ticket, Reply::Personal(Box::new(personal)));
            }
            (Asker::Command(ticket) | Asker::ActivityCommand(ticket), Err((code, message))) => {
                self.reply(ticket, Reply::Refused(Refusal { code, messages: vec![message] }));
            }
            (Asker::ActivityCommand(ticket), Ok(_)) => self.reply_activity(ticket, user),
            (Asker::ActivityCall(id), Ok(_)) => self.confirm_activity(now, id),
            (Asker::ActivityCall(id), Err((_, why))) => self.confirm(now, id, ("activity", Err(&why))),
            (Asker::Call(id), Ok(_)) => self.confirm(now, id, ("service", Ok("it is set"))),
            (Asker::Call(id), Err((_, why))) => self.confirm(now, id, ("service", Err(&why))),
        }
    }
}

/// That user is not there.
pub(crate) fn no_such_user(user: &UserId) -> NotSet {
    (RefusalCode::NotFound, format!("there is no user {user}; `vaxel site export` has them all"))
}

fn of(callers: Option<Callers>) -> impl Iterator<Item = Callers> {
    Callers::ALL.into_iter().filter(move |one| callers.is_none_or(|callers| callers == *one))
}

fn within_bounds(when: When, after_s: Option<u32>) -> Result<(), NotSet> {
    let why = match (when, after_s) {
        (_, None) => return Ok(()),
        (When::NoAnswer, Some(seconds)) if FORWARD_AFTER_S.contains(&seconds) => return Ok(()),
        (When::NoAnswer, Some(_)) => {
            format!("the seconds must be {} to {}", FORWARD_AFTER_S.start(), FORWARD_AFTER_S.end())
        }
        (When::Always | When::Busy | When::Unreachable, Some(_)) => {
            "seconds belong to forwards of unanswered calls only".to_owned()
        }
    };
    Err((RefusalCode::Invalid, why))
}
