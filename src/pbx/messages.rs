//! Mailboxes: the messages that callers have left, from the first word to the last time somebody hears them.
//!
//! ```text
//! begun (durable, unseen) ─▶ recorded ─┬─▶ sent: new ─▶ saved ─▶ deleted
//!                                      └─▶ too short, or spoken anew: gone, as if it had never been
//! ```

use crate::Effect;
use crate::pbx::Pbx;
use jiff::Timestamp;
use model::site::{Mailbox, Site};
use model::{
    CallId, Change, Message, MessageState, Now, Recorded, RecordingId, Refusal, RefusalCode, Reply, UserId,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Messages that one mailbox holds.
const MESSAGES_MAX: usize = 100;
/// A message in which somebody spoke for less is none, milliseconds.
const SPEECH_MIN_MS: u32 = 1_000;

/// All messages, and those that are being left.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    kept: BTreeMap<RecordingId, Message>,
    /// Which of them each mailbox has.
    boxes: HashMap<Mailbox, BTreeSet<RecordingId>>,
    /// Those of them that are not yet what they will be.
    left: BTreeMap<RecordingId, Left>,
    /// Another number whenever a mailbox, or who can be told of it, has changed.
    state: u64,
}

/// A message that is being left.
#[derive(Debug, Default)]
struct Left {
    sound: Option<Result<Recorded, String>>,
    fate: Fate,
}

/// What the caller has decided about a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing yet.
    #[default]
    Open,
    /// It is sent: also by hanging up.
    Sent,
    /// It is spoken anew.
    Dropped,
}

impl Messages {
    /// Takes what was kept. What the box died under is kept if somebody had spoken; what has no sound is gone.
    pub fn restore(
        messages: &[Message],
        recordings: &[(RecordingId, u32)],
        site: Option<&Site>,
    ) -> (Self, Vec<Change>, Vec<RecordingId>) {
        let mut sounds: BTreeMap<RecordingId, u32> = recordings.iter().copied().collect();
        let mut all = Self::default();
        let mut changes = Vec::new();
        for message in messages {
            let sound = sounds.remove(&message.id);
            let known = site.is_none_or(|site| exists(site, &message.mailbox));
            let long = message.state != MessageState::Recording
                || sound.is_some_and(|duration_ms| duration_ms >= SPEECH_MIN_MS);
            let Some(duration_ms) = sound.filter(|_| known && long) else {
                changes.push(Change::MessageGone(message.id));
                sounds.extend(sound.map(|duration_ms| (message.id, duration_ms)));
                continue;
            };
            let mut message = message.clone();
            if message.state == MessageState::Recording {
                (message.state, message.cut, message.duration_ms) = (MessageState::New, true, duration_ms);
                changes.push(Change::Message(message.clone()));
            }
            all.put(message);
        }
        // Sound that belongs to no message any more.
        (all, changes, sounds.into_keys().collect())
    }

    pub fn is_idle(&self) -> bool {
        self.left.is_empty()
    }

    /// The messages of a mailbox, oldest first; not those that are being left.
    pub fn of(&self, mailbox: &Mailbox) -> impl Iterator<Item = &Message> {
        let seen = |message: &&Message| message.state != MessageState::Recording;
        let ids = self.boxes.get(mailbox).into_iter().flatten();
        ids.filter_map(|id| self.kept.get(id)).filter(seen)
    }

    /// How many of them nobody has heard, and how many somebody has.
    pub fn counts(&self, mailbox: &Mailbox) -> (u32, u32) {
        let (new, saved): (Vec<&Message>, Vec<&Message>) =
            self.of(mailbox).partition(|message| message.state == MessageState::New);
        (new.len() as u32, saved.len() as u32)
    }

    /// Does the mailbox take no more?
    pub fn is_full(&self, mailbox: &Mailbox) -> bool {
        self.boxes.get(mailbox).is_some_and(|ids| ids.len() >= MESSAGES_MAX)
    }

    fn put(&mut self, message: Message) {
        self.boxes.entry(message.mailbox.clone()).or_default().insert(message.id);
        self.kept.insert(message.id, message);
    }

    fn take(&mut self, id: RecordingId) {
        let Some(message) = self.kept.remove(&id) else { return };
        if let Some(ids) = self.boxes.get_mut(&message.mailbox) {
            ids.remove(&id);
            if ids.is_empty() {
                self.boxes.remove(&message.mailbox);
            }
        }
    }

    /// Who can be told of messages has changed.
    pub fn touch(&mut self) {
        self.state += 1;
    }

    /// A name for the next recording of a call.
    pub fn fresh(&self, call: CallId) -> Option<RecordingId> {
        let taken = |number: &u8| {
            let id = RecordingId { call, number: *number };
            self.kept.contains_key(&id) || self.left.contains_key(&id)
        };
        (1..=u8::MAX).find(|number| !taken(number)).map(|number| RecordingId { call, number })
    }

    /// A message of a mailbox.
    fn find(&self, mailbox: &Mailbox, id: RecordingId) -> Option<&Message> {
        self.of(mailbox).find(|message| message.id == id)
    }
}

/// Does the site have the mailbox?
fn exists(site: &Site, mailbox: &Mailbox) -> bool {
    match mailbox {
        Mailbox::User(id) => site.user(id).is_some(),
        Mailbox::Group(id) => site.group(id).is_some(),
        Mailbox::Queue(id) => site.queue(id).is_some(),
    }
}

