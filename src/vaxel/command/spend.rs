//! `spend`: what a user has called at cost today, and beginning anew.

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::Table;
use clap::Subcommand;
use model::{Command, Reply, Spending, SpendingOf, UserId};

/// Of whom, and what is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Spend {
    /// What a user has called at cost today, and what they may.
    Show {
        /// Who: a user's id.
        user: String,
    },
    /// Lets a user begin anew today.
    Reset {
        /// Who: a user's id.
        user: String,
    },
}

pub(super) fn run(spend: Spend, session: &mut Session) -> Result<(), Error> {
    let command = match spend {
        Spend::Show { user } => Command::Spending { user: UserId::new(user) },
        Spend::Reset { user } => Command::SpendingReset { user: UserId::new(user) },
    };
    match session.ask(command)? {
        Reply::Spending(spending) => session.answer(&*spending, text),
        other => Err(unexpected(&other)),
    }
}

fn text(spending: &Spending, _: &Clock) -> String {
    let mut table = Table::new(["today", "calls", "of", "minutes", "of"]);
    let rows = [("pay calls", &spending.premium), ("to other countries", &spending.international)];
    for (name, SpendingOf { calls, calls_limit, seconds, minutes_limit }) in rows {
        let minutes = seconds.div_ceil(60);
        table.row([
            name.to_owned(),
            calls.to_string(),
            calls_limit.to_string(),
            minutes.to_string(),
            minutes_limit.to_string(),
        ]);
    }
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_cost_is_a_row_with_what_is_used_and_what_may_be() {
        let of = |calls, seconds| SpendingOf { calls, calls_limit: 20, seconds, minutes_limit: 60 };
        let day = "2026-11-23".parse().expect("a date");
        let spending = Spending { user: "anna".into(), day, premium: of(0, 0), international: of(3, 61) };
        let expected = "\
today               calls  of  minutes  of
pay calls           0      20  0        60
to other countries  3      20  2        60
";
        assert_eq!(text(&spending, &Clock::stockholm()), expected);
    }
}
