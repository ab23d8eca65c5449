//! `voicemail`: the messages in a mailbox, and taking them out.

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::{Table, or_dash};
use clap::Subcommand;
use model::{Command, MailboxEntry, MessageAction, RecordingId, Reply};
use std::path::{Path, PathBuf};

/// Of which mailbox, and what is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Voicemail {
    /// The messages in a mailbox, oldest first.
    List {
        /// Whose: the id of a user, group or queue.
        mailbox: String,
    },
    /// Writes a message to a WAV file.
    Export {
        /// Whose: the id of a user, group or queue.
        mailbox: String,
        /// Which message, as listed.
        id: RecordingId,
        /// The file; in a folder it is named by time and caller.
        file: PathBuf,
    },
    /// Deletes a message, and its sound.
    Delete {
        /// Whose: the id of a user, group or queue.
        mailbox: String,
        /// Which message, as listed.
        id: RecordingId,
    },
    /// Takes a message as heard.
    Save {
        /// Whose: the id of a user, group or queue.
        mailbox: String,
        /// Which message, as listed.
        id: RecordingId,
    },
    /// Takes a message as new.
    Unread {
        /// Whose: the id of a user, group or queue.
        mailbox: String,
        /// Which message, as listed.
        id: RecordingId,
    },
}

pub(super) fn run(voicemail: Voicemail, session: &mut Session) -> Result<(), Error> {
    let (mailbox, wish) = match voicemail {
        Voicemail::List { mailbox } => (mailbox, None),
        Voicemail::Delete { mailbox, id } => (mailbox, Some((id, MessageAction::Delete))),
        Voicemail::Save { mailbox, id } => (mailbox, Some((id, MessageAction::Save))),
        Voicemail::Unread { mailbox, id } => (mailbox, Some((id, MessageAction::Unread))),
        Voicemail::Export { mailbox, id, file } => return export(&mailbox, id, &file, session),
    };
    let entries = entries(mailbox, wish, session)?;
    session.answer(&entries, |entries, clock| text(entries, clock))
}

fn entries(
    mailbox: String,
    wish: Option<(RecordingId, MessageAction)>,
    session: &Session,
) -> Result<Vec<MailboxEntry>, Error> {
    match session.ask(Command::Voicemail { mailbox, wish })? {
        Reply::Voicemail(entries) => Ok(entries),
        other => Err(unexpected(&other)),
    }
}

fn export(mailbox: &str, id: RecordingId, file: &Path, session: &mut Session) -> Result<(), Error> {
    let mut octets: Vec<u8> = Vec::new();
    loop {
        let from = octets.len() as u64;
        let command = Command::VoicemailSound { mailbox: mailbox.to_owned(), id, from };
        match session.ask(command)? {
            Reply::Sound(stretch) if stretch.octets.is_empty() => break,
            Reply::Sound(stretch) => octets.extend(stretch.octets),
            other => return Err(unexpected(&other)),
        }
    }
    let path = if file.is_dir() {
        let all = entries(mailbox.to_owned(), None, session)?;
        let name = all.iter().find(|entry| entry.id == id).map(file_name);
        file.join(name.unwrap_or_else(|| format!("{id}.wav")))
    } else {
        file.to_owned()
    };
    let name = || path.display().to_string();
    std::fs::write(&path, octets).map_err(|source| Error::Unwritten { name: name(), source })?;
    session.answer(&Exported { file: name() }, |exported, _| format!("{}\n", exported.file))
}

/// What an export answers.
#[derive(serde::Serialize)]
struct Exported {
    /// Where the message is.
    file: String,
}

/// `2026-11-24 1432 +46701234567.wav`, in universal time, so that it means the same wherever the file goes.
fn file_name(entry: &MailboxEntry) -> String {
    let time = entry.began.strftime("%Y-%m-%d %H%MZ");
    format!("{time} {}.wav", entry.from.as_deref().unwrap_or("hidden"))
}

fn text(entries: &[MailboxEntry], clock: &Clock) -> String {
    let mut table = Table::new(["id", "from", "began", "seconds", ""]);
    for MailboxEntry { id, from, began, duration_s, new, cut } in entries {
        let state = match (new, cut) {
            (true, false) => "new",
            (true, true) => "new, cut",
            (false, false) => "heard",
            (false, true) => "heard, cut",
        };
        let seconds = format!("{duration_s:.1}");
        table.row([id.to_string(), or_dash(from.as_ref()), clock.moment(*began), seconds, state.to_owned()]);
    }
    table.or("The mailbox is empty.")
}
