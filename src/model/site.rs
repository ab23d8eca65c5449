//! The site document: a whole company, read once, with every mistake found at once.
//!
//! [`Site::parse`] makes it from text, [`Site::export`] gives the text back in canonical form: every key that
//! was given keeps its value, except that secrets have become hashes. Read [`Site`] first, then [`User`].

mod activity;
mod check;
mod company;
mod defaults;
mod difference;
mod export;
mod fields;
mod group;
mod holiday;
mod hours;
mod index;
mod known;
mod lookup;
mod menu;
mod mistake;
mod open;
mod profile;
mod secret;
mod spend;
#[cfg(test)]
mod tests;
mod then;
mod trunk;
mod user;
mod value;

pub use activity::{Activity, Lasts, Plan};
pub use company::{Company, Language, NotASubnet, Place, Subnet};
pub use group::{Group, GroupStrategy, Queue, QueueStrategy};
pub use hours::{DayException, Holidays, Hours, NotASpan, Span};
pub use index::Target;
pub use menu::{Announcement, Choice, Menu, Phrase, Room};
pub use mistake::Mistake;
pub use profile::{DiversionHeader, Identity, Profile};
pub use secret::{Argon2id, Ha1, Hasher, PasswordHash, Pin, REALM};
pub use spend::{Limit, Spend};
pub use then::{Mailbox, Then};
pub use trunk::{Barring, Host, MediaEncryption, NotAHost, Outbound, Registrar, Transport, Trunk, TrunkKind};
pub use user::{CallerDisplay, Contact, Device, DeviceKind, NoAnswer, Present, Role, User, Voicemail};

use crate::{ActivityId, Difference, E164, Extension, PlanId};
use defaults::most;
use fields::Fields;
use index::Index;
use known::Known;
use mistake::Reading;
use std::fmt;
use toml::de::DeTable;
use toml::{Table, Value};

/// A company and all that belongs to it. What it holds has been checked: references lead somewhere, numbers
/// and ids are there once.
#[derive(Clone)]
pub struct Site {
    company: Company,
    places: Vec<Place>,
    trunks: Vec<Trunk>,
    outbound: Vec<Outbound>,
    barring: Barring,
    users: Vec<User>,
    groups: Vec<Group>,
    queues: Vec<Queue>,
    menus: Vec<Menu>,
    hours: Vec<Hours>,
    announcements: Vec<Announcement>,
    rooms: Vec<Room>,
    activities: Vec<Activity>,
    plans: Vec<Plan>,
    /// What was given, in canonical order, with hashes instead of secrets.
    document: Table,
    index: Index,
}

/// Short, and without what the document holds in clear.
impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("company", &self.company.name).finish_non_exhaustive()
    }
}

/// Two sites are equal where their documents are: everything else is made from those.
impl PartialEq for Site {
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document
    }
}

impl Site {
    /// Reads a document, or says everything that is wrong with it. Each password that is not yet a hash costs a
    /// hashing: tens of milliseconds.
    pub fn parse(text: &str, hasher: &dyn Hasher) -> Result<Self, Vec<Mistake>> {
        Self::parse_over(None, text, hasher)
    }

    /// As [`Site::parse`]; a password equal to that of the same user in the site now in force keeps its hash, so
    /// that applying a document twice changes nothing.
    pub fn parse_over(current: Option<&Self>, text: &str, hasher: &dyn Hasher) -> Result<Self, Vec<Mistake>> {
        let document = table(text)?;
        let reading = Reading::new(Known::of(&document));
        let site = Self::read(document, &reading);
        if let Some(site) = &site {
            check::check(site, &reading);
        }
        let mistakes = reading.mistakes();
        let mut site = site.filter(|_| mistakes.is_empty()).ok_or(mistakes)?;
        site.seal(current, hasher);
        site.index = Index::of(&site);
        Ok(site)
    }

    /// The document in canonical form.
    pub fn export(&self) -> String {
        export::document(&self.document)
    }

    /// What applying the new site would change; empty where nothing differs.
    pub fn diff(old: Option<&Self>, new: &Self) -> Vec<Difference> {
        let nothing = Table::new();
        difference::between(old.map_or(&nothing, |old| &old.document), &new.document)
    }

    fn read(document: Table, reading: &Reading) -> Option<Self> {
        let mut fields = Fields::new(reading, String::new(), document);
        if !fields.has("company") {
            fields.wrong("company", "this must be given");
        }
        let company = fields.table("company", Company::read).flatten();
        let language = company.as_ref().map(|company| company.language).unwrap_or_default();
        let places = fields.tables("sites", most::PLACES, Place::read);
        let trunks = fields.tables("trunks", most::TRUNKS, Trunk::read);
        let outbound = fields.tables("outbound", most::OUTBOUND, Outbound::read);
        let barring = fields.table("barring", Barring::read).unwrap_or_else(Barring::default);
        let users = fields.tables("users", most::USERS, |fields| User::read(fields, language));
        let groups = fields.tables("groups", most::SERVICES, Group::read);
        let queues = fields.tables("queues", most::SERVICES, Queue::read);
        let menus = fields.tables("menus", most::SERVICES, Menu::read);
        let hours = fields.tables("hours", most::SERVICES, Hours::read);
        let announcements = fields.tables("announcements", most::SERVICES, Announcement::read);
        let rooms = fields.tables("rooms", most::SERVICES, Room::read);
        let activities = activities(&mut fields);
        let plans = plans(&mut fields);
        let document = fields.finish();
        Some(Self {
            company: company?,
            places,
            trunks,
            outbound,
            barring,
            users,
            groups,
            queues,
            menus,
            hours,
            announcements,
            rooms,
            activities,
            plans,
            document,
            index: Index::default(),
        })
    }

