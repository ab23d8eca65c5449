//! `rooms` and `room`: the conference rooms, who is in them, and moderating them.

use super::call_id;
use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::Table;
use clap::{Args, Subcommand};
use model::{CallId, Command, Reply, Room, RoomAction};

/// Which room, and what is done with it.
#[derive(Debug, Args)]
pub(crate) struct Moderate {
    /// The room's id; `vaxel rooms` lists them.
    room: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Keeps one from being heard, or all who are there and who come.
    Mute {
        /// The party's call; all without one.
        #[arg(value_parser = call_id)]
        call: Option<CallId>,
    },
    /// Lets one be heard again, or all.
    Unmute {
        /// The party's call; all without one.
        #[arg(value_parser = call_id)]
        call: Option<CallId>,
    },
    /// Puts one out.
    Kick {
        /// The party's call.
        #[arg(value_parser = call_id)]
        call: CallId,
    },
    /// Lets nobody else in, until it is unlocked or all have left.
    Lock,
    /// Lets others in again.
    Unlock,
}

pub(super) fn run(session: &mut Session) -> Result<(), Error> {
    show(Command::Rooms, session)
}

pub(super) fn moderate(moderate: Moderate, session: &mut Session) -> Result<(), Error> {
    let action = match moderate.action {
        Action::Mute { call } => RoomAction::Mute { call },
        Action::Unmute { call } => RoomAction::Unmute { call },
        Action::Kick { call } => RoomAction::Kick { call },
        Action::Lock => RoomAction::Lock,
        Action::Unlock => RoomAction::Unlock,
    };
    show(Command::Room { room: moderate.room.as_str().into(), action }, session)
}

fn show(command: Command, session: &mut Session) -> Result<(), Error> {
    match session.ask(command)? {
        Reply::Rooms(rooms) => session.answer(&rooms, text),
        other => Err(unexpected(&other)),
    }
}

fn text(rooms: &Vec<Room>, _: &Clock) -> String {
    let mut table = Table::new(["room", "door", "parties", "call", "number", "heard"]);
    for room in rooms {
        let door = if room.locked { "locked" } else { "open" };
        let count = format!("{} of {}", room.parties.len(), room.max_participants);
        table.row([room.id.to_string(), door.to_owned(), count, String::new(), String::new(), String::new()]);
        for party in &room.parties {
            let heard = if party.muted { "no" } else { "yes" };
            let (call, number) = (party.call.to_string(), party.number.clone());
            table.row([String::new(), String::new(), String::new(), call, number, heard.to_owned()]);
        }
    }
    table.or("The site has no rooms.")
}
