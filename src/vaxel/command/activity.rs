//! `activity`: what a user is doing, and until when.

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::{Table, or_dash};
use clap::{Args, Subcommand};
use model::{ActivityId, Availability, Command, Reply, Setting, UserId};

/// Of whom, and what is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Activity {
    /// What a user is doing.
    Show {
        /// Who: a user's id.
        user: String,
    },
    /// Says what a user is doing.
    Set(Set),
    /// The user is available again.
    Clear {
        /// Who: a user's id.
        user: String,
    },
}

/// An activity to be set.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// Who: a user's id.
    user: String,
    /// What they do: available, busy, meeting, lunch, break, out, home, travel, gone, holiday, sick, off, or the
    /// company's own.
    activity: String,
    /// Until when: 2026-11-23T13:15:00+01:00, 13:15 today, or 2026-11-24, the first day back. Without it: as long as
    /// the activity lasts by itself.
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// What colleagues read beside it, at most 200 characters.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Calls come through all the same.
    #[arg(long)]
    open: bool,
    /// Calls are stopped, whatever the activity says.
    #[arg(long, conflicts_with = "open")]
    closed: bool,
}

pub(super) fn run(activity: Activity, session: &mut Session) -> Result<(), Error> {
    let set = |user: String, setting| Command::Set { user: UserId::new(user), setting };
    let command = match activity {
        Activity::Show { user } => Command::Activity { user: UserId::new(user) },
        Activity::Clear { user } => set(user, Setting::ActivityClear),
        Activity::Set(Set { user, activity, until, note, open, closed }) => {
            let closed = (open || closed).then_some(closed);
            let activity = ActivityId::new(activity);
            set(user, Setting::Activity { activity, until, note, closed })
        }
    };
    match session.ask(command)? {
        Reply::Activity(availability) => session.answer(&*availability, text),
        other => Err(unexpected(&other)),
    }
}

fn text(availability: &Availability, clock: &Clock) -> String {
    let mut table = Table::bare();
    table.row(["activity".to_owned(), availability.activity.to_string()]);
    table.row(["until".to_owned(), or_dash(availability.until.map(|until| clock.moment(until)).as_ref())]);
    table.row(["calls".to_owned(), if availability.closed { "stopped" } else { "ring" }.to_owned()]);
    table.row(["note".to_owned(), or_dash(availability.note.as_ref())]);
    table.text()
}
