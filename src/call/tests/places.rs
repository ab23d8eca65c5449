//! Parties change places: transfer, pickup, parking, and a storm of them over several calls at once.

use super::*;

/// Everybody whom an effect joins or serves, for short assertions.
fn joins(effects: &[Effect]) -> Vec<(LegId, LegId)> {
    let joined = |effect: &Effect| match effect {
        Effect::Join { leg, with } => Some((*leg, *with)),
        _ => None,
    };
    effects.iter().filter_map(joined).collect()
}

impl Exchange {
    /// A caller and the one phone that answered.
    fn talk(&mut self, to: &str, number: u64) -> (CallId, LegId, LegId) {
        let (call, caller) = self.offer();
        let peer = self.ring(call, vec![phone(to, number)], None)[0];
        self.happen(peer, LegEvent::Answered);
        (call, caller, peer)
    }

    fn effects(&mut self) -> Vec<Effect> {
        self.drain();
        std::mem::take(&mut self.effects)
    }

    fn close(&mut self, legs: &[LegId]) {
        for leg in legs {
            self.happen(*leg, LegEvent::Closed(None));
        }
    }

    fn record(&self, call: CallId) -> &CallRecord {
        self.records.iter().find(|record| record.call.id == call).expect("it has a record")
    }
}

#[test]
fn whom_a_party_holds_hears_music_until_taken_back() {
    let mut exchange = Exchange::new();
    let (_, caller, peer) = exchange.talk("bo", 1);
    let music = Effect::Play { leg: caller, program: Program::Music };
    assert_eq!(exchange.happen(peer, LegEvent::Held), [music]);
    assert_eq!(exchange.happen(peer, LegEvent::Held), [], "once is enough");
    assert_eq!(exchange.happen(peer, LegEvent::Resumed), [Effect::Stop { leg: caller }]);
}

#[test]
fn one_leaves_and_the_other_waits_for_somebody_else() {
    let mut exchange = Exchange::new();
    let (call, caller, peer) = exchange.talk("bo", 1);
    assert_eq!(exchange.calls.leave(peer, HangUp::Normal), Some((call, caller)));
    assert_eq!(exchange.effects(), [Effect::HangUp { leg: peer, why: HangUp::Normal }]);
    let third = exchange.ring(call, vec![phone("cia", 1)], None)[0];
    assert_eq!(exchange.happen(third, LegEvent::Ringing), [Effect::Ring { leg: caller }]);
    assert_eq!(joins(&exchange.happen(third, LegEvent::Answered)), [(caller, third)]);
    exchange.happen(third, LegEvent::Ended(EndedBy::Party));
    let record = exchange.settles(&[caller, peer, third]);
    assert_eq!(record.cause, Cause::Answered);
    assert_eq!(record.answered_by, Some("bo".into()), "the first who answered");
}

#[test]
fn the_caller_leaves_and_the_called_one_becomes_the_anchor() {
    let mut exchange = Exchange::new();
    let (call, caller, peer) = exchange.talk("bo", 1);
    assert_eq!(exchange.calls.leave(caller, HangUp::Normal), Some((call, peer)));
    exchange.effects();
    let third = exchange.ring(call, vec![phone("cia", 1)], None)[0];
    assert_eq!(joins(&exchange.happen(third, LegEvent::Answered)), [(peer, third)]);
    assert_eq!(exchange.happen(peer, LegEvent::Ended(EndedBy::Party)).len(), 1);
    exchange.settles(&[caller, peer, third]);
}

#[test]
fn two_calls_of_one_party_become_one_and_each_has_its_record() {
    let mut exchange = Exchange::new();
    let (first, own, stays) = exchange.talk("bo", 1);
    let (second, spare, third) = exchange.talk("cia", 1);
    exchange.happen(own, LegEvent::Held);
    let merged = exchange.calls.merge(exchange.now, spare, own);
    assert_eq!(merged, Some(Merged { kept: first, gone: second, rings: false }));
    assert_eq!(joins(&exchange.effects()), [(stays, third)]);
    assert_eq!(exchange.calls.call_of(third), Some(first));
    exchange.close(&[own, spare]);
    assert_eq!(exchange.record(second).cause, Cause::Transferred);
    exchange.happen(third, LegEvent::Ended(EndedBy::Party));
    exchange.close(&[stays, third]);
    assert_eq!(exchange.record(first).cause, Cause::Answered);
    assert!(exchange.calls.is_idle(), "{:?}", exchange.calls);
}

