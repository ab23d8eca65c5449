//! Sweden's public holidays, for any year (lag 1989:253), and the eves that most companies are closed on as well.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

/// Is it a public holiday? Sundays that are nothing else are not counted.
pub(super) fn is_holiday(date: Date) -> bool {
    let days_from_easter = easter(date.year()).and_then(|easter| days_between(easter, date));
    let saturday = date.weekday() == Weekday::Saturday;
    match (date.month(), date.day()) {
        (1, 1 | 6) | (5, 1) | (6, 6) | (12, 25 | 26) => true,
        // Midsummer and All Saints' Day.
        (6, 20..=26) | (10, 31) | (11, 1..=6) if saturday => true,
        // Good Friday, Easter and its Monday, Ascension, Whit Sunday.
        _ => matches!(days_from_easter, Some(-2 | 0 | 1 | 39 | 49)),
    }
}

/// Is it the eve of Easter, Midsummer, Christmas or the New Year?
pub(super) fn is_eve(date: Date) -> bool {
    match (date.month(), date.day()) {
        (12, 24 | 31) => true,
        (6, 19..=25) if date.weekday() == Weekday::Friday => true,
        _ => easter(date.year()).and_then(|easter| days_between(easter, date)) == Some(-1),
    }
}

/// Easter Sunday of the Gregorian calendar, by the rule of Gauss as Meeus and Jones have written it.
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let (moon, century, rest) = (year % 19, year / 100, year % 100);
    let skipped = (8 * century + 13) / 25;
    let epact = (19 * moon + century - century / 4 - skipped + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (moon + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * late + 114;
    Date::new(year as i16, (days / 31) as i8, (days % 31 + 1) as i8).ok()
}

fn days_between(from: Date, to: Date) -> Option<i32> {
    let span: Span = from.until(to).ok()?;
    Some(span.get_days())
}

/// The day after.
pub(super) fn tomorrow(date: Date) -> Option<Date> {
    date.checked_add(1.day()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(year: i16, is: fn(Date) -> bool) -> Vec<String> {
        let first = Date::new(year, 1, 1).expect("a date");
        let days = std::iter::successors(Some(first), |date| tomorrow(*date));
        days.take_while(|date| date.year() == year)
            .filter(|date| is(*date))
            .map(|date| date.to_string())
            .collect()
    }

    #[test]
    fn the_holidays_of_two_years_are_those_of_the_almanac() {
        let of_2026 = [
            "2026-01-01",
            "2026-01-06",
            "2026-04-03",
            "2026-04-05",
            "2026-04-06",
            "2026-05-01",
            "2026-05-14",
            "2026-05-24",
            "2026-06-06",
            "2026-06-20",
            "2026-10-31",
            "2026-12-25",
            "2026-12-26",
        ];
        assert_eq!(all(2026, is_holiday), of_2026);
        let of_2038 = [
            "2038-01-01",
            "2038-01-06",
            "2038-04-23",
            "2038-04-25",
            "2038-04-26",
            "2038-05-01",
            "2038-06-03",
            "2038-06-06",
            "2038-06-13",
            "2038-06-26",
            "2038-11-06",
            "2038-12-25",
            "2038-12-26",
        ];
        assert_eq!(all(2038, is_holiday), of_2038);
    }

    #[test]
    fn eves_come_before_their_days() {
        assert_eq!(all(2026, is_eve), ["2026-04-04", "2026-06-19", "2026-12-24", "2026-12-31"]);
        assert_eq!(all(2027, is_eve), ["2027-03-27", "2027-06-25", "2027-12-24", "2027-12-31"]);
    }

    #[test]
    fn easter_falls_on_the_same_days_as_in_the_almanac() {
        for (year, expected) in [
            (2000, "2000-04-23"),
            (2008, "2008-03-23"),
            (2011, "2011-04-24"),
            (2024, "2024-03-31"),
            (2025, "2025-04-20"),
            (2049, "2049-04-18"),
            (2076, "2076-04-19"),
            (2285, "2285-03-22"),
        ] {
            assert_eq!(easter(year).expect("a date").to_string(), expected);
        }
    }
}
