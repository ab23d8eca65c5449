//! What users have called at cost in a day.

use crate::UserId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Calls at one kind of cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// Calls that were answered.
    pub calls: u32,
    /// How long they lasted, each rounded up to a whole second.
    pub seconds: u32,
}

/// What a user has called at cost on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The company's local date.
    pub day: Date,
    /// Pay calls: premium numbers, mass calls and directory enquiries.
    pub premium: Used,
    /// Calls to other countries.
    pub international: Used,
}

impl Spent {
    /// Nothing yet on a day.
    pub fn nothing(day: Date) -> Self {
        Self { day, premium: Used::default(), international: Used::default() }
    }

    /// Was nothing called at cost?
    pub fn is_nothing(&self) -> bool {
        *self == Self::nothing(self.day)
    }
}

/// What a user has called at cost today beside what they may; for listings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spending {
    /// Who.
    pub user: UserId,
    /// The company's local date.
    pub day: Date,
    /// Pay calls.
    pub premium: SpendingOf,
    /// Calls to other countries.
    pub international: SpendingOf,
}

/// Of one kind of cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendingOf {
    /// Calls answered today, and those that are just made.
    pub calls: u32,
    /// How many there may be.
    pub calls_limit: u32,
    /// How long they have lasted, running ones included.
    pub seconds: u32,
    /// How many minutes they may last together.
    pub minutes_limit: u32,
}
