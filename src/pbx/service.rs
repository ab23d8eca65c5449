//! Service codes (plustjänster): how table 2.3's codes are built, and what each sets or asks.
//!
//! ```text
//! *21*202#   **21*202#   set        *21#         again, as last set
//! #21#       ##21#       clear      *#21#        how is it?
//! ```

use jiff::civil::{Date, DateTime, Time};
use model::{Setting, When};

/// A service code, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Sets something.
    Set(Setting),
    /// Asks whether something is in force.
    Ask(Question),
    /// Says what one is doing: an activity by its code, and until when.
    Activity(u8, Option<Until>),
    /// It is built as a service code, but says something that cannot be.
    Wrong(&'static str),
}

/// Until when an activity lasts, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// `hhmm`: the clock, today or, where that has passed, tomorrow.
    Clock(i8, i8),
    /// `mmdd`, after an empty part: the first day back, this year or the next.
    Day(i8, i8),
}

impl Until {
    /// As [`Setting::Activity`] has it, seen from a reading of the clock; none where it cannot be.
    pub fn text(self, now: DateTime) -> Option<String> {
        match self {
            Until::Clock(hour, minute) => {
                let time = Time::new(hour, minute, 0, 0).ok()?;
                if time > now.time() {
                    return Some(format!("{hour:02}:{minute:02}"));
                }
                let tomorrow = now.date().tomorrow().ok()?;
                // Local readings have no offset; that of the company is added by whoever reads it.
                Some(format!("{tomorrow}T{hour:02}:{minute:02}"))
            }
            Until::Day(month, day) => {
                let this = Date::new(now.year(), month, day).ok().filter(|date| *date > now.date());
                let date = this.or_else(|| Date::new(now.year().checked_add(1)?, month, day).ok())?;
                Some(date.to_string())
            }
        }
    }
}

/// What can be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// A forward, for any caller.
    Forward(When),
    /// Is the number hidden unless said otherwise?
    HideNumber,
    /// May a second call knock?
    CallWaiting,
    /// Are anonymous callers turned away?
    RefuseAnonymous,
    /// Do no phones ring?
    DoNotDisturb,
    /// What is one doing?
    Activity,
}

/// What stands before the service's number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Set,
    Clear,
    Ask,
}

impl Service {
    /// Reads a code, with or without the `#` that ends it; none where it is no service code.
    pub fn read(dialled: &str) -> Option<Self> {
        let (sign, rest) = split_sign(dialled)?;
        let rest = rest.strip_suffix('#').unwrap_or(rest);
        let (service, parameters) = match rest.split_once('*') {
            Some((service, parameters)) => (service, Some(parameters)),
            None => (rest, None),
        };
        let when = match service {
            "21" => Some(When::Always),
            "61" => Some(When::NoAnswer),
            "67" => Some(When::Busy),
            "62" => Some(When::Unreachable),
            _ => None,
        };
        match (when, sign, parameters) {
            (Some(when), Sign::Set, Some(parameters)) => Some(forward(when, parameters)),
            (Some(when), Sign::Set, None) => Some(Self::Set(Setting::ForwardAgain { when })),
            (Some(when), Sign::Clear, _) => {
                Some(Self::Set(Setting::ForwardClear { when: Some(when), callers: None }))
            }
            (Some(when), Sign::Ask, _) => Some(Self::Ask(Question::Forward(when))),
            (None, Sign::Clear, None) if service == "002" => {
                Some(Self::Set(Setting::ForwardClear { when: None, callers: None }))
            }
            (None, sign, parameters) if service == "23" => Some(activity(sign, parameters)),
            (None, sign, None) => switch(service, sign),
            (None, _, Some(_)) => None,
        }
    }
}

