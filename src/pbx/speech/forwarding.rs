//! Forwards, confirmed by what they do.

use super::number::{cardinal, number};
use super::part::Part;
use model::{FORWARD_AFTER_S, Number, When};

/// Where calls are sent on to.
#[derive(Clone, Copy, Debug)]
pub enum ForwardTo<'a> {
    /// A number.
    Number(&'a Number),
    /// The mailbox.
    Voicemail,
}

/// A forward has been set, or is in force. `after_s` is spoken where nobody answers.
///
/// What cannot be read out was not set: then it says so.
pub fn forwarding_on(when: When, after_s: u32, to: ForwardTo<'_>) -> Vec<Part> {
    let target = match to {
        ForwardTo::Number(to) => number(to),
        ForwardTo::Voicemail => vec![Part::last("fc.fwd.vm")],
    };
    if target.is_empty() {
        return vec![Part::whole("fc.fwd.bad")];
    }
    let mut parts = match when {
        When::Always => vec![Part::inside("fc.fwd.all")],
        When::Busy => vec![Part::inside("fc.fwd.busy")],
        When::Unreachable => vec![Part::inside("fc.fwd.unreach")],
        When::NoAnswer => {
            let after_s = after_s.clamp(*FORWARD_AFTER_S.start(), *FORWARD_AFTER_S.end());
            vec![Part::inside("fc.fwd.noans"), cardinal(after_s), Part::inside("fc.fwd.secs")]
        }
    };
    parts.extend(target);
    parts
}

/// A forward has been taken away, or there is none; in every case where none is given.
pub fn forwarding_off(when: Option<When>) -> Vec<Part> {
    let name = match when {
        None => "fc.fwd.none",
        Some(When::Always) => "fc.fwd.all.off",
        Some(When::Busy) => "fc.fwd.busy.off",
        Some(When::Unreachable) => "fc.fwd.unreach.off",
        Some(When::NoAnswer) => "fc.fwd.noans.off",
    };
    vec![Part::whole(name)]
}
