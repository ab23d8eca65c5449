//! What is asked of a site while calls are made: by number, by id, and everything of a kind.

use super::{
    Activity, Announcement, Barring, Company, Device, Group, Hours, Limit, Menu, Pin, Place, Plan, Queue,
    Room, Site, Target, Trunk, User,
};
use crate::{
    ActivityId, AnnouncementId, Class, Classes, E164, Extension, GroupId, HoursId, MenuId, Number, PlanId,
    QueueId, RoomId, SiteId, TrunkId, UserId,
};
use std::net::IpAddr;
use std::sync::LazyLock;

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

    /// How many pay calls a user may make in a day, and for how long.
    pub fn spend_premium(&self, user: &User) -> Limit {
        user.spend.premium(&self.barring.spend)
    }

    /// How many calls to other countries a user may make in a day, and for how long.
    pub fn spend_international(&self, user: &User) -> Limit {
        user.spend.international(&self.barring.spend)
    }

    /// The PINs that lift a user's barring for a call: their own and the company's.
    pub fn barring_pins<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a Pin> {
        user.barring_pin.iter().chain(&self.barring.pin)
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

    /// The place with the id.
    pub fn place_named(&self, id: &SiteId) -> Option<&Place> {
        self.places.iter().find(|place| place.id == *id)
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

    /// The hours of a user's working day.
    pub fn working_hours(&self, user: &User) -> &Hours {
        static WORKING: LazyLock<Hours> = LazyLock::new(Hours::working);
        let named = user.hours.as_ref().or(self.company.hours.as_ref());
        named.and_then(|id| self.hours(id)).unwrap_or(&WORKING)
    }

    /// The activity with the code, for `*23*…#`.
    pub fn activity_coded(&self, code: u8) -> Option<&Activity> {
        self.activities.iter().find(|activity| activity.code == code)
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
    pub fn barring(&self) -> &Barring {
        &self.barring
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
