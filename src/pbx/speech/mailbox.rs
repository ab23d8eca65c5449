//! What a mailbox says of its messages: how many, and when each came.

use super::clock::since;
use super::number::cardinal;
use super::part::{Part, Position};
use jiff::{Timestamp, ZonedDateTime};
use model::site::Language;

/// The largest count there is a recording of.
const LARGEST: u32 = 60;

/// How many messages there are.
pub fn message_count(new: u32, saved: u32) -> Vec<Part> {
    // A saved message over sixty matters to nobody who is told of new ones.
    let saved = if saved > LARGEST { None } else { Some(saved) };
    match (new, saved) {
        (0, Some(0)) => vec![Part::whole("mb.none")],
        (0, None) => vec![Part::whole("mb.new.0")],
        (0, Some(1)) => vec![Part::whole("mb.new.0"), Part::whole("mb.saved.1")],
        (0, Some(saved)) => {
            let frame = [Part::whole("mb.new.0"), Part::inside("mb.have")];
            frame.into_iter().chain([cardinal(saved), Part::last("mb.saved.n")]).collect()
        }
        (LARGEST.., _) if new > LARGEST => vec![Part::whole("mb.new.many")],
        (1, None | Some(0)) => vec![Part::whole("mb.new.1")],
        (_, None | Some(0)) => vec![Part::inside("mb.have"), cardinal(new), Part::last("mb.new.n")],
        (_, Some(saved)) => {
            let mut parts = match new {
                1 => vec![Part::prompt("mb.new.1", Position::PhraseEnd)],
                _ => {
                    let count = Part::prompt("mb.new.n", Position::PhraseEnd);
                    vec![Part::inside("mb.have"), cardinal(new), count]
                }
            };
            match saved {
                1 => parts.push(Part::last("mb.andsaved.1")),
                _ => parts.extend([Part::inside("mb.and"), cardinal(saved), Part::last("mb.saved")]),
            }
            parts
        }
    }
}

/// When a message came. `now` is in the company's time zone.
pub fn received(language: Language, now: &ZonedDateTime, came: Timestamp) -> Vec<Part> {
    let mut parts = vec![Part::inside("mb.received")];
    parts.extend(since(language, now, came));
    parts
}
