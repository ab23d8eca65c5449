//! Connecting further, parking, picking up, conferences: what policy makes of a wish.

use super::*;
use call::{Effect as Leg, Program, Referral, RoomKey};

impl Office {
    /// The first phone that is invited answers; gives its leg.
    fn answers(&mut self) -> LegId {
        let invited = self.invited();
        let (leg, _) = invited.first().expect("somebody is invited");
        let leg = *leg;
        for (other, _) in &invited[1..] {
            self.leg(*other, LegEvent::Ringing);
        }
        self.leg(leg, LegEvent::Answered);
        for (other, _) in &invited[1..] {
            self.leg(*other, LegEvent::Closed(None));
        }
        leg
    }

    fn refers(&mut self, leg: LegId, to: &str, replaces: Option<LegId>) {
        self.leg(leg, LegEvent::Referred(Box::new(Referral { to: to.to_owned(), replaces })));
    }

    /// What was said of a leg's wish to connect.
    fn referral(&self, leg: LegId) -> Result<(), Cause> {
        let said = self.done().into_iter().find_map(|effect| match effect {
            Leg::Refer { leg: of, result } if *of == leg => Some(*result),
            _ => None,
        });
        said.expect("the wish is answered")
    }

    fn done(&self) -> Vec<&Leg> {
        let mut legs = Vec::new();
        for effect in &self.effects {
            if let Effect::Leg(effect) = effect {
                legs.push(effect);
            }
        }
        legs
    }

    fn joined(&self, one: LegId, other: LegId) -> bool {
        self.done().contains(&&Leg::Join { leg: one, with: other })
    }

    fn hears(&self, leg: LegId, program: Program) -> bool {
        self.done().contains(&&Leg::Play { leg, program })
    }

    fn ends(&mut self, legs: &[LegId]) -> Vec<CallRecord> {
        for leg in legs {
            self.leg(*leg, LegEvent::Ended(EndedBy::Party));
        }
        for leg in legs {
            self.leg(*leg, LegEvent::Closed(None));
        }
        self.pass(10);
        assert!(self.pbx.is_idle(), "something is left");
        self.records()
    }
}

#[test]
fn a_caller_from_outside_is_connected_with_a_colleague_who_sees_who_calls() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    office.refers(bo, "203", None);
    assert_eq!(office.referral(bo), Ok(()));
    let invited = office.invited();
    assert_eq!(invited[0].1.caller.number.as_deref(), Some("+46701234567"));
    office.leg(invited[0].0, LegEvent::Answered);
    assert!(office.joined(caller, invited[0].0));
    let records = office.ends(&[caller, bo, invited[0].0]);
    assert_eq!(records[0].answered_by, Some("bo".into()));
    assert_eq!(rules(&records[0]), ["devices", "transfer", "devices"]);
}

#[test]
fn the_one_whom_a_caller_connects_further_is_shown_to_the_next() {
    let mut office = Office::new();
    let bo = office.dial("bo-bord", "0701234567");
    let (outside, _, _) = office.by_trunk();
    office.leg(outside, LegEvent::Answered);
    office.refers(bo, "203", None);
    let invited = office.invited();
    assert_eq!(invited[0].1.caller.number.as_deref(), Some("+46701234567"));
    assert_eq!(invited[0].1.parent, outside);
    office.ends(&[bo, outside, invited[0].0]);
}

#[test]
fn a_blind_transfer_that_nobody_takes_comes_back_and_not_to_the_targets_rules() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    office.refers(bo, "203", None);
    let cia = office.invited()[0].0;
    office.leg(bo, LegEvent::Ended(EndedBy::Us));
    office.leg(bo, LegEvent::Closed(None));
    office.leg(cia, LegEvent::Ringing);
    office.pass(30);
    office.leg(cia, LegEvent::Closed(None));
    let back = office.invited();
    assert!(
        matches!(&back[0].1.destination, Destination::Contact { device, .. } if device.as_str() == "bo-bord")
    );
    office.leg(back[0].0, LegEvent::Answered);
    assert!(office.joined(caller, back[0].0));
    let records = office.ends(&[caller, back[0].0]);
    assert_eq!(records.len(), 1);
    assert_eq!(rules(&records[0]), ["devices", "transfer", "devices", "transfer"]);
}

