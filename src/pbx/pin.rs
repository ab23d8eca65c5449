//! PINs that callers type: at the door of a room, and to dial what is barred.

use crate::course::{From, Stage};
use crate::outbound::Manner;
use crate::pbx::Pbx;
use call::{Effect, HangUp, Program};
use model::site::{Pin, Site, User};
use model::{CallId, Cause, LegId, Now, Number};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long one may think about a PIN.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Wrong PINs before a caller is turned away.
const TRIES: u8 = 3;
/// Digits that are kept; no PIN has more.
const DIGITS_MAX: usize = 16;

/// What a caller has typed so far.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    digits: String,
    wrong: u8,
}

/// What a key has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// More is to come.
    More,
    /// It is this one of those that are right.
    Right(usize),
    /// It is none of them, and may be tried again.
    Wrong,
    /// It was tried often enough.
    TooOften,
}

impl Typing {
    /// A key is pressed: `*` begins anew, `#` ends, and so does the last digit that could follow.
    pub fn press(&mut self, digit: char, right: &[&Pin]) -> Typed {
        match digit {
            '#' => return self.judge(right),
            '*' => self.digits.clear(),
            digit if self.digits.len() < DIGITS_MAX => self.digits.push(digit),
            _ => {}
        }
        let goes_on = |pin: &&&Pin| pin.as_str().len() > self.digits.len();
        let long = right.iter().filter(goes_on);
        let is_right = right.iter().any(|pin| pin.as_str() == self.digits);
        let could_go_on = match is_right {
            true => long.clone().any(|pin| pin.as_str().starts_with(&self.digits)),
            false => long.count() > 0,
        };
        if self.digits.is_empty() || could_go_on { Typed::More } else { self.judge(right) }
    }

    fn judge(&mut self, right: &[&Pin]) -> Typed {
        let typed = std::mem::take(&mut self.digits);
        if let Some(at) = right.iter().position(|pin| pin.as_str() == typed) {
            return Typed::Right(at);
        }
        self.wrong += 1;
        if self.wrong < TRIES { Typed::Wrong } else { Typed::TooOften }
    }
}

/// Callers who are asked for the PIN that lets them dial what is barred for them.
#[derive(Debug, Default)]
pub(crate) struct Overrides(BTreeMap<CallId, Override>);

#[derive(Debug)]
struct Override {
    number: Number,
    manner: Manner,
    typing: Typing,
}

impl Overrides {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A caller has gone.
    pub fn leave(&mut self, call: CallId) {
        self.0.remove(&call);
    }

    /// Is a caller asked?
    pub fn asks(&self, call: CallId) -> bool {
        self.0.contains_key(&call)
    }
}

impl Pbx {
    /// Asks who dialled a barred number for a PIN; false where there is none that would help, or nobody to type it: a call
    /// that a rule or a colleague sends on.
    pub(crate) fn ask_override(
        &mut self,
        now: Now,
        id: CallId,
        (site, user): (&Site, &User),
        (number, manner): (&Number, &Manner),
    ) -> bool {
        let dialled = self.courses.get(&id).is_some_and(|course| {
            let caller = matches!(&course.from, From::User { user: caller, .. } if *caller == user.id);
            let own = course.referrer.is_none() && course.forwarders.is_empty() && manner.by.is_none();
            caller && own && matches!(course.stage, Stage::Starting)
        });
        if !dialled || site.barring_pins(user).next().is_none() {
            return false;
        }
        let Some(leg) = self.calls.serve(now, id, (Cause::Barred, Some(PATIENCE))) else { return false };
        self.calls.perform(Effect::Play { leg, program: Program::Dial });
        let typing = Typing::default();
        self.overrides.0.insert(id, Override { number: number.clone(), manner: manner.clone(), typing });
        true
    }

    /// Who is asked for a PIN has pressed a key.
    pub(crate) fn typed_override(&mut self, now: Now, (id, leg): (CallId, LegId), digit: char) {
        let (Some(site), Some(user)) = (self.site.clone(), self.waiting_user(id)) else { return };
        let Some(entry) = self.overrides.0.get_mut(&id) else { return };
        let pins: Vec<&Pin> =
            site.user(&user).map(|user| site.barring_pins(user).collect()).unwrap_or_default();
        match entry.typing.press(digit, &pins) {
            Typed::More => self.calls.perform(Effect::Stop { leg }),
            Typed::Wrong => self.calls.perform(Effect::Play { leg, program: Program::Refused }),
            Typed::TooOften => self.end_override(now, id, "three wrong PINs"),
            Typed::Right(_) => {
                let Some(Override { number, manner, .. }) = self.overrides.0.remove(&id) else { return };
                self.calls.perform(Effect::Stop { leg });
                self.decided(now, id, "barring", format!("{user} has typed the PIN"));
                self.calls.ask_on(id);
                self.outside_as(now, id, &number, Manner { proved: true, ..manner });
            }
        }
    }

    /// No PIN was typed that is right: the call ends as barred.
    pub(crate) fn end_override(&mut self, now: Now, id: CallId, why: &str) {
        self.overrides.leave(id);
        self.decided(now, id, "barring", why);
        self.calls.cut(now, id, HangUp::Released);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_all(digits: &str, right: &[&str]) -> Vec<Typed> {
        let pins: Vec<Pin> = right.iter().map(|digits| Pin::new(digits)).collect();
        let pins: Vec<&Pin> = pins.iter().collect();
        let mut typing = Typing::default();
        digits.chars().map(|digit| typing.press(digit, &pins)).filter(|typed| *typed != Typed::More).collect()
    }

    #[test]
    fn a_pin_ends_with_its_last_digit_or_with_the_key_for_it() {
        use Typed::{Right, TooOften, Wrong};
        for (digits, right, typed) in [
            ("1234", &["1234"][..], vec![Right(0)]),
            ("1234#", &["1234", "123456"], vec![Right(0)]),
            ("123456", &["1234", "123456"], vec![Right(1)]),
            ("1234", &["1234", "99999"], vec![Right(0)]),
            ("12*1234", &["1234"], vec![Right(0)]),
            ("12#1234", &["1234"], vec![Wrong, Right(0)]),
            ("111122223333", &["1234"], vec![Wrong, Wrong, TooOften]),
            ("***", &["1234"], vec![]),
            ("####", &["1234"], vec![Wrong, Wrong, TooOften, TooOften]),
            ("12345678901234567890", &["1234567890123456789"], vec![]),
            ("1", &[], vec![Wrong]),
        ] {
            assert_eq!(type_all(digits, right), typed, "{digits} {right:?}");
        }
    }
}
