//! From what somebody dialled, in any spelling, to the number it means.

use super::plan::{self, AreaCode, SWEDEN};
use super::{E164, Extension, ShortNumber};
use crate::Class;
use std::fmt;
use thiserror::Error;

/// What a dialled text means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Number {
    /// One of the company's own extensions.
    Internal(Extension),
    /// A short number of the country: reached from inside it only, never written with +46.
    Short(ShortNumber, Class),
    /// A number of the public network.
    Public(E164, Class),
    /// A feature code, as dialled without separators: `*21*202#`, `#31#0812345678`, `*8`.
    Code(String),
    /// Nothing that could be called.
    Unknown(Unknown),
}

/// Why a dialled text cannot be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Unknown {
    /// No digit at all.
    #[error("no number was given")]
    Empty,
    /// Letters and the like.
    #[error("it holds other signs than a telephone number can")]
    NotANumber,
    /// More digits than any number has.
    #[error("it has more digits than any telephone number")]
    TooLong,
    /// As long as an extension, but nobody has it.
    #[error("nobody has that extension")]
    NoSuchExtension,
    /// No area and no service has these first digits.
    #[error("the number plan has no numbers that begin so")]
    NoSuchArea,
    /// The area is there, but its numbers have more or fewer digits.
    #[error("numbers that begin so have more or fewer digits")]
    WrongLength,
}

impl Number {
    /// The class of the number, if it is one that can be called.
    pub fn class(&self) -> Option<Class> {
        match self {
            Number::Internal(_) => Some(Class::Internal),
            Number::Short(_, class) | Number::Public(_, class) => Some(*class),
            Number::Code(_) | Number::Unknown(_) => None,
        }
    }

    /// As it is written for people in Sweden: `08-123 456 78`, `113 13`, `201`.
    pub fn national(&self) -> String {
        match self {
            Number::Short(short, _) => short.national(),
            Number::Public(number, _) => number.national(),
            Number::Internal(_) | Number::Code(_) | Number::Unknown(_) => self.to_string(),
        }
    }
}

/// As it goes over the wire and into records: `+46812345678`, `112`, `201`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Internal(extension) => extension.fmt(f),
            Number::Short(short, _) => short.fmt(f),
            Number::Public(number, _) => number.fmt(f),
            Number::Code(code) => f.write_str(code),
            Number::Unknown(_) => Ok(()),
        }
    }
}

/// Where a number is dialled: decides what it means when its beginning is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// A number dialled without area code belongs here.
    pub area_code: AreaCode,
    /// How long the company's extensions are.
    pub internal_digits: u8,
}

/// Longer texts are not looked at.
const LONGEST_TEXT: usize = 128;

impl Numbering {
    /// What a dialled text means: +46…, 0046…, 08-123 45 67, 123 45 67, 201, 112, *21*202#, tel:….
    ///
    /// `exists` says which extensions the company has: a number as long as an extension that nobody has is
    /// tried as a number of the own area.
    pub fn read(&self, dialled: &str, exists: impl Fn(Extension) -> bool) -> Number {
        match Spelling::of(dialled) {
            Err(why) => Number::Unknown(why),
            Ok(Spelling::Code(code)) => Number::Code(code),
            Ok(Spelling::Global(digits)) => global(&digits),
            Ok(Spelling::Local(digits)) => self.local(&digits, exists),
        }
    }

    /// The number of somebody who calls from outside, as generously as can be: foreign and unheard-of numbers
    /// are numbers too. None where nothing was sent, or something that is no public number.
    pub fn caller(&self, text: &str) -> Option<E164> {
        let digits = match Spelling::of(text).ok()? {
            Spelling::Code(_) => return None,
            Spelling::Global(digits) => digits,
            Spelling::Local(digits) => match (digits.strip_prefix("00"), digits.strip_prefix('0')) {
                (Some(abroad), _) => abroad.to_owned(),
                (None, Some(national)) => format!("{SWEDEN}{national}"),
                (None, None) => match self.local(&digits, |_| false) {
                    Number::Public(number, _) => return Some(number),
                    _ => return None,
                },
            },
        };
        // Whatever zeros a letterhead puts there, the number read once reads the same again.
        let digits = match digits.strip_prefix(SWEDEN) {
            Some(national) => format!("{SWEDEN}{}", national.trim_start_matches('0')),
            None => digits,
        };
        let whole = digits.len() <= 15 && !digits.starts_with('0');
        whole.then(|| digits.parse().ok().and_then(E164::new))?
    }

    fn local(&self, digits: &str, exists: impl Fn(Extension) -> bool) -> Number {
        let help = ShortNumber::EMERGENCY;
        if digits == "112" {
            return Number::Short(help, Class::Emergency);
        }
        let extension: Option<Extension> =
            (digits.len() == usize::from(self.internal_digits)).then(|| digits.parse().ok()).flatten();
        if let Some(extension) = extension.filter(|extension| exists(*extension)) {
            return Number::Internal(extension);
        }
        if let Some(short) = short(digits) {
            return short;
        }
        if let Some(abroad) = digits.strip_prefix("00") {
            return global(abroad);
        }
        if let Some(national) = digits.strip_prefix('0') {
            return swedish(national);
        }
        let here = swedish(&format!("{}{digits}", self.area_code.destination()));
        match here {
            Number::Public(..) => here,
            _ if extension.is_some() => Number::Unknown(Unknown::NoSuchExtension),
            // Some operators leave the plus sign out.
            _ if digits.starts_with(SWEDEN) && digits.len() > 9 => global(digits),
            _ => here,
        }
    }
}

