//! What references may name, gathered from the whole document before any of it is read.

use crate::{Class, E164, Extension, Number, Numbering};
use std::collections::{BTreeSet, HashSet};
use toml::{Table, Value};

use super::defaults;
use super::fields::{Read, Wrong, shown};
use super::value::string;

/// Ids of one kind; ordered, so that suggestions do not change from run to run.
pub(super) type Ids = BTreeSet<String>;

/// Everything that can be referred to.
pub(super) struct Known {
    pub trunks: Ids,
    pub places: Ids,
    pub users: Ids,
    pub groups: Ids,
    pub queues: Ids,
    pub hours: Ids,
    pub announcements: Ids,
    pub plans: Ids,
    pub extensions: HashSet<Extension>,
    pub numbering: Numbering,
}

impl Known {
    /// Looks the document through. What has the wrong type is passed over: its reader will say so.
    pub fn of(document: &Table) -> Self {
        let mut plans = ids(document, "plans");
        plans.extend(defaults::PLANS.iter().map(|(id, ..)| (*id).to_owned()));
        Self {
            trunks: ids(document, "trunks"),
            places: ids(document, "sites"),
            users: ids(document, "users"),
            groups: ids(document, "groups"),
            queues: ids(document, "queues"),
            hours: ids(document, "hours"),
            announcements: ids(document, "announcements"),
            plans,
            extensions: ["users", "groups", "queues", "menus", "rooms"]
                .iter()
                .flat_map(|kind| texts(document, kind, "extension"))
                .filter_map(|extension| extension.parse().ok())
                .collect(),
            numbering: numbering(document),
        }
    }

    /// What a number in the document means, seen from the company.
    pub fn number(&self, text: &str) -> Number {
        self.numbering.read(text, |extension| self.extensions.contains(&extension))
    }

    /// A number that calls can be sent on to.
    pub fn callable(&self, value: &Value) -> Read<Number> {
        self.callable_text(string(value)?)
    }

    /// A number that calls can be sent on to.
    pub fn callable_text(&self, text: &str) -> Read<Number> {
        match self.number(text) {
            Number::Unknown(why) => Err(Wrong(format!("\"{}\": {why}", shown(text)))),
            Number::Code(_) => Err(Wrong(format!("\"{}\": calls cannot be sent to a code", shown(text)))),
            Number::Short(_, Class::Emergency) => {
                Err(Wrong("calls cannot be sent on to the emergency number".to_owned()))
            }
            number => Ok(number),
        }
    }

    /// A number of the public network, in any spelling.
    pub fn public(&self, value: &Value) -> Read<E164> {
        let text = string(value)?;
        match self.number(text) {
            Number::Public(number, _) => Ok(number),
            Number::Unknown(why) => Err(Wrong(format!("\"{}\": {why}", shown(text)))),
            _ => Err(Wrong(format!("\"{}\" is no number of the public network", shown(text)))),
        }
    }
}

fn ids(document: &Table, kind: &str) -> Ids {
    texts(document, kind, "id").map(str::to_owned).collect()
}

fn texts<'d>(document: &'d Table, kind: &str, key: &'static str) -> impl Iterator<Item = &'d str> {
    let tables = document.get(kind).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    tables.iter().filter_map(move |table| table.get(key).and_then(Value::as_str))
}

fn numbering(document: &Table) -> Numbering {
    let company = document.get("company");
    let area_code = company.and_then(|company| company.get("area_code")).and_then(Value::as_str);
    let digits = company.and_then(|company| company.get("internal_digits")).and_then(Value::as_integer);
    Numbering {
        area_code: area_code.and_then(|code| code.parse().ok()).unwrap_or(defaults::AREA_CODE),
        internal_digits: digits.and_then(|d| u8::try_from(d).ok()).unwrap_or(defaults::INTERNAL_DIGITS),
    }
}
