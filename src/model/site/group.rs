//! Group numbers and queues.

use super::defaults::{self, most};
use super::fields::Fields;
use super::then::{Mailbox, Then};
use super::user::NoAnswer;
use super::value::{count, flag, id, line, parsed, reference, word};
use crate::{E164, Extension, GroupId, HoursId, QueueId, UserId};

/// `[[groups]]`: a number that rings its logged-in members.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// What it is called.
    pub name: String,
    /// Its number inside.
    pub extension: Option<Extension>,
    /// Its number outside.
    pub number: Option<E164>,
    /// Who rings.
    pub strategy: GroupStrategy,
    /// Who may ring, in order.
    pub members: Vec<UserId>,
    /// When nobody answers.
    pub no_answer: NoAnswer,
}

/// Which members of a group ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GroupStrategy {
    /// All at once.
    #[default]
    All,
    /// One after the other, always from the first.
    Linear,
    /// One after the other, from the one after who answered last.
    Rotate,
}

const GROUP_STRATEGIES: &[(&str, GroupStrategy)] =
    &[("all", GroupStrategy::All), ("linear", GroupStrategy::Linear), ("rotate", GroupStrategy::Rotate)];

impl Group {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let known = &fields.reading.known;
        let id = fields.need("id", id::<GroupId>);
        let own = id.clone().map(Mailbox::Group);
        let name = fields.need("name", line);
        let (extension, number) = reached_by(fields);
        let strategy = fields.or("strategy", word(GROUP_STRATEGIES), GroupStrategy::default());
        let members = fields.list("members", most::MEMBERS, reference("user", &known.users));
        let no_answer = NoAnswer::read(fields, own.as_ref());
        Some(Self { id: id?, name: name?, extension, number, strategy, members, no_answer })
    }
}

/// The numbers of something that is no person: one inside or one outside at least.
pub(super) fn reached_by(fields: &mut Fields<'_>) -> (Option<Extension>, Option<E164>) {
    let known = &fields.reading.known;
    let extension = fields.maybe("extension", parsed::<Extension>);
    let number = fields.maybe("number", |value| known.public(value));
    if !fields.has("extension") && !fields.has("number") {
        fields.wrong("extension", "give an extension, a number or both, or nobody can call it");
    }
    (extension, number)
}

/// `[[queues]]`: callers wait for agents.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Its id.
    pub id: QueueId,
    /// What it is called.
    pub name: String,
    /// Its number inside.
    pub extension: Option<Extension>,
    /// Its number outside.
    pub number: Option<E164>,
    /// Who rings.
    pub strategy: QueueStrategy,
    /// Who may log in, in order.
    pub agents: Vec<UserId>,
    /// Who may see it without being an agent.
    pub viewers: Vec<UserId>,
    /// How long a caller waits at most, seconds.
    pub max_wait_s: u32,
    /// How many wait at most.
    pub max_waiting: u32,
    /// How long an agent is left alone after a call, seconds.
    pub wrap_up_s: u32,
    /// Are callers told their place?
    pub announce_position: bool,
    /// What callers hear.
    pub music: String,
    /// When it is full or a caller has waited too long.
    pub overflow: Option<Then>,
    /// When it is open; always where none is given.
    pub hours: Option<HoursId>,
}

/// Which agents of a queue ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QueueStrategy {
    /// All that are free, at once.
    All,
    /// The first that is free.
    Linear,
    /// The first that is free after who answered last.
    Rotate,
    /// Who has been free longest.
    #[default]
    LongestIdle,
    /// Who has had the fewest calls today.
    FewestCalls,
    /// Anybody that is free.
    Random,
}

const QUEUE_STRATEGIES: &[(&str, QueueStrategy)] = &[
    ("all", QueueStrategy::All),
    ("linear", QueueStrategy::Linear),
    ("rotate", QueueStrategy::Rotate),
    ("longest-idle", QueueStrategy::LongestIdle),
    ("fewest-calls", QueueStrategy::FewestCalls),
    ("random", QueueStrategy::Random),
];

impl Queue {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let known = &fields.reading.known;
        let id = fields.need("id", id::<QueueId>);
        let own = id.clone().map(Mailbox::Queue);
        let name = fields.need("name", line);
        let (extension, number) = reached_by(fields);
        let strategy = fields.or("strategy", word(QUEUE_STRATEGIES), QueueStrategy::default());
        let agents = fields.list("agents", most::MEMBERS, reference("user", &known.users));
        let viewers = fields.list("viewers", most::MEMBERS, reference("user", &known.users));
        let max_wait_s = fields.or("max_wait_s", count(1..=86_400), defaults::QUEUE_WAIT_S);
        let max_waiting = fields.or("max_waiting", count(0..=10_000), defaults::QUEUE_WAITING);
        let wrap_up_s = fields.or("wrap_up_s", count(0..=3600), defaults::QUEUE_WRAP_UP_S);
        let announce_position = fields.or("announce_position", flag, false);
        let music = fields.maybe("music", line);
        let overflow = Then::table(fields, "overflow", own.as_ref());
        let hours = fields.maybe("hours", reference("hours", &known.hours));
        Some(Self {
            id: id?,
            name: name?,
            extension,
            number,
            strategy,
            agents,
            viewers,
            max_wait_s,
            max_waiting,
            wrap_up_s,
            announce_position,
            music: music.unwrap_or_else(|| defaults::MUSIC.to_owned()),
            overflow,
            hours,
        })
    }
}