fn split_sign(dialled: &str) -> Option<(Sign, &str)> {
    // The doubled signs are those of mobile telephones (3GPP TS 22.030).
    for (prefix, sign) in
        [("*#", Sign::Ask), ("**", Sign::Set), ("##", Sign::Clear), ("*", Sign::Set), ("#", Sign::Clear)]
    {
        if let Some(rest) = dialled.strip_prefix(prefix) {
            return Some((sign, rest));
        }
    }
    None
}

/// `NUMBER`, `NUMBER*SECONDS`, or `NUMBER*KIND*SECONDS` as mobile telephones have it.
fn forward(when: When, parameters: &str) -> Service {
    let parts: Vec<&str> = parameters.split('*').collect();
    let (number, seconds) = match parts.as_slice() {
        [number] => (*number, None),
        [number, seconds] | [number, _, seconds] if when == When::NoAnswer => (*number, Some(*seconds)),
        [number, _kind] => (*number, None),
        _ => return Service::Wrong("the code has too many parts"),
    };
    if number.is_empty() {
        return Service::Wrong("the code has no number");
    }
    let after_s = match seconds.map(str::parse) {
        None => None,
        Some(Ok(seconds)) => Some(seconds),
        Some(Err(_)) => return Service::Wrong("the code's seconds are no number"),
    };
    let number = number.to_owned();
    Service::Set(Setting::Forward { when, callers: None, number, after_s, accept: None })
}

