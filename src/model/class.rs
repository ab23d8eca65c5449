//! Classes of the number plan, and the names the site document gives them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of number a call goes to. It decides barring, trunks and tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// 112: always goes out.
    Emergency,
    /// 113 13, 114 14, 116 xxx, 117x: always allowed.
    Society,
    /// 118 xxx: directory enquiries, at premium rates.
    Directory,
    /// 020.
    Freephone,
    /// Geographic numbers and 010.
    National,
    /// 070, 072, 073, 076 and 079.
    Mobile,
    /// 077.
    SharedCost,
    /// 074.
    Paging,
    /// 075.
    Personal,
    /// 078.
    OperatorSpecific,
    /// 071 and 0378: machines.
    M2m,
    /// 0900, 0939 and 0944.
    Premium,
    /// 099: voting and the like.
    MassCall,
    /// Another country.
    International(Zone),
    /// One of the company's own extensions.
    Internal,
}

/// Where another country lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zone {
    /// The European Union and the European Economic Area.
    Europe,
    /// Everywhere else.
    Other,
}

impl Class {
    /// The name of the class in the site document, in records and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Emergency => "emergency",
            Class::Society => "society",
            Class::Directory => "directory",
            Class::Freephone => "freephone",
            Class::National => "national",
            Class::Mobile => "mobile",
            Class::SharedCost => "shared-cost",
            Class::Paging => "paging",
            Class::Personal => "personal",
            Class::OperatorSpecific => "operator-specific",
            Class::M2m => "m2m",
            Class::Premium => "premium",
            Class::MassCall => "mass-call",
            Class::International(Zone::Europe) => "international-europe",
            Class::International(Zone::Other) => "international-other",
            Class::Internal => "internal",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of classes, as lists in the site document name them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Classes(u32);

/// Every name a list of classes may hold, with what it stands for.
const NAMES: [(&str, &[Class]); 16] = [
    ("national", &[Class::National]),
    ("mobile", &[Class::Mobile]),
    ("international", &[Class::International(Zone::Europe), Class::International(Zone::Other)]),
    ("international-europe", &[Class::International(Zone::Europe)]),
    ("international-other", &[Class::International(Zone::Other)]),
    ("freephone", &[Class::Freephone]),
    ("emergency", &[Class::Emergency]),
    ("society", &[Class::Society]),
    // Both are what people call betalsamtal.
    ("premium", &[Class::Premium, Class::MassCall]),
    ("directory", &[Class::Directory]),
    ("shared-cost", &[Class::SharedCost]),
    ("paging", &[Class::Paging]),
    ("personal", &[Class::Personal]),
    ("operator-specific", &[Class::OperatorSpecific]),
    ("m2m", &[Class::M2m]),
    ("mass-call", &[Class::MassCall]),
];

impl Classes {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// What one name of the document stands for; none where it stands for nothing.
    pub fn named(name: &str) -> Option<Self> {
        let (_, classes) = NAMES.iter().find(|(known, _)| *known == name)?;
        Some(classes.iter().copied().collect())
    }

    /// Every name that [`Classes::named`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Is the class in the set?
    pub fn contains(self, class: Class) -> bool {
        self.0 & bit(class) != 0
    }

    /// All that is in one or the other.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// All that is in this one only.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Is nothing in it?
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Class> for Classes {
    fn from_iter<T: IntoIterator<Item = Class>>(classes: T) -> Self {
        Self(classes.into_iter().fold(0, |set, class| set | bit(class)))
    }
}

impl fmt::Debug for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = NAMES.iter().flat_map(|(_, classes)| classes.iter());
        f.debug_set().entries(all.filter(|class| self.contains(**class)).map(|class| class.as_str())).finish()
    }
}

fn bit(class: Class) -> u32 {
    let place = match class {
        Class::Emergency => 0,
        Class::Society => 1,
        Class::Directory => 2,
        Class::Freephone => 3,
        Class::National => 4,
        Class::Mobile => 5,
        Class::SharedCost => 6,
        Class::Paging => 7,
        Class::Personal => 8,
        Class::OperatorSpecific => 9,
        Class::M2m => 10,
        Class::Premium => 11,
        Class::MassCall => 12,
        Class::International(Zone::Europe) => 13,
        Class::International(Zone::Other) => 14,
        Class::Internal => 15,
    };
    1 << place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn premium_covers_both_kinds_of_pay_calls() {
        let premium = Classes::named("premium").unwrap();
        assert!(premium.contains(Class::Premium) && premium.contains(Class::MassCall));
        assert!(!premium.contains(Class::Directory));
    }

    #[test]
    fn every_class_but_internal_has_a_name_in_the_document_that_covers_it() {
        let all = Classes::names().filter_map(Classes::named).fold(Classes::NONE, Classes::with);
        assert_eq!(all.0, bit(Class::Internal) - 1);
        assert_eq!(Classes::named("cheap"), None);
    }

    #[test]
    fn international_may_be_barred_outside_europe_only() {
        let barred = Classes::named("international-other").unwrap();
        assert!(barred.contains(Class::International(Zone::Other)));
        assert!(!barred.contains(Class::International(Zone::Europe)));
        let rest = Classes::named("international").unwrap().without(barred);
        assert_eq!(rest, Classes::named("international-europe").unwrap());
    }
}