#[test]
fn whoever_is_connected_with_a_party_that_holds_hears_music() {
    let mut exchange = Exchange::new();
    let (_, own, stays) = exchange.talk("bo", 1);
    let (_, spare, third) = exchange.talk("cia", 1);
    exchange.happen(third, LegEvent::Held);
    exchange.calls.merge(exchange.now, own, spare);
    assert!(exchange.effects().contains(&Effect::Play { leg: stays, program: Program::Music }));
}

#[test]
fn a_party_connected_with_a_phone_that_still_rings_waits_for_its_answer() {
    let mut exchange = Exchange::new();
    let (first, own, stays) = exchange.talk("bo", 1);
    let (second, spare) = exchange.offer();
    let third = exchange.ring(second, vec![phone("cia", 1)], None)[0];
    exchange.happen(third, LegEvent::Ringing);
    let merged = exchange.calls.merge(exchange.now, own, spare);
    assert_eq!(merged, Some(Merged { kept: first, gone: second, rings: true }));
    assert!(exchange.effects().contains(&Effect::Ring { leg: stays }));
    assert_eq!(joins(&exchange.happen(third, LegEvent::Answered)), [(stays, third)]);
    exchange.happen(stays, LegEvent::Ended(EndedBy::Party));
    exchange.close(&[own, spare, stays, third]);
    assert_eq!(exchange.records.len(), 2);
    assert!(exchange.calls.is_idle(), "{:?}", exchange.calls);
}

#[test]
fn a_ringing_that_nobody_answers_is_asked_about_in_the_call_that_goes_on() {
    let mut exchange = Exchange::new();
    let (first, own, _) = exchange.talk("bo", 1);
    let (second, spare) = exchange.offer();
    exchange.ring(second, vec![phone("cia", 1)], None);
    exchange.calls.merge(exchange.now, own, spare);
    exchange.pass(20);
    assert_eq!(exchange.waiting, [(first, Cause::NoAnswer)]);
}

#[test]
fn a_colleague_picks_up_what_rings() {
    let mut exchange = Exchange::new();
    let (first, caller) = exchange.offer();
    let rings = exchange.ring(first, vec![phone("bo", 1), phone("bo", 2)], None);
    let (second, colleague) = exchange.offer();
    assert_eq!(exchange.calls.take_place(exchange.now, second, rings[1]), Some(first));
    let effects = exchange.effects();
    assert_eq!(joins(&effects), [(caller, colleague)]);
    let stopped = |leg| Effect::HangUp { leg, why: HangUp::AnsweredElsewhere };
    assert!(effects.contains(&stopped(rings[0])) && effects.contains(&stopped(rings[1])));
    assert_eq!(exchange.record(second).cause, Cause::Transferred);
    exchange.happen(colleague, LegEvent::Ended(EndedBy::Party));
    exchange.close(&[caller, rings[0], rings[1], colleague]);
    assert_eq!(exchange.record(first).cause, Cause::Answered);
    assert!(exchange.calls.is_idle(), "{:?}", exchange.calls);
}

#[test]
fn another_device_takes_over_from_either_side_of_a_conversation() {
    for takes_caller in [true, false] {
        let mut exchange = Exchange::new();
        let (first, caller, peer) = exchange.talk("bo", 1);
        let (second, other) = exchange.offer();
        let (place, stays) = if takes_caller { (caller, peer) } else { (peer, caller) };
        assert_eq!(exchange.calls.take_place(exchange.now, second, place), Some(first));
        assert_eq!(joins(&exchange.effects()), [(stays, other)]);
        exchange.happen(stays, LegEvent::Ended(EndedBy::Party));
        exchange.close(&[caller, peer, other]);
        assert_eq!(exchange.records.len(), 2);
        assert!(exchange.calls.is_idle(), "{:?}", exchange.calls);
    }
}

#[test]
fn a_parked_call_is_fetched() {
    let mut exchange = Exchange::new();
    let (first, caller, peer) = exchange.talk("bo", 1);
    exchange.calls.leave(peer, HangUp::Normal);
    let patience = Some(Duration::from_secs(60));
    assert_eq!(exchange.calls.serve(exchange.now, first, (Cause::Answered, patience)), Some(caller));
    let (second, colleague) = exchange.offer();
    assert!(exchange.calls.fetch(exchange.now, second, first));
    assert_eq!(joins(&exchange.effects()), [(caller, colleague)]);
    exchange.pass(120);
    assert_eq!(exchange.due, [], "nobody waits for a fetched call");
}

