//! Ranges of numbers, as trunks own them.

use super::E164;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// One number or a row of them: `+46812345200`, `+46812345200-299`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NumberRange {
    first: E164,
    last: E164,
}

/// Why a text is no [`NumberRange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotARange {
    /// The first number is none.
    #[error("a range is written +46812345200-299, a single number +46812345200")]
    First,
    /// What follows the dash is neither last digits nor a whole number.
    #[error("after the dash come the last digits of the last number, as in +46812345200-299")]
    Last,
    /// It ends before it begins.
    #[error("the range ends before it begins")]
    Backwards,
    /// It is larger than any company's.
    #[error("a range holds at most 100,000 numbers")]
    TooLarge,
}

impl NumberRange {
    /// Is the number in the range?
    pub fn contains(&self, number: E164) -> bool {
        (self.first..=self.last).contains(&number)
    }

    /// Its first number.
    pub fn first(&self) -> E164 {
        self.first
    }

    /// Its last number.
    pub fn last(&self) -> E164 {
        self.last
    }
}

impl FromStr for NumberRange {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, NotARange> {
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (first, Some(last)),
            None => (text, None),
        };
        let first: E164 = first.trim().parse().map_err(|_| NotARange::First)?;
        let last = match last.map(str::trim) {
            None => first,
            Some(whole) if whole.starts_with('+') => whole.parse().map_err(|_| NotARange::Last)?,
            Some(digits) => ending(first, digits).ok_or(NotARange::Last)?,
        };
        match last.digits().checked_sub(first.digits()) {
            None => Err(NotARange::Backwards),
            Some(100_000..) => Err(NotARange::TooLarge),
            Some(_) => Ok(Self { first, last }),
        }
    }
}

/// The number with its last digits replaced.
fn ending(number: E164, digits: &str) -> Option<E164> {
    let whole = number.digits().to_string();
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let kept = whole.len().checked_sub(digits.len()).filter(|kept| plain && *kept > 2)?;
    format!("+{}{digits}", &whole[..kept]).parse().ok()
}

impl fmt::Display for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return self.first.fmt(f);
        }
        let (first, last) = (self.first.digits().to_string(), self.last.digits().to_string());
        let same = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
        match last.get(same..).filter(|_| first.len() == last.len() && same > 2) {
            Some(ending) => write!(f, "+{first}-{ending}"),
            None => write!(f, "+{first}-+{last}"),
        }
    }
}

impl fmt::Debug for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
