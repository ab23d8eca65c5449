//! One story each, and a seeded storm of events after which nothing may be left.

mod accept;
mod places;
mod summon;

use crate::*;
use model::{CallId, CallRecord, Cause, ContactId, DeviceId, Direction, LegId, Now, OpenCall, Party, What};
use std::time::{Duration, Instant};

struct Exchange {
    now: Now,
    calls: Calls,
    next_call: u64,
    records: Vec<CallRecord>,
    waiting: Vec<(CallId, Cause)>,
    wishes: Vec<(CallId, LegId, Wish)>,
    due: Vec<CallId>,
    gone: Vec<CallId>,
    summoned: Vec<(CallId, LegId)>,
    effects: Vec<Effect>,
}

#[allow(clippy::disallowed_methods)] // the one base instant of a virtual clock
fn base() -> Now {
    Now { mono: Instant::now(), wall: "2026-11-23T08:00:00Z".parse().unwrap() }
}

fn phone(user: &str, number: u64) -> Destination {
    Destination::Contact {
        user: user.into(),
        device: DeviceId::new(format!("{user}-{number}")),
        contact: ContactId(number),
    }
}

fn trunk(id: &str) -> Destination {
    Destination::Trunk { trunk: id.into(), host: 0 }
}

impl Exchange {
    fn new() -> Self {
        Self {
            now: base(),
            calls: Calls::new(),
            next_call: 0,
            records: vec![],
            waiting: vec![],
            wishes: vec![],
            due: vec![],
            gone: vec![],
            summoned: vec![],
            effects: vec![],
        }
    }

    fn offer(&mut self) -> (CallId, LegId) {
        self.next_call += 1;
        let (id, leg) = (CallId(self.next_call), self.calls.next_leg());
        let party = Party::Device { user: "anna".into(), device: "anna-1".into() };
        let open = OpenCall {
            id,
            direction: Direction::Internal,
            from: "201".into(),
            to: "202".into(),
            began: self.now.wall,
        };
        self.calls.offer(self.now, Offer { leg, party, open, dialled: "202".into() });
        self.drain();
        (id, leg)
    }

    fn ring(&mut self, call: CallId, destinations: Vec<Destination>, silence: Option<u64>) -> Vec<LegId> {
        self.ring_with(call, (destinations, false), silence)
    }

    fn ring_with(
        &mut self,
        call: CallId,
        (destinations, confirm): (Vec<Destination>, bool),
        silence: Option<u64>,
    ) -> Vec<LegId> {
        let parent = LegId(0);
        let invite = |destination| Invite {
            destination,
            caller: Caller::default(),
            called: "202".into(),
            parent,
            confirm,
            by_itself: false,
        };
        let invites = destinations.into_iter().map(invite).collect();
        let ring =
            Ring { invites, patience: Duration::from_secs(20), silence: silence.map(Duration::from_secs) };
        self.calls.ring(self.now, call, ring);
        self.drain();
        let effects = std::mem::take(&mut self.effects);
        let invited = |effect: &Effect| match effect {
            Effect::Invite { leg, .. } => Some(*leg),
            _ => None,
        };
        effects.iter().filter_map(invited).collect()
    }

    fn happen(&mut self, leg: LegId, event: LegEvent) -> Vec<Effect> {
        self.calls.handle_leg(self.now, leg, event);
        self.drain();
        std::mem::take(&mut self.effects)
    }

    fn pass(&mut self, seconds: u64) -> Vec<Effect> {
        let until = self.now.mono + Duration::from_secs(seconds);
        while let Some((at, _)) = self.calls.poll_timeout().filter(|(at, _)| *at <= until) {
            self.now = self.now.after(at.saturating_duration_since(self.now.mono));
            self.calls.handle_timeout(self.now);
            self.drain();
        }
        self.now = self.now.after(until - self.now.mono);
        std::mem::take(&mut self.effects)
    }

    fn drain(&mut self) {
        while self.calls.poll_event().is_some() {}
        while let Some(outcome) = self.calls.poll_outcome() {
            match outcome {
                Outcome::Unanswered { call, cause, .. } => self.waiting.push((call, cause)),
                Outcome::Ended(record) => self.records.push(*record),
                Outcome::Asked { call, leg, wish } => self.wishes.push((call, leg, wish)),
                Outcome::TimeUp { call } => self.due.push(call),
                Outcome::Gone { call } => self.gone.push(call),
                Outcome::Summoned { call, leg } => self.summoned.push((call, leg)),
            }
        }
        while let Some(effect) = self.calls.poll_effect() {
            self.effects.push(effect);
        }
    }

