//! Callers whom nobody takes: they hear why, whom else they can choose, and leave a message.
//!
//! ```text
//! referral, greeting ─▶ choices ─▶ a digit: connected with another ─▶ closed: ─┐
//!                          └─▶ none: the tone, a message ◀────────────────────┘
//! ```

use crate::course::From;
use crate::forwarding::Onward;
use crate::pbx::Pbx;
use crate::speaking::Words;
use crate::speech::{self, Chosen, Leave, MOST_CHOICES, Part};
use call::{Diversion, HangUp};
use model::site::{Role, Site, Target, User};
use model::{AnnouncementId, CallId, Cause, LegId, Now, Number, UserId};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Keys are not taken in the first second of a referral: whoever dialled an extension may still be pressing them.
const DEAF: Duration = Duration::from_secs(1);
/// A visit that nothing more is heard of ends then.
const VISIT_MAX: Duration = Duration::from_secs(600);

/// Callers who are with the box because nobody took their call.
#[derive(Debug, Default)]
pub(crate) struct Visits(BTreeMap<CallId, Visit>);

#[derive(Debug)]
struct Visit {
    /// Whom they called.
    user: UserId,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// They hear why nobody takes the call, and what they can choose.
    Greeted { deaf_until: Instant },
    /// They have chosen somebody, and hear that they are connected.
    Connecting { to: Number },
    /// They hear the last words.
    Parting,
}

/// Why nobody takes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The called one does something that stops calls.
    Away,
    /// The called one is in another call, or does not want to be disturbed.
    Busy,
    /// Nobody answered, or no phone is there.
    NoAnswer,
}

impl Visits {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has(&self, call: CallId) -> bool {
        self.0.contains_key(&call)
    }

    /// A caller has gone.
    pub fn leave(&mut self, call: CallId) {
        self.0.remove(&call);
    }
}

impl Pbx {
    /// The box takes a call for a user.
    pub(crate) fn receive(&mut self, now: Now, id: CallId, (user, reason): (&User, Reason)) {
        let Some(site) = self.site.clone() else { return };
        let person = self.person(user);
        let wall = now.wall.to_zoned_datetime(site.company().time_zone.clone());
        let mut parts = match (reason, self.absence(&site, user)) {
            (Reason::Away, Some(absence)) => speech::referral(user.language, &absence, &person, &wall),
            (Reason::Away | Reason::NoAnswer, _) => speech::no_answer(&person),
            (Reason::Busy, _) => speech::busy(&person),
        };
        parts.extend(speech::tail(&self.choices(&site, user), Leave::Nothing));
        let Some(leg) = self.calls.serve(now, id, (Cause::Voicemail, Some(VISIT_MAX))) else { return };
        let stage = Stage::Greeted { deaf_until: now.mono + DEAF };
        self.visits.0.insert(id, Visit { user: user.id.clone(), stage });
        let topic = if reason == Reason::Away { "referral" } else { "greeting" };
        self.speak(now, (id, leg), topic, Words { language: user.language, parts });
    }

    /// A caller hears an announcement, and the call ends.
    pub(crate) fn announce(&mut self, now: Now, id: CallId, announcement: &AnnouncementId) {
        let Some(site) = self.site.clone() else { return };
        self.decided(now, id, "announcement", announcement.to_string());
        let parts = vec![Part::Text(announcement.clone())];
        self.tell(now, id, ("announcement", Words { language: site.company().language, parts }));
    }

    /// Whom a user's callers can choose, in the order in which they hear it.
    fn choices(&self, site: &Site, user: &User) -> Vec<(u8, Chosen)> {
        let spoken = |(key, number): (&char, &Number)| {
            let digit = u8::try_from(key.to_digit(10)?).ok()?;
            Some((digit, self.chosen(site, user, number)))
        };
        let mut choices: Vec<_> = user.voicemail.after_menu.iter().filter_map(spoken).collect();
        speech::by_digit(&mut choices);
        // The attendant's digit comes last and is the one that must not be left out.
        if choices.len() > MOST_CHOICES && choices.last().is_some_and(|(digit, _)| *digit == 0) {
            choices.drain(MOST_CHOICES - 1..choices.len() - 1);
        }
        choices
    }

