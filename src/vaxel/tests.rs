//! The command line against a daemon that is only a socket.

mod exit;
mod fake;
mod grammar;
mod shape;

use jiff::Timestamp;
use model::{CallId, CallRecord, Cause, Direction, LegQuality, OpenCall, Party, Step, What};

/// One finished call between two colleagues.
pub(crate) fn record() -> CallRecord {
    let device = |user: &str, device: &str| Party::Device { user: user.into(), device: device.into() };
    let step = |at: &str, what: What| Step { time: time(at), what };
    CallRecord {
        call: OpenCall {
            id: CallId(7),
            direction: Direction::Internal,
            from: "201".into(),
            to: "202".into(),
            began: time("12:00:00"),
        },
        answered: Some(time("12:00:03")),
        ended: time("12:01:05.5"),
        cause: Cause::Answered,
        answered_by: Some("bo".into()),
        answered_device: Some("bo-bord".into()),
        trail: vec![
            step("12:00:00", What::Offered { by: device("anna", "anna-bord"), dialled: "202".into() }),
            step("12:00:00.001", What::Decided { rule: "extension".into(), outcome: "rings bo".into() }),
            step("12:00:03", What::Answered { party: device("bo", "bo-bord") }),
            step("12:01:05.5", What::Ended { by: Some(device("bo", "bo-bord")), why: "hung up".into() }),
        ],
        quality: vec![LegQuality {
            party: device("bo", "bo-bord"),
            codec: "opus/48000".into(),
            received: 3100,
            sent: 3101,
            lost: 2,
            lost_remote: None,
            jitter_ms: 1.5,
            round_trip_ms: None,
            mos: Some(4.4),
        }],
    }
}

/// A time of day on a day in November.
pub(crate) fn time(of_day: &str) -> Timestamp {
    format!("2026-11-23T{of_day}Z").parse().expect("a time of day")
}
