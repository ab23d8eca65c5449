//! Callers whom nobody takes: they hear why, whom else they can choose, and leave a message.
//!
//! ```text
//! referral, greeting ─▶ choices ─▶ a digit: connected with another ─▶ closed: ─┐
//!                          └─▶ none: the tone, a message ◀────────────────────┘
//!                                     └─▶ #: send it, hear it, speak anew
//! ```
//!
//! Hanging up sends a message; a mailbox or disk that is full says so before the tone, so that nobody talks into nothing.

use crate::course::From;
use crate::forwarding::Onward;
use crate::messages::Fate;
use crate::pbx::Pbx;
use crate::speaking::Words;
use crate::speech::{self, Chosen, Leave, MOST_CHOICES, Part, Tone};
use call::{Diversion, Effect, HangUp};
use model::site::{Language, Mailbox, Role, Site, Target, User};
use model::{AnnouncementId, CallId, Cause, LegId, Now, Number, RecordingId, UserId};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Keys are not taken in the first second of a referral: whoever dialled an extension may still be pressing them.
const DEAF: Duration = Duration::from_secs(1);
/// The longest message.
const MESSAGE_MAX: Duration = Duration::from_secs(180);
/// Whoever has said nothing for so long has said all.
const QUIET: Duration = Duration::from_secs(8);
/// A visit that nothing more is heard of ends then.
const VISIT_MAX: Duration = Duration::from_secs(600);

/// While one of these is raised, nothing new can be kept.
const DISK_ALARMS: [&str; 2] = ["disk-full", "disk-failed"];

/// What the trail calls the words about somebody's activity.
const REFERRAL: &str = "referral";

/// Callers who are with the box because nobody took their call.
#[derive(Debug, Default)]
pub(crate) struct Visits(BTreeMap<CallId, Visit>);