    fn chosen(&self, site: &Site, user: &User, number: &Number) -> Chosen {
        match site.target(number) {
            Some(Target::User(id)) => match site.user(id) {
                Some(other) if other.roles.contains(&Role::Attendant) => Chosen::Switchboard,
                Some(other) if self.person(other).name_recorded => Chosen::Named(id.clone()),
                _ => Chosen::Colleague,
            },
            Some(Target::Group(_) | Target::Queue(_)) => Chosen::Group,
            Some(Target::Menu(_)) => Chosen::Switchboard,
            Some(Target::Room(_) | Target::OwnMailbox) => Chosen::Other,
            None => match number {
                Number::Public(number, _) if user.mobile == Some(*number) => Chosen::Mobile,
                _ => Chosen::Other,
            },
        }
    }

    /// A caller at a mailbox has pressed a key.
    pub(crate) fn visitor_pressed(&mut self, now: Now, (id, leg): (CallId, LegId), digit: char) {
        let (Some(site), Some(visit)) = (self.site.clone(), self.visits.0.get_mut(&id)) else { return };
        let Stage::Greeted { deaf_until } = visit.stage else { return };
        if now.mono < deaf_until {
            return;
        }
        let Some(user) = site.user(&visit.user) else { return };
        let Some(to) = user.voicemail.after_menu.get(&digit).cloned() else { return };
        self.decided(now, id, "after-menu", format!("the caller pressed {digit}, for {to}"));
        if self.is_closed_to(&site, id, (user, &to)) {
            self.set_visit(id, Stage::Parting);
            let parts = speech::chosen_is_closed(Leave::Nothing);
            return self.speak(now, (id, leg), "after-menu", Words { language: user.language, parts });
        }
        self.set_visit(id, Stage::Connecting { to });
        let parts = vec![Part::whole("call.connecting")];
        self.speak(now, (id, leg), "after-menu", Words { language: user.language, parts });
    }

    /// What a caller at a mailbox heard has come to its end.
    pub(crate) fn visitor_heard(&mut self, now: Now, id: CallId) {
        let Some(visit) = self.visits.0.remove(&id) else { return };
        let Some(site) = self.site.clone() else { return self.calls.cut(now, id, HangUp::Released) };
        match visit.stage {
            Stage::Connecting { to } => {
                self.calls.reconsider(id);
                let (by, why) = (Target::User(visit.user.clone()), Diversion::NoAnswer);
                // The caller has chosen it and hears who answers there: nobody needs to press 1.
                let accept = site.target(&to).is_none().then_some(false);
                self.send_on(now, id, Onward { by, why, to: &to, accept, cause: Cause::NoAnswer });
            }
            Stage::Greeted { .. } | Stage::Parting => {
                self.calls.cut(now, id, HangUp::Released);
            }
        }
    }

    /// Would whom a caller has chosen not take the call either, or lead it back?
    fn is_closed_to(&self, site: &Site, id: CallId, (user, to): (&User, &Number)) -> bool {
        let Some(course) = self.courses.get(&id) else { return true };
        let been = |target: &Target| course.forwarders.contains(target);
        if been(&Target::User(user.id.clone())) {
            return true;
        }
        match site.target(to) {
            Some(target) if been(target) => true,
            Some(Target::User(other)) => {
                let own = matches!(&course.from, From::User { user: caller, .. } if caller == other);
                let vip = site.user(other).is_some_and(|other| self.is_vip(site, id, other));
                own || (self.is_away(site, other) && !vip)
            }
            Some(_) | None => false,
        }
    }

    fn set_visit(&mut self, id: CallId, stage: Stage) {
        if let Some(visit) = self.visits.0.get_mut(&id) {
            visit.stage = stage;
        }
    }
}
