//! What happens to a call next: the right side of every `then`.

use super::fields::{Fields, Read, Wrong, shown};
use super::mistake::Reading;
use super::value::{missing, string};
use crate::{AnnouncementId, GroupId, Number, QueueId, UserId};
use std::fmt;
use toml::Value;

/// What happens to a call next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// A mailbox takes it.
    Voicemail(Mailbox),
    /// It is sent on.
    Forward(Number),
    /// The caller hears busy.
    Busy,
    /// The caller hears an announcement, and the call ends.
    Announce(AnnouncementId),
}

/// Whose mailbox. Ids of users, groups and queues do not overlap, so one name says which.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mailbox {
    /// A user's.
    User(UserId),
    /// A group's.
    Group(GroupId),
    /// A queue's.
    Queue(QueueId),
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mailbox::User(id) => id.fmt(f),
            Mailbox::Group(id) => id.fmt(f),
            Mailbox::Queue(id) => id.fmt(f),
        }
    }
}

impl Then {
    /// Reads `voicemail`, `voicemail:ID`, `forward:NUMBER`, `busy` or `announce:ID`. A bare `voicemail` is the
    /// mailbox of whom the rule belongs to, where that one has a mailbox.
    pub(super) fn read(value: &Value, reading: &Reading, own: Option<&Mailbox>) -> Read<Self> {
        let text = string(value)?;
        let known = &reading.known;
        match text.split_once(':').unwrap_or((text, "")) {
            ("busy", "") => Ok(Then::Busy),
            ("voicemail", "") => own.cloned().map(Then::Voicemail).ok_or_else(|| {
                Wrong("write whose voicemail: voicemail:ID, with the id of a user, group or queue".to_owned())
            }),
            ("voicemail", id) if known.users.contains(id) => Ok(Then::Voicemail(Mailbox::User(id.into()))),
            ("voicemail", id) if known.queues.contains(id) => Ok(Then::Voicemail(Mailbox::Queue(id.into()))),
            ("voicemail", id) if known.groups.contains(id) => Ok(Then::Voicemail(Mailbox::Group(id.into()))),
            ("voicemail", id) => {
                let all = known.users.iter().chain(&known.groups).chain(&known.queues).cloned().collect();
                Err(missing("user, group or queue", id, &all))
            }
            ("forward", number) if !number.is_empty() => known.callable_text(number).map(Then::Forward),
            ("announce", id) if known.announcements.contains(id) => Ok(Then::Announce(id.into())),
            ("announce", id) if !id.is_empty() => Err(missing("announcement", id, &known.announcements)),
            _ => Err(Wrong(format!(
                "\"{}\" is not known; write voicemail, voicemail:ID, forward:NUMBER, busy or announce:ID",
                shown(text)
            ))),
        }
    }

    /// Reads the table `{ then = "…" }`.
    pub(super) fn table(fields: &mut Fields<'_>, key: &'static str, own: Option<&Mailbox>) -> Option<Self> {
        fields.table(key, |fields| Self::key(fields, own))?
    }

    /// Reads the key `then` of a table.
    pub(super) fn key(fields: &mut Fields<'_>, own: Option<&Mailbox>) -> Option<Self> {
        let reading = fields.reading;
        fields.need("then", |value| Self::read(value, reading, own))
    }
}