    fn settles(&mut self, legs: &[LegId]) -> CallRecord {
        for leg in legs {
            self.happen(*leg, LegEvent::Closed(None));
        }
        self.pass(60);
        assert!(self.calls.is_idle(), "something is left: {:?}", self.calls);
        assert_eq!(self.records.len(), 1, "exactly one record");
        self.records.remove(0)
    }
}

#[test]
fn the_device_that_answers_wins_and_the_others_stop() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let legs = exchange.ring(call, vec![phone("bo", 1), phone("bo", 2)], None);
    assert_eq!(exchange.happen(legs[0], LegEvent::Ringing), [Effect::Ring { leg: caller }]);
    assert_eq!(exchange.happen(legs[1], LegEvent::Ringing), []);
    assert_eq!(
        exchange.happen(legs[1], LegEvent::Answered),
        [
            Effect::HangUp { leg: legs[0], why: HangUp::AnsweredElsewhere },
            Effect::Join { leg: caller, with: legs[1] }
        ]
    );
    assert_eq!(exchange.calls.legs_of(&"bo".into()), 1);
    assert_eq!(
        exchange.happen(caller, LegEvent::Ended(EndedBy::Party)),
        [Effect::HangUp { leg: legs[1], why: HangUp::Normal }]
    );
    let record = exchange.settles(&[caller, legs[0], legs[1]]);
    assert_eq!(record.cause, Cause::Answered);
    assert_eq!(record.answered_device, Some("bo-2".into()));
}

#[test]
fn two_answers_at_once_leave_one_conversation() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let legs = exchange.ring(call, vec![phone("bo", 1), phone("bo", 2)], None);
    exchange.happen(legs[0], LegEvent::Answered);
    // The loser's 200 crossed our CANCEL: it was already told to stop.
    assert_eq!(exchange.happen(legs[1], LegEvent::Answered), []);
    exchange.happen(legs[0], LegEvent::Ended(EndedBy::Party));
    let record = exchange.settles(&[caller, legs[0], legs[1]]);
    assert_eq!(record.answered_device, Some("bo-1".into()));
}

#[test]
fn a_caller_who_gives_up_stops_every_phone() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let legs = exchange.ring(call, vec![phone("bo", 1), phone("bo", 2)], None);
    let effects = exchange.happen(caller, LegEvent::Ended(EndedBy::Party));
    assert_eq!(effects.len(), 2);
    let record = exchange.settles(&[caller, legs[0], legs[1]]);
    assert_eq!(record.cause, Cause::Cancelled);
    assert_eq!(record.answered, None);
}

#[test]
fn nobody_answers_in_time_and_policy_is_asked() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let legs = exchange.ring(call, vec![phone("bo", 1)], None);
    exchange.happen(legs[0], LegEvent::Ringing);
    assert_eq!(exchange.pass(19), []);
    assert_eq!(exchange.pass(1), [Effect::HangUp { leg: legs[0], why: HangUp::TimeUp }]);
    assert_eq!(exchange.waiting, [(call, Cause::NoAnswer)]);
    let refusal = Refusal { cause: Cause::NoAnswer, why: "nobody answered".into() };
    exchange.calls.refuse(exchange.now, call, refusal);
    let record = exchange.settles(&[caller, legs[0]]);
    assert_eq!(record.cause, Cause::NoAnswer);
}

#[test]
fn a_refusal_by_a_person_counts_more_than_a_phone_that_is_busy() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let legs = exchange.ring(call, vec![phone("bo", 1), phone("bo", 2)], None);
    exchange.happen(legs[0], LegEvent::Failed { cause: Cause::Rejected, said: "603 Decline".into() });
    assert_eq!(exchange.waiting, []);
    exchange.happen(legs[1], LegEvent::Failed { cause: Cause::Busy, said: "486 Busy Here".into() });
    assert_eq!(exchange.waiting, [(call, Cause::Rejected)]);
    exchange.calls.refuse(exchange.now, call, Refusal { cause: Cause::Rejected, why: "declined".into() });
    exchange.settles(&[caller, legs[0], legs[1]]);
}

