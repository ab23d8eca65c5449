//! The JSON shapes that the contract promises.

use super::fake::{Daemon, vaxel};
use super::{record, time};
use model::{
    Availability, Call, CallId, Callers, Cause, Difference, Direction, Forward, Leg, LogEntry, Personal,
    Registration, Reply, Room, RoomParty, Status, TraceLine, Trunk, TrunkHost, TrunkState, When,
};
use serde_json::{Value, json};

fn answer(arguments: &[&str], reply: Reply) -> Value {
    let daemon = Daemon::replies(vec![reply]);
    let line = [&["vaxel"], arguments, &["--json"]].concat();
    let ran = vaxel(daemon.socket(), &line, "");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}");
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn registrations_have_the_contracts_keys() {
    let registration = Registration {
        device: "anna-bord".into(),
        user: "anna".into(),
        contact: "sip:anna-bord@10.0.0.5:5060".into(),
        transport: "udp".into(),
        expires: time("12:00:00"),
        agent: None,
    };
    let expected = json!([{
        "device": "anna-bord", "user": "anna", "contact": "sip:anna-bord@10.0.0.5:5060",
        "transport": "udp", "expires": "2026-11-23T12:00:00.000000Z", "agent": null,
    }]);
    assert_eq!(answer(&["registrations"], Reply::Registrations(vec![registration])), expected);
}

#[test]
fn calls_have_the_contracts_keys() {
    let call = Call {
        id: CallId(7),
        from: "201".into(),
        to: "202".into(),
        state: "talking".into(),
        since: time("12:00:00.25"),
        legs: vec![Leg { party: "device:anna-bord".into(), state: "talking".into() }],
    };
    let expected = json!([{
        "id": 7, "from": "201", "to": "202", "state": "talking", "since": "2026-11-23T12:00:00.250000Z",
        "legs": [{"party": "device:anna-bord", "state": "talking"}],
    }]);
    assert_eq!(answer(&["calls"], Reply::Calls(vec![call])), expected);
}

#[test]
fn the_call_log_has_the_contracts_keys() {
    let entry = LogEntry {
        id: CallId(7),
        direction: Direction::Inbound,
        from: "+46700000001".into(),
        to: "+46812345201".into(),
        began: time("12:00:00"),
        answered: None,
        ended: time("12:00:20"),
        cause: Cause::NoAnswer,
        answered_by: None,
        answered_device: None,
    };
    let expected = json!([{
        "id": 7, "direction": "inbound", "from": "+46700000001", "to": "+46812345201",
        "began": "2026-11-23T12:00:00.000000Z", "answered": null, "ended": "2026-11-23T12:00:20.000000Z",
        "cause": "no-answer", "answered_by": null, "answered_device": null,
    }]);
    assert_eq!(answer(&["call-log"], Reply::CallLog(vec![entry])), expected);
}

