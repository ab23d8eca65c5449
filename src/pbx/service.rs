//! Service codes (plustjänster): how table 2.3's codes are built, and what each sets or asks.
//!
//! ```text
//! *21*202#   **21*202#   set        *21#         again, as last set
//! #21#       ##21#       clear      *#21#        how is it?
//! ```

use model::{Setting, When};

/// A service code, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Sets something.
    Set(Setting),
    /// Asks whether something is in force.
    Ask(Question),
    /// It is built as a service code, but says something that cannot be.
    Wrong(&'static str),
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
}
