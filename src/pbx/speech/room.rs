//! Who comes and goes in a room.

use super::number::cardinal;
use super::part::{Part, Position, Tone};
use model::UserId;

/// Above so many, comings and goings are tones only.
const MOST_ANNOUNCED: usize = 10;

/// What those in a room hear when somebody comes in; `present` counts them, too.
pub fn joined(who: Option<&UserId>, present: usize) -> Vec<Part> {
    announced(Tone::Join, who, present, ["conf.joined", "conf.in"])
}

/// What those in a room hear when somebody has left it; `present` counts those who stayed.
pub fn left(who: Option<&UserId>, present: usize) -> Vec<Part> {
    announced(Tone::Leave, who, present, ["conf.left", "conf.out"])
}

/// What somebody hears who comes in, counted among those present; nothing above fifty.
pub fn entered(present: usize) -> Vec<Part> {
    match present {
        1 => vec![Part::whole("conf.alone")],
        2 => vec![Part::whole("conf.two")],
        3..=50 => vec![Part::inside("conf.count"), cardinal(present as u32), Part::last("conf.count")],
        _ => Vec::new(),
    }
}

fn announced(
    tone: Tone,
    who: Option<&UserId>,
    present: usize,
    [named, unnamed]: [&'static str; 2],
) -> Vec<Part> {
    let mut parts = vec![Part::Tone(tone)];
    match who {
        _ if present > MOST_ANNOUNCED => {}
        Some(who) => parts.extend([Part::Name(who.clone(), Position::Inside), Part::last(named)]),
        None => parts.push(Part::whole(unnamed)),
    }
    parts
}
