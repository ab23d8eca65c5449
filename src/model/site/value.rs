//! Readers of single values.

use super::fields::{Read, Wrong, kind, shown};
use super::mistake::suggestion;
use super::secret::Pin;
use jiff::civil::Date;
use std::ops::RangeInclusive;
use std::str::FromStr;
use toml::Value;

/// Any text on one line, not empty, at most 200 characters.
pub(super) fn line(value: &Value) -> Read<String> {
    let text = string(value)?;
    match text.chars().count() {
        _ if text.trim().is_empty() => Err(Wrong("this must not be empty".to_owned())),
        201.. => Err(Wrong("this may have at most 200 characters".to_owned())),
        _ if text.chars().any(char::is_control) => {
            Err(Wrong("this must be one line of plain text".to_owned()))
        }
        _ => Ok(text.to_owned()),
    }
}

/// What is to be spoken: at most 2,000 characters.
pub(super) fn speech(value: &Value) -> Read<String> {
    let text = string(value)?;
    match text.chars().count() {
        _ if text.trim().is_empty() => Err(Wrong("this must not be empty".to_owned())),
        2001.. => Err(Wrong("this may have at most 2000 characters".to_owned())),
        _ => Ok(text.to_owned()),
    }
}

/// True or false.
pub(super) fn flag(value: &Value) -> Read<bool> {
    value.as_bool().ok_or_else(|| Wrong(format!("true or false belongs here, not {}", kind(value))))
}

/// A whole number within bounds.
pub(super) fn count(bounds: RangeInclusive<u32>) -> impl Fn(&Value) -> Read<u32> {
    move |value| {
        let (low, high) = (bounds.start(), bounds.end());
        let number = value
            .as_integer()
            .ok_or_else(|| Wrong(format!("a whole number belongs here, not {}", kind(value))))?;
        u32::try_from(number)
            .ok()
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| Wrong(format!("{number} is not between {low} and {high}")))
    }
}

/// One word out of a list.
pub(super) fn word<T: Copy + 'static>(words: &'static [(&'static str, T)]) -> impl Fn(&Value) -> Read<T> {
    move |value| {
        let text = string(value)?;
        words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let all = all.join(", ");
            Wrong(format!("\"{}\" is not known; it is one of: {all}", shown(text)))
        })
    }
}

/// Text that a type knows how to read.
pub(super) fn parsed<T: FromStr<Err: std::error::Error>>(value: &Value) -> Read<T> {
    let text = string(value)?;
    text.parse().map_err(|why: T::Err| Wrong(format!("\"{}\": {why}", shown(text))))
}

/// An id: it appears in paths, commands and addresses.
pub(super) fn id<T: for<'t> From<&'t str>>(value: &Value) -> Read<T> {
    let text = string(value)?;
    let right = (1..=64).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if right {
        Ok(T::from(text))
    } else {
        Err(Wrong(format!(
            "\"{}\" cannot be an id: 1 to 64 letters a-z, digits, and - _ . inside",
            shown(text)
        )))
    }
}

/// Digits that are pressed to prove who somebody is.
pub(super) fn pin(value: &Value) -> Read<Pin> {
    let text = string(value)?;
    let right = (4..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    right.then(|| Pin::new(text)).ok_or_else(|| Wrong("a PIN is 4 to 12 digits in quotes".to_owned()))
}

/// A secret: anything of 1 to 200 characters on one line.
pub(super) fn secret(value: &Value) -> Read<String> {
    line(value)
}

/// A date, `2026-12-30`, in quotes or as TOML has it.
pub(super) fn date(value: &Value) -> Read<Date> {
    let text = match value {
        Value::Datetime(stamp) => stamp.to_string(),
        other => string(other)?.to_owned(),
    };
    let wrong = || Wrong(format!("\"{}\" is no date; it is written 2026-12-30", shown(&text)));
    // jiff would take a time after the date as well.
    if text.len() != 10 { Err(wrong()) } else { text.parse().map_err(|_| wrong()) }
}

/// A moment, `2026-11-01T08:00:00Z`, in quotes or as TOML has it.
pub(super) fn moment(value: &Value) -> Read<jiff::Timestamp> {
    let text = match value {
        Value::Datetime(stamp) => stamp.to_string(),
        other => string(other)?.to_owned(),
    };
    text.parse()
        .map_err(|_| Wrong(format!("\"{}\" is no moment; it is written 2026-11-01T08:00:00Z", shown(&text))))
}

/// A mail address, as far as that can be told.
pub(super) fn email(value: &Value) -> Read<String> {
    let text = line(value)?;
    let right = matches!(text.split_once('@'), Some((name, host)) if !name.is_empty() && !host.is_empty())
        && !text.contains(char::is_whitespace);
    right.then_some(text).ok_or_else(|| Wrong("this is no mail address".to_owned()))
}

/// The text in a value.
pub(super) fn string(value: &Value) -> Read<&str> {
    value.as_str().ok_or_else(|| Wrong(format!("text in quotes belongs here, not {}", kind(value))))
}

/// A reference to something of the document: it must be there.
pub(super) fn reference<'k, T: for<'t> From<&'t str> + 'k>(
    what: &'static str,
    known: &'k super::known::Ids,
) -> impl Fn(&Value) -> Read<T> + 'k {
    move |value| {
        let text = string(value)?;
        if known.contains(text) { Ok(T::from(text)) } else { Err(missing(what, text, known)) }
    }
}

/// Says that something is referred to and not there.
pub(super) fn missing(what: &str, id: &str, known: &super::known::Ids) -> Wrong {
    let meant = suggestion(id, known.iter().map(String::as_str));
    Wrong(format!("there is no {what} \"{}\"{meant}", shown(id)))
}