/// The mailbox of that name.
pub(crate) fn mailbox(site: &Site, name: &str) -> Option<Mailbox> {
    let all = [Mailbox::User(name.into()), Mailbox::Group(name.into()), Mailbox::Queue(name.into())];
    all.into_iter().find(|mailbox| exists(site, mailbox))
}

impl Pbx {
    /// A caller begins to leave a message: that much is kept at once.
    pub(crate) fn begin_message(
        &mut self,
        now: Now,
        id: RecordingId,
        (mailbox, from): (&Mailbox, Option<String>),
    ) {
        let message = Message {
            id,
            mailbox: mailbox.clone(),
            from,
            began: now.wall,
            duration_ms: 0,
            state: MessageState::Recording,
            cut: false,
        };
        self.messages.put(message.clone());
        self.messages.left.insert(id, Left::default());
        self.commit(vec![Change::Message(message)]);
    }

    /// The caller has decided about a message.
    pub(crate) fn decide_message(&mut self, id: RecordingId, fate: Fate) {
        if let Some(left) = self.messages.left.get_mut(&id) {
            left.fate = fate;
        }
        self.settle_message(id);
    }

    /// A recording is whole and durable, or is not.
    pub(crate) fn recorded(&mut self, id: RecordingId, result: Result<Recorded, String>) {
        let Some(left) = self.messages.left.get_mut(&id) else {
            // Nobody wants it any more.
            return self.effects.push_back(Effect::Erase(id));
        };
        left.sound = Some(result);
        self.settle_message(id);
    }

    fn settle_message(&mut self, id: RecordingId) {
        let Some(left) = self.messages.left.get(&id) else { return };
        let keeps = match (&left.sound, left.fate) {
            (_, Fate::Open) | (None, Fate::Sent | Fate::Dropped) => return,
            (Some(Ok(sound)), Fate::Sent) => Some(*sound).filter(|sound| sound.speech_ms >= SPEECH_MIN_MS),
            (Some(_), Fate::Dropped) | (Some(Err(_)), Fate::Sent) => None,
        };
        self.messages.left.remove(&id);
        match (keeps, self.messages.kept.get_mut(&id)) {
            (Some(sound), Some(message)) => {
                (message.state, message.duration_ms) = (MessageState::New, sound.duration_ms);
                let changes = vec![Change::Message(message.clone())];
                self.commit(changes);
            }
            (None, _) | (Some(_), None) => self.remove_message(id),
        }
    }

    /// A message is gone, and its sound.
    pub(crate) fn remove_message(&mut self, id: RecordingId) {
        self.messages.take(id);
        self.commit(vec![Change::MessageGone(id)]);
        self.effects.push_back(Effect::Erase(id));
    }

    /// Somebody has heard a message, or has not.
    pub(crate) fn set_heard(&mut self, id: RecordingId, state: MessageState) {
        let Some(message) = self.messages.kept.get_mut(&id).filter(|message| message.state != state) else {
            return;
        };
        message.state = state;
        let changes = vec![Change::Message(message.clone())];
        self.commit(changes);
    }

    fn commit(&mut self, changes: Vec<Change>) {
        self.messages.touch();
        self.effects.push_back(Effect::Commit { ticket: None, changes });
    }

    /// Mailboxes that the site does not have any more are emptied.
    pub(crate) fn keep_messages(&mut self, site: &Site) {
        let gone: Vec<RecordingId> = self
            .messages
            .kept
            .values()
            .filter(|message| !exists(site, &message.mailbox) && message.state != MessageState::Recording)
            .map(|message| message.id)
            .collect();
        for id in gone {
            self.remove_message(id);
        }
    }

    /// Does something with a message of a mailbox, or only looks; gives the mailbox as it is then.
    pub(crate) fn use_mailbox(
        &mut self,
        name: &str,
        wish: Option<(RecordingId, model::MessageAction)>,
    ) -> Reply {
        let refused = |code, message: String| Reply::Refused(Refusal { code, messages: vec![message] });
        let Some(mailbox) = self.site.as_deref().and_then(|site| mailbox(site, name)) else {
            return refused(RefusalCode::NotFound, format!("there is no user, group or queue {name}"));
        };
        if let Some((id, action)) = wish {
            if self.messages.find(&mailbox, id).is_none() {
                let why = format!("{name} has no message {id}; `vaxel voicemail list {name}` has them all");
                return refused(RefusalCode::NotFound, why);
            }
            match action {
                model::MessageAction::Delete => self.remove_message(id),
                model::MessageAction::Save => self.set_heard(id, MessageState::Saved),
                model::MessageAction::Unread => self.set_heard(id, MessageState::New),
            }
        }
        let seconds = |ms: u32| f64::from(ms) / 1000.0;
        let entries = self.messages.of(&mailbox).map(|message| model::MailboxEntry {
            id: message.id,
            from: message.from.clone(),
            began: message.began,
            duration_s: seconds(message.duration_ms),
            new: message.state == MessageState::New,
            cut: message.cut,
        });
        Reply::Voicemail(entries.collect())
    }

    /// How many messages of a user nobody has heard, and how many somebody has.
    pub fn message_counts(&self, user: &UserId) -> (u32, u32) {
        self.messages.counts(&Mailbox::User(user.clone()))
    }

    /// Another number whenever a mailbox, or who can be told of it, has changed.
    pub fn mailboxes_state(&self) -> u64 {
        self.messages.state
    }

    /// Whether a mailbox has a message, before its sound is fetched.
    pub(crate) fn message_of(&self, name: &str, id: RecordingId) -> Option<Timestamp> {
        let mailbox = mailbox(self.site.as_deref()?, name)?;
        self.messages.find(&mailbox, id).map(|message| message.began)
    }
}
