//! Who calls, or has called.

use super::number::number;
use super::part::{Part, Position};
use model::{Number, UserId};

/// Who calls, as far as it can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A colleague who has recorded their name.
    Named(UserId),
    /// Somebody with a number.
    Number(Number),
    /// Somebody who withholds it.
    Hidden,
    /// Nobody knows.
    Unknown,
}

/// Whom a message is from.
pub fn sender(caller: &Caller) -> Vec<Part> {
    let who = named(caller);
    match caller {
        Caller::Hidden => vec![Part::whole("mb.from.hidden")],
        _ if who.is_empty() => vec![Part::whole("mb.from.unknown")],
        _ => std::iter::once(Part::inside("mb.from")).chain(who).collect(),
    }
}

/// What is said to whoever answers a mobile, once: from whom the call is, and that it must be accepted.
pub fn accept(caller: &Caller) -> Vec<Part> {
    let who = named(caller);
    if who.is_empty() {
        return vec![Part::whole("p1.offer")];
    }
    let from = std::iter::once(Part::inside("p1.from")).chain(who);
    from.chain([Part::whole("p1.keys")]).collect()
}

/// At the end of a sentence.
fn named(caller: &Caller) -> Vec<Part> {
    match caller {
        Caller::Named(user) => vec![Part::Name(user.clone(), Position::SentenceEnd)],
        Caller::Number(calling) => number(calling),
        Caller::Hidden | Caller::Unknown => Vec::new(),
    }
}
