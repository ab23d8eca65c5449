//! Calls to the outside: barring, the trunks in order, and emergency calls that always get out.

use crate::course::{From, Stage};
use crate::pbx::Pbx;
use crate::presentation;
use crate::trunks::Attempt;
use call::{Destination, HangUp, Invite, Ring};
use model::{CallId, Cause, Class, Now, Number, TrunkId, UserId};
use std::collections::VecDeque;
use std::time::Duration;

/// A trunk host that says nothing for so long is given up for the next.
const SILENCE_MAX: Duration = Duration::from_secs(4);
/// How long somebody outside may ring; operators give up long before.
const PATIENCE: Duration = Duration::from_secs(300);

/// A number outside, and what is left to try.
#[derive(Debug)]
pub(crate) struct Way {
    number: String,
    class: Class,
    manner: Manner,
    left: VecDeque<Attempt>,
}

/// How a call goes out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// Is the caller's number hidden for this call? None leaves it to the user's setting.
    pub hide: Option<bool>,
    /// Must whoever answers press 1?
    pub confirm: bool,
    /// The user whose rule sends the call out.
    pub by: Option<UserId>,
    /// Has the caller typed the PIN that lifts what is barred?
    pub proved: bool,
}

impl Way {
    /// The user whose rule sends the call out.
    pub fn by(&self) -> Option<&UserId> {
        self.manner.by.as_ref()
    }
}

impl Pbx {
    /// Somebody of the company calls a number outside.
    pub(crate) fn outside(&mut self, now: Now, id: CallId, number: &Number, hide: Option<bool>) {
        self.outside_as(now, id, number, Manner { hide, ..Manner::default() });
    }

    /// A call goes to a number outside.
    pub(crate) fn outside_as(&mut self, now: Now, id: CallId, number: &Number, manner: Manner) {
        let Some(site) = self.site.clone() else { return };
        let (text, class) = match number {
            Number::Public(_, class) | Number::Short(_, class) => (number.to_string(), *class),
            Number::Code(_) => return self.refuse(now, id, Cause::UnknownNumber, "there is no such code"),
            Number::Unknown(why) => return self.refuse(now, id, Cause::UnknownNumber, &why.to_string()),
            Number::Internal(_) => {
                return self.refuse(now, id, Cause::UnknownNumber, "nobody has that extension");
            }
        };
        let payer = self.courses.get(&id).and_then(|course| course.payer.clone());
        let payer = payer.as_ref();
        if let Some(user) = payer.and_then(|user| site.user(user))
            && site.barred(user).contains(class)
            && !manner.proved
        {
            self.decided(now, id, "barring", format!("{class} numbers are barred for {}", user.id));
            if !self.ask_override(now, id, (&site, user), (number, &manner)) {
                self.refuse(now, id, Cause::Barred, "the caller may not dial such numbers");
            }
            return;
        }
        if let Some(user) = payer.and_then(|user| site.user(user))
            && let Err(why) = self.spends(now, id, (&site, user), class)
        {
            self.decided(now, id, "spend", why);
            return self.refuse(now, id, Cause::Barred, "the user has called enough at cost today");
        }
        if let Number::Public(number, _) = number
            && site.owns(*number)
        {
            // Out and back in again would only end in a loop at the operator.
            return self.refuse(now, id, Cause::UnknownNumber, "nobody has that number of the company");
        }
        if class != Class::Emergency && site.outbound(class).is_empty() {
            self.decided(now, id, "outbound", format!("no rule for {class} numbers"));
            return self.refuse(now, id, Cause::Barred, "no outbound rule has that class of numbers");
        }
        let left = match class {
            Class::Emergency => self.trunks.emergency(&site),
            _ => self.trunks.attempts(&site, &self.calls, class),
        };
        let names: Vec<&str> = left.iter().map(|attempt| attempt.trunk.as_str()).collect();
        let outcome =
            if names.is_empty() { "no trunk can carry it now".to_owned() } else { names.join(", ") };
        self.decided(now, id, "outbound", outcome);
        self.next_attempt(now, id, Way { number: text, class, manner, left });
    }

    /// A try came to nothing. A busy line or a wrong number is final; a broken trunk is not.
    pub(crate) fn outside_failed(&mut self, now: Now, id: CallId, way: Way, cause: Cause) {
        match cause {
            Cause::TrunkFailed => self.next_attempt(now, id, way),
            // Nothing that a callee's side says may be the last word on a call for help.
            _ if way.class == Class::Emergency && !way.left.is_empty() => self.next_attempt(now, id, way),
            Cause::NoAnswer => self.refuse(now, id, cause, "nobody answered outside"),
            _ => self.refuse(now, id, cause, "the other side refused the call"),
        }
    }

    fn next_attempt(&mut self, now: Now, id: CallId, mut way: Way) {
        let Some(site) = self.site.clone() else { return };
        let Some(attempt) = way.left.pop_front() else {
            self.refuse(now, id, Cause::TrunkFailed, "no trunk could carry the call");
            return;
        };
        let Some(trunk) = site.trunk(&attempt.trunk) else { return self.next_attempt(now, id, way) };
        if self.calls.channels_of(&trunk.id) >= trunk.channels {
            if way.class != Class::Emergency {
                self.decided(now, id, "channels", format!("all channels of {} are in use", trunk.id));
                return self.next_attempt(now, id, way);
            }
            self.preempt(now, id, &trunk.id);
        }
        let Some(course) = self.courses.get(&id) else { return };
        let shown = match way.class {
            Class::Emergency => presentation::to_help(&site, &course.from, course.source).into(),
            _ => presentation::to_trunk(&site, course, trunk, self.hides(&course.from, way.manner.hide)),
        };
        let invite = Invite {
            destination: Destination::Trunk { trunk: attempt.trunk, host: attempt.host },
            caller: shown.caller,
            called: way.number.clone(),
            parent: course.leg,
            confirm: way.manner.confirm,
            by_itself: false,
        };
        if let Some(remark) = shown.remark {
            self.decided(now, id, "presentation", remark);
        }
        self.set_stage(id, Stage::Outside(way));
        let ring = Ring { invites: vec![invite], patience: PATIENCE, silence: Some(SILENCE_MAX) };
        self.calls.ring(now, id, ring);
    }

    /// Is a caller's number hidden? What was dialled before what the user has set; none leaves it to the site.
    fn hides(&self, from: &From, hide: Option<bool>) -> Option<bool> {
        match from {
            From::User { user, .. } => hide.or(self.personals.of(user).hide_number),
            From::Outside { .. } => hide,
        }
    }

    /// Takes a channel for an emergency call: the youngest other call on the trunk makes room.
    fn preempt(&mut self, now: Now, id: CallId, trunk: &TrunkId) {
        let mut calls: Vec<CallId> = self.calls.calls_on(trunk).collect();
        calls.reverse();
        let victim = calls.into_iter().find(|other| *other != id && !self.is_emergency(*other));
        if let Some(victim) = victim {
            self.decided(now, id, "emergency", format!("call {victim} makes room on {trunk}"));
            self.calls.cut(now, victim, HangUp::Preempted);
        }
    }

    fn is_emergency(&self, id: CallId) -> bool {
        let stage = self.courses.get(&id).map(|course| &course.stage);
        matches!(stage, Some(Stage::Outside(way)) if way.class == Class::Emergency)
    }
}
