//! What users set for themselves on disk, version 1.

use super::trail::mirror;
use model::{Callers, Forward, Personal, When};
use serde::{Deserialize, Serialize};

mirror!(WhenRow, When, Always, Busy, NoAnswer, Unreachable);
mirror!(CallersRow, Callers, Internal, External);

/// All that a user has set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PersonalRow {
    forwards: Vec<ForwardRow>,
    do_not_disturb: bool,
    call_waiting: Option<bool>,
    refuse_anonymous: bool,
    hide_number: Option<bool>,
}

/// Where calls go in one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ForwardRow {
    when: WhenRow,
    callers: CallersRow,
    number: String,
    on: bool,
    after_s: Option<u32>,
    accept: Option<bool>,
}

impl From<&Personal> for PersonalRow {
    fn from(from: &Personal) -> Self {
        let Personal { forwards, do_not_disturb, call_waiting, refuse_anonymous, hide_number } = from.clone();
        let forwards = forwards.into_iter().map(ForwardRow::from).collect();
        Self { forwards, do_not_disturb, call_waiting, refuse_anonymous, hide_number }
    }
}

impl From<PersonalRow> for Personal {
    fn from(row: PersonalRow) -> Self {
        let PersonalRow { forwards, do_not_disturb, call_waiting, refuse_anonymous, hide_number } = row;
        let forwards = forwards.into_iter().map(Forward::from).collect();
        Self { forwards, do_not_disturb, call_waiting, refuse_anonymous, hide_number }
    }
}

impl From<Forward> for ForwardRow {
    fn from(from: Forward) -> Self {
        let Forward { when, callers, number, on, after_s, accept } = from;
        Self { when: when.into(), callers: callers.into(), number, on, after_s, accept }
    }
}

impl From<ForwardRow> for Forward {
    fn from(row: ForwardRow) -> Self {
        let ForwardRow { when, callers, number, on, after_s, accept } = row;
        Self { when: when.into(), callers: callers.into(), number, on, after_s, accept }
    }
}
