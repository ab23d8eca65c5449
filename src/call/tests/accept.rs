//! A leg that must press 1 to take the call.

use super::*;

fn outside() -> Vec<Destination> {
    vec![trunk("operator")]
}

#[test]
fn whoever_answers_outside_talks_only_after_pressing_1() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let legs = exchange.ring_with(call, (outside(), true), None);
    exchange.happen(legs[0], LegEvent::Ringing);
    let asked = [Effect::Play { leg: legs[0], program: Program::Accept }];
    assert_eq!(exchange.happen(legs[0], LegEvent::Answered), asked);
    assert_eq!(exchange.calls.list()[0].state, "ringing");
    assert_eq!(
        exchange.happen(legs[0], LegEvent::Digit('1')),
        [Effect::Stop { leg: legs[0] }, Effect::Join { leg: caller, with: legs[0] }]
    );
    // From now on keys are the parties' own again.
    exchange.happen(legs[0], LegEvent::Digit('7'));
    assert_eq!(exchange.wishes.last(), Some(&(call, legs[0], Wish::Digit('7'))));
    exchange.happen(caller, LegEvent::Ended(EndedBy::Party));
    let record = exchange.settles(&[caller, legs[0]]);
    assert_eq!(record.cause, Cause::Answered);
    assert!(record.answered.is_some());
}

#[test]
fn a_voicemail_that_answers_does_not_take_the_call_from_the_phones() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let mobile = exchange.ring_with(call, (outside(), true), None)[0];
    exchange.happen(mobile, LegEvent::Answered);
    assert_eq!(exchange.pass(9), []);
    assert_eq!(exchange.pass(1), [Effect::HangUp { leg: mobile, why: HangUp::TimeUp }]);
    assert_eq!(exchange.waiting, [(call, Cause::NoAnswer)]);
    let refusal = Refusal { cause: Cause::NoAnswer, why: "nobody answered".into() };
    exchange.calls.refuse(exchange.now, call, refusal);
    let record = exchange.settles(&[caller, mobile]);
    assert_eq!((record.cause, record.answered), (Cause::NoAnswer, None));
}

#[test]
fn the_phones_ring_on_while_the_mobile_is_asked_and_win_by_answering() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let invite = |destination: Destination, confirm| Invite {
        destination,
        caller: Caller::default(),
        called: "202".into(),
        parent: caller,
        confirm,
        by_itself: false,
    };
    let invites = vec![invite(phone("bo", 1), false), invite(trunk("operator"), true)];
    exchange.calls.ring(
        exchange.now,
        call,
        Ring { invites, patience: Duration::from_secs(20), silence: None },
    );
    exchange.drain();
    let (desk, mobile) = (LegId(2), LegId(3));
    exchange.effects.clear();
    exchange.happen(desk, LegEvent::Ringing);
    exchange.happen(mobile, LegEvent::Answered);
    let effects = exchange.happen(desk, LegEvent::Answered);
    assert_eq!(
        effects,
        [
            Effect::HangUp { leg: mobile, why: HangUp::AnsweredElsewhere },
            Effect::Join { leg: caller, with: desk }
        ]
    );
    // Too late.
    assert_eq!(exchange.happen(mobile, LegEvent::Digit('1')), []);
    exchange.happen(caller, LegEvent::Ended(EndedBy::Party));
    let record = exchange.settles(&[caller, desk, mobile]);
    assert_eq!(record.answered_device, Some("bo-1".into()));
}

#[test]
fn another_key_refuses_and_the_caller_never_hears_the_mobiles_own_sound() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let leg = exchange.ring_with(call, (outside(), true), None)[0];
    assert_eq!(exchange.happen(leg, LegEvent::Early), [Effect::Ring { leg: caller }]);
    exchange.happen(leg, LegEvent::Answered);
    let effects = exchange.happen(leg, LegEvent::Digit('9'));
    assert_eq!(effects, [Effect::HangUp { leg, why: HangUp::Normal }]);
    assert_eq!(exchange.waiting, [(call, Cause::NoAnswer)]);
    exchange.calls.cut(exchange.now, call, HangUp::Released);
    exchange.settles(&[caller, leg]);
}

#[test]
fn whoever_answers_in_the_last_second_has_the_whole_time_to_press_1() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let legs = exchange.ring_with(call, (vec![trunk("operator"), trunk("reserv")], true), None);
    exchange.pass(19);
    exchange.happen(legs[0], LegEvent::Answered);
    assert_eq!(exchange.pass(8), [Effect::HangUp { leg: legs[1], why: HangUp::TimeUp }]);
    assert_eq!(exchange.waiting, []);
    exchange.happen(legs[0], LegEvent::Digit('1'));
    exchange.happen(caller, LegEvent::Ended(EndedBy::Party));
    let record = exchange.settles(&[caller, legs[0], legs[1]]);
    assert_eq!(record.cause, Cause::Answered);
}
