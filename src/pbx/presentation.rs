//! Who the called party sees: a colleague, somebody outside, or nobody.

use crate::course::From;
use call::Caller;
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
            Caller { name, asserted: extension.clone(), number: extension }
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
            Caller { name, asserted: number.clone(), number }
        }
    }
}

/// What a trunk is told of the caller. A call that came from outside and goes out again shows a number of ours:
/// operators refuse numbers that do not belong to the trunk.
pub(crate) fn to_trunk(site: &Site, from: &From, trunk: &Trunk, hide: Option<bool>) -> Caller {
    let user = match from {
        From::User { user, .. } => site.user(user),
        From::Outside { .. } => None,
    };
    let own = user.and_then(|user| user.number).filter(|number| trunk.owns(*number));
    let company = site.company().number.filter(|number| trunk.owns(*number));
    let number = own.or(company).or_else(|| trunk.numbers.first().map(NumberRange::first));
    let number = number.map(|number: E164| number.to_string());
    let hidden = hide.unwrap_or(user.is_some_and(|user| user.present == Present::Hidden));
    let name = user.map(|user| user.name.clone()).filter(|_| !hidden);
    Caller { number: number.clone().filter(|_| !hidden), name, asserted: number }
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
    Caller { asserted: number.clone(), number, name: user.map(|user| user.name.clone()) }
}

/// Where somebody is: by the phone's address, else by what is said of the user, else the first place.
fn place<'a>(site: &'a Site, user: Option<&User>, source: IpAddr) -> Option<&'a Place> {
    let of_user = || {
        let id = user?.site.as_ref()?;
        site.places().find(|place| place.id == *id)
    };
    site.place(source).or_else(of_user).or_else(|| site.places().next())
}
