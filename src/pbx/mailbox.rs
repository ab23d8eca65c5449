//! Owners at their mailbox: messages one after the other, kept, deleted, called back.
//!
//! ```text
//! 133 on one's own phone ──────────────┐
//! `*` in one's own greeting ─▶ PIN, # ─┴─▶ how many ─▶ a message, who and when ─▶ the next … ─▶ the end
//! ```
//!
//! What has been heard to its end is heard: its lamp goes out. Three wrong PINs lock the mailbox for those who come from
//! outside, whoever typed them and in however many calls.

use crate::outbound::Manner;
use crate::pbx::Pbx;
use crate::pin::{self, Typed, Typing};
use crate::speaking::Words;
use crate::speech::{self, Caller, Part};
use call::HangUp;
use model::site::{Mailbox, Pin, Site, User};
use model::{CallId, Cause, LegId, Message, MessageState, Now, Number, RecordingId, UserId};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// An owner of whom nothing more is heard is let go then.
const VISIT_MAX: Duration = Duration::from_secs(1_800);
/// Wrong PINs before a mailbox is locked, and for how long.
const WRONG_MAX: u8 = 3;
const LOCKED: Duration = Duration::from_secs(15 * 60);

/// Owners at their mailboxes.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    listening: BTreeMap<CallId, Owner>,
    wrong: BTreeMap<UserId, Wrong>,
}

/// Wrong PINs of a mailbox since the last right one.
#[derive(Debug, Default)]
struct Wrong {
    count: u8,
    locked_until: Option<Instant>,
}

#[derive(Debug)]
struct Owner {
    user: UserId,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// They type their PIN.
    Proving { typing: Typing },
    /// They hear how many messages there are.
    Counting { left: VecDeque<RecordingId> },
    /// They hear a message; `deleted` goes when they go on.
    Listening { current: RecordingId, left: VecDeque<RecordingId>, deleted: Option<RecordingId> },
    /// They hear the last words.
    Parting,
}

impl Owners {
    pub fn is_empty(&self) -> bool {
        self.listening.is_empty()
    }

    pub fn has(&self, call: CallId) -> bool {
        self.listening.contains_key(&call)
    }

    fn is_locked(&self, user: &UserId, now: Instant) -> bool {
        let until = self.wrong.get(user).and_then(|wrong| wrong.locked_until);
        until.is_some_and(|until| now < until)
    }

    /// Another wrong PIN; whether the mailbox is locked now.
    fn wrong(&mut self, user: &UserId, now: Instant) -> bool {
        let wrong = self.wrong.entry(user.clone()).or_default();
        wrong.count += 1;
        if wrong.count < WRONG_MAX {
            return false;
        }
        *wrong = Wrong { count: 0, locked_until: Some(now + LOCKED) };
        true
    }
}

impl Pbx {
    /// A user has called the own mailbox.
    pub(crate) fn enter_own_mailbox(&mut self, now: Now, id: CallId) {
        let (Some(site), Some(user)) = (self.site.clone(), self.waiting_user(id)) else {
            return self.refuse(now, id, Cause::UnknownNumber, "nobody's own mailbox");
        };
        if let Some(user) = site.user(&user) {
            self.decided(now, id, "mailbox", format!("{} hears the own messages", user.id));
            self.open_mailbox(now, id, user);
        }
    }

    /// A caller at a mailbox says that it is theirs: a PIN must show that. False where it has none.
    pub(crate) fn prove_owner(&mut self, now: Now, (id, leg): (CallId, LegId), user: &User) -> bool {
        if user.voicemail.pin.is_none() {
            return false;
        }
        let locked = self.owners.is_locked(&user.id, now.mono);
        let (stage, prompt) = match locked {
            true => (Stage::Parting, "mb.pin.locked"),
            false => (Stage::Proving { typing: Typing::default() }, "mb.pin"),
        };
        self.owners.listening.insert(id, Owner { user: user.id.clone(), stage });
        self.decided(now, id, "mailbox", if locked { "it is locked" } else { "a PIN is asked for" });
        self.speak(
            now,
            (id, leg),
            "mailbox",
            Words { language: user.language, parts: vec![Part::whole(prompt)] },
        );
        true
    }

