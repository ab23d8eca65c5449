//! Phones that say where calls for their user should go.

use super::*;
use call::Diversion;

impl Office {
    /// The phone says that another number should be called.
    fn moves(&mut self, leg: LegId, to: &str) {
        self.leg(leg, LegEvent::Moved { to: to.to_owned(), said: "302 in a test".into() });
        self.leg(leg, LegEvent::Closed(None));
    }

    /// Somebody calls the number; gives the caller and the one leg that rings.
    fn rings(&mut self, from: &str, number: &str) -> (LegId, LegId) {
        let caller = self.dial(from, number);
        let invited = self.invited();
        assert_eq!(invited.len(), 1, "{invited:?}");
        (caller, invited[0].0)
    }
}

#[test]
fn a_call_goes_where_the_phone_says_by_the_rights_of_its_user() {
    let mut office = Office::new();
    let (caller, phone) = office.rings("cia-bord", "202");
    office.moves(phone, "0701112233");
    let (mobile, _, invite) = office.by_trunk();
    assert_eq!(invite.called, "+46701112233");
    assert!(invite.confirm, "a mobile must press 1, however the call got there");
    let diverted = &invite.caller.diverted;
    assert_eq!((diverted[0].by.as_str(), diverted[0].why), ("+46812345202", Diversion::Deflected));
    office.over(&[caller, mobile]);
}

#[test]
fn where_the_user_may_not_call_the_call_is_one_that_nobody_answered() {
    for number in ["09441234567", "112", "202", "*21*203#", "204", "", "x", "0"] {
        let mut office = Office::new();
        let (caller, phone) = office.rings("cia-bord", "202");
        office.moves(phone, number);
        assert_eq!(office.refused(caller).cause, Cause::NoAnswer, "{number}");
        assert!(office.invited().is_empty(), "{number}");
        office.over(&[caller]);
    }
}

#[test]
fn a_company_can_forbid_phones_to_send_calls_on() {
    let mut office = Office::with(&DEMO.replace("[company]\n", "[company]\nphone_redirects = false\n"));
    let (caller, phone) = office.rings("cia-bord", "202");
    office.moves(phone, "201");
    assert_eq!(office.refused(caller).cause, Cause::NoAnswer);
    office.over(&[caller]);
}

#[test]
fn the_other_phones_ring_on_and_whoever_answers_has_the_call() {
    let mut office = Office::new();
    let caller = office.dial("cia-bord", "201");
    let [(first, _), (second, _)] = office.invited().try_into().expect("two phones");
    office.moves(first, "202");
    assert!(office.invited().is_empty(), "the second still rings");
    office.leg(second, LegEvent::Answered);
    assert_eq!(office.over(&[caller, second]).cause, Cause::Answered);
}

#[test]
fn when_the_other_phones_have_rung_in_vain_the_call_goes_where_the_first_said() {
    for (other, goes) in [(None, true), (Some(Cause::Busy), true), (Some(Cause::Rejected), false)] {
        let mut office = Office::new();
        let caller = office.dial("cia-bord", "201");
        let [(first, _), (second, _)] = office.invited().try_into().expect("two phones");
        office.moves(first, "202");
        match other {
            Some(cause) => office.fails(second, cause),
            None => {
                office.pass(21);
                office.leg(second, LegEvent::Closed(None));
            }
        }
        let expected: &[DeviceId] = if goes { &["bo-bord".into()] } else { &[] };
        assert_eq!(office.devices(), expected, "{other:?}");
        office.over(&[caller]);
    }
}

#[test]
fn phones_that_send_calls_to_each_other_end_in_one_record() {
    let mut office = Office::new();
    let (caller, bos) = office.rings("cia-bord", "202");
    office.moves(bos, "201");
    let annas = office.invited();
    assert_eq!(annas.len(), 2);
    for (phone, _) in annas {
        office.moves(phone, "202");
    }
    let refusal = office.refused(caller);
    assert!(refusal.why.contains("loop: bo, anna, bo"), "{}", refusal.why);
    assert!(office.invited().is_empty());
    office.over(&[caller]);
}

#[test]
fn what_a_members_phone_says_does_not_take_a_call_from_the_group() {
    let mut office = Office::new();
    let caller = office.dial("cia-bord", "300");
    for (phone, _) in office.invited() {
        office.moves(phone, "0701112233");
    }
    let further = office.invited();
    let outside = |invite: &Invite| matches!(invite.destination, Destination::Trunk { .. });
    assert!(!further.iter().any(|(_, invite)| outside(invite)), "{further:?}");
    office.over(&[caller]);
}
