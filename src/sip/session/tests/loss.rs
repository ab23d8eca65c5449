use super::link::*;
use crate::Status;
use crate::endpoint::{Event, SessionId};

/// What the two ends do by themselves while the network does its worst.
fn live(link: &mut Link, seconds: u32, seed: u64) {
    let (mut seen_a, mut seen_b) = (0, 0);
    let mut hung_up = false;
    for step in 0..seconds * 10 {
        link.run(0.1);
        for end in [A, B] {
            let (events, seen) = match end {
                A => (&link.events_a, &mut seen_a),
                B => (&link.events_b, &mut seen_b),
            };
            let fresh: Vec<Event> = events[*seen..].to_vec();
            *seen = events.len();
            for event in fresh {
                react(link, end, &event, seed);
            }
        }
        if !hung_up && step == 150 + u32::try_from(seed % 100).expect("small") {
            hung_up = true;
            hang_up_all(link, seed);
        }
    }
}

fn react(link: &mut Link, end: End, event: &Event, seed: u64) {
    let now = link.now;
    match event {
        Event::Invited { session, .. } => {
            let early = (seed.is_multiple_of(3)).then(answer);
            link.b.ring(now, *session, Status::RINGING, early);
            if !seed.is_multiple_of(7) {
                link.b.answer(now, *session, answer(), none());
            }
        }
        Event::Established { session, .. } if seed.is_multiple_of(2) => {
            link.a.modify(now, *session, described("hold"));
        }
        Event::Confirmed { session } if seed.is_multiple_of(5) => {
            link.b.modify(now, *session, described("other"));
        }
        Event::Offer { session, .. } | Event::OfferWanted { session } => {
            link.end(end).accept_offer(now, *session, answer());
        }
        _ => {}
    }
}

fn hang_up_all(link: &mut Link, seed: u64) {
    let sessions = |events: &[Event]| -> Vec<SessionId> {
        let of = |event: &Event| match event {
            Event::Invited { session, .. } | Event::Trying { session } => Some(*session),
            _ => None,
        };
        events.iter().filter_map(of).collect()
    };
    let now = link.now;
    if !seed.is_multiple_of(4) {
        for session in sessions(&link.events_a) {
            link.a.hang_up(now, session, none());
        }
    }
    if seed.is_multiple_of(4) || seed.is_multiple_of(3) {
        for session in sessions(&link.events_b) {
            link.b.hang_up(now, session, none());
        }
    }
}

#[test]
fn two_hundred_calls_over_a_bad_network_all_settle() {
    let mut established = 0;
    for seed in 0..200 {
        let mut link = Link::new().seeded(seed);
        link.loss = 20;
        link.doubling = 10;
        link.jitter = 400;
        link.call();
        live(&mut link, 60, seed);
        // Whoever lost every BYE of the other is still waiting: nobody leaves a call unattended.
        let rest: Vec<SessionId> = open_sessions(&link.events_a);
        let now = link.now;
        for session in rest {
            link.a.hang_up(now, session, none());
        }
        for session in open_sessions(&link.events_b) {
            link.b.hang_up(now, session, none());
        }
        link.settles();
        established +=
            link.events_a.iter().filter(|event| matches!(event, Event::Established { .. })).count();
    }
    assert!(established > 150, "most calls get through: {established}");
}

fn open_sessions(events: &[Event]) -> Vec<SessionId> {
    let mut open = Vec::new();
    for event in events {
        match event {
            Event::Invited { session, .. } | Event::Trying { session } => open.push(*session),
            Event::Failed { session, .. }
            | Event::Ended { session, .. }
            | Event::Cancelled { session, .. } => {
                open.retain(|known| known != session);
            }
            _ => {}
        }
    }
    open
}