#[test]
fn one_call_has_its_trail_in_order() {
    let shown = answer(&["call-log", "show", "7"], Reply::CallLogEntry(Box::new(record())));
    for key in ["id", "direction", "from", "to", "began", "answered", "ended", "cause"] {
        assert!(!shown[key].is_null(), "{key}");
    }
    assert_eq!(shown["answered_by"], "bo");
    assert_eq!(shown["answered_device"], "bo-bord");
    assert_eq!(shown["quality"][0]["mos"], 4.4);
    let expected = json!({
        "time": "2026-11-23T12:00:00.000000Z", "what": "offered",
        "by": {"device": {"user": "anna", "device": "anna-bord"}}, "dialled": "202",
    });
    assert_eq!(shown["trail"][0], expected);
    let times: Vec<&str> =
        shown["trail"].as_array().unwrap().iter().map(|step| step["time"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn an_empty_listing_is_an_empty_array() {
    let table: [(&[&str], Reply); 7] = [
        (&["registrations"], Reply::Registrations(Vec::new())),
        (&["calls"], Reply::Calls(Vec::new())),
        (&["call-log"], Reply::CallLog(Vec::new())),
        (&["trace", "7"], Reply::Trace(Vec::new())),
        (&["trunks"], Reply::Trunks(Vec::new())),
        (&["log"], Reply::Log(Vec::new())),
        (&["site", "diff", "-"], Reply::Differences(Vec::new())),
    ];
    for (arguments, reply) in table {
        assert_eq!(answer(arguments, reply), json!([]), "{arguments:?}");
    }
    assert_eq!(answer(&["site", "apply", "-"], Reply::Done), json!([]));
}

#[test]
fn the_rest_is_one_value_each() {
    let status = Status {
        version: "0.1.0".into(),
        started: time("06:00:00"),
        company: None,
        calls: 0,
        registrations: 0,
        trunks_up: 0,
        trunks: 0,
        alarms: Vec::new(),
    };
    let expected = json!({
        "version": "0.1.0", "started": "2026-11-23T06:00:00.000000Z", "company": null, "calls": 0,
        "registrations": 0, "trunks_up": 0, "trunks": 0, "alarms": [],
    });
    assert_eq!(answer(&["status"], Reply::Status(status)), expected);

    assert_eq!(answer(&["log"], Reply::Log(vec!["a".into()])), json!([{"line": "a"}]));
    assert_eq!(answer(&["site", "export"], Reply::Site("x = 1\n".into())), json!({"document": "x = 1\n"}));

    let difference = Difference { path: "users.dan".into(), was: None, becomes: Some("{}".into()) };
    let expected = json!([{"path": "users.dan", "was": null, "becomes": "{}"}]);
    assert_eq!(answer(&["site", "diff", "-"], Reply::Differences(vec![difference])), expected);
}

#[test]
fn a_users_settings_are_one_object() {
    let mut personal = Personal { call_waiting: Some(true), ..Personal::default() };
    let (when, callers, number) = (When::NoAnswer, Callers::External, "+46701234501".to_owned());
    personal.put(Forward { when, callers, number, on: true, after_s: Some(20), accept: None });
    let expected = json!({
        "forwards": [{
            "when": "no-answer", "callers": "external", "number": "+46701234501", "on": true,
            "after_s": 20, "accept": null,
        }],
        "do_not_disturb": false, "call_waiting": true, "refuse_anonymous": false, "hide_number": null,
        "doing": null,
    });
    let reply = || Reply::Personal(Box::new(personal.clone()));
    assert_eq!(answer(&["forward", "show", "bo"], reply()), expected);
    assert_eq!(answer(&["do-not-disturb", "clear", "bo"], reply()), expected);
}

#[test]
fn what_a_user_is_doing_is_one_object() {
    let availability = Availability {
        user: "bo".into(),
        activity: "lunch".into(),
        until: Some("2026-11-23T12:15:00Z".parse().expect("an instant")),
        whole_day: false,
        note: Some("på torget".into()),
        closed: true,
    };
    let expected = json!({
        "user": "bo", "activity": "lunch", "until": "2026-11-23T12:15:00Z", "whole_day": false,
        "note": "på torget", "closed": true,
    });
    assert_eq!(answer(&["activity", "show", "bo"], Reply::Activity(Box::new(availability))), expected);
}

#[test]
fn rooms_have_their_parties() {
    let party =
        RoomParty { call: CallId(7), party: "device:anna-bord".into(), number: "201".into(), muted: true };
    let room = Room {
        id: "stora".into(),
        name: "Stora".into(),
        locked: false,
        max_participants: 50,
        parties: vec![party],
    };
    let expected = json!([{
        "id": "stora", "name": "Stora", "locked": false, "max_participants": 50,
        "parties": [{"call": 7, "party": "device:anna-bord", "number": "201", "muted": true}],
    }]);
    assert_eq!(answer(&["rooms"], Reply::Rooms(vec![room.clone()])), expected);
    assert_eq!(answer(&["room", "stora", "mute", "7"], Reply::Rooms(vec![room])), expected);
}

#[test]
fn traces_and_trunks_are_arrays_of_objects() {
    let line = TraceLine {
        note: false,
        time: time("12:00:00"),
        sent: true,
        peer: "udp:10.0.0.5:5060".into(),
        summary: "SIP/2.0 100 Trying".into(),
        message: "SIP/2.0 100 Trying\r\n\r\n".into(),
    };
    let expected = json!([{
        "time": "2026-11-23T12:00:00.000000Z", "note": false, "sent": true, "peer": "udp:10.0.0.5:5060",
        "summary": "SIP/2.0 100 Trying", "message": "SIP/2.0 100 Trying\r\n\r\n",
    }]);
    assert_eq!(answer(&["trace", "7"], Reply::Trace(vec![line])), expected);

    let trunk = Trunk {
        id: "operator".into(),
        kind: "peer".into(),
        up: true,
        state: TrunkState::Up,
        registered: None,
        said: None,
        next_try: None,
        channels_used: 1,
        channels: 30,
        hosts: vec![TrunkHost {
            address: "10.0.0.1:5060".into(),
            up: false,
            state: TrunkState::Unknown,
            said: "not asked yet".into(),
        }],
    };
    let expected = json!([{
        "id": "operator", "kind": "peer", "up": true, "state": "up", "registered": null, "said": null,
        "next_try": null, "channels_used": 1, "channels": 30,
        "hosts": [{"address": "10.0.0.1:5060", "up": false, "state": "unknown", "said": "not asked yet"}],
    }]);
    assert_eq!(answer(&["trunks"], Reply::Trunks(vec![trunk])), expected);
}
