//! What people are doing, and what it does to calls.

use super::*;
use crate::Words;
use jiff::Timestamp;
use model::{Availability, Setting};

impl Office {
    /// Everything somebody waits for is durable now.
    fn durable(&mut self) {
        let (commits, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.effects)
            .into_iter()
            .partition(|effect| matches!(effect, Effect::Commit { ticket: Some(_), .. }));
        self.effects = rest;
        for commit in commits {
            if let Effect::Commit { ticket: Some(ticket), .. } = commit {
                self.input(Input::Committed { ticket, result: Ok(()) });
            }
        }
    }

    fn activity(&mut self, user: &str, activity: &str, until: Option<&str>) -> Availability {
        let (activity, until) = (activity.into(), until.map(str::to_owned));
        let setting = Setting::Activity { activity, until, note: None, closed: None };
        let ticket = self.command(Actor::Local, Command::Set { user: user.into(), setting });
        self.durable();
        match self.reply(ticket) {
            Some(Reply::Activity(availability)) => *availability,
            other => panic!("{other:?}"),
        }
    }

    fn doing(&mut self, user: &str) -> String {
        let ticket = self.command(Actor::Local, Command::Activity { user: user.into() });
        match self.reply(ticket) {
            Some(Reply::Activity(availability)) => availability.activity.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// What is said to a leg now.
    fn told(&mut self, leg: LegId) -> Vec<String> {
        let words: Option<Words> = self.pbx.take_words(leg);
        words.map(|words| words.parts.iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    fn leaves(&mut self, leg: LegId) -> CallRecord {
        self.leg(leg, LegEvent::Ended(EndedBy::Party));
        self.leg(leg, LegEvent::Closed(None));
        let mut records = self.records();
        self.effects.clear();
        records.pop().expect("a record")
    }
}

const VIP: &str = "+46700000001";

#[test]
fn who_calls_somebody_at_lunch_hears_so_and_a_vip_rings_through() {
    let mut office = Office::new();
    let set = office.activity("anna", "lunch", Some("13:15"));
    assert_eq!(set.until, Some("2026-11-23T13:15:00+01:00".parse::<Timestamp>().expect("an instant")));
    assert!(set.closed);
    for caller in [office.ring_in(Some("+46701112233"), "+46812345201"), office.dial("bo-bord", "201")] {
        let heard = office.told(caller);
        assert_eq!(heard[..5], ["ref.person.m", "act.lunch.c", "ref.back.m", "time.h13.m", "time.m15.e"]);
        assert!(office.devices().is_empty(), "no phone rings");
        let record = office.leaves(caller);
        assert_eq!((rules(&record), record.cause), (vec!["activity"], Cause::Voicemail));
    }
    let caller = office.ring_in(Some(VIP), "+46812345201");
    let ringing: Vec<LegId> = office.invited().into_iter().map(|(leg, _)| leg).collect();
    assert_eq!(ringing.len(), 2, "both her phones ring");
    office.over(&[&[caller], ringing.as_slice()].concat());
}

#[test]
fn the_caller_chooses_somebody_else_while_the_words_are_spoken() {
    let mut office = Office::new();
    office.activity("anna", "meeting", None);
    let caller = office.ring_in(Some("+46701112233"), "+46812345201");
    let heard = office.told(caller);
    assert!(heard.iter().any(|id| id == "digit.1.e"), "{heard:?}");
    office.leg(caller, LegEvent::Digit('1'));
    assert!(office.told(caller).is_empty(), "nobody means a key in the first second");
    office.pass(2);
    office.leg(caller, LegEvent::Digit('7'));
    assert!(office.told(caller).is_empty(), "no choice");
    office.leg(caller, LegEvent::Digit('1'));
    assert_eq!(office.told(caller), ["call.connecting"]);
    office.leg(caller, LegEvent::Played);
    let ringing: Vec<LegId> = office.invited().into_iter().map(|(leg, _)| leg).collect();
    assert_eq!(ringing.len(), 1, "bo's phone rings");
    let record = office.over(&[caller, ringing[0]]);
    assert_eq!(rules(&record), ["activity", "after-menu", "devices"]);
}

#[test]
fn whom_the_caller_has_chosen_may_be_away_as_well() {
    let mut office = Office::new();
    office.activity("anna", "meeting", None);
    office.activity("bo", "lunch", None);
    let caller = office.ring_in(Some("+46701112233"), "+46812345201");
    office.told(caller);
    office.pass(2);
    office.leg(caller, LegEvent::Digit('1'));
    assert_eq!(office.told(caller).first().map(String::as_str), Some("after.closed"));
    assert!(office.devices().is_empty());
    office.leaves(caller);
}

#[test]
fn an_activity_ends_by_the_clock_on_the_wall() {
    let mut office = Office::new();
    let set = office.activity("anna", "lunch", None);
    assert_eq!(set.until, office.now.wall.checked_add(Duration::from_secs(3600)).ok());
    office.pass(3598);
    assert_eq!(office.doing("anna"), "lunch");
    office.pass(3);
    assert_eq!(office.doing("anna"), "available");
    office.effects.clear();
    // The clock is set forward: what should be over is, a moment later.
    office.activity("anna", "lunch", None);
    office.now.wall = office.now.wall.checked_add(Duration::from_secs(7200)).expect("a time");
    office.pass(2);
    assert_eq!(office.doing("anna"), "available");
}

#[test]
fn an_end_that_passed_while_the_box_was_off_is_over_at_start() {
    let mut office = Office::new();
    let set = office.activity("anna", "lunch", None);
    let doing =
        model::Doing { activity: set.activity, until: set.until, whole_day: false, note: None, closed: None };
    let personal = model::Personal { doing: Some(doing), ..model::Personal::default() };
    for (hours, expected, changes) in [(2, "available", 1), (0, "lunch", 0)] {
        let snapshot = Snapshot { personals: vec![("anna".into(), personal.clone())], ..Snapshot::default() };
        let now = Now {
            wall: base().wall.checked_add(Duration::from_secs(hours * 3600)).expect("a time"),
            ..base()
        };
        let mut pbx = Pbx::new(now, &snapshot, Some(site(DEMO)));
        let mut commits = 0;
        while let Some(effect) = pbx.poll_effect() {
            commits += u64::from(matches!(effect, Effect::Commit { .. }));
        }
        assert_eq!(commits, changes);
        let mut later = Office { now, pbx, effects: Vec::new(), tickets: 100 };
        assert_eq!(later.doing("anna"), expected);
    }
}

#[test]
fn a_code_sets_it_and_says_what_callers_hear() {
    let mut office = Office::new();
    let leg = office.dial("bo-bord", "*23*4*1315#");
    assert!(office.told(leg).is_empty(), "not before it is durable");
    office.durable();
    let heard = office.told(leg);
    assert_eq!(heard[..3], ["fc.act.hear", "ref.person.m", "act.lunch.c"]);
    office.leg(leg, LegEvent::Played);
    office.leg(leg, LegEvent::Closed(None));
    assert_eq!(office.doing("bo"), "lunch");
    let leg = office.dial("bo-bord", "#23#");
    office.durable();
    assert_eq!(office.told(leg), ["fc.act.clear"]);
    office.leg(leg, LegEvent::Played);
    office.leg(leg, LegEvent::Closed(None));
    assert_eq!(office.doing("bo"), "available");
    assert!(office.pbx.is_idle());
}

#[test]
fn the_working_day_ends_activities_and_begins_after_the_weekend() {
    let mut office = Office::new();
    let until = |text: &str| Some(text.parse::<Timestamp>().expect("an instant"));
    assert_eq!(office.activity("bo", "home", None).until, until("2026-11-23T17:00:00+01:00"));
    assert_eq!(office.activity("bo", "gone", None).until, until("2026-11-24T08:00:00+01:00"));
    let holiday = office.activity("bo", "holiday", Some("2026-12-12"));
    assert_eq!((holiday.until, holiday.whole_day), (until("2026-12-12T00:00:00+01:00"), true));
    let caller = office.ring_in(Some("+46701112233"), "+46812345202");
    let heard = office.told(caller);
    // The twelfth is a Saturday: the first day back is Monday the fourteenth.
    assert_eq!(heard[..4], ["ref.person.m", "act.holiday.c", "ref.back.m", "day.w1.m"]);
    assert_eq!(heard[4], "day.d14.m");
    office.leaves(caller);
}

#[test]
fn wrong_ends_are_refused_with_what_to_write() {
    let mut office = Office::new();
    for (activity, until) in
        [("lunch", Some("08:00")), ("lunch", Some("soon")), ("siesta", None), ("available", Some("13:15"))]
    {
        let until = until.map(str::to_owned);
        let setting = Setting::Activity { activity: activity.into(), until, note: None, closed: None };
        let ticket = office.command(Actor::Local, Command::Set { user: "bo".into(), setting });
        assert!(matches!(office.reply(ticket), Some(Reply::Refused(_))), "{activity}");
    }
}
