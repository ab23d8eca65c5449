//! Numbers read back inside a sentence: where a call is parked, which extension this is.

use super::number::{extension_digits, number};
use super::part::Part;
use model::{Extension, Number};

/// A call has been parked at a place.
pub fn parked_at(place: Extension) -> Vec<Part> {
    framed("park.at", extension_digits(place))
}

/// The extension somebody calls from.
pub fn own_number(extension: Extension) -> Vec<Part> {
    framed("fc.own", number(&Number::Internal(extension)))
}

/// To reception: somebody has called for help.
pub fn emergency_from(extension: Extension) -> Vec<Part> {
    framed("sos.notice", extension_digits(extension))
}

/// The number a queue will call back, to be confirmed; that it cannot, where it is none.
pub fn call_back_to(to: &Number) -> Vec<Part> {
    let digits = number(to);
    if digits.is_empty() {
        return vec![Part::whole("q.cb.bad")];
    }
    let mut parts = framed("q.cb.number", digits);
    parts.push(Part::whole("q.cb.confirm"));
    parts
}

fn framed(frame: &'static str, rest: Vec<Part>) -> Vec<Part> {
    std::iter::once(Part::inside(frame)).chain(rest).collect()
}
