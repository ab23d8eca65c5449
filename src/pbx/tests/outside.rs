//! Calls to the outside: presentation, barring, trunks in order, emergency.

use super::*;

fn shown(invite: &Invite) -> (Option<&str>, Option<&str>) {
    (invite.caller.number.as_deref(), invite.caller.asserted.as_deref())
}

#[test]
fn a_number_outside_leaves_in_international_form_and_shows_the_users_own() {
    for dialled in ["0701234567", "+46701234567", "0046701234567", "070-123 45 67"] {
        let mut office = Office::new();
        let caller = office.dial("anna-bord", dialled);
        let (_, trunk, invite) = office.by_trunk();
        assert_eq!((trunk.as_str(), invite.called.as_str()), ("operator", "+46701234567"), "{dialled}");
        assert_eq!(shown(&invite), (Some("+46812345201"), Some("+46812345201")));
        let record = office.over(&[caller]);
        assert_eq!(record.call.to, "+46701234567");
    }
}

#[test]
fn a_user_without_a_number_shows_the_companys() {
    let mut office = Office::new();
    let caller = office.dial("cia-bord", "0701234567");
    assert_eq!(shown(&office.by_trunk().2), (Some("+46812345200"), Some("+46812345200")));
    office.over(&[caller]);
}

#[test]
fn a_hidden_number_is_still_asserted_to_the_trunk() {
    let hidden = DEMO.replace("present = \"fixed\"", "present = \"hidden\"");
    let cases = [
        (DEMO, "#31#0701234567", None),
        (&hidden, "0701234567", None),
        (&hidden, "*31#0701234567", Some("+46812345201")),
    ];
    for (document, dialled, number) in cases {
        let mut office = Office::with(document);
        let caller = office.dial("anna-bord", dialled);
        let (_, _, invite) = office.by_trunk();
        assert_eq!(shown(&invite), (number, Some("+46812345201")), "{dialled}");
        assert_eq!(invite.called, "+46701234567");
        office.over(&[caller]);
    }
}

#[test]
fn a_failing_trunk_gives_way_to_the_next_and_a_final_word_does_not() {
    let mut office = Office::new();
    let caller = office.dial("anna-bord", "0701234567");
    let (first, trunk, _) = office.by_trunk();
    assert_eq!(trunk, "operator".into());
    office.fails(first, Cause::TrunkFailed);
    let (second, trunk, _) = office.by_trunk();
    assert_eq!(trunk, "reserv".into());
    office.fails(second, Cause::Busy);
    assert_eq!(office.refused(caller).cause, Cause::Busy);
    office.over(&[caller]);

    for last in [Cause::UnknownNumber, Cause::Busy, Cause::Rejected] {
        let mut office = Office::new();
        let caller = office.dial("anna-bord", "0701234567");
        let (leg, _, _) = office.by_trunk();
        office.fails(leg, last);
        assert_eq!(office.refused(caller).cause, last);
        office.over(&[caller]);
    }
}

#[test]
fn a_silent_host_is_given_up_after_four_seconds() {
    let mut office = Office::new();
    office.trunk("operator", &[true, true]);
    let caller = office.dial("anna-bord", "0701234567");
    let (first, _, invite) = office.by_trunk();
    assert!(matches!(invite.destination, Destination::Trunk { host: 0, .. }));
    office.pass(4);
    let (second, _, invite) = office.by_trunk();
    assert!(matches!(invite.destination, Destination::Trunk { host: 1, .. }), "the trunk's next host first");
    office.leg(second, LegEvent::Trying);
    office.pass(20);
    assert!(office.invited().is_empty(), "a host that works on it is waited for");
    office.leg(first, LegEvent::Closed(None));
    office.leg(second, LegEvent::Closed(None));
    office.over(&[caller]);
}

