//! `do-not-disturb`, `call-waiting`, `refuse-anonymous`, `hide-number`: what a user has switched on or off; and how all
//! settings of a user read.

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::{Table, or_dash};
use clap::Subcommand;
use model::{Command, Forward, Personal, Reply, Setting, UserId};

/// On or off.
#[derive(Debug, Subcommand)]
pub(crate) enum Switch {
    /// Switches it on.
    Set {
        /// For whom: a user's id.
        user: String,
    },
    /// Switches it off.
    Clear {
        /// For whom: a user's id.
        user: String,
    },
}

/// On, off, or as the site document says.
#[derive(Debug, Subcommand)]
pub(crate) enum Choice {
    /// Switches it on.
    Set {
        /// For whom: a user's id.
        user: String,
    },
    /// Switches it off.
    Clear {
        /// For whom: a user's id.
        user: String,
    },
    /// Leaves it to the site document.
    Default {
        /// For whom: a user's id.
        user: String,
    },
}

/// Asks for what a switch says.
pub(super) fn switch(
    switch: Switch,
    setting: fn(bool) -> Setting,
    session: &mut Session,
) -> Result<(), Error> {
    match switch {
        Switch::Set { user } => ask(&user, setting(true), session),
        Switch::Clear { user } => ask(&user, setting(false), session),
    }
}

/// Asks for what was chosen.
pub(super) fn choose(
    choice: Choice,
    setting: fn(Option<bool>) -> Setting,
    session: &mut Session,
) -> Result<(), Error> {
    match choice {
        Choice::Set { user } => ask(&user, setting(Some(true)), session),
        Choice::Clear { user } => ask(&user, setting(Some(false)), session),
        Choice::Default { user } => ask(&user, setting(None), session),
    }
}

fn ask(user: &str, setting: Setting, session: &mut Session) -> Result<(), Error> {
    let reply = session.ask(Command::Set { user: UserId::new(user), setting })?;
    show(&settings(reply)?, session)
}

/// The settings in a reply.
pub(super) fn settings(reply: Reply) -> Result<Personal, Error> {
    match reply {
        Reply::Personal(personal) => Ok(*personal),
        other => Err(unexpected(&other)),
    }
}

/// Shows how a user's settings are now.
pub(super) fn show(personal: &Personal, session: &mut Session) -> Result<(), Error> {
    session.answer(personal, text)
}

fn text(personal: &Personal, _: &Clock) -> String {
    let on = |on: bool| if on { "on" } else { "off" }.to_owned();
    let chosen = |choice: Option<bool>| choice.map_or_else(|| "as the site says".to_owned(), on);
    let mut table = Table::bare();
    table.row(["do-not-disturb".to_owned(), on(personal.do_not_disturb)]);
    table.row(["call-waiting".to_owned(), chosen(personal.call_waiting)]);
    table.row(["refuse-anonymous".to_owned(), on(personal.refuse_anonymous)]);
    table.row(["hide-number".to_owned(), chosen(personal.hide_number)]);
    let mut forwards = Table::new(["forward", "from", "to", "state", "after", "press 1"]);
    for Forward { when, callers, number, on: in_force, after_s, accept } in &personal.forwards {
        let accept = accept.map_or("where it is a mobile", |accept| if accept { "yes" } else { "no" });
        forwards.row([
            when.as_str().to_owned(),
            callers.as_str().to_owned(),
            number.clone(),
            on(*in_force),
            or_dash(after_s.map(|seconds| format!("{seconds} s")).as_ref()),
            accept.to_owned(),
        ]);
    }
    table.text() + "\n" + &forwards.or("No call is sent on.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Callers, When};

    #[test]
    fn each_forward_is_a_row_and_each_switch_a_line() {
        let mut personal = Personal { do_not_disturb: true, ..Personal::default() };
        assert!(text(&personal, &Clock::stockholm()).ends_with("\nNo call is sent on.\n"));
        let (when, callers, number) = (When::NoAnswer, Callers::External, "+46701234501".to_owned());
        personal.put(Forward { when, callers, number, on: true, after_s: Some(20), accept: None });
        let (when, callers, number) = (When::Always, Callers::Internal, "202".to_owned());
        personal.put(Forward { when, callers, number, on: false, after_s: None, accept: Some(false) });
        let expected = "\
do-not-disturb    on
call-waiting      as the site says
refuse-anonymous  off
hide-number       as the site says

forward    from      to            state  after  press 1
always     internal  202           off    -      no
no-answer  external  +46701234501  on     20 s   where it is a mobile
";
        assert_eq!(text(&personal, &Clock::stockholm()), expected);
    }
}
