//! When hours are open: on a day, now, and next. All clocks are the company's own.

use super::holiday::{is_eve, is_holiday, tomorrow};
use super::hours::{Holidays, Hours, Span};
use crate::HoursId;
use jiff::civil::{Date, DateTime, Time};

/// How far ahead somebody looks for an open day.
const DAYS_MAX: usize = 400;

impl Hours {
    /// The working day of a company that names no hours: weekdays from eight to five, not on public holidays.
    pub(super) fn working() -> Self {
        let day = || vec!["08:00-17:00".parse::<Span>().expect("eight is before five")];
        let open = [day(), day(), day(), day(), day(), Vec::new(), Vec::new()];
        let holidays = Holidays::Sweden;
        Self { id: HoursId::new("working"), open, holidays, exceptions: Vec::new(), closed: None }
    }

    /// When it is open on a day, in order; empty where it is closed.
    pub fn on(&self, date: Date) -> &[Span] {
        if let Some(exception) = self.exceptions.iter().find(|exception| exception.date == date) {
            return &exception.open;
        }
        let holiday = match self.holidays {
            Holidays::None => false,
            Holidays::Sweden => is_holiday(date),
            Holidays::SwedenEves => is_holiday(date) || is_eve(date),
        };
        if holiday {
            return &[];
        }
        let monday_first = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        self.open.get(monday_first).map(Vec::as_slice).unwrap_or_default()
    }

    /// Is it open?
    pub fn is_open(&self, at: DateTime) -> bool {
        let minute = minute(at.time());
        self.on(at.date()).iter().any(|span| span.contains(minute))
    }

    /// The end of the day that is open at a moment, or of the next that will be.
    pub fn day_ends(&self, after: DateTime) -> Option<DateTime> {
        let ends = days(after.date()).filter_map(|date| moment(date, self.on(date).last()?.until()));
        ends.take(DAYS_MAX).find(|end| *end > after)
    }

    /// The beginning of the first open day after a day.
    pub fn next_day_begins(&self, after: Date) -> Option<DateTime> {
        let begins = |date: Date| moment(date, self.on(date).first()?.from());
        days(tomorrow(after)?).take(DAYS_MAX).find_map(begins)
    }

    /// The first day that is open, from a day on.
    pub fn first_open_day(&self, from: Date) -> Option<Date> {
        days(from).take(DAYS_MAX).find(|date| !self.on(*date).is_empty())
    }
}

fn days(from: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), |date| tomorrow(*date))
}

/// Minutes since midnight on the clock.
fn minute(time: Time) -> u16 {
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

/// The moment so many minutes into a day on the clock; 1440 is the next midnight.
fn moment(date: Date, minutes: u16) -> Option<DateTime> {
    if minutes >= 1440 {
        return Some(tomorrow(date)?.to_datetime(Time::midnight()));
    }
    let time = Time::new((minutes / 60) as i8, (minutes % 60) as i8, 0, 0).ok()?;
    Some(date.to_datetime(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().expect("a date and time")
    }

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn a_working_day_ends_at_its_last_minute_or_that_of_the_next() {
        let hours = Hours::working();
        for (now, ends) in [
            ("2026-11-23T12:00", "2026-11-23T17:00"),
            ("2026-11-23T06:00", "2026-11-23T17:00"),
            ("2026-11-23T17:00", "2026-11-24T17:00"),
            ("2026-11-27T18:00", "2026-11-30T17:00"),
            // Christmas is on Friday and Saturday.
            ("2026-12-24T18:00", "2026-12-28T17:00"),
        ] {
            assert_eq!(hours.day_ends(at(now)), Some(at(ends)), "{now}");
        }
    }

    #[test]
    fn the_next_working_day_comes_after_weekends_holidays_and_single_closed_days() {
        let mut hours = Hours::working();
        assert_eq!(hours.next_day_begins(date("2026-11-27")), Some(at("2026-11-30T08:00")));
        assert_eq!(hours.next_day_begins(date("2026-12-31")), Some(at("2027-01-04T08:00")));
        let closed = super::super::hours::DayException { date: date("2027-01-04"), open: Vec::new() };
        hours.exceptions.push(closed);
        assert_eq!(hours.next_day_begins(date("2026-12-31")), Some(at("2027-01-05T08:00")));
        assert_eq!(hours.first_open_day(date("2027-01-01")), Some(date("2027-01-05")));
        hours.holidays = Holidays::SwedenEves;
        assert_eq!(hours.next_day_begins(date("2026-12-30")), Some(at("2027-01-05T08:00")));
    }

    #[test]
    fn hours_that_never_open_have_no_next_day() {
        let never = Hours { open: Default::default(), ..Hours::working() };
        assert_eq!(never.day_ends(at("2026-11-23T12:00")), None);
        assert_eq!(never.next_day_begins(date("2026-11-23")), None);
        assert!(!never.is_open(at("2026-11-23T12:00")));
    }

    #[test]
    fn a_span_is_open_from_its_first_minute_until_before_its_last() {
        let hours = Hours::working();
        let open = |time: &str| hours.is_open(at(&format!("2026-11-23T{time}")));
        assert_eq!(["07:59", "08:00", "16:59", "17:00"].map(open), [false, true, true, false]);
    }
}
