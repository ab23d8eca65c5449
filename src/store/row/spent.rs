//! What users have called at cost on disk, version 1.

use jiff::civil::Date;
use model::{Spent, Used};
use serde::{Deserialize, Serialize};

/// What a user has called at cost on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SpentRow {
    day: Date,
    premium: UsedRow,
    international: UsedRow,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct UsedRow {
    calls: u32,
    seconds: u32,
}

impl From<&Spent> for SpentRow {
    fn from(from: &Spent) -> Self {
        let Spent { day, premium, international } = *from;
        Self { day, premium: premium.into(), international: international.into() }
    }
}

impl From<SpentRow> for Spent {
    fn from(row: SpentRow) -> Self {
        let SpentRow { day, premium, international } = row;
        Self { day, premium: premium.into(), international: international.into() }
    }
}

impl From<Used> for UsedRow {
    fn from(Used { calls, seconds }: Used) -> Self {
        Self { calls, seconds }
    }
}

impl From<UsedRow> for Used {
    fn from(UsedRow { calls, seconds }: UsedRow) -> Self {
        Self { calls, seconds }
    }
}
