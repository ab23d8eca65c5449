//! What every command is given: a way to ask, and a way to answer.

use crate::client::Client;
use crate::error::Error;
use crate::json;
use jiff::{Timestamp, tz::TimeZone};
use model::{Command, Reply};
use serde::Serialize;
use std::io::{BufRead, Write};

/// One person's or program's conversation with the box.
pub(crate) struct Session {
    /// The daemon.
    pub client: Client,
    /// Answers are for programs.
    pub json: bool,
    /// The zone times are shown in.
    pub zone: TimeZone,
    /// Where a document named `-` is read from.
    pub input: Box<dyn BufRead>,
    /// Where answers go.
    pub out: Box<dyn Write>,
}

impl Session {
    /// Asks the box; a refusal is an error.
    pub fn ask(&self, command: Command) -> Result<Reply, Error> {
        match self.client.ask(command)? {
            Reply::Refused(refusal) => Err(Error::Refused(refusal)),
            reply => Ok(reply),
        }
    }

    /// Shows an answer: the value itself as JSON, or what `text` makes of it for people.
    pub fn answer<T: Serialize>(
        &mut self,
        value: &T,
        text: impl FnOnce(&T, &Clock) -> String,
    ) -> Result<(), Error> {
        let shown = if self.json { json::one_value(value)? } else { text(value, &Clock(self.zone.clone())) };
        self.out.write_all(shown.as_bytes())?;
        self.out.flush()?;
        Ok(())
    }
}

/// How people read time.
pub(crate) struct Clock(TimeZone);

impl Clock {
    /// Date and time of day.
    pub fn moment(&self, time: Timestamp) -> String {
        time.to_zoned_datetime(self.0.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Time of day to the millisecond.
    pub fn instant(&self, time: Timestamp) -> String {
        time.to_zoned_datetime(self.0.clone()).strftime("%H:%M:%S%.3f").to_string()
    }
}

#[cfg(test)]
impl Clock {
    /// The clock on a wall in Stockholm.
    pub fn stockholm() -> Self {
        Self(TimeZone::get("Europe/Stockholm").expect("the zone is in the built-in database"))
    }
}

/// The words a reply should not have been answered with, for an error.
pub(crate) fn unexpected(reply: &Reply) -> Error {
    let text = serde_json::to_value(reply).ok();
    let name = text.as_ref().and_then(|value| value.get("reply")).and_then(|name| name.as_str());
    Error::Unknown(name.unwrap_or("no reply").to_owned())
}
