//! What a call record is made of, on disk, version 1.

use jiff::Timestamp;
use model::{Cause, DeviceId, Direction, LegQuality, Party, Step, TrunkId, UserId, What};
use serde::{Deserialize, Serialize};

/// Mirrors a plain enum of the model, both ways and exhaustively.
macro_rules! mirror {
    ($row:ident, $model:ident, $($variant:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub(crate) enum $row { $($variant),* }

        impl From<$model> for $row {
            fn from(from: $model) -> Self {
                match from { $($model::$variant => Self::$variant),* }
            }
        }

        impl From<$row> for $model {
            fn from(row: $row) -> Self {
                match row { $($row::$variant => Self::$variant),* }
            }
        }
    };
}
pub(super) use mirror;

mirror!(DirectionRow, Direction, Inbound, Outbound, Internal);
mirror!(
    CauseRow,
    Cause,
    Answered,
    Busy,
    Rejected,
    NoAnswer,
    Cancelled,
    Voicemail,
    UnknownNumber,
    Barred,
    Blocked,
    TrunkFailed,
    Transferred,
    Lost,
);

/// Whose leg.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PartyRow {
    Device(String, String),
    Trunk(String),
}

impl From<&Party> for PartyRow {
    fn from(party: &Party) -> Self {
        match party {
            Party::Device { user, device } => {
                Self::Device(user.as_str().to_owned(), device.as_str().to_owned())
            }
            Party::Trunk(trunk) => Self::Trunk(trunk.as_str().to_owned()),
        }
    }
}

impl From<PartyRow> for Party {
    fn from(row: PartyRow) -> Self {
        match row {
            PartyRow::Device(user, device) => {
                Self::Device { user: UserId::new(user), device: DeviceId::new(device) }
            }
            PartyRow::Trunk(trunk) => Self::Trunk(TrunkId::new(trunk)),
        }
    }
}

/// One step of the trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StepRow(Timestamp, WhatRow);

impl From<&Step> for StepRow {
    fn from(step: &Step) -> Self {
        Self(step.time, (&step.what).into())
    }
}

impl From<StepRow> for Step {
    fn from(StepRow(time, what): StepRow) -> Self {
        Self { time, what: what.into() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WhatRow {
    Offered { by: PartyRow, dialled: String },
    Numbered { number: String, class: String },
    Decided { rule: String, outcome: String },
    Invited(PartyRow),
    Rang(PartyRow),
    Answered(PartyRow),
    Failed { party: PartyRow, cause: CauseRow, said: String },
    Held(PartyRow),
    Resumed(PartyRow),
    Transferred { by: PartyRow, to: Option<PartyRow> },
    Spoken { prompt: String, ids: Vec<String> },
    Ended { by: Option<PartyRow>, why: String },
}

impl From<&What> for WhatRow {
    fn from(what: &What) -> Self {
        match what.clone() {
            What::Offered { by, dialled } => Self::Offered { by: (&by).into(), dialled },
            What::Numbered { number, class } => Self::Numbered { number, class },
            What::Decided { rule, outcome } => Self::Decided { rule, outcome },
            What::Invited { party } => Self::Invited((&party).into()),
            What::Rang { party } => Self::Rang((&party).into()),
            What::Answered { party } => Self::Answered((&party).into()),
            What::Failed { party, cause, said } => {
                Self::Failed { party: (&party).into(), cause: cause.into(), said }
            }
            What::Held { party } => Self::Held((&party).into()),
            What::Resumed { party } => Self::Resumed((&party).into()),
            What::Transferred { by, to } => {
                Self::Transferred { by: (&by).into(), to: to.as_ref().map(PartyRow::from) }
            }
            What::Spoken { prompt, ids } => Self::Spoken { prompt, ids },
            What::Ended { by, why } => Self::Ended { by: by.as_ref().map(PartyRow::from), why },
        }
    }
}

impl From<WhatRow> for What {
    fn from(row: WhatRow) -> Self {
        match row {
            WhatRow::Offered { by, dialled } => Self::Offered { by: by.into(), dialled },
            WhatRow::Numbered { number, class } => Self::Numbered { number, class },
            WhatRow::Decided { rule, outcome } => Self::Decided { rule, outcome },
            WhatRow::Invited(party) => Self::Invited { party: party.into() },
            WhatRow::Rang(party) => Self::Rang { party: party.into() },
            WhatRow::Answered(party) => Self::Answered { party: party.into() },
            WhatRow::Failed { party, cause, said } => {
                Self::Failed { party: party.into(), cause: cause.into(), said }
            }
            WhatRow::Held(party) => Self::Held { party: party.into() },
            WhatRow::Resumed(party) => Self::Resumed { party: party.into() },
            WhatRow::Transferred { by, to } => Self::Transferred { by: by.into(), to: to.map(Party::from) },
            WhatRow::Spoken { prompt, ids } => Self::Spoken { prompt, ids },
            WhatRow::Ended { by, why } => Self::Ended { by: by.map(Party::from), why },
        }
    }
}

/// What one leg sounded like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct QualityRow {
    party: PartyRow,
    codec: String,
    received: u64,
    sent: u64,
    lost: u64,
    lost_remote: Option<u64>,
    jitter_ms: f32,
    round_trip_ms: Option<f32>,
    mos: Option<f32>,
}

impl From<&LegQuality> for QualityRow {
    fn from(quality: &LegQuality) -> Self {
        // JSON has no NaN: a figure that is none is written as none.
        let finite = |figure: Option<f32>| figure.filter(|figure| figure.is_finite());
        Self {
            party: (&quality.party).into(),
            codec: quality.codec.clone(),
            received: quality.received,
            sent: quality.sent,
            lost: quality.lost,
            lost_remote: quality.lost_remote,
            jitter_ms: finite(Some(quality.jitter_ms)).unwrap_or(0.0),
            round_trip_ms: finite(quality.round_trip_ms),
            mos: finite(quality.mos),
        }
    }
}

impl From<QualityRow> for LegQuality {
    fn from(row: QualityRow) -> Self {
        let QualityRow { party, codec, received, sent, lost, lost_remote, jitter_ms, round_trip_ms, mos } =
            row;
        let party = party.into();
        Self { party, codec, received, sent, lost, lost_remote, jitter_ms, round_trip_ms, mos }
    }
}
