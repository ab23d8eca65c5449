use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::link::*;
use crate::endpoint::{Config, Endpoint, Event, SessionId};
use crate::flow::{Flow, Transport};
use crate::{Name, Status};

/// Everything one eventful call sends.
fn material() -> Vec<(End, Vec<u8>)> {
    let mut link = Link::new();
    let (a, b) = link.ringing();
    let now = link.now;
    link.b.ring(now, b, Status::PROGRESS, Some(answer()));
    link.run(0.1);
    let now = link.now;
    link.b.answer(now, b, answer(), none());
    link.run(0.1);
    let now = link.now;
    link.b.modify(now, b, described("hold"));
    link.run(0.1);
    let now = link.now;
    link.a.accept_offer(now, a, answer());
    link.run(0.1);
    let now = link.now;
    link.b.hang_up(now, b, none());
    link.run(0.1);
    link.sent.iter().map(|(end, message)| (*end, message.to_bytes())).collect()
}

/// A few bytes changed, dropped or doubled; often in numbers, which is where the trouble is.
fn garble(random: &mut ChaCha8Rng, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.next_u32() % 4 {
        let at = random.next_u32() as usize % bytes.len().max(1);
        match random.next_u32() % 4 {
            0 => bytes[at] = random.next_u32() as u8,
            1 => bytes[at] = b"0129;,<>\"@:=\r\n "[random.next_u32() as usize % 15],
            2 => {
                bytes.remove(at);
            }
            _ => bytes.splice(at..at, *b"4294967295").for_each(drop),
        }
    }
    bytes
}

#[test]
fn garbled_messages_of_a_call_never_panic_and_leave_nothing_behind() {
    let material = material();
    assert!(material.len() > 12);
    for seed in 0..150 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut endpoint = Endpoint::new(Config::default(), [2; 32]);
        let flow = Flow { transport: Transport::Udp, local: B.address(), remote: A.address() };
        let mut now = start();
        let mut sessions = Vec::new();
        for (n, (end, bytes)) in material.iter().cycle().take(60).enumerate() {
            let text = garble(&mut random, bytes);
            if *end == A || n % 3 == 0 {
                endpoint.handle_datagram(now, flow, &text);
            }
            drain(&mut endpoint, (now, random.next_u32()), &mut sessions);
            now += secs(0.3);
            endpoint.handle_timeout(now);
        }
        // A call that got through stays until somebody ends it.
        sessions.iter().for_each(|session| endpoint.hang_up(now, *session, none()));
        for _ in 0..40 {
            now += secs(10.0);
            endpoint.handle_timeout(now);
            drain(&mut endpoint, (now, 0), &mut sessions);
        }
        assert!(endpoint.is_idle(), "seed {seed}: {:?}", endpoint.load());
    }
}

fn drain(endpoint: &mut Endpoint, (now, luck): (std::time::Instant, u32), sessions: &mut Vec<SessionId>) {
    while let Some(event) = endpoint.poll_event() {
        if let Event::Invited { session, .. } = event {
            sessions.push(session);
        }
        match event {
            Event::Invited { session, request, .. } if luck.is_multiple_of(2) => {
                assert!(request.headers.contains(&Name::Contact));
                endpoint.ring(now, session, Status::PROGRESS, Some(answer()));
                endpoint.answer(now, session, answer(), none());
            }
            Event::Invited { session, .. } => endpoint.hang_up(now, session, none()),
            Event::Offer { session, .. } | Event::OfferWanted { session } => {
                endpoint.accept_offer(now, session, answer());
            }
            Event::Confirmed { session } if luck.is_multiple_of(3) => {
                endpoint.modify(now, session, described("hold"));
            }
            Event::Confirmed { session } => endpoint.hang_up(now, session, none()),
            _ => {}
        }
    }
    while endpoint.poll_transmit().is_some() {}
}
