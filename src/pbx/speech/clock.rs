//! Days and times, as the exchange says them: "i morgon klockan åtta", "måndag den tjugotredje november".
//!
//! The clock is "klockan fjorton och trettio", not "halv tre": the telephone's screen shows 14.30 and the caller writes
//! that down, and hours and minutes are two joins for every minute of the day.

use super::part::{Part, Position};
use jiff::civil::{Date, Time};
use jiff::{RoundMode, Timestamp, TimestampRound, Unit, ZonedDateTime};
use model::site::Language;

/// Until when something lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Until an instant.
    At(Timestamp),
    /// Until a day begins, whose clock does not matter: the first day back.
    Day(Date),
}

/// The last year there is a recording of.
const LAST_YEAR: i16 = 2040;

/// Day and time of an end that is to come, seen from now in now's time zone; nothing where the end says nothing.
pub(super) fn until(language: Language, now: &ZonedDateTime, end: End) -> Vec<Part> {
    coming(now, end).map(|(date, time)| spoken(language, now.date(), date, time)).unwrap_or_default()
}

/// The local date of an end, and its time where that is spoken.
fn coming(now: &ZonedDateTime, end: End) -> Option<(Date, Option<Time>)> {
    let today = now.date();
    let (date, time) = match end {
        End::Day(date) => (date, None),
        End::At(end) if end <= now.timestamp() => return None,
        End::At(end) => {
            // Up: never promise too early.
            let minute = TimestampRound::new().smallest(Unit::Minute).mode(RoundMode::Ceil);
            let end = end.round(minute).ok()?.to_zoned_datetime(now.time_zone().clone()).datetime();
            // In the hour that comes twice in October, a later instant can read as an earlier clock.
            if end <= now.datetime() {
                return None;
            }
            let midnight = end.time() == Time::midnight() && Some(end.date()) != today.tomorrow().ok();
            (end.date(), (!midnight).then_some(end.time()))
        }
    };
    let says_something = date > today || time.is_some();
    (says_something && date.year() <= LAST_YEAR).then_some((date, time))
}

fn spoken(language: Language, today: Date, date: Date, time: Option<Time>) -> Vec<Part> {
    let clock = |time: Option<Time>| time.map(|time| clock(language, time)).unwrap_or_default();
    let tomorrow = Some(date) == today.tomorrow().ok();
    if date == today || (tomorrow && time == Some(Time::midnight())) {
        return clock(time);
    }
    let mut parts = Vec::with_capacity(7);
    if tomorrow {
        parts.push(Part::prompt("day.tomorrow", before(time.is_some())));
    } else if a_year_lies_between(today, date) {
        parts.extend(dated(date, true));
        parts.push(year(date));
        return parts;
    } else {
        parts.extend(dated(date, time.is_some()));
    }
    parts.extend(clock(time));
    parts
}

/// Day and time of something that was.
pub(super) fn since(language: Language, now: &ZonedDateTime, was: Timestamp) -> Vec<Part> {
    let (today, was) = (now.date(), was.to_zoned_datetime(now.time_zone().clone()).datetime());
    let mut parts = Vec::with_capacity(6);
    if was.date() == today {
        parts.push(Part::inside("day.today"));
    } else if Some(was.date()) == today.yesterday().ok() {
        parts.push(Part::inside("day.yesterday"));
    } else {
        parts.extend(dated(was.date(), true));
        if a_year_lies_between(was.date(), today) {
            parts.push(year(was.date()));
            return parts;
        }
    }
    parts.extend(clock(language, was.time()));
    parts
}

/// Weekday, day and month.
fn dated(date: Date, more: bool) -> [Part; 3] {
    [
        Part::inside(format!("day.w{}", date.weekday().to_monday_one_offset())),
        Part::inside(format!("day.d{:02}", date.day())),
        Part::prompt(format!("day.mo{:02}", date.month()), before(more)),
    ]
}

fn year(date: Date) -> Part {
    Part::last(format!("day.y{}", date.year()))
}

fn before(more: bool) -> Position {
    if more { Position::Inside } else { Position::SentenceEnd }
}

/// Weekday and date name a day for less than a year, also over New Year.
fn a_year_lies_between(earlier: Date, later: Date) -> bool {
    let day = |date: Date| (date.month(), date.day());
    later.year() > earlier.year() + 1 || (later.year() == earlier.year() + 1 && day(later) >= day(earlier))
}

/// A clock's reading.
fn clock(language: Language, time: Time) -> Vec<Part> {
    let (hour, minute) = (time.hour(), time.minute());
    match (hour, minute) {
        (0, 0) => vec![Part::last("time.midnight")],
        (_, 0) => vec![Part::last(format!("time.h{hour:02}"))],
        _ => {
            let mut parts =
                vec![Part::inside(format!("time.h{hour:02}")), Part::last(format!("time.m{minute:02}"))];
            if language == Language::English {
                parts.push(Part::last(if hour < 12 { "time.am" } else { "time.pm" }));
            }
            parts
        }
    }
}