#[test]
fn a_silent_trunk_host_fails_after_four_seconds_and_a_live_one_does_not() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let silent = exchange.ring(call, vec![trunk("operator")], Some(4));
    assert_eq!(exchange.pass(4), [Effect::HangUp { leg: silent[0], why: HangUp::TimeUp }]);
    assert_eq!(exchange.waiting, [(call, Cause::TrunkFailed)]);
    let alive = exchange.ring(call, vec![trunk("reserv")], Some(4));
    exchange.happen(alive[0], LegEvent::Trying);
    assert_eq!(exchange.pass(10), []);
    assert_eq!(exchange.calls.channels_of(&"operator".into()), 0);
    assert_eq!(exchange.calls.channels_of(&"reserv".into()), 1);
    exchange.happen(caller, LegEvent::Ended(EndedBy::Party));
    exchange.settles(&[caller, silent[0], alive[0]]);
}

#[test]
fn early_sound_is_heard_from_a_single_leg_only() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let legs = exchange.ring(call, vec![phone("bo", 1), phone("bo", 2)], None);
    assert_eq!(exchange.happen(legs[0], LegEvent::Early), [Effect::Ring { leg: caller }]);
    exchange.happen(legs[0], LegEvent::Failed { cause: Cause::Busy, said: "486".into() });
    exchange.happen(legs[1], LegEvent::Failed { cause: Cause::Busy, said: "486".into() });
    let legs = exchange.ring(call, vec![trunk("operator")], None);
    assert_eq!(exchange.happen(legs[0], LegEvent::Early), [Effect::Early { leg: caller, from: legs[0] }]);
    exchange.calls.cut(exchange.now, call, HangUp::Released);
    exchange.settles(&[caller]);
}

#[test]
fn hold_shows_in_the_listing_and_in_the_trail() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let legs = exchange.ring(call, vec![phone("bo", 1)], None);
    exchange.happen(legs[0], LegEvent::Answered);
    exchange.happen(legs[0], LegEvent::Held);
    assert_eq!(exchange.calls.list()[0].state, "held");
    exchange.happen(legs[0], LegEvent::Resumed);
    assert_eq!(exchange.calls.list()[0].state, "talking");
    exchange.happen(legs[0], LegEvent::Ended(EndedBy::Party));
    let record = exchange.settles(&[caller, legs[0]]);
    let holds = record.trail.iter().filter(|step| matches!(step.what, What::Held { .. })).count();
    assert_eq!(holds, 1);
}

#[test]
fn a_leg_that_never_closes_does_not_keep_the_record_back() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    let legs = exchange.ring(call, vec![phone("bo", 1)], None);
    exchange.happen(legs[0], LegEvent::Answered);
    exchange.happen(caller, LegEvent::Ended(EndedBy::Vanished));
    exchange.happen(caller, LegEvent::Closed(None));
    let record = exchange.settles(&[]);
    assert!(
        matches!(&record.trail.last().unwrap().what, What::Ended { why, .. } if why == "the party vanished")
    );
}

#[test]
fn no_device_to_ring_asks_policy_at_once() {
    let mut exchange = Exchange::new();
    let (call, caller) = exchange.offer();
    exchange.ring(call, vec![], None);
    assert_eq!(exchange.waiting, [(call, Cause::NoAnswer)]);
    exchange.calls.refuse(exchange.now, call, Refusal { cause: Cause::NoAnswer, why: "no phone".into() });
    exchange.settles(&[caller]);
}

/// A small linear congruential generator: the storm must be the same every time.
struct Storm(u64);

impl Storm {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn any_sequence_of_events_ends_with_one_record_and_nothing_left() {
    for seed in 0..2_000 {
        let mut storm = Storm(seed);
        let mut exchange = Exchange::new();
        let (call, caller) = exchange.offer();
        let mut legs = vec![caller];
        for _ in 0..storm.below(25) {
            let leg = legs[storm.below(legs.len() as u64) as usize];
            let event = match storm.below(15) {
                0 => LegEvent::Trying,
                1 | 2 => LegEvent::Ringing,
                3 => LegEvent::Early,
                4 => LegEvent::Answered,
                5 => LegEvent::Failed { cause: Cause::Busy, said: "486".into() },
                6 => LegEvent::Ended(EndedBy::Party),
                7 => LegEvent::Held,
                8 => LegEvent::Resumed,
                9 => LegEvent::Closed(None),
                10 => {
                    exchange.pass(storm.below(30));
                    continue;
                }
                11 => LegEvent::Digit('1'),
                12 => LegEvent::Digit('5'),
                _ => {
                    let many = (0..storm.below(4)).map(|n| phone("bo", n)).collect();
                    let confirm = storm.below(2) == 0;
                    legs.extend(exchange.ring_with(call, (many, confirm), Some(4)));
                    continue;
                }
            };
            exchange.happen(leg, event);
        }
        exchange.calls.cut(exchange.now, call, HangUp::Released);
        exchange.settles(&legs);
    }
}