    /// Puts hashes in the place of passwords. Readers and document have the users in the same order.
    fn seal(&mut self, current: Option<&Self>, hasher: &dyn Hasher) {
        let tables = self.document.get_mut("users").and_then(Value::as_array_mut).into_iter().flatten();
        for (user, table) in self.users.iter_mut().zip(tables) {
            let Some(Value::String(given)) = table.get_mut("password") else { continue };
            if user.password.is_none() {
                let before =
                    current.and_then(|site| site.user(&user.id)).and_then(|user| user.password.clone());
                let same = before.filter(|hash| hasher.verify(given, hash));
                let hash = same.unwrap_or_else(|| hasher.hash(given));
                *given = hash.as_str().to_owned();
                user.password = Some(hash);
            }
        }
    }

    /// All that has a number of the company: extension, number, what they reach, path in the document.
    fn reachable(&self) -> impl Iterator<Item = (Option<Extension>, Option<E164>, Target, String)> {
        let users = self.users.iter().map(|user| {
            let target = Target::User(user.id.clone());
            (Some(user.extension), user.number, target, format!("users.{}", user.id))
        });
        let groups = self.groups.iter().map(|group| {
            let target = Target::Group(group.id.clone());
            (group.extension, group.number, target, format!("groups.{}", group.id))
        });
        let queues = self.queues.iter().map(|queue| {
            let target = Target::Queue(queue.id.clone());
            (queue.extension, queue.number, target, format!("queues.{}", queue.id))
        });
        let menus = self.menus.iter().map(|menu| {
            (menu.extension, menu.number, Target::Menu(menu.id.clone()), format!("menus.{}", menu.id))
        });
        let rooms = self.rooms.iter().map(|room| {
            (room.extension, room.number, Target::Room(room.id.clone()), format!("rooms.{}", room.id))
        });
        users.chain(groups).chain(queues).chain(menus).chain(rooms)
    }
}

/// The document as TOML, or every place where it is none.
fn table(text: &str) -> Result<Table, Vec<Mistake>> {
    let mistake = |path: String, message: String| vec![Mistake { path, message }];
    if text.len() > most::DOCUMENT_BYTES {
        let message = format!("it has {} bytes; {} is the most", text.len(), most::DOCUMENT_BYTES);
        return Err(mistake("document".to_owned(), message));
    }
    let values = text.bytes().filter(|byte| matches!(byte, b'=' | b',' | b'[')).count();
    let lines = text.bytes().filter(|byte| *byte == b'\n').count();
    if values.max(lines) > most::DOCUMENT_VALUES {
        let message = format!("it holds more than {} values or lines", most::DOCUMENT_VALUES);
        return Err(mistake("document".to_owned(), message));
    }
    toml::from_str(text).map_err(|first: toml::de::Error| {
        if text.len() > most::RECOVERED_BYTES {
            return vec![syntax(text, &first)];
        }
        let (_, errors) = DeTable::parse_recoverable(text);
        // What follows from an error is an error again, so a long list says nothing.
        let mut mistakes: Vec<Mistake> = errors.iter().take(20).map(|error| syntax(text, error)).collect();
        if mistakes.is_empty() {
            mistakes.push(syntax(text, &first));
        }
        mistakes
    })
}

fn syntax(text: &str, error: &toml::de::Error) -> Mistake {
    let before = error.span().and_then(|span| text.as_bytes().get(..span.start)).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Mistake { path: format!("line {line}"), message: error.message().trim().replace('\n', "; ") }
}

/// The built-in activities, changed or added to. An id that is there twice is a mistake.
fn activities(fields: &mut Fields<'_>) -> Vec<Activity> {
    let mut all = Activity::built_in();
    let mut written: Vec<ActivityId> = Vec::new();
    fields.tables("activities", most::ACTIVITIES, |fields| {
        let free = (13..).find(|code| all.iter().all(|activity| activity.code != *code)).unwrap_or(u8::MAX);
        let activity = Activity::read(fields, &all, free)?;
        if written.contains(&activity.id) {
            fields.wrong("id", format!("{} is there twice", activity.id));
        }
        written.push(activity.id.clone());
        put(&mut all, activity, |activity| &activity.id);
        Some(())
    });
    all
}

fn plans(fields: &mut Fields<'_>) -> Vec<Plan> {
    let mut all = Plan::built_in();
    let mut written: Vec<PlanId> = Vec::new();
    fields.tables("plans", most::PLANS, |fields| {
        let plan = Plan::read(fields)?;
        if written.contains(&plan.id) {
            fields.wrong("id", format!("{} is there twice", plan.id));
        }
        written.push(plan.id.clone());
        put(&mut all, plan, |plan| &plan.id);
        Some(())
    });
    all
}

/// Puts one in the place of the one with its id, or at the end.
fn put<T, I: PartialEq>(all: &mut Vec<T>, one: T, id: impl Fn(&T) -> &I) {
    match all.iter().position(|other| id(other) == id(&one)) {
        Some(at) => all[at] = one,
        None => all.push(one),
    }
}
