//! What follows when somebody cannot be reached: whom else the caller can choose (efterval), and leaving a message.

use super::part::{Part, Position, Tone};
use model::UserId;

/// Whom a digit reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// A colleague who has recorded their name.
    Named(UserId),
    /// A colleague who has not.
    Colleague,
    /// A group or queue.
    Group,
    /// The attendant, or the company's menu.
    Switchboard,
    /// The person's own mobile.
    Mobile,
    /// A number outside.
    Other,
}

/// Can a message be left?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// After the tone.
    Message,
    /// No.
    Nothing,
}

/// Nobody remembers more lines than this.
pub const MOST_CHOICES: usize = 4;

/// Puts choices in the order they are best said in: 1 to 9, then 0.
pub fn by_digit(choices: &mut [(u8, Chosen)]) {
    choices.sort_by_key(|(digit, _)| if *digit == 0 { 10 } else { *digit });
}

/// The choices in the order given ([`by_digit`]), and what comes after them.
///
/// More than [`MOST_CHOICES`] are not said; their digits work all the same.
pub fn tail(choices: &[(u8, Chosen)], leave: Leave) -> Vec<Part> {
    let said = choices.iter().filter(|(digit, _)| *digit <= 9).take(MOST_CHOICES);
    let mut parts: Vec<Part> = said.flat_map(|(digit, chosen)| line(*digit, chosen)).collect();
    match (leave, parts.is_empty()) {
        (Leave::Message, none) => {
            parts.push(Part::whole(if none { "vm.leave" } else { "vm.leaveor" }));
            parts.push(Part::Tone(Tone::Record));
        }
        (Leave::Nothing, true) => parts.push(Part::whole("ref.again")),
        (Leave::Nothing, false) => {}
    }
    parts
}

/// Whoever was chosen is away, too: there is never a second menu.
pub fn chosen_is_closed(leave: Leave) -> Vec<Part> {
    let mut parts = vec![Part::whole("after.closed")];
    parts.extend(tail(&[], leave));
    parts
}

fn line(digit: u8, chosen: &Chosen) -> Vec<Part> {
    let mut parts = Vec::with_capacity(3);
    let frame = match chosen {
        Chosen::Named(user) => {
            parts.push(Part::Name(user.clone(), Position::Inside));
            "after.named"
        }
        Chosen::Colleague => "after.colleague",
        Chosen::Group => "after.group",
        Chosen::Switchboard => "after.switchboard",
        Chosen::Mobile => "after.mobile",
        Chosen::Other => "after.other",
    };
    parts.push(Part::inside(frame));
    parts.push(Part::last(format!("digit.{digit}")));
    parts
}
