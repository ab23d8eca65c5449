//! When the company is closed: why, and when it opens.

use super::clock::{End, until};
use super::part::Part;
use jiff::{Timestamp, ZonedDateTime};
use model::site::Language;

/// Why it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is outside opening hours.
    Now,
    /// It is lunch.
    Lunch,
    /// It is a public holiday.
    Holiday,
}

/// What a caller hears who calls outside opening hours. `now` is in the company's time zone.
pub fn opening(
    language: Language,
    closed: Closed,
    now: &ZonedDateTime,
    opens: Option<Timestamp>,
) -> Vec<Part> {
    let mut parts = vec![Part::whole(match closed {
        Closed::Now => "hours.closed",
        Closed::Lunch => "hours.lunch",
        Closed::Holiday => "hours.holiday",
    })];
    let opens = opens.map(|opens| until(language, now, End::At(opens))).unwrap_or_default();
    if !opens.is_empty() {
        parts.push(Part::inside("hours.opens"));
        parts.extend(opens);
    }
    parts
}
