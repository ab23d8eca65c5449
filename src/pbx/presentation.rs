//! Who the called party sees: a colleague, somebody outside, or nobody.

use crate::course::{Course, From};
use call::{Caller, Diverted};
use model::site::{CallerDisplay, Place, Present, Site, Trunk, User};
use model::{E164, Number, NumberRange};
use std::net::IpAddr;

/// Splits `#31#` (hide) and `*31#` (show) off a dialled number. A code without a number after it stays whole.
pub(crate) fn without_prefix(dialled: &str) -> (&str, Option<bool>) {
    for (prefix, hide) in [("#31#", true), ("*31#", false)] {
        if let Some(number) = dialled.strip_prefix(prefix).filter(|number| !number.is_empty()) {
            return (number, Some(hide));
        }
    }
    (dialled, None)
}

/// What a user's phones show of the caller.
pub(crate) fn to_user(site: &Site, from: &From, called: &User) -> Caller {
    match from {
        From::User { user, .. } => {
            let caller = site.user(user);
            let extension = caller.map(|user| user.extension.to_string());
            let name = match called.caller_display {
                CallerDisplay::Name => caller.map(|user| user.name.clone()),
                CallerDisplay::Number => extension.clone(),
            };
            Caller { name, asserted: extension.clone(), number: extension, ..Caller::default() }
        }
        From::Outside { number: None, .. } => Caller::default(),
        From::Outside { number: Some(number), name } => {
            let has = |known: &&Number| matches!(known, Number::Public(known, _) if known == number);
            let known =
                called.contacts.iter().find(|contact| contact.numbers.iter().any(|number| has(&number)));
            let known = known.map(|contact| contact.name.clone());
            let name = match called.caller_display {
                CallerDisplay::Name => known.or_else(|| name.clone()).or_else(|| Some(number.national())),
                CallerDisplay::Number => Some(number.national()),
            };
            let number = Some(number.to_string());
            Caller { name, asserted: number.clone(), number, ..Caller::default() }
        }
    }
}

/// What somebody outside is shown.
pub(crate) struct Shown {
    pub caller: Caller,
    /// Why it is not what was asked for; for the record.
    pub remark: Option<&'static str>,
}

impl std::convert::From<Caller> for Shown {
    fn from(caller: Caller) -> Self {
        Self { caller, remark: None }
    }
}

/// What a trunk is told of the caller. What is asserted is always a number of the trunk: operators refuse others. What
/// is shown may be another one, the user's mobile or that of somebody outside whose call goes out again, where the
/// operator carries it.
pub(crate) fn to_trunk(site: &Site, course: &Course, trunk: &Trunk, hide: Option<bool>) -> Shown {
    let user = match &course.from {
        From::User { user, .. } => site.user(user),
        From::Outside { .. } => None,
    };
    let own = user.and_then(|user| user.number).filter(|number| trunk.owns(*number));
    let company = site.company().number.filter(|number| trunk.owns(*number));
    let first = || trunk.numbers.first().map(NumberRange::first);
    let of_trunk = company.or_else(first);
    let asserted = own.or(of_trunk);
    let (number, remark) = match &course.from {
        From::User { .. } => of_user(user, trunk, asserted),
        From::Outside { number, .. } if trunk.profile.clip_no_screening => (*number, None),
        From::Outside { .. } => (asserted, Some("the trunk shows its own numbers only, not the caller's")),
    };
    let hidden = match (&course.from, hide) {
        (_, Some(hide)) => hide,
        (From::User { .. }, None) => user.is_some_and(|user| user.present == Present::Hidden),
        (From::Outside { .. }, None) => number.is_none(),
    };
    let name = user.map(|user| user.name.clone()).filter(|_| !hidden);
    let number = number.filter(|_| !hidden).map(|number| number.to_string());
    let asserted = asserted.map(|number| number.to_string());
    // Who sent it on is told by a number that the operator can check.
    let diverted = course.diverted.iter().filter_map(|(by, why)| {
        let by = by.filter(|by| trunk.owns(*by)).or(of_trunk)?.to_string();
        Some(Diverted { by, why: *why })
    });
    Shown { caller: Caller { number, name, asserted, diverted: diverted.collect() }, remark }
}

/// The number that a user shows: the fixed one, or the mobile one where both operators play along.
fn of_user(user: Option<&User>, trunk: &Trunk, fixed: Option<E164>) -> (Option<E164>, Option<&'static str>) {
    let Some(user) = user.filter(|user| user.present == Present::Mobile) else { return (fixed, None) };
    match user.mobile {
        Some(_) if !user.operator_mobile => {
            (fixed, Some("the mobile number needs operator_mobile; the fixed one is shown"))
        }
        Some(mobile) if trunk.owns(mobile) || trunk.profile.clip_no_screening => (Some(mobile), None),
        Some(_) => (fixed, Some("the trunk shows its own numbers only; the fixed one is shown")),
        None => (fixed, None),
    }
}

/// What the emergency services are told: the number of the place where the caller is, whatever is hidden.
pub(crate) fn to_help(site: &Site, from: &From, source: IpAddr) -> Caller {
    let user = match from {
        From::User { user, .. } => site.user(user),
        From::Outside { .. } => None,
    };
    let number = place(site, user, source).and_then(|place| place.emergency_number);
    let number = number.or(site.company().number).or_else(|| user.and_then(|user| user.number));
    let number = number.map(|number| number.to_string());
    let name = user.map(|user| user.name.clone());
    Caller { asserted: number.clone(), number, name, ..Caller::default() }
}

/// Where somebody is: by the phone's address, else by what is said of the user, else the first place.
fn place<'a>(site: &'a Site, user: Option<&User>, source: IpAddr) -> Option<&'a Place> {
    let of_user = || {
        let id = user?.site.as_ref()?;
        site.places().find(|place| place.id == *id)
    };
    site.place(source).or_else(of_user).or_else(|| site.places().next())
}
