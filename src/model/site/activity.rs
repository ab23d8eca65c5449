//! Activities, the twelve built in and the company's own; and user plans.

use super::company::Language;
use super::defaults::{self, most};
use super::fields::{Fields, Wrong, shown};
use super::menu::Phrase;
use super::mistake::suggestion;
use super::trunk::classes;
use super::value::{count, flag, id, line, string};
use crate::{ActivityId, Classes, PlanId};

/// `[[activities]]`: what a person can be doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Its id.
    pub id: ActivityId,
    /// Its number in the feature code `*23*…#`.
    pub code: u8,
    /// What it is called.
    pub name: Phrase,
    /// Are calls stopped?
    pub closed: bool,
    /// How long it lasts where no end is given.
    pub lasts: Lasts,
    /// What callers hear, after the name: "är på lunch". Nothing for open activities.
    pub spoken: Option<Phrase>,
    /// Is the end kept from callers?
    pub hide_end: bool,
}

/// How long an activity lasts where no end is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lasts {
    /// Until it is changed.
    UntilChanged,
    /// So many minutes.
    Minutes(u32),
    /// Until the working day ends.
    WorkingDay,
    /// Until the next working day begins.
    NextWorkingDay,
}

type BuiltIn = (&'static str, bool, Lasts, [&'static str; 2], Option<[&'static str; 2]>);

/// Id, closed, length, name and spoken phrase in Swedish and English; codes are 1 to 12 in this order.
///
/// Nothing says *sjuk* to callers: that is nobody's business outside.
const BUILT_IN: [BuiltIn; 12] = [
    ("available", false, Lasts::UntilChanged, ["Tillgänglig", "Available"], None),
    ("busy", true, Lasts::Minutes(60), ["Upptagen", "Busy"], Some(["är upptagen", "is busy"])),
    (
        "meeting",
        true,
        Lasts::Minutes(60),
        ["Möte", "Meeting"],
        Some(["är upptagen i möte", "is in a meeting"]),
    ),
    ("lunch", true, Lasts::Minutes(60), ["Lunch", "Lunch"], Some(["är på lunch", "is at lunch"])),
    ("break", true, Lasts::Minutes(15), ["Rast", "Break"], Some(["har rast", "is on a break"])),
    (
        "out",
        true,
        Lasts::Minutes(60),
        ["Tillfälligt ute", "Out"],
        Some(["är tillfälligt ute", "is out for a short while"]),
    ),
    ("home", false, Lasts::WorkingDay, ["Arbetar hemifrån", "Working from home"], None),
    (
        "travel",
        true,
        Lasts::UntilChanged,
        ["Tjänsteresa", "Travelling"],
        Some(["är på tjänsteresa", "is travelling on business"]),
    ),
    (
        "gone",
        true,
        Lasts::NextWorkingDay,
        ["Gått för dagen", "Gone for the day"],
        Some(["har gått för dagen", "has left for the day"]),
    ),
    ("holiday", true, Lasts::UntilChanged, ["Semester", "Holiday"], Some(["har semester", "is on holiday"])),
    ("sick", true, Lasts::UntilChanged, ["Sjuk", "Ill"], Some(["är frånvarande", "is absent"])),
    ("off", true, Lasts::UntilChanged, ["Ledig", "Off"], Some(["är ledig", "is on leave"])),
];

/// Room for the codes of the twelve, and for as many as fit in two digits.
const CODES: std::ops::RangeInclusive<u32> = 1..=99;

impl Activity {
    /// The twelve that are there without being written.
    pub(super) fn built_in() -> Vec<Self> {
        let phrase = |[swedish, english]: [&str; 2]| Phrase {
            swedish: Some(swedish.to_owned()),
            english: Some(english.to_owned()),
        };
        let built_in = (1..).zip(BUILT_IN).map(|(code, (id, closed, lasts, name, spoken))| Self {
            id: ActivityId::new(id),
            code,
            name: phrase(name),
            closed,
            lasts,
            spoken: spoken.map(phrase),
            // When somebody will be well again is nobody's business either.
            hide_end: id == "sick",
        });
        built_in.collect()
    }

    /// Reads one activity: all of a new one, or what is otherwise in a built-in one. `free` is the lowest code
    /// that nobody has.
    pub(super) fn read(fields: &mut Fields<'_>, before: &[Self], free: u8) -> Option<Self> {
        let id = fields.need("id", id::<ActivityId>);
        let base = before.iter().find(|activity| Some(&activity.id) == id.as_ref());
        // At most 99 fits.
        let code = fields.maybe("code", count(CODES)).map(|code| code as u8);
        let name = Phrase::key(fields, "name", line);
        let closed = fields.maybe("closed", flag);
        let minutes = fields.maybe("default_minutes", count(1..=527_040)).map(Lasts::Minutes);
        let spoken = Phrase::key(fields, "spoken", line);
        let hide_end = fields.maybe("hide_end", flag);
        if base.is_none() && !fields.has("name") {
            fields.wrong("name", "this must be given");
        }
        if base.is_none() && closed == Some(true) && !fields.has("spoken") {
            fields.wrong("spoken", "a closed activity needs words for callers");
        }
        Some(Self {
            id: id?,
            code: code.or(base.map(|base| base.code)).unwrap_or(free),
            name: name.or_else(|| base.map(|base| base.name.clone()))?,
            closed: closed.or(base.map(|base| base.closed)).unwrap_or(false),
            lasts: minutes.or(base.map(|base| base.lasts)).unwrap_or(Lasts::UntilChanged),
            spoken: spoken.or_else(|| base.and_then(|base| base.spoken.clone())),
            hide_end: hide_end.or(base.map(|base| base.hide_end)).unwrap_or(false),
        })
    }

    /// What the company has written for callers in exactly this language; none where it has written nothing, or where
    /// the activity is built in and says what it says by itself.
    pub fn own_words(&self, language: Language) -> Option<&str> {
        let spoken = self.spoken.as_ref()?;
        let (words, at) = match language {
            Language::Swedish => (spoken.swedish.as_deref()?, 0),
            Language::English => (spoken.english.as_deref()?, 1),
        };
        let by_itself = BUILT_IN.iter().find(|(id, ..)| *id == self.id.as_str()).and_then(|(.., said)| *said);
        (by_itself.map(|said| said[at]) != Some(words)).then_some(words)
    }
}

/// `[[plans]]`: a named set of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// What it is called.
    pub name: String,
    /// What users with it have.
    pub features: Vec<&'static str>,
    /// Classes its users may not dial, besides the company's.
    pub barring: Classes,
    /// Classes its users may dial although the company bars them.
    pub allow: Classes,
}

impl Plan {
    /// The three that are there without being written.
    pub(super) fn built_in() -> Vec<Self> {
        let built_in = defaults::PLANS.iter().map(|(id, name, features)| Self {
            id: PlanId::new(id),
            name: (*name).to_owned(),
            features: features.to_vec(),
            barring: Classes::NONE,
            allow: Classes::NONE,
        });
        built_in.collect()
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.need("id", id::<PlanId>);
        let name = fields.need("name", line);
        let features = fields.list("features", most::WORDS, |value| {
            let text = string(value)?;
            let feature = defaults::FEATURES.iter().find(|feature| **feature == text);
            feature.copied().ok_or_else(|| {
                let meant = suggestion(text, defaults::FEATURES.iter().copied());
                Wrong(format!("there is no feature \"{}\"{meant}", shown(text)))
            })
        });
        let barring = classes(fields, "barring").unwrap_or_default();
        let allow = classes(fields, "allow").unwrap_or_default();
        Some(Self { id: id?, name: name?, features, barring, allow })
    }
}