#[test]
fn trunks_that_are_down_or_full_are_passed_over() {
    let mut office = Office::new();
    office.trunk("operator", &[false]);
    let caller = office.dial("anna-bord", "0701234567");
    assert_eq!(office.by_trunk().1, "reserv".into());
    // Two channels are all that the reserve has.
    let second = office.dial("bo-bord", "0701234567");
    assert_eq!(office.by_trunk().1, "reserv".into());
    let third = office.dial("cia-bord", "0701234567");
    assert_eq!(office.refused(third).cause, Cause::TrunkFailed);
    for leg in [caller, second, third] {
        office.leg(leg, LegEvent::Ended(EndedBy::Party));
    }
    office.pass(10);
    assert!(office.pbx.is_idle());
    assert_eq!(office.records().len(), 3);
}

#[test]
fn barred_classes_are_refused_and_allowed_users_get_through() {
    let cases = [("0900123456", Cause::Barred), ("118118", Cause::Barred), ("0771234567", Cause::Barred)];
    for (dialled, cause) in cases {
        let mut office = Office::new();
        let caller = office.dial("anna-bord", dialled);
        assert_eq!(office.refused(caller).cause, cause, "{dialled}");
        office.over(&[caller]);
    }
    let allowed = DEMO
        .replace(
            "plan = \"business\"                     # pro",
            "allow = [\"directory\"]\nplan = \"business\" # pro",
        )
        .replace("\"emergency\", \"society\"]", "\"emergency\", \"society\", \"directory\"]");
    let mut office = Office::with(&allowed);
    let caller = office.dial("anna-bord", "118118");
    assert_eq!(office.by_trunk().2.called, "118118");
    office.over(&[caller]);
}

#[test]
fn help_shows_the_sites_number_whatever_is_hidden() {
    for dialled in ["112", "#31#112"] {
        let mut office = Office::with(&DEMO.replace("present = \"fixed\"", "present = \"hidden\""));
        let caller = office.dial("anna-bord", dialled);
        let (_, _, invite) = office.by_trunk();
        assert_eq!(invite.called, "112");
        assert_eq!(shown(&invite), (Some("+46812345200"), Some("+46812345200")));
        office.over(&[caller]);
    }
}

#[test]
fn help_gets_out_by_any_trunk_even_one_that_seems_down() {
    let mut office = Office::new();
    office.trunk("operator", &[false]);
    let caller = office.dial("anna-bord", "112");
    let (first, trunk, _) = office.by_trunk();
    assert_eq!(trunk, "reserv".into(), "the one that is up comes first");
    office.fails(first, Cause::Busy);
    let (second, trunk, _) = office.by_trunk();
    assert_eq!(trunk, "operator".into(), "nobody's word is final for help");
    office.leg(second, LegEvent::Answered);
    let record = office.over(&[caller, second]);
    assert_eq!(record.cause, Cause::Answered);
}

#[test]
fn help_takes_a_channel_from_the_youngest_other_call() {
    let one = DEMO
        .replace("channels = 30", "channels = 1")
        .replace("trunks = [\"operator\", \"reserv\"]", "trunks = [\"operator\"]");
    let mut office = Office::with(&one);
    office.trunk("reserv", &[]);
    let chatting = office.dial("bo-bord", "0701234567");
    let (talks, _, _) = office.by_trunk();
    office.leg(talks, LegEvent::Answered);
    let caller = office.dial("anna-bord", "112");
    let cut: Vec<LegId> = office
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Leg(call::Effect::HangUp { leg, why: HangUp::Preempted }) => Some(*leg),
            _ => None,
        })
        .collect();
    assert_eq!(cut, [chatting, talks]);
    let (help, _, invite) = office.by_trunk();
    assert_eq!(invite.called, "112");
    for leg in [chatting, talks, help] {
        office.leg(leg, LegEvent::Closed(None));
    }
    office.leg(caller, LegEvent::Ended(EndedBy::Party));
    office.pass(10);
    assert!(office.pbx.is_idle());
    assert_eq!(office.records().len(), 2);
}
