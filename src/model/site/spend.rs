//! Limits of what users may call at cost in a day.

use super::defaults;
use super::fields::Fields;
use super::value::count;

/// More is as good as no limit.
const MOST: std::ops::RangeInclusive<u32> = 0..=100_000;

/// `spend`: what a user may call at cost in a day. What is none is said elsewhere: by the company for its users, by
/// the product for companies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spend {
    /// Pay calls.
    pub premium_calls: Option<u32>,
    /// Minutes of them together.
    pub premium_minutes: Option<u32>,
    /// Calls to other countries.
    pub international_calls: Option<u32>,
    /// Minutes of them together.
    pub international_minutes: Option<u32>,
}

/// What holds of one kind of cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Calls in a day.
    pub calls: u32,
    /// Minutes in a day.
    pub minutes: u32,
}

impl Spend {
    pub(super) fn key(fields: &mut Fields<'_>) -> Self {
        let read = |fields: &mut Fields<'_>| Self {
            premium_calls: fields.maybe("premium_calls", count(MOST)),
            premium_minutes: fields.maybe("premium_minutes", count(MOST)),
            international_calls: fields.maybe("international_calls", count(MOST)),
            international_minutes: fields.maybe("international_minutes", count(MOST)),
        };
        fields.table("spend", read).unwrap_or_default()
    }

    /// Of pay calls, where `company` says what is not said here.
    pub(super) fn premium(&self, company: &Self) -> Limit {
        Limit {
            calls: self.premium_calls.or(company.premium_calls).unwrap_or(defaults::SPEND_PREMIUM.calls),
            minutes: self
                .premium_minutes
                .or(company.premium_minutes)
                .unwrap_or(defaults::SPEND_PREMIUM.minutes),
        }
    }

    /// Of calls to other countries.
    pub(super) fn international(&self, company: &Self) -> Limit {
        let usual = defaults::SPEND_INTERNATIONAL;
        Limit {
            calls: self.international_calls.or(company.international_calls).unwrap_or(usual.calls),
            minutes: self.international_minutes.or(company.international_minutes).unwrap_or(usual.minutes),
        }
    }
}
