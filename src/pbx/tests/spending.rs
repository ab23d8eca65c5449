//! Limits for calls at cost, by user and day.

use super::*;
use call::Referral;

const FOREIGN: &str = "004522334455";
const OTHER: &str = "004522334466";

/// Anna may make so many calls to other countries a day, of so many minutes.
fn office(calls: u32, minutes: u32) -> Office {
    let limits = format!("spend = {{ international_calls = {calls}, international_minutes = {minutes} }}");
    Office::with(&DEMO.replace("id = \"anna\"\n", &format!("id = \"anna\"\n{limits}\n")))
}

impl Office {
    /// A call that is answered and lasts so long.
    fn foreign(&mut self, device: &str, seconds: u64) -> CallRecord {
        let (caller, callee) = self.talk(device, FOREIGN);
        self.pass(seconds);
        let record = self.over(&[caller, callee]);
        self.effects.clear();
        record
    }

    fn talk(&mut self, device: &str, number: &str) -> (LegId, LegId) {
        let caller = self.dial(device, number);
        let (callee, ..) = self.by_trunk();
        self.leg(callee, LegEvent::Answered);
        (caller, callee)
    }

    fn is_barred(&mut self, device: &str) -> bool {
        let caller = self.dial(device, FOREIGN);
        let barred = self.invited().is_empty();
        self.over(&[caller]);
        self.effects.clear();
        barred
    }

    fn used(&mut self, user: &str) -> (u32, u32) {
        let ticket = self.command(Actor::Local, Command::Spending { user: user.into() });
        match self.reply(ticket) {
            Some(Reply::Spending(spending)) => (spending.international.calls, spending.international.seconds),
            other => panic!("{other:?}"),
        }
    }

    fn cut(&self, leg: LegId) -> bool {
        self.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Leg(call::Effect::HangUp { leg: of, .. }) if *of == leg))
    }
}

#[test]
fn calls_are_counted_until_there_are_no_more_that_day() {
    let mut office = office(2, 60);
    office.foreign("anna-bord", 30);
    // A call that nobody answers costs nothing.
    assert!(!office.is_barred("anna-bord"));
    assert_eq!(office.used("anna"), (1, 30));
    office.foreign("anna-dator", 15);
    assert!(office.is_barred("anna-bord"), "she has made her two calls");
    assert!(!office.is_barred("cia-bord"), "others have not");
    let caller = office.dial("anna-bord", "0701234567");
    office.by_trunk();
    office.over(&[caller]);
    office.effects.clear();
    let caller = office.dial("anna-bord", "112");
    office.by_trunk();
    office.over(&[caller]);
    office.effects.clear();
    // 09:00 in Stockholm; at midnight there they may call again.
    office.pass(14 * 3600 + 1800);
    assert!(office.is_barred("anna-bord"));
    office.pass(1800);
    assert!(!office.is_barred("anna-bord"));
    assert_eq!(office.used("anna"), (0, 0));
}

#[test]
fn a_call_ends_when_the_minutes_are_used_up() {
    let mut office = office(50, 2);
    office.foreign("anna-bord", 90);
    let (caller, callee) = office.talk("anna-bord", FOREIGN);
    office.pass(29);
    assert!(!office.cut(callee));
    office.pass(2);
    assert!(office.cut(caller) && office.cut(callee));
    let record = office.over(&[caller, callee]);
    assert_eq!(rules(&record), ["outbound", "spend"]);
    office.effects.clear();
    assert!(office.is_barred("anna-bord"));
    let caller = office.dial("anna-bord", FOREIGN);
    assert_eq!(office.refused(caller).cause, Cause::Barred);
    office.over(&[caller]);
}

