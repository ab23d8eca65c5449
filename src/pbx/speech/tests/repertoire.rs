//! Whatever is composed, there is a recording of it; and no fragment was recorded for nothing.

use super::super::*;
use super::*;
use jiff::SignedDuration;
use model::{Class, E164, UserId, When, Zone};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Collects the ids of what is composed, each of which must be in its language.
struct Heard {
    book: Book,
    ids: BTreeSet<(&'static str, String)>,
}

impl Heard {
    fn new() -> Self {
        let mut book = Book::read();
        for language in ["sv", "en"] {
            book.put(language, "@name:anna", "Anna Andersson");
        }
        Self { book, ids: BTreeSet::new() }
    }

    fn hear(&mut self, language: Language, parts: &[Part]) {
        for part in parts {
            let said = !self.book.text(language, part).is_empty() || matches!(part, Part::Tone(_));
            assert!(said, "{part} is silent");
            self.ids.insert((language.as_str(), part.to_string()));
        }
    }

    fn both(&mut self, parts: &[Part]) {
        LANGUAGES.iter().for_each(|language| self.hear(*language, parts));
    }

    fn unused(&self, language: Language) -> Vec<&str> {
        let heard = |id: &&str| !self.ids.contains(&(language.as_str(), (*id).to_owned()));
        self.book.fragments(language).filter(heard).collect()
    }
}

/// Where clocks jump in spring and autumn, by half an hour only, never, and where midnight itself was skipped.
const ZONES: [&str; 4] = ["Europe/Stockholm", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo"];
/// Ordinary days, the last of a year, a leap day, and the hours in which Swedish clocks jump.
const NOWS: [&str; 6] = [
    "2026-11-23T11:05:00Z",
    "2026-12-31T22:59:59.5Z",
    "2028-02-29T12:00:00Z",
    "2026-10-25T00:31:00Z",
    "2026-10-25T01:10:00Z",
    "2027-03-28T00:59:00Z",
];

fn hear_days_and_times(heard: &mut Heard) {
    let person = UserId::new("anna");
    let person = Person { id: &person, name_recorded: true };
    let activities = built_in();
    let lunch = activities.iter().find(|activity| activity.id.as_str() == "lunch").unwrap();
    for (zone, now) in ZONES.iter().flat_map(|zone| NOWS.iter().map(move |now| (zone, now))) {
        let now = at(now, &super::zone(zone));
        for step in -50..1300_i64 {
            // Some seven hours a step, of all minutes; the last are more than a year away.
            let end = now.timestamp() + SignedDuration::from_secs(step * (7 * 3600 + 13 * 60) + step);
            let day = end.to_zoned_datetime(super::zone(zone)).date();
            for language in LANGUAGES {
                for end in [End::At(end), End::Day(day)] {
                    let absence =
                        Absence { activity: lunch, closed: true, phrase_recorded: false, end: Some(end) };
                    heard.hear(language, &referral(language, &absence, &person, &now));
                }
                if step <= 0 {
                    heard.hear(language, &received(language, &now, end));
                }
                heard.hear(language, &opening(language, Closed::Now, &now, Some(end)));
            }
        }
    }
}

fn hear_the_calendar(heard: &mut Heard) {
    let zone = zone("Europe/Stockholm");
    let now = at("2025-06-01T06:00:00Z", &zone);
    for language in LANGUAGES {
        // Every minute of two days, each as the end of today, tomorrow or later.
        for minute in 0..3 * 24 * 60 {
            let end = now.timestamp() + SignedDuration::from_mins(minute);
            heard.hear(language, &opening(language, Closed::Lunch, &now, Some(end)));
        }
        // Every day until the recordings end, and some after.
        for day in 0..6300 {
            let end = now.timestamp() + SignedDuration::from_hours(24 * day);
            heard.hear(language, &opening(language, Closed::Holiday, &now, Some(end)));
        }
    }
}

fn hear_activities(heard: &mut Heard) {
    let id = UserId::new("anna");
    let now = at("2026-11-23T11:05:00Z", &zone("Europe/Stockholm"));
    let later = End::At("2026-11-23T12:15:00Z".parse().unwrap());
    let mut activities = built_in();
    // One of the company's own, without words.
    let own = Activity { id: "projekt".into(), spoken: None, ..activities[0].clone() };
    activities.push(own);
    for activity in &activities {
        for (closed, end) in [(true, None), (true, Some(later)), (false, None), (false, Some(later))] {
            let absence = Absence { activity, closed, phrase_recorded: false, end };
            for name_recorded in [true, false] {
                let person = Person { id: &id, name_recorded };
                for language in LANGUAGES {
                    heard.hear(language, &activity_set(language, &absence, &person, &now));
                }
                heard.both(&no_answer(&person));
                heard.both(&busy(&person));
            }
        }
    }
}

fn hear_counts(heard: &mut Heard) {
    for new in 0..=100 {
        (0..=100).for_each(|saved| heard.both(&message_count(new, saved)));
    }
    for present in 0..=100 {
        heard.both(&entered(present));
        heard.both(&joined(None, present));
        heard.both(&joined(Some(&"anna".into()), present));
        heard.both(&left(None, present));
        heard.both(&left(Some(&"anna".into()), present));
    }
}

#[allow(clippy::disallowed_methods)] // one instant to count from
fn hear_queues(heard: &mut Heard) {
    let start = Instant::now();
    for position in 0..=100 {
        for wait in (0..3000).step_by(29).map(Duration::from_secs) {
            heard.both(&QueueNews::default().tell(start, position, Some(wait)));
        }
    }
}

fn numbers() -> Vec<Number> {
    let mut numbers: Vec<Number> = ["112", "1177", "11313", "116117", "118118"].map(outside).into();
    numbers.extend((10..2000).step_by(7).map(|extension| internal(&extension.to_string())));
    // All over the plan and the world, of every length.
    let spread = (1..2000_u64)
        .map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 14) % 10_u64.pow(4 + (at % 12) as u32));
    let swedish =
        (1..4000_u64).map(|at| 4_600_000_000 + (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % 100_000_000);
    numbers.extend(
        spread.chain(swedish).filter_map(E164::new).map(|public| Number::Public(public, Class::National)),
    );
    numbers
}

fn hear_numbers(heard: &mut Heard) {
    for to in numbers() {
        heard.both(&number(&to));
        heard.both(&call_back_to(&to));
        heard.both(&sender(&Caller::Number(to.clone())));
        heard.both(&accept(&Caller::Number(to.clone())));
        for when in When::ALL {
            heard.both(&forwarding_on(when, 20, ForwardTo::Number(&to)));
        }
    }
    for extension in ["10", "201", "123456"] {
        heard.both(&parked_at(extension.parse().unwrap()));
        heard.both(&own_number(extension.parse().unwrap()));
        heard.both(&emergency_from(extension.parse().unwrap()));
    }
}

fn hear_the_rest(heard: &mut Heard) {
    for caller in [Caller::Named("anna".into()), Caller::Hidden, Caller::Unknown] {
        heard.both(&sender(&caller));
        heard.both(&accept(&caller));
    }
    for when in When::ALL {
        (0..100).for_each(|after_s| heard.both(&forwarding_on(when, after_s, ForwardTo::Voicemail)));
        heard.both(&forwarding_on(when, 20, ForwardTo::Number(&Number::Code("*21".into()))));
        heard.both(&forwarding_off(Some(when)));
    }
    heard.both(&forwarding_off(None));
    for digit in 0..=9 {
        let named = Chosen::Named("anna".into());
        let others = [Chosen::Colleague, Chosen::Group, Chosen::Switchboard, Chosen::Mobile, Chosen::Other];
        for chosen in others.into_iter().chain([named]) {
            heard.both(&tail(&[(digit, chosen)], Leave::Message));
        }
    }
    for leave in [Leave::Message, Leave::Nothing] {
        heard.both(&tail(&[], leave));
        heard.both(&chosen_is_closed(leave));
    }
    for help in [Help::InReach, Help::OutOfReach] {
        for class in [Class::Premium, Class::Directory, Class::Mobile, Class::National] {
            heard.both(&barred(Barred::Class(class), help));
        }
        heard.both(&barred(Barred::Class(Class::International(Zone::Europe)), help));
        heard.both(&barred(Barred::Limit, help));
        heard.both(&barred(Barred::Login, help));
        heard.both(&trunks_down(help));
    }
}

#[test]
fn whatever_is_said_has_been_recorded_and_nothing_was_recorded_in_vain() {
    let mut heard = Heard::new();
    hear_days_and_times(&mut heard);
    hear_the_calendar(&mut heard);
    hear_activities(&mut heard);
    hear_counts(&mut heard);
    hear_queues(&mut heard);
    hear_numbers(&mut heard);
    hear_the_rest(&mut heard);
    for language in LANGUAGES {
        // A number with a noun is two or more: one is a sentence of its own.
        assert_eq!(heard.unused(language), ["num.1en.m", "num.1ett.m"], "{}", language.as_str());
    }
}

#[test]
fn the_digits_of_a_number_are_all_read_out() {
    for to in numbers() {
        let read: String = number(&to)
            .iter()
            .filter_map(|part| part.to_string().strip_prefix("digit.").map(|id| id.to_owned()))
            .map(|id| if id.starts_with("plus") { '+' } else { id.chars().next().unwrap() })
            .collect();
        // A Swedish number that no plan knows is written for the world, but never read out so.
        let written = to.national().replace("+46", "0");
        let written: String = written.chars().filter(|sign| sign.is_ascii_digit() || *sign == '+').collect();
        assert_eq!(read, written, "{to}");
    }
}

#[test]
fn choices_are_said_from_one_to_nine_with_zero_last_and_four_at_most() {
    let mut choices: Vec<_> = [0, 7, 3, 12, 9, 1].map(|digit| (digit, Chosen::Colleague)).into();
    by_digit(&mut choices);
    let said: Vec<String> = tail(&choices, Leave::Nothing).iter().map(Part::to_string).collect();
    let line = |digit: u8| ["after.colleague.m".to_owned(), format!("digit.{digit}.e")];
    assert_eq!(said, [line(1), line(3), line(7), line(9)].concat());
}

#[test]
#[allow(clippy::disallowed_methods)] // one instant to count from
fn who_waits_is_told_every_45_seconds_at_most_and_never_anything_worse() {
    let start = Instant::now();
    let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
    let mut news = QueueNews::default();
    let mut told = |after_s, position, wait| {
        let parts = news.tell(start + Duration::from_secs(after_s), position, wait);
        parts.iter().map(Part::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(told(0, 3, minutes(4)), "q.pos.m num.3.m q.pos.e q.eta.m num.4.m q.eta.e");
    assert_eq!(told(44, 1, minutes(1)), "");
    assert_eq!(told(45, 4, minutes(3)), "q.eta.m num.3.m q.eta.e");
    assert_eq!(told(90, 4, minutes(5)), "");
    // Nothing was said, so that the next good news need not wait.
    assert_eq!(told(91, 2, None), "q.pos.m num.2.m q.pos.e");
    assert_eq!(told(136, 2, minutes(3)), "q.pos.m num.2.m q.pos.e q.eta.m num.3.m q.eta.e");
}
