//! An activity set by code or by calling in, confirmed by what callers hear.

use super::clock::until;
use super::part::Part;
use super::referral::{Absence, Person, referral};
use jiff::ZonedDateTime;
use model::site::Language;

/// An activity has been set: the whole referral as callers hear it; of an open one, until when it lasts.
pub fn activity_set(
    language: Language,
    absence: &Absence<'_>,
    person: &Person<'_>,
    now: &ZonedDateTime,
) -> Vec<Part> {
    if absence.activity.id.as_str() == "available" {
        return activity_cleared();
    }
    let heard = referral(language, absence, person, now);
    if !heard.is_empty() {
        return std::iter::once(Part::whole("fc.act.hear")).chain(heard).collect();
    }
    let mut parts = vec![Part::whole("fc.act.open")];
    let until = absence.end.map(|end| until(language, now, end)).unwrap_or_default();
    if !until.is_empty() {
        parts.push(Part::inside("fc.act.until"));
        parts.extend(until);
    }
    parts
}

/// The person is available again.
pub fn activity_cleared() -> Vec<Part> {
    vec![Part::whole("fc.act.clear")]
}