#[test]
fn time_with_the_box_comes_to_an_end() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let patience = Some(Duration::from_secs(60));
    exchange.calls.serve(exchange.now, call, (Cause::Voicemail, patience));
    assert_eq!(exchange.effects(), [Effect::Answer { leg: caller }]);
    exchange.happen(caller, LegEvent::Digit('5'));
    assert_eq!(exchange.wishes, [(call, caller, Wish::Digit('5'))]);
    exchange.pass(60);
    assert_eq!(exchange.due, [call]);
    assert_eq!(exchange.gone, []);
    exchange.happen(caller, LegEvent::Ended(EndedBy::Party));
    assert_eq!(exchange.gone, [call]);
    let record = exchange.settles(&[caller]);
    assert_eq!((record.cause, record.answered_by), (Cause::Voicemail, None));
}

#[test]
fn what_was_answered_stays_answered_when_nobody_takes_it_afterwards() {
    let mut exchange = Exchange::new();
    let (call, caller, peer) = exchange.talk("bo", 1);
    exchange.calls.leave(peer, HangUp::Normal);
    exchange.ring(call, vec![phone("cia", 1)], None);
    exchange.pass(20);
    exchange.calls.refuse(exchange.now, call, Refusal { cause: Cause::NoAnswer, why: "nobody".into() });
    exchange.close(&[caller, peer]);
    exchange.pass(5);
    assert_eq!(exchange.records[0].cause, Cause::Answered);
}

/// One throw of the dice: an event on some leg, or something that policy does with the calls.
fn throw(exchange: &mut Exchange, storm: &mut Storm, (calls, legs): (&mut Vec<CallId>, &mut Vec<LegId>)) {
    let leg = legs[storm.below(legs.len() as u64) as usize];
    let other = legs[storm.below(legs.len() as u64) as usize];
    let call = calls[storm.below(calls.len() as u64) as usize];
    let second = calls[storm.below(calls.len() as u64) as usize];
    let now = exchange.now;
    match storm.below(18) {
        0 if calls.len() < 4 => {
            let (call, leg) = exchange.offer();
            calls.push(call);
            legs.push(leg);
        }
        1 | 2 => {
            let many = (0..storm.below(3)).map(|n| phone("bo", n)).collect();
            legs.extend(exchange.ring(call, many, Some(4)));
        }
        3 | 4 => drop(exchange.happen(leg, LegEvent::Answered)),
        5 => drop(exchange.happen(leg, LegEvent::Ringing)),
        6 => drop(exchange.happen(leg, LegEvent::Early)),
        7 => drop(exchange.happen(leg, LegEvent::Held)),
        8 => drop(exchange.happen(leg, LegEvent::Resumed)),
        9 if storm.below(3) == 0 => drop(exchange.happen(leg, LegEvent::Ended(EndedBy::Party))),
        10 if storm.below(3) == 0 => drop(exchange.happen(leg, LegEvent::Closed(None))),
        11 => drop(exchange.calls.leave(leg, HangUp::Normal)),
        12 => drop(exchange.calls.merge(now, leg, other)),
        13 => drop(exchange.calls.take_place(now, call, leg)),
        14 => {
            let patience = Some(Duration::from_secs(storm.below(40)));
            exchange.calls.serve(now, call, (Cause::Answered, patience));
        }
        15 => drop(exchange.calls.fetch(now, call, second)),
        16 => exchange.calls.reconsider(call),
        _ => drop(exchange.pass(storm.below(30))),
    }
    exchange.drain();
}

#[test]
fn any_change_of_places_ends_with_one_record_a_call_and_nothing_left() {
    for seed in 0..4_000 {
        let mut storm = Storm(seed);
        let mut exchange = Exchange::new();
        let (call, caller) = exchange.offer();
        let (mut calls, mut legs) = (vec![call], vec![caller]);
        for _ in 0..storm.below(40) {
            throw(&mut exchange, &mut storm, (&mut calls, &mut legs));
        }
        for call in &calls {
            exchange.calls.cut(exchange.now, *call, HangUp::Released);
        }
        exchange.close(&legs);
        exchange.pass(60);
        assert!(exchange.calls.is_idle(), "seed {seed}: {:?}", exchange.calls);
        let mut ended: Vec<CallId> = exchange.records.iter().map(|record| record.call.id).collect();
        ended.sort();
        assert_eq!(ended, calls, "seed {seed}: one record for each call");
    }
}
