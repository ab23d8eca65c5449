//! Telephone numbers: the Swedish number plan, how people spell numbers, and how they are shown.
//!
//! The tables are ours, not libphonenumber's: the `phonenumber` crate brings 20 further crates, takes 113 ms
//! (optimised) and 6 MiB before its first answer, and knows neither the short numbers nor the classes.

mod dialled;
mod plan;
mod range;
#[cfg(test)]
mod tests;

pub use dialled::{Number, Numbering, Unknown};
pub use plan::{AreaCode, NotAnAreaCode};
pub use range::{NotARange, NumberRange};

use plan::SWEDEN;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A public number as ITU-T E.164 writes it: country code and national number, at most 15 digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164(u64);

/// Why a text is no [`E164`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a number is written +46812345201: a plus sign, then 7 to 15 digits")]
pub struct NotE164;

impl E164 {
    /// The number with these digits, country code first.
    pub fn new(digits: u64) -> Option<Self> {
        let country_is_first = (1_000_000..1_000_000_000_000_000).contains(&digits);
        country_is_first.then_some(Self(digits))
    }

    /// Its digits, country code first.
    pub fn digits(self) -> u64 {
        self.0
    }

    /// As Swedes write it: `08-123 456 78`, `0171-12 34 56`; a foreign number as [`E164::international`].
    pub fn national(self) -> String {
        let digits = self.0.to_string();
        match plan::split(&digits) {
            Some((area, subscriber)) => format!("0{area}-{}", plan::group(subscriber)),
            None => self.international(),
        }
    }

    /// The groups of digits it is read out in: `08 123 456 78`, `0171 12 34 56`; the first of a foreign number is its
    /// country code, `+47 401 234 56`.
    pub fn groups(self) -> Vec<String> {
        let digits = self.0.to_string();
        let foreign = || {
            let (country, rest) = digits.split_at(plan::country_length(&digits).min(digits.len()));
            (format!("+{country}"), plan::threes(rest))
        };
        // A number the plan does not know is read as one of a small town.
        let unplanned = || digits.strip_prefix(SWEDEN)?.split_at_checked(3);
        let (first, rest) = match plan::split(&digits).or_else(unplanned) {
            Some((area, subscriber)) => (format!("0{area}"), plan::group(subscriber)),
            None => foreign(),
        };
        std::iter::once(first).chain(rest.split_whitespace().map(str::to_owned)).collect()
    }

    /// As it is written for the whole world: `+46 8 123 456 78`.
    pub fn international(self) -> String {
        let digits = self.0.to_string();
        match plan::split(&digits) {
            Some((area, subscriber)) => format!("+{SWEDEN} {area} {}", plan::group(subscriber)),
            None => {
                let (country, rest) = digits.split_at(plan::country_length(&digits).min(digits.len()));
                format!("+{country} {rest}")
            }
        }
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl FromStr for E164 {
    type Err = NotE164;

    fn from_str(text: &str) -> Result<Self, NotE164> {
        let digits = text.strip_prefix('+').ok_or(NotE164)?;
        let plain = digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit());
        if !plain || digits.starts_with('0') {
            return Err(NotE164);
        }
        digits.parse().ok().and_then(Self::new).ok_or(NotE164)
    }
}

impl Serialize for E164 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for E164 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A number inside the company: 2 to 6 digits, the first not 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension(u32);

/// Why a text is no [`Extension`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an extension is 2 to 6 digits and does not begin with 0")]
pub struct NotAnExtension;

impl Extension {
    /// 133: everybody's own mailbox.
    pub const OWN_MAILBOX: Self = Self(133);

    /// Do these digits mean something in the national number plan, as 112 and 1177 do?
    pub fn is_short_number(self) -> bool {
        plan::short(&self.0.to_string()).is_some()
    }

    /// The groups of digits it is read out in: `201`, `20 15`, `123 45`.
    pub fn groups(self) -> Vec<String> {
        plan::group(&self.0.to_string()).split_whitespace().map(str::to_owned).collect()
    }

    /// How many digits it has.
    pub fn length(self) -> u8 {
        // At most 6 digits.
        (self.0.ilog10() + 1) as u8
    }
}

impl FromStr for Extension {
    type Err = NotAnExtension;

    fn from_str(text: &str) -> Result<Self, NotAnExtension> {
        let right = (2..=6).contains(&text.len())
            && !text.starts_with('0')
            && text.bytes().all(|b| b.is_ascii_digit());
        if !right {
            return Err(NotAnExtension);
        }
        text.parse().map(Self).map_err(|_| NotAnExtension)
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A short number of the national plan that has no form abroad: 112, 113 13, 116 117, 1177, 118 118.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortNumber(u32);

impl ShortNumber {
    /// The one number for help.
    pub const EMERGENCY: Self = Self(112);

    /// The groups of digits it is read out in: `112`, `113 13`, `116 117`, `11 77`.
    pub fn groups(self) -> Vec<String> {
        let digits = self.0.to_string();
        let read = match digits.len() {
            4 => plan::group(&digits),
            _ => self.national(),
        };
        read.split_whitespace().map(str::to_owned).collect()
    }

    /// As people write it: `112`, `113 13`, `116 117`, `1177`.
    pub fn national(self) -> String {
        let digits = self.0.to_string();
        match digits.len() {
            0..=4 => digits,
            _ => format!("{} {}", &digits[..3], &digits[3..]),
        }
    }
}

impl fmt::Display for ShortNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ShortNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
