//! Calls to colleagues and groups.

use super::*;

#[test]
fn every_device_of_a_colleague_rings_however_the_colleague_is_dialled() {
    for dialled in ["201", "+46812345201", "0046812345201", "08-123 452 01", "0812345201", "12345201"] {
        let mut office = Office::new();
        let caller = office.dial("bo-bord", dialled);
        assert_eq!(office.devices(), ["anna-bord".into(), "anna-dator".into()], "{dialled}");
        let record = office.over(&[caller]);
        assert_eq!((record.call.from.as_str(), record.call.to.as_str()), ("202", "201"), "{dialled}");
        assert_eq!(record.call.direction, model::Direction::Internal, "{dialled}");
    }
}

#[test]
fn a_call_from_outside_reaches_a_direct_number_in_any_spelling() {
    for dialled in ["+46812345202", "0046812345202", "0812345202", "46812345202", "08-123 452 02"] {
        let mut office = Office::new();
        let caller = office.ring_in(Some("+46701234567"), dialled);
        assert_eq!(office.devices(), ["bo-bord".into()], "{dialled}");
        let record = office.over(&[caller]);
        assert_eq!((record.call.from.as_str(), record.call.to.as_str()), ("+46701234567", "+46812345202"));
    }
}

#[test]
fn a_call_from_outside_never_gets_outside_nor_to_a_bare_extension() {
    for dialled in ["+46701234567", "112", "0046701234567", "202", "+46812345299"] {
        let mut office = Office::new();
        let caller = office.ring_in(Some("+46701234567"), dialled);
        assert_eq!(office.refused(caller).cause, Cause::UnknownNumber, "{dialled}");
        assert!(office.invited().is_empty(), "{dialled}");
        office.over(&[caller]);
    }
}

#[test]
fn ones_own_other_devices_ring_but_not_the_one_that_calls() {
    let mut office = Office::new();
    let caller = office.dial("anna-bord", "201");
    assert_eq!(office.devices(), ["anna-dator".into()]);
    office.over(&[caller]);
}

#[test]
fn a_blocked_caller_is_refused_and_the_record_says_so() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("0700000666"), "+46812345201");
    assert_eq!(office.refused(caller).cause, Cause::Blocked);
    let record = office.over(&[caller]);
    assert_eq!((record.cause, rules(&record)), (Cause::Blocked, vec!["block-list"]));
}

#[test]
fn a_second_call_meets_busy_unless_the_user_lets_it_knock() {
    let knocking = DEMO.replace("extension = \"202\"", "extension = \"202\"\ncall_waiting = true");
    for (document, knocks) in [(DEMO, false), (knocking.as_str(), true)] {
        let mut office = Office::with(document);
        let first = office.dial("anna-bord", "202");
        let rings = office.invited().remove(0).0;
        office.leg(rings, LegEvent::Answered);
        let second = office.dial("cia-bord", "202");
        if knocks {
            assert_eq!(office.devices(), ["bo-bord".into()]);
        } else {
            assert_eq!(office.refused(second).cause, Cause::Busy);
        }
        for leg in [first, rings, second] {
            office.leg(leg, LegEvent::Ended(EndedBy::Party));
            office.leg(leg, LegEvent::Closed(None));
        }
        office.pass(10);
        assert_eq!(office.records().len(), 2);
        assert!(office.pbx.is_idle());
    }
}

#[test]
fn nobody_registered_is_no_answer_at_once() {
    let mut office = Office::new();
    office.contacts("bo-bord", &[]);
    let caller = office.dial("anna-bord", "202");
    assert_eq!(office.refused(caller).cause, Cause::NoAnswer);
    let record = office.over(&[caller]);
    assert_eq!(rules(&record)[0], "unreachable");
}

#[test]
fn ringing_ends_after_the_users_own_time_and_the_rule_follows() {
    let document = DEMO.replace("after_s = 20, then = \"voicemail\"", "after_s = 12, then = \"forward:203\"");
    let mut office = Office::with(&document);
    let caller = office.dial("bo-bord", "201");
    office.invited();
    office.pass(11);
    assert!(office.invited().is_empty());
    office.pass(1);
    assert_eq!(office.devices(), ["cia-bord".into()]);
    let record = office.over(&[caller]);
    assert!(rules(&record).contains(&"forward"));
}

#[test]
fn forwards_that_go_round_in_a_circle_end_with_a_clear_cause() {
    let document =
        DEMO.replace("after_s = 20, then = \"voicemail\"", "after_s = 20, then = \"forward:202\"").replace(
            "extension = \"202\"",
            "extension = \"202\"\nno_answer = { after_s = 20, then = \"forward:201\" }",
        );
    let mut office = Office::with(&document);
    for device in ["anna-bord", "anna-dator", "bo-bord"] {
        office.contacts(device, &[]);
    }
    let caller = office.dial("cia-bord", "201");
    let refusal = office.refused(caller);
    assert!(refusal.why.contains("loop"), "{}", refusal.why);
    office.over(&[caller]);
}

#[test]
fn a_group_rings_its_free_members_and_then_goes_where_its_rule_says() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345230");
    assert_eq!(office.devices(), ["anna-bord".into(), "anna-dator".into(), "bo-bord".into()]);
    office.pass(30);
    assert_eq!(office.devices(), ["bo-bord".into()], "forward:202");
    office.over(&[caller]);
}

#[test]
fn a_linear_group_goes_on_at_once_when_a_member_is_busy() {
    let mut office = Office::with(&DEMO.replace(
        "strategy = \"all\"                      # all | linear",
        "strategy = \"linear\" # all | linear",
    ));
    let caller = office.dial("cia-bord", "300");
    let first = office.invited();
    assert_eq!(first.len(), 2, "both of Anna's phones");
    for (leg, _) in first {
        office.fails(leg, Cause::Busy);
    }
    assert_eq!(office.devices(), ["bo-bord".into()]);
    office.over(&[caller]);
}

#[test]
fn phones_show_a_name_or_a_number_as_their_user_wants() {
    let number = DEMO.replace("caller_display = \"name\"", "caller_display = \"number\"");
    let cases = [
        (DEMO, "+46700000001", Some("Viktiga Kunden")),
        (DEMO, "+46701112233", Some("070-111 22 33")),
        (number.as_str(), "+46700000001", Some("070-000 00 01")),
    ];
    for (document, caller, expected) in cases {
        let mut office = Office::with(document);
        let leg = office.ring_in(Some(caller), "+46812345201");
        let shown = office.invited().remove(0).1.caller;
        assert_eq!((shown.number.as_deref(), shown.name.as_deref()), (Some(caller), expected));
        office.over(&[leg]);
    }
    let mut office = Office::new();
    let leg = office.ring_in(None, "+46812345201");
    assert_eq!(office.invited().remove(0).1.caller, call::Caller::default(), "anonymous stays anonymous");
    office.over(&[leg]);
}

#[test]
fn what_does_not_exist_is_an_unknown_number() {
    for dialled in ["299", "+46812345299", "0999", "", "abc", "*99#"] {
        let mut office = Office::new();
        let caller = office.dial("anna-bord", dialled);
        assert_eq!(office.refused(caller).cause, Cause::UnknownNumber, "{dialled:?}");
        office.over(&[caller]);
    }
}
