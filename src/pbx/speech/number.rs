//! Telephone numbers, read out digit by digit in the groups they are written in; never "tvåhundraett".

use super::part::{Part, Position};
use model::{Extension, Number};

/// A number read out: `anknytning` before an extension, `plus` before a country's code. Nothing for what is no number.
pub fn number(number: &Number) -> Vec<Part> {
    match number {
        Number::Internal(extension) => {
            let mut parts = vec![Part::inside("num.ext")];
            parts.extend(extension_digits(*extension));
            parts
        }
        Number::Short(short, _) => digits(&short.groups()),
        Number::Public(public, _) => digits(&public.groups()),
        Number::Code(_) | Number::Unknown(_) => Vec::new(),
    }
}

/// An extension's digits, without the word before them.
pub(super) fn extension_digits(extension: Extension) -> Vec<Part> {
    digits(&extension.groups())
}

/// A cardinal, 2 to 60. A noun always follows it.
pub(super) fn cardinal(count: u32) -> Part {
    Part::inside(format!("num.{count}"))
}

fn digits(groups: &[String]) -> Vec<Part> {
    let mut parts = Vec::with_capacity(16);
    for (at, group) in groups.iter().enumerate() {
        let group_ends = if at + 1 == groups.len() { Position::SentenceEnd } else { Position::PhraseEnd };
        let mut signs = group.chars().peekable();
        while let Some(sign) = signs.next() {
            let position = if signs.peek().is_some() { Position::Inside } else { group_ends };
            match sign {
                '+' => parts.push(Part::inside("digit.plus")),
                _ => parts.push(Part::prompt(format!("digit.{sign}"), position)),
            }
        }
    }
    parts
}
