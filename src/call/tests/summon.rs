//! Calls that the box begins.

use super::*;

fn summon(exchange: &mut Exchange, phones: u64) -> (CallId, Vec<LegId>) {
    exchange.next_call += 1;
    let id = CallId(exchange.next_call);
    let (from, to) = ("201".to_owned(), "202".to_owned());
    let open = OpenCall { id, direction: Direction::Internal, from, to, began: exchange.now.wall };
    let invite = |number| Invite {
        destination: phone("anna", number),
        caller: Caller::default(),
        called: "201".into(),
        parent: LegId(0),
        confirm: false,
        by_itself: false,
    };
    let ring = Ring {
        invites: (1..=phones).map(invite).collect(),
        patience: Duration::from_secs(20),
        silence: None,
    };
    exchange.calls.summon(exchange.now, open, ring);
    exchange.drain();
    let effects = std::mem::take(&mut exchange.effects);
    let legs = effects.iter().filter_map(|effect| match effect {
        Effect::Invite { leg, .. } => Some(*leg),
        _ => None,
    });
    (id, legs.collect())
}

#[test]
fn whoever_answers_first_is_the_anchor_and_the_others_stop() {
    let mut exchange = Exchange::new();
    let (call, legs) = summon(&mut exchange, 2);
    exchange.happen(legs[0], LegEvent::Ringing);
    let effects = exchange.happen(legs[1], LegEvent::Answered);
    assert_eq!(effects, [Effect::HangUp { leg: legs[0], why: HangUp::AnsweredElsewhere }]);
    assert_eq!(exchange.summoned, [(call, legs[1])]);
    // From here on it is a call as any other.
    let callee = exchange.ring(call, vec![phone("bo", 9)], None)[0];
    let effects = exchange.happen(callee, LegEvent::Ringing);
    assert_eq!(effects, [Effect::Ring { leg: legs[1] }]);
    let effects = exchange.happen(callee, LegEvent::Answered);
    assert_eq!(effects, [Effect::Join { leg: legs[1], with: callee }]);
    exchange.happen(callee, LegEvent::Ended(EndedBy::Party));
    let record = exchange.settles(&[legs[0], legs[1], callee]);
    assert_eq!((record.cause, record.answered_by), (Cause::Answered, Some("anna".into())));
}

#[test]
fn a_call_that_nobody_answers_has_one_record_and_leaves_nothing() {
    for phones in [0, 1, 2] {
        let mut exchange = Exchange::new();
        let (call, legs) = summon(&mut exchange, phones);
        exchange.pass(21);
        assert_eq!(exchange.waiting, [(call, Cause::NoAnswer)]);
        let refusal = Refusal { cause: Cause::NoAnswer, why: "nobody".into() };
        exchange.calls.refuse(exchange.now, call, refusal);
        exchange.drain();
        assert_eq!(exchange.settles(&legs).cause, Cause::NoAnswer);
    }
}