#[test]
fn what_runs_counts_so_that_nothing_is_spent_in_parallel() {
    let mut office = office(2, 2);
    let first = office.talk("anna-bord", FOREIGN);
    let second = office.talk("anna-dator", OTHER);
    assert!(office.invited().is_empty());
    let third = office.dial("anna-bord", FOREIGN);
    assert_eq!(office.refused(third).cause, Cause::Barred, "two run already");
    office.pass(59);
    assert!(!office.cut(first.1));
    office.pass(2);
    assert!(office.cut(first.1) && office.cut(second.1), "two minutes between them");
    for leg in [first.0, first.1, second.0, second.1, third] {
        office.leg(leg, LegEvent::Closed(None));
    }
    office.pass(10);
    assert_eq!(office.records().len(), 3);
}

#[test]
fn a_call_that_was_connected_further_goes_on_being_counted() {
    let mut office = office(50, 2);
    let (caller, callee) = office.talk("anna-bord", FOREIGN);
    office.leg(caller, LegEvent::Held);
    let asked = office.dial("anna-bord", "203");
    let cia = office.invited()[0].0;
    office.leg(cia, LegEvent::Answered);
    let referral = Referral { to: "203".to_owned(), replaces: Some(asked) };
    office.leg(caller, LegEvent::Referred(Box::new(referral)));
    office.pass(121);
    assert!(office.cut(callee) && office.cut(cia), "it is hers to pay, whoever talks");
    for leg in [caller, callee, asked, cia] {
        office.leg(leg, LegEvent::Closed(None));
    }
    office.pass(10);
    assert!(office.pbx.is_idle());
}

#[test]
fn what_was_used_is_kept_with_the_record_and_over_a_restart_and_can_be_forgiven() {
    let mut office = office(1, 60);
    let (caller, callee) = office.talk("anna-bord", FOREIGN);
    office.pass(61);
    office.over(&[caller, callee]);
    let commit = office.effects.iter().find_map(|effect| match effect {
        Effect::Commit { changes, .. }
            if changes.iter().any(|change| matches!(change, Change::CallEnded(_))) =>
        {
            Some(changes.clone())
        }
        _ => None,
    });
    let spent = commit.expect("the record").into_iter().find_map(|change| match change {
        Change::Spent { user, spent } => Some((user, spent)),
        _ => None,
    });
    let (user, spent) = spent.expect("what was used, in the same commit");
    assert_eq!((user.as_str(), spent.international.calls, spent.international.seconds), ("anna", 1, 61));

    let snapshot = Snapshot { spent: vec![(user, spent)], ..Snapshot::default() };
    let site = office.pbx.site.clone();
    office.pbx = Pbx::new(office.now, &snapshot, site);
    for (number, device) in ["anna-bord", "cia-bord"].into_iter().enumerate() {
        office.contacts(device, &[number as u64 + 1]);
    }
    office.trunk("operator", &[true]);
    office.effects.clear();
    assert!(office.is_barred("anna-bord"));
    let ticket = office.command(Actor::Local, Command::SpendingReset { user: "anna".into() });
    assert_eq!(office.reply(ticket), None, "not before it is durable");
    office.input(Input::Committed { ticket, result: Ok(()) });
    assert!(matches!(office.reply(ticket), Some(Reply::Spending(_))));
    assert!(!office.is_barred("anna-bord"));
}

#[test]
fn only_an_administrator_forgives_and_one_sees_ones_own() {
    let mut office = office(1, 1);
    for (command, may) in [
        (Command::Spending { user: "bo".into() }, true),
        (Command::Spending { user: "anna".into() }, false),
        (Command::SpendingReset { user: "bo".into() }, false),
    ] {
        let ticket = office.command(Actor::User("bo".into()), command.clone());
        assert_eq!(matches!(office.reply(ticket), Some(Reply::Spending(_))), may, "{command:?}");
    }
    for command in [Command::Spending { user: "no".into() }, Command::SpendingReset { user: "no".into() }] {
        let ticket = office.command(Actor::Local, command);
        assert!(matches!(office.reply(ticket), Some(Reply::Refused(_))));
    }
}