#[test]
fn a_wish_that_cannot_be_met_leaves_the_call_as_it_was() {
    for (to, cause) in [
        ("999", Cause::UnknownNumber),
        ("0900123456", Cause::Barred),
        ("*8", Cause::UnknownNumber),
        ("", Cause::UnknownNumber),
    ] {
        let mut office = Office::new();
        let caller = office.ring_in(Some("+46701234567"), "+46812345202");
        let bo = office.answers();
        office.refers(bo, to, None);
        assert_eq!(office.referral(bo), Err(cause), "{to}");
        assert!(office.invited().is_empty(), "{to}");
        office.leg(bo, LegEvent::Ended(EndedBy::Party));
        assert!(
            office.done().iter().any(|effect| matches!(effect, Leg::HangUp { leg, .. } if *leg == caller))
        );
        office.ends(&[caller, bo]);
    }
}

#[test]
fn an_operator_cannot_connect_calls_at_our_cost() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    office.refers(caller, "0707654321", None);
    assert_eq!(office.referral(caller), Err(Cause::Barred));
    office.ends(&[caller, bo]);
}

#[test]
fn a_call_goes_from_trunk_to_trunk_by_the_rights_of_who_connects_it() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    office.refers(bo, "0707654321", None);
    let (outside, trunk, invite) = office.by_trunk();
    assert_eq!((trunk.as_str(), invite.called.as_str()), ("operator", "+46707654321"));
    office.leg(outside, LegEvent::Answered);
    assert!(office.joined(caller, outside));
    office.ends(&[caller, bo, outside]);
}

#[test]
fn with_inquiry_the_two_others_talk_to_each_other() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    office.leg(bo, LegEvent::Held);
    assert!(office.hears(caller, Program::Music));
    let asks = office.dial("bo-bord", "203");
    let cia = office.answers();
    office.refers(bo, "203", Some(asks));
    assert_eq!(office.referral(bo), Ok(()));
    assert!(office.joined(caller, cia));
    let records = office.ends(&[caller, bo, asks, cia]);
    assert_eq!(records.len(), 2);
    assert_eq!(records.iter().filter(|record| record.cause == Cause::Transferred).count(), 1);
}

#[test]
fn an_inquiry_that_still_rings_is_answered_to_who_was_connected_and_comes_back_otherwise() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    let asks = office.dial("bo-bord", "203");
    let cia = office.invited()[0].0;
    office.leg(cia, LegEvent::Ringing);
    office.refers(bo, "203", Some(asks));
    assert_eq!(office.referral(bo), Ok(()));
    office.leg(bo, LegEvent::Closed(None));
    office.leg(asks, LegEvent::Closed(None));
    office.pass(30);
    office.leg(cia, LegEvent::Closed(None));
    let back = office.answers();
    assert!(office.joined(caller, back));
    office.ends(&[caller, back]);
}

#[test]
fn nobody_connects_by_somebody_elses_call() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    let anna = office.dial("anna-bord", "203");
    let cia = office.answers();
    office.refers(bo, "203", Some(anna));
    assert_eq!(office.referral(bo), Err(Cause::UnknownNumber));
    office.ends(&[caller, bo, anna, cia]);
}

#[test]
fn a_held_call_is_parked_and_taken_by_anybody() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    office.leg(bo, LegEvent::Held);
    let parks = office.dial("bo-bord", "*51");
    assert!(office.hears(parks, Program::Done));
    office.leg(parks, LegEvent::Played);
    let anna = office.dial("anna-bord", "*51");
    assert!(office.joined(caller, anna));
    let records = office.ends(&[caller, bo, parks, anna]);
    assert_eq!(records.len(), 3);
}

#[test]
fn a_parked_call_that_nobody_takes_goes_back() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    office.refers(bo, "*52", None);
    assert_eq!(office.referral(bo), Ok(()));
    office.leg(bo, LegEvent::Closed(None));
    assert!(office.hears(caller, Program::Music));
    office.pass(119);
    assert!(office.invited().is_empty());
    office.pass(1);
    let back = office.answers();
    assert!(office.joined(caller, back));
    office.ends(&[caller, back]);
}

#[test]
fn a_place_that_is_taken_is_not_parked_at_twice() {
    let mut office = Office::new();
    let first = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    office.refers(bo, "*51", None);
    office.leg(bo, LegEvent::Closed(None));
    let second = office.ring_in(Some("+46701234568"), "+46812345201");
    let anna = office.answers();
    office.refers(anna, "*51", None);
    assert_eq!(office.referral(anna), Err(Cause::Busy));
    office.ends(&[first, second, anna]);
}

