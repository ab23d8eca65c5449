use super::link::*;
use crate::Status;
use crate::endpoint::{Config, Endpoint, Event};
use crate::flow::{Flow, Transport};

/// Says what a call costs: both legs, both ends, ringing, answered, hung up, everything kept its full 32 seconds.
/// Run with `cargo test -p sip --release -- --ignored --nocapture how_many`.
#[test]
#[ignore = "a measurement, not a test"]
#[allow(clippy::disallowed_methods)]
fn how_many_calls_a_second_one_core_carries() {
    const CALLS: u32 = 60_000;
    let template = Link::new();
    let quiet = Config { max_pending: 100_000, max_sessions: 1_000_000, ..Config::default() };
    let mut ends = [Endpoint::new(quiet.clone(), [1; 32]), Endpoint::new(quiet, [2; 32])];
    let mut now = template.now;
    let begun = start();
    let (mut ended, mut most) = (0, 0);
    for n in 0..CALLS {
        now += secs(1.0 / 1500.0);
        let command = template.invite_command(Some(offer()));
        let session = ends[0].invite(now, command);
        exchange(&mut ends, now, &mut ended);
        ends[0].hang_up(now, session, none());
        exchange(&mut ends, now, &mut ended);
        ends.iter_mut().for_each(|end| end.handle_timeout(now));
        exchange(&mut ends, now, &mut ended);
        if n % 1000 == 0 {
            most = most.max(ends[0].load().0 + ends[1].load().0);
        }
    }
    let took = start() - begun;
    println!(
        "{CALLS} calls in {took:?}: {:.0} a second, up to {most} transactions",
        f64::from(CALLS) / took.as_secs_f64()
    );
    assert_eq!(ended, CALLS * 2);
}

fn exchange(ends: &mut [Endpoint; 2], now: std::time::Instant, ended: &mut u32) {
    let mut idle = false;
    while !idle {
        idle = true;
        for (from, to) in [(0, 1), (1, 0)] {
            let address = |index: usize| if index == 0 { A.address() } else { B.address() };
            let flow = Flow { transport: Transport::Udp, local: address(to), remote: address(from) };
            while let Some(transmit) = ends[from].poll_transmit() {
                idle = false;
                ends[to].handle_datagram(now, flow, &transmit.payload);
            }
            while let Some(event) = ends[to].poll_event() {
                match event {
                    Event::Invited { session, .. } => {
                        ends[to].ring(now, session, Status::RINGING, None);
                        ends[to].answer(now, session, answer(), none());
                    }
                    Event::Ended { .. } => *ended += 1,
                    _ => {}
                }
            }
        }
    }
    for end in ends {
        while let Some(event) = end.poll_event() {
            *ended += u32::from(matches!(event, Event::Ended { .. }));
        }
    }
}