    fn open_mailbox(&mut self, now: Now, id: CallId, user: &User) {
        let mailbox = Mailbox::User(user.id.clone());
        let (new, saved) = self.messages.counts(&mailbox);
        let with = |state| self.messages.of(&mailbox).filter(move |message| message.state == state);
        let left =
            with(MessageState::New).chain(with(MessageState::Saved)).map(|message| message.id).collect();
        let Some(leg) = self.calls.serve(now, id, (Cause::Answered, Some(VISIT_MAX))) else { return };
        self.owners.listening.insert(id, Owner { user: user.id.clone(), stage: Stage::Counting { left } });
        let parts = speech::message_count(new, saved);
        self.speak(now, (id, leg), "mailbox", Words { language: user.language, parts });
    }

    /// An owner has pressed a key.
    pub(crate) fn owner_pressed(&mut self, now: Now, at: (CallId, LegId), digit: char) {
        let (Some(site), Some(owner)) = (self.site.clone(), self.owners.listening.get_mut(&at.0)) else {
            return;
        };
        let Some(user) = site.user(&owner.user) else { return };
        match &mut owner.stage {
            Stage::Proving { typing } => {
                let pins: Vec<&Pin> = user.voicemail.pin.iter().collect();
                let typed = typing.press(digit, &pins);
                self.proved(now, at, (user, typed));
            }
            Stage::Listening { current, left, deleted } => {
                let (current, deleted) = (*current, *deleted);
                let mut left = std::mem::take(left);
                match digit {
                    '1' => {
                        self.set_heard(current, MessageState::Saved);
                        self.next_message(now, at, (user, left, "mb.savedit"));
                    }
                    '2' => {
                        left.push_front(current);
                        self.play_next(now, at, (user, left, Vec::new()));
                    }
                    '3' => {
                        self.say_to(now, at, (user, vec![Part::whole("mb.deleted")]));
                        self.set_owner(at.0, Stage::Listening { current, left, deleted: Some(current) });
                    }
                    '7' if deleted.is_some() => {
                        left.push_front(current);
                        self.play_next(now, at, (user, left, vec![Part::whole("mb.restored")]));
                    }
                    '4' => self.call_back_from_mailbox(now, at, (&site, user, current), left),
                    '6' => {
                        self.set_heard(current, MessageState::Saved);
                        self.forget_deleted(deleted);
                        self.play_next(now, at, (user, left, Vec::new()));
                    }
                    '*' => self.open_mailbox(now, at.0, user),
                    '#' => self.calls.cut(now, at.0, HangUp::Normal),
                    _ => self.set_owner(at.0, Stage::Listening { current, left, deleted }),
                }
            }
            // The `#` after a PIN may come when its last digit was enough.
            Stage::Counting { .. } | Stage::Parting => {}
        }
    }

    fn proved(&mut self, now: Now, at: (CallId, LegId), (user, typed): (&User, Typed)) {
        let prompt = match typed {
            Typed::More => return self.calls.perform(call::Effect::Stop { leg: at.1 }),
            Typed::Right(_) => {
                self.owners.wrong.remove(&user.id);
                self.decided(now, at.0, "mailbox", "the PIN is right");
                return self.open_mailbox(now, at.0, user);
            }
            Typed::Wrong | Typed::TooOften if self.owners.wrong(&user.id, now.mono) => {
                self.decided(now, at.0, "mailbox", "three wrong PINs: it is locked for 15 minutes");
                self.set_owner(at.0, Stage::Parting);
                "mb.pin.locked"
            }
            Typed::Wrong | Typed::TooOften => "mb.pin.wrong",
        };
        self.say_to(now, at, (user, vec![Part::whole(prompt)]));
    }

    /// What an owner heard has come to its end.
    pub(crate) fn owner_heard(&mut self, now: Now, at: (CallId, LegId)) {
        let (Some(site), Some(owner)) = (self.site.clone(), self.owners.listening.get_mut(&at.0)) else {
            return;
        };
        let Some(user) = site.user(&owner.user) else { return self.calls.cut(now, at.0, HangUp::Released) };
        match &mut owner.stage {
            Stage::Counting { left } if left.is_empty() => self.calls.cut(now, at.0, HangUp::Released),
            Stage::Counting { left } => {
                let left = std::mem::take(left);
                self.play_next(now, at, (user, left, Vec::new()));
            }
            Stage::Listening { current, left, deleted } => {
                let (current, deleted, left) = (*current, *deleted, std::mem::take(left));
                match deleted {
                    Some(_) => self.forget_deleted(deleted),
                    None => self.set_heard(current, MessageState::Saved),
                }
                self.play_next(now, at, (user, left, Vec::new()));
            }
            // Nobody types for as long as the question was repeated: the call's own time ends it.
            Stage::Proving { .. } => {}
            Stage::Parting => self.calls.cut(now, at.0, HangUp::Released),
        }
    }

