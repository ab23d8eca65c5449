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
mod hours;
mod index;
mod known;
mod menu;
mod mistake;
mod secret;
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
pub use secret::{Argon2id, Ha1, Hasher, PasswordHash, REALM};
pub use then::{Mailbox, Then};
pub use trunk::{Barring, Host, MediaEncryption, NotAHost, Outbound, Registrar, Transport, Trunk, TrunkKind};
pub use user::{CallerDisplay, Contact, Device, DeviceKind, NoAnswer, Present, Role, User, Voicemail};

use crate::{
    ActivityId, AnnouncementId, Class, Classes, Difference, E164, Extension, GroupId, HoursId, MenuId,
    Number, PlanId, QueueId, RoomId, TrunkId, UserId,
};
use defaults::most;
use fields::Fields;
use index::Index;
use known::Known;
use mistake::Reading;
use std::net::IpAddr;
use toml::{Table, Value};

/// A company and all that belongs to it. What it holds has been checked: references lead somewhere, numbers
/// and ids are there once.
#[derive(Clone, Debug)]
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

/// Numbers.
impl Site {
    /// What a number means that somebody here dials, in any spelling.
    pub fn number(&self, dialled: &str) -> Number {
        if dialled.trim() == "133" {
            return Number::Internal(Extension::OWN_MAILBOX);
        }
        self.company.numbering.read(dialled, |extension| self.index.extensions.contains_key(&extension))
    }

    /// What a number reaches inside the company. None for numbers outside, and for those of the company that
    /// nobody has: [`Site::owns`] tells them apart.
    pub fn target(&self, number: &Number) -> Option<&Target> {
        match number {
            Number::Internal(extension) => self.index.extensions.get(extension),
            Number::Public(number, _) => self.index.numbers.get(number),
            Number::Short(..) | Number::Code(_) | Number::Unknown(_) => None,
        }
    }

    /// The number that a call from outside is for, as the operator spells it: never an extension.
    pub fn called(&self, text: &str) -> Option<E164> {
        match self.company.numbering.read(text, |_| false) {
            Number::Public(number, _) if self.owns(number) => Some(number),
            // Without its plus sign a number can look like one of the own area.
            _ => format!("+{text}").parse().ok().filter(|number| self.owns(*number)),
        }
    }

    /// Does the number belong to the company, whether somebody has it or not?
    pub fn owns(&self, number: E164) -> bool {
        self.trunks.iter().any(|trunk| trunk.owns(number))
    }

    /// The trunks for a class of numbers, in order; empty where no rule has the class.
    pub fn outbound(&self, class: Class) -> &[TrunkId] {
        let rule = self.outbound.iter().find(|rule| rule.classes.contains(class));
        rule.map(|rule| rule.trunks.as_slice()).unwrap_or_default()
    }

    /// The classes that a user may not dial. Emergency and society numbers are never among them.
    pub fn barred(&self, user: &User) -> Classes {
        let plan = user.plan.as_ref().and_then(|plan| self.plan(plan));
        let (barring, allow) = plan.map_or((Classes::NONE, Classes::NONE), |plan| (plan.barring, plan.allow));
        let never: Classes = [Class::Emergency, Class::Society, Class::Internal].into_iter().collect();
        self.barring
            .company
            .with(barring)
            .without(allow)
            .with(user.barring)
            .without(user.allow)
            .without(never)
    }
}

/// Things by their ids.
impl Site {
    /// The user with the id.
    pub fn user(&self, id: &UserId) -> Option<&User> {
        self.index.users.get(id).map(|at| &self.users[*at])
    }

    /// The device with the id, a SIP user name, and whose it is.
    pub fn device(&self, id: &str) -> Option<(&User, &Device)> {
        let (user, device) = self.index.devices.get(id)?;
        let user = &self.users[*user];
        Some((user, &user.devices[*device]))
    }

    /// The trunk with the id.
    pub fn trunk(&self, id: &TrunkId) -> Option<&Trunk> {
        self.index.trunks.get(id).map(|at| &self.trunks[*at])
    }