#[test]
fn a_call_is_picked_up_for_ones_group_and_by_extension() {
    for code in ["*8", "*8202"] {
        let mut office = Office::new();
        let caller = office.ring_in(Some("+46701234567"), "+46812345202");
        let bo = office.invited()[0].0;
        office.leg(bo, LegEvent::Ringing);
        let anna = office.dial("anna-bord", code);
        assert!(office.joined(caller, anna), "{code}");
        let elsewhere = Leg::HangUp { leg: bo, why: HangUp::AnsweredElsewhere };
        assert!(office.done().contains(&&elsewhere), "{code}");
        let records = office.ends(&[caller, bo, anna]);
        assert!(records.iter().any(|record| record.answered_by == Some("anna".into())), "{code}");
    }
}

#[test]
fn who_shares_no_group_picks_up_by_extension_only() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.invited()[0].0;
    let cia = office.dial("cia-bord", "*8");
    assert!(office.hears(cia, Program::Refused));
    let again = office.dial("cia-bord", "*8202");
    assert!(office.joined(caller, again));
    office.ends(&[caller, bo, cia, again]);
}

#[test]
fn ones_own_call_moves_to_ones_other_phone() {
    let mut office = Office::new();
    let caller = office.ring_in(Some("+46701234567"), "+46812345201");
    let first = office.answers();
    let second = office.dial("anna-dator", "*8201");
    assert!(office.joined(caller, second));
    office.ends(&[caller, first, second]);
}

#[test]
fn three_on_hold_and_oneself_make_a_conference_and_the_owner_may_leave() {
    let mut office = Office::new();
    let outside = office.ring_in(Some("+46701234567"), "+46812345202");
    let bo = office.answers();
    office.leg(bo, LegEvent::Held);
    let asks = office.dial("bo-bord", "203");
    let cia = office.answers();
    office.leg(asks, LegEvent::Held);
    let owner = office.dial("bo-bord", "*3");
    let room = RoomKey(1);
    for leg in [outside, cia, owner] {
        assert!(office.done().contains(&&Leg::Enter { leg, room }), "{leg:?}");
    }
    office.leg(owner, LegEvent::Ended(EndedBy::Party));
    office.leg(owner, LegEvent::Closed(None));
    let hung_up = |office: &Office, of| {
        office
            .done()
            .iter()
            .any(|effect| matches!(effect, Leg::HangUp { leg, .. } | Leg::Reject { leg, .. } if *leg == of))
    };
    assert!(!hung_up(&office, outside), "the others go on");
    office.leg(cia, LegEvent::Ended(EndedBy::Party));
    office.leg(cia, LegEvent::Closed(None));
    assert!(hung_up(&office, outside), "nobody stays alone in it");
    office.ends(&[outside, bo, asks]);
}

#[test]
fn a_room_asks_for_its_pin_and_gives_three_tries() {
    let mut office = Office::new();
    let right = office.dial("anna-bord", "600");
    for digit in "9999".chars().chain("1234".chars()) {
        office.leg(right, LegEvent::Digit(digit));
    }
    assert!(office.hears(right, Program::Refused));
    assert!(office.done().contains(&&Leg::Enter { leg: right, room: RoomKey(1) }));
    let wrong = office.ring_in(None, "+46812345260");
    for digit in "111122223333".chars() {
        office.leg(wrong, LegEvent::Digit(digit));
    }
    assert!(office.refused(wrong).why.contains("three wrong PINs"));
    office.ends(&[right, wrong]);
}

#[test]
fn a_room_has_room_for_so_many() {
    let small = DEMO.replace("max_participants = 50", "max_participants = 2").replace("pin = \"1234\"", "");
    let mut office = Office::with(&small);
    let first = office.dial("anna-bord", "600");
    assert!(office.hears(first, Program::Music), "alone so far");
    let second = office.dial("bo-bord", "600");
    assert!(office.done().contains(&&Leg::Stop { leg: first }));
    let third = office.dial("cia-bord", "600");
    assert_eq!(office.refused(third).cause, Cause::Busy);
    office.ends(&[first, second, third]);
}