    /// An owner has gone.
    pub(crate) fn owner_left(&mut self, id: CallId) {
        if let Some(Owner { stage: Stage::Listening { deleted, .. }, .. }) = self.owners.listening.remove(&id)
        {
            self.forget_deleted(deleted);
        }
    }

    fn forget_deleted(&mut self, deleted: Option<RecordingId>) {
        if let Some(deleted) = deleted {
            self.remove_message(deleted);
        }
    }

    fn next_message(
        &mut self,
        now: Now,
        at: (CallId, LegId),
        (user, left, prompt): (&User, VecDeque<RecordingId>, &'static str),
    ) {
        self.play_next(now, at, (user, left, vec![Part::whole(prompt)]));
    }

    /// The next message there still is, or that there is no more.
    fn play_next(
        &mut self,
        now: Now,
        at: (CallId, LegId),
        (user, mut left, mut parts): (&User, VecDeque<RecordingId>, Vec<Part>),
    ) {
        let Some(site) = self.site.clone() else { return };
        let mailbox = Mailbox::User(user.id.clone());
        let next = std::iter::from_fn(|| left.pop_front())
            .find_map(|id| self.messages.of(&mailbox).find(|message| message.id == id).cloned());
        let Some(message) = next else {
            parts.push(Part::whole("mb.nomore"));
            self.set_owner(at.0, Stage::Parting);
            return self.say_to(now, at, (user, parts));
        };
        let first = matches!(
            self.owners.listening.get(&at.0).map(|owner| &owner.stage),
            Some(Stage::Counting { .. })
        );
        let which = if left.is_empty() && !first {
            "mb.last"
        } else if first {
            "mb.first"
        } else {
            "mb.next"
        };
        parts.push(Part::whole(which));
        let wall = now.wall.to_zoned_datetime(site.company().time_zone.clone());
        parts.extend(speech::received(user.language, &wall, message.began));
        parts.extend(speech::sender(&self.sender(&site, &message)));
        parts.push(Part::Recording(message.id));
        parts.push(Part::whole("mb.keys"));
        self.set_owner(at.0, Stage::Listening { current: message.id, left, deleted: None });
        self.say_to(now, at, (user, parts));
    }

    fn sender(&self, site: &Site, message: &Message) -> Caller {
        let Some(from) = &message.from else { return Caller::Hidden };
        let number = site.number(from);
        match (site.target(&number), &number) {
            (Some(model::site::Target::User(id)), _) => match site.user(id) {
                Some(colleague) if self.person(colleague).name_recorded => Caller::Named(id.clone()),
                _ => Caller::Number(number),
            },
            (_, Number::Unknown(_) | Number::Code(_)) => Caller::Unknown,
            _ => Caller::Number(number),
        }
    }

    /// An owner wants to talk to whoever left the message.
    fn call_back_from_mailbox(
        &mut self,
        now: Now,
        at: (CallId, LegId),
        (site, user, current): (&Site, &User, RecordingId),
        left: VecDeque<RecordingId>,
    ) {
        let mailbox = Mailbox::User(user.id.clone());
        let from = self.messages.of(&mailbox).find(|message| message.id == current);
        let Some(from) = from.and_then(|message| message.from.clone()) else {
            self.set_owner(at.0, Stage::Listening { current, left, deleted: None });
            return self.say_to(now, at, (user, vec![Part::whole("mb.nocall")]));
        };
        self.set_heard(current, MessageState::Saved);
        self.owners.listening.remove(&at.0);
        let number = site.number(&from);
        self.decided(now, at.0, "mailbox", format!("calls {number} back"));
        self.calls.ask_on(at.0);
        if let Some(course) = self.courses.get_mut(&at.0) {
            course.payer = Some(user.id.clone());
        }
        match site.target(&number) {
            Some(target) => self.enter(now, at.0, target),
            None => self.outside_as(now, at.0, &number, Manner::default()),
        }
    }

    fn say_to(&mut self, now: Now, at: (CallId, LegId), (user, parts): (&User, Vec<Part>)) {
        self.speak(now, at, "mailbox", Words { language: user.language, parts });
    }

    fn set_owner(&mut self, id: CallId, stage: Stage) {
        if let Some(owner) = self.owners.listening.get_mut(&id) {
            owner.stage = stage;
        }
    }

    /// Nobody has typed a PIN in time.
    pub(crate) fn owner_timeout(&mut self, now: Now, id: CallId) {
        self.decided(now, id, "mailbox", format!("nothing came for {} s", pin::PATIENCE.as_secs()));
        self.calls.cut(now, id, HangUp::Released);
    }
}
