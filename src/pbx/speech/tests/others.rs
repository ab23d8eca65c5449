//! The examples that say in words what they compose.

use super::super::*;
use super::*;
use model::site::Language::{English, Swedish};

/// What the example of this name composes, on a Monday at five past noon.
pub(super) fn compose(name: &str) -> Vec<Part> {
    let [anna, bo, cia] = ["anna", "bo", "cia"].map(model::UserId::new);
    let named = |id| Person { id, name_recorded: true };
    let unnamed = Person { id: &bo, name_recorded: false };
    let leave = |mut parts: Vec<Part>| {
        parts.extend(tail(&[], Leave::Message));
        parts
    };
    let mobile = || outside("+46701234567");
    match name {
        "no answer, name recorded" => leave(no_answer(&named(&anna))),
        "no answer, no name" => leave(no_answer(&unnamed)),
        "busy in a call" => leave(busy(&named(&cia))),
        "busy in a call, English, no name" => leave(busy(&unnamed)),
        "message from a colleague" => sender(&Caller::Named(anna)),
        "message from outside" => sender(&Caller::Number(mobile())),
        "message from an extension without name" => sender(&Caller::Number(internal("202"))),
        "call-back number read back" => call_back_to(&mobile()),
        "activity by code is confirmed with what callers hear" => {
            set(Swedish, "lunch", &named(&anna), "2026-11-23T13:15:00+01:00")
        }
        "open activity with an end by code" => set(Swedish, "home", &unnamed, "2026-11-23T17:00:00+01:00"),
        "activity confirmed in English" => set(English, "meeting", &unnamed, "2026-11-23T14:30:00+01:00"),
        "own number" => own_number("201".parse().unwrap()),
        "press one, outside caller" => accept(&Caller::Number(outside("+46812345678"))),
        "press one, colleague" => accept(&Caller::Named(anna)),
        "participant joins" | "participant joins, English" => joined(Some(&anna), 3),
        "participant leaves" => left(Some(&anna), 2),
        "parked" | "parked, English" => parked_at("701".parse().unwrap()),
        "emergency notice to reception" => emergency_from("201".parse().unwrap()),
        "barred by spend limit with an emergency route" => barred(Barred::Limit, Help::InReach),
        other => panic!("nobody knows what {other:?} is"),
    }
}

fn set(language: Language, id: &str, person: &Person<'_>, end: &str) -> Vec<Part> {
    let activities = built_in();
    let activity = activities.iter().find(|activity| activity.id.as_str() == id).unwrap();
    let end = Some(End::At(end.parse().unwrap()));
    let absence = Absence { activity, closed: activity.closed, phrase_recorded: false, end };
    let now = at("2026-11-23T12:05:00+01:00", &zone("Europe/Stockholm"));
    activity_set(language, &absence, person, &now)
}