#[derive(Debug)]
struct Visit {
    /// Whom they called.
    mailbox: Mailbox,
    language: Language,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// They hear why nobody takes the call, and what they can choose.
    Greeted { deaf_until: Instant },
    /// They speak.
    Speaking { recording: RecordingId },
    /// They have ended it by `#`, and decide.
    Reviewing { recording: RecordingId },
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
        let mailbox = Mailbox::User(user.id.clone());
        parts.extend(self.tail(&mailbox, &self.choices(&site, user)));
        let topic = if reason == Reason::Away { REFERRAL } else { "greeting" };
        self.greet(now, id, (mailbox, topic, Words { language: user.language, parts }));
    }

    /// The box takes a call for a group or queue.
    pub(crate) fn receive_for_all(&mut self, now: Now, id: CallId, mailbox: Mailbox) {
        let Some(language) = self.site.as_ref().map(|site| site.company().language) else { return };
        let mut parts = vec![Part::whole("vm.us")];
        parts.extend(self.tail(&mailbox, &[]));
        self.greet(now, id, (mailbox, "greeting", Words { language, parts }));
    }

    fn greet(&mut self, now: Now, id: CallId, (mailbox, topic, words): (Mailbox, &str, Words)) {
        let Some(leg) = self.calls.serve(now, id, (Cause::Voicemail, Some(VISIT_MAX))) else { return };
        let deaf = if topic == REFERRAL { DEAF } else { Duration::ZERO };
        let stage = Stage::Greeted { deaf_until: now.mono + deaf };
        self.visits.0.insert(id, Visit { mailbox, language: words.language, stage });
        self.speak(now, (id, leg), topic, words);
    }

    /// What follows the greeting: choices, and a message where the mailbox takes one.
    fn tail(&self, mailbox: &Mailbox, choices: &[(u8, Chosen)]) -> Vec<Part> {
        match self.takes_no_message(mailbox) {
            None => speech::tail(choices, Leave::Message),
            Some(why) => {
                let mut parts = speech::tail(choices, Leave::Nothing);
                parts.insert(0, Part::whole(why));
                parts
            }
        }
    }

    /// The prompt that says why a mailbox takes no message, if so.
    fn takes_no_message(&self, mailbox: &Mailbox) -> Option<&'static str> {
        if self.alarms.keys().any(|alarm| DISK_ALARMS.contains(alarm)) {
            return Some("err.disk");
        }
        self.messages.is_full(mailbox).then_some("vm.full")
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
    pub(crate) fn visitor_pressed(&mut self, now: Now, at: (CallId, LegId), digit: char) {
        let Some(visit) = self.visits.0.get(&at.0) else { return };
        match visit.stage {
            Stage::Greeted { deaf_until } if now.mono >= deaf_until => self.choose(now, at, digit),
            Stage::Speaking { recording } if digit == '#' => {
                self.calls.perform(Effect::EndRecord { leg: at.1, recording });
                self.set_visit(at.0, Stage::Reviewing { recording });
                self.tell_visitor(now, at, ("message", vec![Part::whole("vm.review")]));
            }
            Stage::Reviewing { recording } => self.review(now, at, (recording, digit)),
            Stage::Greeted { .. } | Stage::Speaking { .. } | Stage::Connecting { .. } | Stage::Parting => {}
        }
    }

    /// Who has ended a message decides about it.
    fn review(&mut self, now: Now, at: (CallId, LegId), (recording, digit): (RecordingId, char)) {
        match digit {
            '1' | '#' => {
                self.decide_message(recording, Fate::Sent);
                self.set_visit(at.0, Stage::Parting);
                self.tell_visitor(now, at, ("message", vec![Part::whole("vm.thanks")]));
            }
            '2' => {
                let parts = vec![Part::Recording(recording), Part::whole("vm.review")];
                self.tell_visitor(now, at, ("message", parts));
            }
            '3' => {
                self.decide_message(recording, Fate::Dropped);
                self.set_visit(at.0, Stage::Greeted { deaf_until: now.mono });
                let parts = vec![Part::whole("vm.again"), Part::Tone(Tone::Record)];
                self.tell_visitor(now, at, ("message", parts));
            }
            _ => {}
        }
    }

    /// A caller who leaves a message has said nothing for a while.
    pub(crate) fn visitor_quiet(&mut self, now: Now, at: (CallId, LegId)) {
        if let Some(Stage::Speaking { recording }) = self.visits.0.get(&at.0).map(|visit| &visit.stage) {
            let recording = *recording;
            self.calls.perform(Effect::EndRecord { leg: at.1, recording });
            self.parts_with_message(now, at, (recording, "vm.thanks"));
        }
    }

    /// A message has become as long as it may be.
    pub(crate) fn message_ended(&mut self, now: Now, recording: RecordingId) {
        let speaking =
            |visit: &Visit| matches!(&visit.stage, Stage::Speaking { recording: of } if *of == recording);
        let Some(id) = self.visits.0.iter().find(|(_, visit)| speaking(visit)).map(|(id, _)| *id) else {
            return;
        };
        if let Some((leg, _)) = self.calls.anchor(id) {
            self.parts_with_message(now, (id, leg), (recording, "vm.limit"));
        }
    }

    fn parts_with_message(
        &mut self,
        now: Now,
        at: (CallId, LegId),
        (recording, prompt): (RecordingId, &'static str),
    ) {
        self.decide_message(recording, Fate::Sent);
        self.set_visit(at.0, Stage::Parting);
        self.tell_visitor(now, at, ("message", vec![Part::whole(prompt)]));
    }

    /// A caller at a mailbox has gone: what was spoken is sent.
    pub(crate) fn visitor_left(&mut self, id: CallId) {
        let Some(visit) = self.visits.0.remove(&id) else { return };
        if let Stage::Speaking { recording } | Stage::Reviewing { recording } = visit.stage {
            self.decide_message(recording, Fate::Sent);
        }
    }

    fn tell_visitor(&mut self, now: Now, at: (CallId, LegId), (topic, parts): (&str, Vec<Part>)) {
        if let Some(language) = self.visits.0.get(&at.0).map(|visit| visit.language) {
            self.speak(now, at, topic, Words { language, parts });
        }
    }

    /// Whoever hears a greeting has pressed a key: somebody else is chosen, or the tone at once.
    fn choose(&mut self, now: Now, (id, leg): (CallId, LegId), digit: char) {
        let (Some(site), Some(visit)) = (self.site.clone(), self.visits.0.get(&id)) else { return };
        if digit == '#' && self.takes_no_message(&visit.mailbox).is_none() {
            return self.tell_visitor(now, (id, leg), ("greeting", vec![Part::Tone(Tone::Record)]));
        }
        let Mailbox::User(user) = &visit.mailbox else { return };
        let Some(user) = site.user(user) else { return };
        if digit == '*' && !user.voicemail.after_menu.contains_key(&'*') {
            if self.prove_owner(now, (id, leg), user) {
                self.visits.leave(id);
            }
            return;
        }
        let Some(to) = user.voicemail.after_menu.get(&digit).cloned() else { return };
        self.decided(now, id, "after-menu", format!("the caller pressed {digit}, for {to}"));
        if self.is_closed_to(&site, id, (user, &to)) {
            let mailbox = Mailbox::User(user.id.clone());
            let parts = match self.takes_no_message(&mailbox) {
                None => speech::chosen_is_closed(Leave::Message),
                Some(why) => vec![Part::whole("after.closed"), Part::whole(why)],
            };
            return self.speak(now, (id, leg), "after-menu", Words { language: user.language, parts });
        }
        self.set_visit(id, Stage::Connecting { to });
        let parts = vec![Part::whole("call.connecting")];
        self.speak(now, (id, leg), "after-menu", Words { language: user.language, parts });
    }

    /// What a caller at a mailbox heard has come to its end.
    pub(crate) fn visitor_heard(&mut self, now: Now, (id, leg): (CallId, LegId)) {
        let Some(visit) = self.visits.0.get(&id) else { return };
        let mailbox = visit.mailbox.clone();
        match &visit.stage {
            Stage::Connecting { to } => {
                let (to, Mailbox::User(user)) = (to.clone(), mailbox) else { return };
                self.visits.leave(id);
                self.connect_visitor(now, id, (&user, &to));
            }
            Stage::Greeted { .. } if self.takes_no_message(&mailbox).is_none() => {
                self.begin_to_speak(now, (id, leg), &mailbox);
            }
            // Nobody decides: it is sent, as by hanging up.
            Stage::Reviewing { recording } => {
                let recording = *recording;
                self.parts_with_message(now, (id, leg), (recording, "vm.thanks"));
            }
            Stage::Greeted { .. } | Stage::Parting => self.calls.cut(now, id, HangUp::Released),
            Stage::Speaking { .. } => {}
        }
    }

    fn begin_to_speak(&mut self, now: Now, (id, leg): (CallId, LegId), mailbox: &Mailbox) {
        let Some(recording) = self.messages.fresh(id) else {
            return self.calls.cut(now, id, HangUp::Released);
        };
        let from = self.courses.get(&id).map(|course| self.number_of(&course.from));
        self.begin_message(now, recording, (mailbox, from.flatten()));
        self.decided(now, id, "message", format!("{recording} for {mailbox}"));
        self.set_visit(id, Stage::Speaking { recording });
        self.calls.perform(Effect::Record { leg, recording, limit: MESSAGE_MAX, quiet: QUIET });
    }

    fn connect_visitor(&mut self, now: Now, id: CallId, (user, to): (&UserId, &Number)) {
        let Some(site) = self.site.clone() else { return };
        self.calls.reconsider(id);
        let (by, why) = (Target::User(user.clone()), Diversion::NoAnswer);
        // The caller has chosen it and hears who answers there: nobody needs to press 1.
        let accept = site.target(to).is_none().then_some(false);
        self.send_on(now, id, Onward { by, why, to, accept, cause: Cause::NoAnswer });
    }

    /// The caller's number or extension, as a mailbox shows it; none where withheld.
    fn number_of(&self, from: &From) -> Option<String> {
        match from {
            From::User { user, .. } => {
                let site = self.site.as_deref()?;
                site.user(user).map(|user| user.extension.to_string())
            }
            From::Outside { number, .. } => number.map(|number| number.to_string()),
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
