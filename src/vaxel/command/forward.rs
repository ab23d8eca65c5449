//! `forward`: where a user's calls are sent on to.

use super::personal::{settings, show};
use crate::error::Error;
use crate::session::Session;
use clap::{Args, Subcommand, ValueEnum};
use model::{Callers, Command, Setting, UserId, When};

/// Where calls go.
#[derive(Debug, Subcommand)]
pub(crate) enum Forward {
    /// What a user has set: forwards, do-not-disturb and the rest.
    Show {
        /// Whose settings: a user's id.
        user: String,
    },
    /// Sends a user's calls on.
    Set(Set),
    /// Calls are no longer sent on. The numbers are remembered.
    Clear {
        /// Whose: a user's id.
        user: String,
        /// In which case; all where none is given.
        when: Option<Case>,
        /// Only these callers'.
        #[arg(long, value_name = "WHO")]
        from: Option<From>,
    },
}

/// A forward to be set.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// Whose: a user's id.
    user: String,
    /// In which case.
    when: Case,
    /// Where to: an extension or a number, in any spelling.
    number: String,
    /// Only these callers'.
    #[arg(long, value_name = "WHO")]
    from: Option<From>,
    /// With no-answer: after so many seconds, 5 to 60.
    #[arg(long, value_name = "SECONDS")]
    after: Option<u32>,
    /// Must whoever answers there press 1? Without it: where the number is a mobile's.
    #[arg(long, value_name = "YES-OR-NO")]
    accept: Option<Accept>,
}

/// In which case.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Case {
    /// At once.
    Always,
    /// In another call, or not to be disturbed.
    Busy,
    /// Nobody answers.
    NoAnswer,
    /// No phone is registered.
    Unreachable,
}

/// Whose calls.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum From {
    /// Colleagues'.
    Internal,
    /// Everybody else's.
    External,
}

/// Must 1 be pressed?
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Accept {
    /// Always.
    Yes,
    /// Never: a mobile's voicemail can take the call.
    No,
}

pub(super) fn run(forward: Forward, session: &mut Session) -> Result<(), Error> {
    let (user, setting) = match forward {
        Forward::Show { user } => {
            let reply = session.ask(Command::Personal { user: UserId::new(&user) })?;
            return show(&settings(reply)?, session);
        }
        Forward::Set(Set { user, when, number, from, after, accept }) => {
            let (when, callers) = (case(when), from.map(callers));
            let accept = accept.map(|accept| matches!(accept, Accept::Yes));
            (user, Setting::Forward { when, callers, number, after_s: after, accept })
        }
        Forward::Clear { user, when, from } => {
            (user, Setting::ForwardClear { when: when.map(case), callers: from.map(callers) })
        }
    };
    let reply = session.ask(Command::Set { user: UserId::new(&user), setting })?;
    show(&settings(reply)?, session)
}

fn case(case: Case) -> When {
    match case {
        Case::Always => When::Always,
        Case::Busy => When::Busy,
        Case::NoAnswer => When::NoAnswer,
        Case::Unreachable => When::Unreachable,
    }
}

fn callers(from: From) -> Callers {
    match from {
        From::Internal => Callers::Internal,
        From::External => Callers::External,
    }
}