    /// The group with the id.
    pub fn group(&self, id: &GroupId) -> Option<&Group> {
        self.index.groups.get(id).map(|at| &self.groups[*at])
    }

    /// The queue with the id.
    pub fn queue(&self, id: &QueueId) -> Option<&Queue> {
        self.index.queues.get(id).map(|at| &self.queues[*at])
    }

    /// The menu with the id.
    pub fn menu(&self, id: &MenuId) -> Option<&Menu> {
        self.index.menus.get(id).map(|at| &self.menus[*at])
    }

    /// The room with the id.
    pub fn room(&self, id: &RoomId) -> Option<&Room> {
        self.index.rooms.get(id).map(|at| &self.rooms[*at])
    }

    /// The hours with the id.
    pub fn hours(&self, id: &HoursId) -> Option<&Hours> {
        self.index.hours.get(id).map(|at| &self.hours[*at])
    }

    /// The announcement with the id.
    pub fn announcement(&self, id: &AnnouncementId) -> Option<&Announcement> {
        self.index.announcements.get(id).map(|at| &self.announcements[*at])
    }

    /// The activity with the id, built in or the company's own.
    pub fn activity(&self, id: &ActivityId) -> Option<&Activity> {
        self.activities.iter().find(|activity| activity.id == *id)
    }

    /// The plan with the id, built in or the company's own.
    pub fn plan(&self, id: &PlanId) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == *id)
    }

    /// The place where a phone with this address is: the narrowest subnet decides.
    pub fn place(&self, address: IpAddr) -> Option<&Place> {
        let subnets =
            self.places.iter().flat_map(|place| place.subnets.iter().map(move |subnet| (subnet, place)));
        let fitting = subnets.filter(|(subnet, _)| subnet.contains(address));
        // The first of equals.
        fitting.min_by_key(|(subnet, _)| std::cmp::Reverse(subnet.bits())).map(|(_, place)| place)
    }
}

/// Everything of a kind, in the order of the document.
impl Site {
    /// The company.
    pub fn company(&self) -> &Company {
        &self.company
    }

    /// What nobody may dial.
    pub fn barring(&self) -> Barring {
        self.barring
    }

    /// The places where phones are.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter()
    }

    /// The trunks.
    pub fn trunks(&self) -> impl Iterator<Item = &Trunk> {
        self.trunks.iter()
    }

    /// The users.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.iter()
    }

    /// The devices, each with whose it is.
    pub fn devices(&self) -> impl Iterator<Item = (&User, &Device)> {
        self.users.iter().flat_map(|user| user.devices.iter().map(move |device| (user, device)))
    }

    /// The groups.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter()
    }

    /// The queues.
    pub fn queues(&self) -> impl Iterator<Item = &Queue> {
        self.queues.iter()
    }

    /// The menus.
    pub fn menus(&self) -> impl Iterator<Item = &Menu> {
        self.menus.iter()
    }

    /// The announcements.
    pub fn announcements(&self) -> impl Iterator<Item = &Announcement> {
        self.announcements.iter()
    }

    /// The rooms.
    pub fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.iter()
    }

    /// The activities: the twelve built in, as the company has changed them, then its own.
    pub fn activities(&self) -> impl Iterator<Item = &Activity> {
        self.activities.iter()
    }

    /// The plans: the three built in, as the company has changed them, then its own.
    pub fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.plans.iter()
    }
}

/// The document as TOML, or every place where it is none.
fn table(text: &str) -> Result<Table, Vec<Mistake>> {
    let mistake = |path: String, message: String| vec![Mistake { path, message }];
    if text.len() > most::DOCUMENT_BYTES {
        let message = format!("it has {} bytes; {} is the most", text.len(), most::DOCUMENT_BYTES);
        return Err(mistake("document".to_owned(), message));
    }
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        mistake(format!("line {line}"), error.message().trim().replace('\n', "; "))
    })
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
