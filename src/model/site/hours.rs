//! Opening hours.

use super::defaults::most;
use super::fields::{Fields, Read, Wrong, kind, shown};
use super::then::Then;
use super::value::{date, id, string, word};
use crate::HoursId;
use jiff::civil::Date;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use toml::Value;

/// `[[hours]]`: when something is open, in the company's time zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    /// Its id.
    pub id: HoursId,
    /// Monday first. A day without spans is closed.
    pub open: [Vec<Span>; 7],
    /// Days that are closed whatever day of the week they are.
    pub holidays: Holidays,
    /// Single days that are otherwise.
    pub exceptions: Vec<DayException>,
    /// What happens to calls when it is closed.
    pub closed: Option<Then>,
}

/// Which holidays are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Holidays {
    /// None.
    #[default]
    None,
    /// Those of Sweden.
    Sweden,
    /// Those of Sweden, and the eves of Easter, Midsummer, Christmas and the New Year.
    SwedenEves,
}

const HOLIDAYS: &[(&str, Holidays)] =
    &[("none", Holidays::None), ("sweden", Holidays::Sweden), ("sweden-eves", Holidays::SwedenEves)];

/// One day that is otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayException {
    /// Which.
    pub date: Date,
    /// When it is open then; empty where it is closed.
    pub open: Vec<Span>,
}

/// A part of a day, in minutes since midnight: from the first until before the last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    from: u16,
    until: u16,
}

/// Why a text is no [`Span`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotASpan {
    /// Not two times with a dash between.
    #[error("opening hours are written 08:00-17:00")]
    Spelling,
    /// It ends before it begins.
    #[error("it ends before it begins; a night is written as two spans, 22:00-24:00 and 00:00-06:00")]
    Backwards,
}

impl Span {
    /// Is the minute of the day in it?
    pub fn contains(self, minute: u16) -> bool {
        (self.from..self.until).contains(&minute)
    }

    /// Minutes from midnight to its beginning.
    pub fn from(self) -> u16 {
        self.from
    }

    /// Minutes from midnight to its end, 1440 at most.
    pub fn until(self) -> u16 {
        self.until
    }
}

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let (from, until) = text.split_once('-').ok_or(NotASpan::Spelling)?;
        let (from, until) =
            (minutes(from).ok_or(NotASpan::Spelling)?, minutes(until).ok_or(NotASpan::Spelling)?);
        if from < until { Ok(Self { from, until }) } else { Err(NotASpan::Backwards) }
    }
}

fn minutes(time: &str) -> Option<u16> {
    let (hours, minutes) = time.split_once(':')?;
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u8>().ok()).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let right = (hours < 24 && minutes < 60) || (hours == 24 && minutes == 0);
    right.then(|| u16::from(hours) * 60 + u16::from(minutes))
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from, self.until);
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The keys of `open`, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Hours {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.need("id", id::<HoursId>);
        let open =
            fields.table("open", |fields| DAYS.map(|day| fields.maybe(day, spans).unwrap_or_default()));
        if !fields.has("open") {
            fields.wrong("open", "this must be given; open = {} means never");
        }
        let holidays = fields.or("holidays", word(HOLIDAYS), Holidays::default());
        let closed = Then::table(fields, "closed", None);
        let exceptions = fields.tables("exceptions", most::EXCEPTIONS, |fields| {
            let date = fields.need("date", date);
            let open = fields.need("open", spans);
            Some(DayException { date: date?, open: open? })
        });
        for (at, exception) in exceptions.iter().enumerate() {
            if exceptions[..at].iter().any(|earlier| earlier.date == exception.date) {
                fields.wrong("exceptions", format!("{} is there twice", exception.date));
            }
        }
        Some(Self { id: id?, open: open?, holidays, exceptions, closed })
    }
}

fn spans(value: &Value) -> Read<Vec<Span>> {
    let list = value
        .as_array()
        .ok_or_else(|| Wrong(format!("a list like [\"08:00-17:00\"] belongs here, not {}", kind(value))))?;
    if list.len() > 48 {
        return Err(Wrong("a day has at most 48 spans".to_owned()));
    }
    let mut spans = Vec::with_capacity(list.len());
    for value in list {
        let text = string(value)?;
        let span: Span = text.parse().map_err(|why| Wrong(format!("\"{}\": {why}", shown(text))))?;
        spans.push(span);
    }
    spans.sort_unstable();
    match spans.windows(2).find(|pair| pair[1].from < pair[0].until) {
        Some(pair) => Err(Wrong(format!("{} and {} overlap", pair[0], pair[1]))),
        None => Ok(spans),
    }
}
