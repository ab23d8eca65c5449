//! Mistakes that only the whole document shows: what is there twice, and what does not fit together.

use super::Site;
use super::mistake::Reading;
use crate::{E164, Extension};
use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;

/// Notes every mistake in how the parts fit together.
pub(super) fn check(site: &Site, reading: &Reading) {
    ids(site, reading);
    extensions(site, reading);
    numbers(site, reading);
    members(site, reading);
    activities(site, reading);
    if site.company.service_activated.is_none() {
        for user in site.users.iter().filter(|user| user.plan.is_some()) {
            let path = format!("users.{}.plan", user.id);
            reading.wrong(path, "user plans need the company's base service: give company.service_activated");
        }
    }
}

/// Notes what is there a second time.
struct Once<'r, K> {
    reading: &'r Reading,
    seen: HashMap<K, String>,
}

impl<'r, K: Eq + Hash + Display> Once<'r, K> {
    fn new(reading: &'r Reading) -> Self {
        Self { reading, seen: HashMap::new() }
    }

    fn see(&mut self, key: K, path: String) {
        match self.seen.get(&key) {
            Some(first) if *first == path => self.reading.wrong(path, format!("{key} is there twice")),
            Some(first) => self.reading.wrong(path, format!("{key} is already given at {first}")),
            None => {
                self.seen.insert(key, path);
            }
        }
    }
}

fn ids(site: &Site, reading: &Reading) {
    // Users, groups and queues have mailboxes, which are named by nothing else than their id.
    let mut mailboxes = Once::new(reading);
    let users = site.users.iter().map(|user| ("users", user.id.as_str()));
    let groups = site.groups.iter().map(|group| ("groups", group.id.as_str()));
    let queues = site.queues.iter().map(|queue| ("queues", queue.id.as_str()));
    for (table, id) in users.chain(groups).chain(queues) {
        mailboxes.see(id, format!("{table}.{id}.id"));
    }
    let mut devices = Once::new(reading);
    for (user, device) in
        site.users.iter().flat_map(|user| user.devices.iter().map(move |device| (user, device)))
    {
        devices.see(device.id.as_str(), format!("users.{}.devices.{}.id", user.id, device.id));
    }
    once("sites", site.places.iter().map(|place| place.id.as_str()), reading);
    once("trunks", site.trunks.iter().map(|trunk| trunk.id.as_str()), reading);
    once("menus", site.menus.iter().map(|menu| menu.id.as_str()), reading);
    once("hours", site.hours.iter().map(|hours| hours.id.as_str()), reading);
    once("announcements", site.announcements.iter().map(|announcement| announcement.id.as_str()), reading);
    once("rooms", site.rooms.iter().map(|room| room.id.as_str()), reading);
}

fn once<'s>(table: &str, ids: impl Iterator<Item = &'s str>, reading: &Reading) {
    let mut seen = Once::new(reading);
    for id in ids {
        seen.see(id, format!("{table}.{id}.id"));
    }
}

fn extensions(site: &Site, reading: &Reading) {
    let digits = site.company.numbering.internal_digits;
    let mut taken = Once::new(reading);
    for (extension, _, _, path) in site.reachable() {
        let Some(extension) = extension else { continue };
        let path = format!("{path}.extension");
        if extension.length() != digits {
            let why = format!("{extension} must have {digits} digits, as company.internal_digits says");
            reading.wrong(path.clone(), why);
        }
        if extension == Extension::OWN_MAILBOX {
            reading.wrong(path.clone(), format!("{extension} is the number of everybody's own mailbox"));
        } else if extension.is_short_number() {
            reading.wrong(path.clone(), format!("{extension} is a number of the national plan"));
        }
        taken.see(extension, path);
    }
}

fn numbers(site: &Site, reading: &Reading) {
    let mut taken = Once::new(reading);
    for (_, number, _, path) in site.reachable() {
        let Some(number) = number else { continue };
        let path = format!("{path}.number");
        owned(site, number, &path, reading);
        taken.see(number, path);
    }
    for place in &site.places {
        if let Some(number) = place.emergency_number {
            owned(site, number, &format!("sites.{}.emergency_number", place.id), reading);
        }
    }
    if let Some(number) = site.company.number {
        owned(site, number, "company.number", reading);
    }
}

/// A company that has no numbers from any operator yet may plan with them.
fn owned(site: &Site, number: E164, path: &str, reading: &Reading) {
    let without = site.trunks.iter().all(|trunk| trunk.numbers.is_empty());
    if !without && !site.owns(number) {
        reading.wrong(path, format!("{number} is not among the numbers of any trunk"));
    }
}

fn members(site: &Site, reading: &Reading) {
    let groups = site.groups.iter().map(|group| (format!("groups.{}.members", group.id), &group.members));
    let agents = site.queues.iter().map(|queue| (format!("queues.{}.agents", queue.id), &queue.agents));
    let viewers = site.queues.iter().map(|queue| (format!("queues.{}.viewers", queue.id), &queue.viewers));
    for (path, users) in groups.chain(agents).chain(viewers) {
        let mut seen = Once::new(reading);
        for (at, user) in users.iter().enumerate() {
            seen.see(user, format!("{path}[{at}]"));
        }
    }
    for (at, rule) in site.outbound.iter().enumerate() {
        let mut seen = Once::new(reading);
        for (place, trunk) in rule.trunks.iter().enumerate() {
            seen.see(trunk, format!("outbound[{at}].trunks[{place}]"));
        }
    }
}

fn activities(site: &Site, reading: &Reading) {
    let mut codes = Once::new(reading);
    for activity in &site.activities {
        codes.see(activity.code, format!("activities.{}.code", activity.id));
    }
}
