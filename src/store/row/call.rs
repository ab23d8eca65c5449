//! Calls on disk, version 1.

use super::trail::{CauseRow, DirectionRow, QualityRow, StepRow};
use jiff::Timestamp;
use model::{CallId, CallRecord, DeviceId, LegQuality, OpenCall, Step, UserId};
use serde::{Deserialize, Serialize};

/// A call that has begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpenRow {
    pub(crate) id: u64,
    direction: DirectionRow,
    from: String,
    to: String,
    began: Timestamp,
}

impl From<&OpenCall> for OpenRow {
    fn from(call: &OpenCall) -> Self {
        let OpenCall { id, direction, from, to, began } = call.clone();
        Self { id: id.0, direction: direction.into(), from, to, began }
    }
}

impl From<OpenRow> for OpenCall {
    fn from(row: OpenRow) -> Self {
        let OpenRow { id, direction, from, to, began } = row;
        Self { id: CallId(id), direction: direction.into(), from, to, began }
    }
}

/// A call record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecordRow {
    pub(crate) call: OpenRow,
    answered: Option<Timestamp>,
    pub(crate) ended: Timestamp,
    cause: CauseRow,
    by: Option<String>,
    on: Option<String>,
    trail: Vec<StepRow>,
    quality: Vec<QualityRow>,
}

impl From<&CallRecord> for RecordRow {
    fn from(record: &CallRecord) -> Self {
        Self {
            call: (&record.call).into(),
            answered: record.answered,
            ended: record.ended,
            cause: record.cause.into(),
            by: record.answered_by.as_ref().map(|user| user.as_str().to_owned()),
            on: record.answered_device.as_ref().map(|device| device.as_str().to_owned()),
            trail: record.trail.iter().map(StepRow::from).collect(),
            quality: record.quality.iter().map(QualityRow::from).collect(),
        }
    }
}

impl From<RecordRow> for CallRecord {
    fn from(row: RecordRow) -> Self {
        Self {
            call: row.call.into(),
            answered: row.answered,
            ended: row.ended,
            cause: row.cause.into(),
            answered_by: row.by.map(UserId::new),
            answered_device: row.on.map(DeviceId::new),
            trail: row.trail.into_iter().map(Step::from).collect(),
            quality: row.quality.into_iter().map(LegQuality::from).collect(),
        }
    }
}
