//! Messages on disk, version 1.

use super::trail::mirror;
use jiff::Timestamp;
use model::site::Mailbox;
use model::{Message, MessageState, RecordingId};
use serde::{Deserialize, Serialize};

mirror!(StateRow, MessageState, Recording, New, Saved);

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MessageRow {
    id: RecordingId,
    mailbox: MailboxRow,
    from: Option<String>,
    began: Timestamp,
    duration_ms: u32,
    state: StateRow,
    cut: bool,
}

/// Whose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MailboxRow {
    User(String),
    Group(String),
    Queue(String),
}

impl From<&Message> for MessageRow {
    fn from(from: &Message) -> Self {
        let Message { id, mailbox, from, began, duration_ms, state, cut } = from.clone();
        let mailbox = match mailbox {
            Mailbox::User(id) => MailboxRow::User(id.as_str().to_owned()),
            Mailbox::Group(id) => MailboxRow::Group(id.as_str().to_owned()),
            Mailbox::Queue(id) => MailboxRow::Queue(id.as_str().to_owned()),
        };
        Self { id, mailbox, from, began, duration_ms, state: state.into(), cut }
    }
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        let MessageRow { id, mailbox, from, began, duration_ms, state, cut } = row;
        let mailbox = match mailbox {
            MailboxRow::User(id) => Mailbox::User(id.as_str().into()),
            MailboxRow::Group(id) => Mailbox::Group(id.as_str().into()),
            MailboxRow::Queue(id) => Mailbox::Queue(id.as_str().into()),
        };
        Self { id, mailbox, from, began, duration_ms, state: state.into(), cut }
    }
}
