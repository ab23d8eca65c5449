//! Every default of the site document, in one place.

use super::spend::Limit;
use crate::{AreaCode, Class, Classes, Zone};

/// Area code of a company that names none.
pub(super) const AREA_CODE: AreaCode = AreaCode::STOCKHOLM;
/// Length of extensions.
pub(super) const INTERNAL_DIGITS: u8 = 3;
/// Where the company is.
pub(super) const TIME_ZONE: &str = "Europe/Stockholm";

/// Channels of a trunk.
pub(super) const TRUNK_CHANNELS: u32 = 30;
/// How long a registration with an operator is asked for, seconds.
pub(super) const TRUNK_EXPIRES_S: u32 = 600;

/// How long a phone rings before the no-answer rule, seconds.
pub(super) const NO_ANSWER_S: u32 = 20;
/// Fewest and most seconds of a no-answer rule. The feature code takes 5 to 60.
pub(super) const NO_ANSWER_BOUNDS_S: std::ops::RangeInclusive<u32> = 1..=300;

/// How long somebody may wait in a queue, seconds.
pub(super) const QUEUE_WAIT_S: u32 = 600;
/// How many may wait in a queue.
pub(super) const QUEUE_WAITING: u32 = 50;
/// Rest after a queue call, seconds.
pub(super) const QUEUE_WRAP_UP_S: u32 = 0;
/// What those who wait hear.
pub(super) const MUSIC: &str = "default";

/// How long a menu waits for a digit, seconds.
pub(super) const MENU_TIMEOUT_S: u32 = 5;
/// Participants of a room.
pub(super) const ROOM_PARTICIPANTS: u32 = 50;

/// Pay calls that a user may make in a day.
pub(super) const SPEND_PREMIUM: Limit = Limit { calls: 20, minutes: 60 };
/// Calls to other countries that a user may make in a day.
pub(super) const SPEND_INTERNATIONAL: Limit = Limit { calls: 100, minutes: 300 };

/// What nobody may dial in a company that says nothing about barring.
pub(super) fn barred() -> Classes {
    let costly = [Class::Premium, Class::MassCall, Class::Personal, Class::OperatorSpecific, Class::M2m];
    costly.into_iter().chain([Class::International(Zone::Other)]).collect()
}

const PRO: &[&str] = &["telephony", "direct-chat", "calendar-referral"];
const BUSINESS: &[&str] = &[
    "telephony",
    "direct-chat",
    "calendar-referral",
    "group-chat",
    "teams",
    "channels",
    "guests",
    "conferences",
    "mail-sharing",
];

/// Everything that a plan can hold.
pub(super) const FEATURES: &[&str] = &[
    "telephony",
    "direct-chat",
    "calendar-referral",
    "group-chat",
    "teams",
    "channels",
    "guests",
    "conferences",
    "mail-sharing",
    "attendant",
    "supervisor",
    "recording",
];

/// The plans that are there without being written: id, name, features.
pub(super) const PLANS: [(&str, &str, &[&str]); 3] =
    [("pro", "Pro", PRO), ("business", "Business", BUSINESS), ("enterprise", "Enterprise", FEATURES)];

/// Bounds that keep a document, and what is made of it, small.
pub(super) mod most {
    /// Bytes of a document.
    pub const DOCUMENT_BYTES: usize = 4 << 20;
    /// Signs that begin a value (`=`, `,` and `[`), and lines, of a document: each costs some 200 bytes.
    pub const DOCUMENT_VALUES: usize = 500_000;
    /// Bytes of a document in which more than the first error of spelling is looked for.
    pub const RECOVERED_BYTES: usize = 256 << 10;
    /// Places where phones are.
    pub const PLACES: usize = 500;
    /// Subnets of a place.
    pub const SUBNETS: usize = 100;
    /// Trunks.
    pub const TRUNKS: usize = 100;
    /// Hosts of a trunk.
    pub const HOSTS: usize = 20;
    /// Ranges of numbers of a trunk.
    pub const RANGES: usize = 2000;
    /// Rules for outgoing calls.
    pub const OUTBOUND: usize = 100;
    /// Users.
    pub const USERS: usize = 5000;
    /// Devices of a user.
    pub const DEVICES: usize = 20;
    /// Contacts of a user, and numbers that a user blocks.
    pub const CONTACTS: usize = 2000;
    /// Numbers of a contact.
    pub const CONTACT_NUMBERS: usize = 20;
    /// Groups, queues, menus, rooms, hours, announcements: of each.
    pub const SERVICES: usize = 1000;
    /// Members of a group, agents of a queue.
    pub const MEMBERS: usize = 1000;
    /// Exceptions of an opening-hours schedule, and open spans of a day.
    pub const EXCEPTIONS: usize = 500;
    /// Company activities.
    pub const ACTIVITIES: usize = 88;
    /// Plans.
    pub const PLANS: usize = 50;
    /// Entries of short lists: classes, roles, features.
    pub const WORDS: usize = 50;
}
