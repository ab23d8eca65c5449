//! The tables of the Swedish number plan (PTS; REQUIREMENTS 2.2), and the zones of other countries.

use crate::{Class, Zone};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Sweden's country code.
pub(super) const SWEDEN: &str = "46";

/// A geographic area code: `08`, `013`, `0171`. There are 264.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AreaCode(u16);

/// Why a text is no [`AreaCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is no such Swedish area code; it is written with its 0, for example 08 or 0171")]
pub struct NotAnAreaCode;

impl AreaCode {
    /// 08.
    pub const STOCKHOLM: Self = Self(8);

    /// Every area code, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        AREA_CODES.iter().copied().map(Self)
    }

    /// Without its 0.
    pub(super) fn destination(self) -> u16 {
        self.0
    }
}

impl FromStr for AreaCode {
    type Err = NotAnAreaCode;

    fn from_str(text: &str) -> Result<Self, NotAnAreaCode> {
        let code =
            text.strip_prefix('0').filter(|rest| !rest.starts_with(['0', '+'])).ok_or(NotAnAreaCode)?;
        let code = code.parse().map_err(|_| NotAnAreaCode)?;
        AREA_CODES.binary_search(&code).map_err(|_| NotAnAreaCode)?;
        Ok(Self(code))
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0{}", self.0)
    }
}

impl fmt::Debug for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0{}", self.0)
    }
}

/// What the plan says of one national destination code.
#[derive(Clone, Copy)]
pub(super) struct Destination {
    /// How many digits the code has.
    pub length: usize,
    /// The class of its numbers.
    pub class: Class,
    /// Fewest and most digits of a national number in it, the code included.
    pub digits: (usize, usize),
}

/// Codes for other things than places. Longer codes first: 0900 lies inside 090.
const SERVICES: [(&str, Class, (usize, usize)); 17] = [
    ("378", Class::M2m, (9, 13)),
    ("900", Class::Premium, (7, 10)),
    ("939", Class::Premium, (7, 10)),
    ("944", Class::Premium, (7, 10)),
    ("10", Class::National, (9, 9)),
    ("20", Class::Freephone, (6, 9)),
    ("70", Class::Mobile, (9, 9)),
    ("71", Class::M2m, (9, 13)),
    ("72", Class::Mobile, (9, 9)),
    ("73", Class::Mobile, (9, 9)),
    ("74", Class::Paging, (9, 9)),
    ("75", Class::Personal, (9, 9)),
    ("76", Class::Mobile, (9, 9)),
    ("77", Class::SharedCost, (9, 9)),
    ("78", Class::OperatorSpecific, (9, 9)),
    ("79", Class::Mobile, (9, 9)),
    ("99", Class::MassCall, (7, 10)),
];

/// The destination code that a national number (digits, no prefix) begins with.
pub(super) fn destination(national: &str) -> Option<Destination> {
    if let Some((code, class, digits)) = SERVICES.iter().find(|(code, ..)| national.starts_with(code)) {
        return Some(Destination { length: code.len(), class: *class, digits: *digits });
    }
    // No area code begins with 0, which reading it as a number would overlook: +46 00 8… has a prefix too many.
    if national.starts_with('0') {
        return None;
    }
    // No area code is the beginning of another.
    (1..=3).find_map(|length| {
        let code: u16 = national.get(..length)?.parse().ok()?;
        AREA_CODES.binary_search(&code).ok()?;
        let digits = match length {
            1 => (6, 9),
            2 => (7, 9),
            _ => (8, 9),
        };
        Some(Destination { length, class: Class::National, digits })
    })
}

/// Splits a Swedish number, country code first, into destination code and subscriber number.
pub(super) fn split(digits: &str) -> Option<(&str, &str)> {
    let national = digits.strip_prefix(SWEDEN)?;
    // The codes of 077 are 0771 to 0779, all of one kind.
    let length = if national.starts_with("77") { 3 } else { destination(national)?.length };
    (national.len() > length + 1).then(|| national.split_at(length))
}

/// Writes a foreign number's digits in threes; rather than one that stands alone, the last four are twos.
pub(super) fn threes(digits: &str) -> String {
    let twos = if digits.len() % 3 == 1 && digits.len() > 3 { 4 } else { 0 };
    let mut shown = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        let begins = if left <= twos { left.is_multiple_of(2) } else { at.is_multiple_of(3) };
        if begins && at > 0 {
            shown.push(' ');
        }
        shown.push(digit);
    }
    shown
}