/// A text after separators and decoration are gone.
enum Spelling {
    /// Begins with `*` or `#`.
    Code(String),
    /// Began with a plus sign: country code first.
    Global(String),
    /// Anything else.
    Local(String),
}

impl Spelling {
    fn of(text: &str) -> Result<Self, Unknown> {
        if text.len() > LONGEST_TEXT {
            return Err(Unknown::TooLong);
        }
        let text = text.trim();
        let text = match text.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => &text[4..],
            _ => text,
        };
        let (number, parameters) = text.split_once(';').unwrap_or((text, ""));
        let signs = signs(number)?;
        if signs.starts_with(['*', '#']) {
            return Ok(Spelling::Code(signs));
        }
        // The key that ends a number on many phones.
        let signs = signs.strip_suffix('#').unwrap_or(&signs);
        let (global, digits) = match signs.strip_prefix('+') {
            Some(digits) => (true, digits),
            None => (false, signs),
        };
        if digits.contains(['+', '*', '#']) {
            return Err(Unknown::NotANumber);
        }
        if digits.is_empty() {
            return Err(Unknown::Empty);
        }
        if global {
            return Ok(Spelling::Global(digits.to_owned()));
        }
        // RFC 3966 section 5.1.5: a context that begins with + stands before the digits.
        match phone_context(parameters) {
            Some(context) => Ok(Spelling::Global(format!("{context}{digits}"))),
            None => Ok(Spelling::Local(digits.to_owned())),
        }
    }
}

/// The text without what people and RFC 3966 section 3 put between digits.
fn signs(number: &str) -> Result<String, Unknown> {
    let mut signs = String::with_capacity(number.len());
    for sign in number.chars() {
        match sign {
            '0'..='9' | '*' | '#' => signs.push(sign),
            // Also within a code, before the number it carries: *21*+46…#.
            '+' if signs.is_empty() || signs.ends_with('*') => signs.push(sign),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{202f}' => {}
            // Dashes, and the invisible marks that copying from a page leaves behind.
            '\u{2010}'..='\u{2014}' | '\u{2009}' | '\u{200b}' | '\u{200e}' | '\u{200f}' => {}
            '\u{202a}' | '\u{202c}' | '\u{2066}'..='\u{2069}' => {}
            _ => return Err(Unknown::NotANumber),
        }
    }
    Ok(signs)
}

fn phone_context(parameters: &str) -> Option<String> {
    let contexts = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let (_, context) = contexts.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("phone-context"))?;
    let digits = signs(context).ok()?;
    digits.strip_prefix('+').map(str::to_owned)
}

/// A number with its country code first.
fn global(digits: &str) -> Number {
    let digits = without_inner_zero(digits);
    if digits.len() > 15 {
        return Number::Unknown(Unknown::TooLong);
    }
    if let Some(national) = digits.strip_prefix(SWEDEN) {
        // A phone that puts +46 before everything must still reach 112.
        return short(national).unwrap_or_else(|| swedish(national));
    }
    if digits.starts_with('0') || digits.is_empty() {
        return Number::Unknown(Unknown::NoSuchArea);
    }
    match digits.parse().ok().and_then(E164::new) {
        Some(number) => Number::Public(number, Class::International(plan::zone(&digits))),
        None => Number::Unknown(Unknown::WrongLength),
    }
}

/// +46 (0)8 is a habit of letterheads.
fn without_inner_zero(digits: &str) -> std::borrow::Cow<'_, str> {
    match digits.strip_prefix("460") {
        Some(national) => format!("{SWEDEN}{national}").into(),
        None => digits.into(),
    }
}

fn short(digits: &str) -> Option<Number> {
    let class = plan::short(digits)?;
    Some(Number::Short(ShortNumber(digits.parse().ok()?), class))
}

/// A national number without prefix: destination code and subscriber number.
fn swedish(national: &str) -> Number {
    if national.len() > 13 {
        return Number::Unknown(Unknown::TooLong);
    }
    let Some(code) = plan::destination(national) else {
        return Number::Unknown(Unknown::NoSuchArea);
    };
    let (fewest, most) = code.digits;
    // A subscriber number never begins with 0: inside its area that would be the national prefix.
    let geographic = code.class == Class::National && !national.starts_with("10");
    let prefixed = geographic && national[code.length..].starts_with('0');
    if !(fewest..=most).contains(&national.len()) || prefixed {
        return Number::Unknown(Unknown::WrongLength);
    }
    match format!("{SWEDEN}{national}").parse().ok().and_then(E164::new) {
        Some(number) => Number::Public(number, code.class),
        None => Number::Unknown(Unknown::WrongLength),
    }
}