/// `*23*k#`, `*23*k*hhmm#`, `*23*k**mmdd#`, `#23#` and `*#23#`.
fn activity(sign: Sign, parameters: Option<&str>) -> Service {
    let parts: Vec<&str> = parameters.map(|parameters| parameters.split('*').collect()).unwrap_or_default();
    let two = |digits: &str| -> Option<(i8, i8)> {
        let (first, last) = digits.split_at_checked(2).filter(|_| digits.len() == 4)?;
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    let (code, until) = match (sign, parts.as_slice()) {
        (Sign::Clear, []) => return Service::Set(Setting::ActivityClear),
        (Sign::Ask, []) => return Service::Ask(Question::Activity),
        (Sign::Set, [code]) => (code, None),
        (Sign::Set, [code, clock]) => {
            (code, Some(two(clock).map(|(hour, minute)| Until::Clock(hour, minute))))
        }
        (Sign::Set, [code, "", day]) => (code, Some(two(day).map(|(month, day)| Until::Day(month, day)))),
        _ => return Service::Wrong("the code of an activity is *23*, its number and #"),
    };
    match (code.parse(), until) {
        (Err(_), _) => Service::Wrong("the activity is no number"),
        (Ok(_), Some(None)) => Service::Wrong("the end is not four digits"),
        (Ok(code), Some(Some(until))) => Service::Activity(code, Some(until)),
        (Ok(code), None) => Service::Activity(code, None),
    }
}

/// Services that are on or off.
fn switch(service: &str, sign: Sign) -> Option<Service> {
    let on = sign == Sign::Set;
    let (setting, question) = match service {
        // `*31#` shows and `#31#` hides, as they do before a number.
        "31" => (Setting::HideNumber { on: Some(!on) }, Question::HideNumber),
        "43" => (Setting::CallWaiting { on: Some(on) }, Question::CallWaiting),
        "44" => (Setting::RefuseAnonymous { on }, Question::RefuseAnonymous),
        "26" => (Setting::DoNotDisturb { on }, Question::DoNotDisturb),
        _ => return None,
    };
    Some(if sign == Sign::Ask { Service::Ask(question) } else { Service::Set(setting) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(when: When, number: &str, after_s: Option<u32>) -> Option<Service> {
        let number = number.to_owned();
        Some(Service::Set(Setting::Forward { when, callers: None, number, after_s, accept: None }))
    }

    fn clear(when: Option<When>) -> Option<Service> {
        Some(Service::Set(Setting::ForwardClear { when, callers: None }))
    }

    fn ask(question: Question) -> Option<Service> {
        Some(Service::Ask(question))
    }

    fn switched(setting: Setting) -> Option<Service> {
        Some(Service::Set(setting))
    }

    #[test]
    fn codes_of_fixed_and_of_mobile_telephones_are_read() {
        for (dialled, service) in [
            ("*21*202#", set(When::Always, "202", None)),
            ("*21*202", set(When::Always, "202", None)),
            ("**21*+46701234567#", set(When::Always, "+46701234567", None)),
            ("*21#", switched(Setting::ForwardAgain { when: When::Always })),
            ("#21#", clear(Some(When::Always))),
            ("##21#", clear(Some(When::Always))),
            ("##002#", clear(None)),
            ("*#21#", ask(Question::Forward(When::Always))),
            ("*61*202#", set(When::NoAnswer, "202", None)),
            ("*61*202*25#", set(When::NoAnswer, "202", Some(25))),
            ("**61*202*11*25#", set(When::NoAnswer, "202", Some(25))),
            ("*67*202#", set(When::Busy, "202", None)),
            ("**67*202*11#", set(When::Busy, "202", None)),
            ("*62*202#", set(When::Unreachable, "202", None)),
            ("#62#", clear(Some(When::Unreachable))),
            ("*#67#", ask(Question::Forward(When::Busy))),
            ("*31#", switched(Setting::HideNumber { on: Some(false) })),
            ("#31#", switched(Setting::HideNumber { on: Some(true) })),
            ("*#31#", ask(Question::HideNumber)),
            ("*43#", switched(Setting::CallWaiting { on: Some(true) })),
            ("#43#", switched(Setting::CallWaiting { on: Some(false) })),
            ("*44#", switched(Setting::RefuseAnonymous { on: true })),
            ("#44#", switched(Setting::RefuseAnonymous { on: false })),
            ("*26#", switched(Setting::DoNotDisturb { on: true })),
            ("#26#", switched(Setting::DoNotDisturb { on: false })),
            ("*#26#", ask(Question::DoNotDisturb)),
            ("*21*#", Some(Service::Wrong("the code has no number"))),
            ("*61*202*x#", Some(Service::Wrong("the code's seconds are no number"))),
            ("*21*202*1*2*3#", Some(Service::Wrong("the code has too many parts"))),
            ("*23*4#", Some(Service::Activity(4, None))),
            ("**23*12#", Some(Service::Activity(12, None))),
            ("*23*4*1315#", Some(Service::Activity(4, Some(Until::Clock(13, 15))))),
            ("*23*10**0107#", Some(Service::Activity(10, Some(Until::Day(1, 7))))),
            ("#23#", switched(Setting::ActivityClear)),
            ("*#23#", ask(Question::Activity)),
            ("*23#", Some(Service::Wrong("the code of an activity is *23*, its number and #"))),
            ("*23*x#", Some(Service::Wrong("the activity is no number"))),
            ("*23*4*131#", Some(Service::Wrong("the end is not four digits"))),
            ("*22*202#", None),
            ("*002#", None),
            ("*44*202#", None),
            ("*8202", None),
            ("*51", None),
            ("*3", None),
            ("21", None),
            ("*", None),
            ("#", None),
            ("", None),
        ] {
            assert_eq!(Service::read(dialled), service, "{dialled}");
        }
    }

    #[test]
    fn an_end_that_has_passed_today_is_tomorrows_and_a_day_that_has_passed_next_years() {
        let now: DateTime = "2026-11-23T12:00".parse().expect("a reading");
        for (until, text) in [
            (Until::Clock(13, 15), Some("13:15")),
            (Until::Clock(8, 0), Some("2026-11-24T08:00")),
            (Until::Clock(24, 0), None),
            (Until::Day(12, 1), Some("2026-12-01")),
            (Until::Day(1, 7), Some("2027-01-07")),
            (Until::Day(13, 1), None),
        ] {
            assert_eq!(until.text(now).as_deref(), text, "{until:?}");
        }
    }
}