/// Writes a subscriber number in groups, as Swedish directories do: 123 45, 12 34 56, 123 45 67, 123 456 78.
pub(super) fn group(subscriber: &str) -> String {
    let groups: &[usize] = match subscriber.len() {
        4 => &[2, 2],
        5 => &[3, 2],
        6 => &[2, 2, 2],
        7 => &[3, 2, 2],
        8 => &[3, 3, 2],
        9 => &[3, 3, 3],
        10 => &[3, 3, 2, 2],
        11 => &[3, 3, 3, 2],
        _ => return subscriber.to_owned(),
    };
    let mut shown = String::with_capacity(subscriber.len() + groups.len());
    let mut rest = subscriber;
    for size in groups {
        let (group, after) = rest.split_at(*size);
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(group);
        rest = after;
    }
    shown
}

/// The class of a short number of the national plan; none where the digits are no short number.
pub(super) fn short(digits: &str) -> Option<Class> {
    match (digits.get(..3)?, digits.len()) {
        ("112", 3) => Some(Class::Emergency),
        ("113", 5) if digits == "11313" => Some(Class::Society),
        ("114", 5) | ("116", 6) | ("117", 4) => Some(Class::Society),
        ("118", 5 | 6) => Some(Class::Directory),
        _ => None,
    }
}

/// How many digits the country code has that a number begins with (ITU-T E.164 annex D).
pub(super) fn country_length(digits: &str) -> usize {
    const TWO: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
        "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
        "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [_, _, ..] if TWO.contains(&&digits[..2]) => 2,
        _ => 3,
    }
}

/// Where the country lies that a number (not a Swedish one) begins with the code of.
pub(super) fn zone(digits: &str) -> Zone {
    const EUROPE: [&str; 30] = [
        "30", "31", "32", "33", "34", "351", "352", "353", "354", "356", "357", "358", "359", "36", "370",
        "371", "372", "385", "386", "39", "40", "420", "421", "423", "43", "45", "46", "47", "48", "49",
    ];
    let country = digits.get(..country_length(digits)).unwrap_or(digits);
    if EUROPE.contains(&country) { Zone::Europe } else { Zone::Other }
}

/// Every geographic code without its 0, ascending.
const AREA_CODES: [u16; 264] = [
    8, 11, 13, 16, 18, 19, 21, 23, 26, 31, 33, 35, 36, 40, 42, 44, 46, 54, 60, 63, 90, 120, 121, 122, 123,
    125, 140, 141, 142, 143, 144, 150, 151, 152, 155, 156, 157, 158, 159, 171, 173, 174, 175, 176, 220, 221,
    222, 223, 224, 225, 226, 227, 240, 241, 243, 246, 247, 248, 250, 251, 253, 258, 270, 271, 278, 280, 281,
    290, 291, 292, 293, 294, 295, 297, 300, 301, 302, 303, 304, 320, 321, 322, 325, 340, 345, 346, 370, 371,
    372, 380, 381, 382, 383, 390, 392, 393, 410, 411, 413, 414, 415, 416, 417, 418, 430, 431, 433, 435, 451,
    454, 455, 456, 457, 459, 470, 471, 472, 474, 476, 477, 478, 479, 480, 481, 485, 486, 490, 491, 492, 493,
    494, 495, 496, 498, 499, 500, 501, 502, 503, 504, 505, 506, 510, 511, 512, 513, 514, 515, 520, 521, 522,
    523, 524, 525, 526, 528, 530, 531, 532, 533, 534, 550, 551, 552, 553, 554, 555, 560, 563, 564, 565, 570,
    571, 573, 580, 581, 582, 583, 584, 585, 586, 587, 589, 590, 591, 611, 612, 613, 620, 621, 622, 623, 624,
    640, 642, 643, 644, 645, 647, 650, 651, 652, 653, 657, 660, 661, 662, 663, 670, 671, 672, 680, 682, 684,
    687, 690, 691, 692, 693, 695, 696, 910, 911, 912, 913, 914, 915, 916, 918, 920, 921, 922, 923, 924, 925,
    926, 927, 928, 929, 930, 932, 933, 934, 935, 940, 941, 942, 943, 950, 951, 952, 953, 954, 960, 961, 970,
    971, 973, 975, 976, 977, 978, 980, 981,
];
