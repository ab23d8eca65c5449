//! Finding things of the site by what calls and phones name them by.

use super::Site;
use crate::{
    AnnouncementId, DeviceId, E164, Extension, GroupId, HoursId, MenuId, QueueId, RoomId, TrunkId, UserId,
};
use std::collections::HashMap;
use std::hash::Hash;

/// What a number of the company reaches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A person's phones.
    User(UserId),
    /// The members of a group.
    Group(GroupId),
    /// A queue.
    Queue(QueueId),
    /// A menu.
    Menu(MenuId),
    /// A conference room.
    Room(RoomId),
    /// 133: the caller's own mailbox.
    OwnMailbox,
}

/// Everything that is looked up at each call, built once per document.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pub extensions: HashMap<Extension, Target>,
    pub numbers: HashMap<E164, Target>,
    pub devices: HashMap<DeviceId, (usize, usize)>,
    pub users: HashMap<UserId, usize>,
    pub trunks: HashMap<TrunkId, usize>,
    pub groups: HashMap<GroupId, usize>,
    pub queues: HashMap<QueueId, usize>,
    pub menus: HashMap<MenuId, usize>,
    pub rooms: HashMap<RoomId, usize>,
    pub hours: HashMap<HoursId, usize>,
    pub announcements: HashMap<AnnouncementId, usize>,
}

impl Index {
    pub fn of(site: &Site) -> Self {
        let mut index = Self {
            users: places(&site.users, |user| &user.id),
            trunks: places(&site.trunks, |trunk| &trunk.id),
            groups: places(&site.groups, |group| &group.id),
            queues: places(&site.queues, |queue| &queue.id),
            menus: places(&site.menus, |menu| &menu.id),
            rooms: places(&site.rooms, |room| &room.id),
            hours: places(&site.hours, |hours| &hours.id),
            announcements: places(&site.announcements, |announcement| &announcement.id),
            ..Self::default()
        };
        for (extension, number, target, _) in site.reachable() {
            index.extensions.extend(extension.map(|extension| (extension, target.clone())));
            index.numbers.extend(number.map(|number| (number, target)));
        }
        index.extensions.insert(Extension::OWN_MAILBOX, Target::OwnMailbox);
        for (at, user) in site.users.iter().enumerate() {
            index
                .devices
                .extend(user.devices.iter().enumerate().map(|(of, device)| (device.id.clone(), (at, of))));
        }
        index
    }
}

fn places<T, I: Clone + Eq + Hash>(all: &[T], id: impl Fn(&T) -> &I) -> HashMap<I, usize> {
    all.iter().enumerate().map(|(at, one)| (id(one).clone(), at)).collect()
}
