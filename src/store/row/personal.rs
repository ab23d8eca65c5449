//! What users set for themselves on disk, version 1.

use super::trail::mirror;
use jiff::Timestamp;
use model::{ActivityId, Callers, Doing, Forward, Personal, When};
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
    #[serde(default)]
    doing: Option<DoingRow>,
}

/// What a user is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct DoingRow {
    activity: String,
    until: Option<Timestamp>,
    whole_day: bool,
    note: Option<String>,
    closed: Option<bool>,
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
        let Personal { forwards, do_not_disturb, call_waiting, refuse_anonymous, hide_number, doing } =
            from.clone();
        let doing = doing.map(DoingRow::from);
        let forwards = forwards.into_iter().map(ForwardRow::from).collect();
        Self { forwards, do_not_disturb, call_waiting, refuse_anonymous, hide_number, doing }
    }
}

impl From<PersonalRow> for Personal {
    fn from(row: PersonalRow) -> Self {
        let PersonalRow { forwards, do_not_disturb, call_waiting, refuse_anonymous, hide_number, doing } =
            row;
        let doing = doing.map(Doing::from);
        let forwards = forwards.into_iter().map(Forward::from).collect();
        Self { forwards, do_not_disturb, call_waiting, refuse_anonymous, hide_number, doing }
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

impl From<Doing> for DoingRow {
    fn from(from: Doing) -> Self {
        let Doing { activity, until, whole_day, note, closed } = from;
        Self { activity: activity.as_str().to_owned(), until, whole_day, note, closed }
    }
}

impl From<DoingRow> for Doing {
    fn from(row: DoingRow) -> Self {
        let DoingRow { activity, until, whole_day, note, closed } = row;
        Self { activity: ActivityId::new(activity), until, whole_day, note, closed }
    }
}
