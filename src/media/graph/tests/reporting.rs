use super::super::{Command, Event, Leg};
use super::peer::{agreed, encrypted};
use super::world::{Network, World};
use crate::codec::Codec;
use crate::quality::Statistics;
use crate::rtcp::Packet;
use crate::srtp::Suite;

fn close(world: &mut World, leg: u64) -> Statistics {
    world.command(Command::Close { leg: Leg(leg) });
    match world.events.pop() {
        Some((of, Event::Closed(statistics))) if of == Leg(leg).into() => statistics,
        other => panic!("closed, not {other:?}"),
    }
}

#[test]
fn both_ends_are_reported_to_about_every_five_seconds_and_told_goodbye() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Opus, 20));
    world.run(60_000);
    close(&mut world, 1);
    close(&mut world, 2);
    for leg in [1, 2] {
        let reports = &world.peer(leg).reports;
        assert!((9..=18).contains(&reports.len()), "{} reports in a minute", reports.len());
        let gaps = reports.windows(2).map(|pair| pair[1].0.duration_since(pair[0].0).as_millis());
        assert!(gaps.take(reports.len() - 2).all(|gap| (2400..7600).contains(&gap)));
        let (_, last) = &reports[reports.len() - 1];
        assert!(last.iter().any(|packet| matches!(packet, Packet::Goodbye { .. })));
        let (_, second) = &reports[1];
        let Packet::SenderReport { info, reports, .. } = &second[0] else { panic!("no sender report") };
        assert!(info.packets > 100 && reports.len() == 1);
        assert!(second.iter().any(|packet| matches!(packet, Packet::Cname { .. })));
    }
}

#[test]
fn a_held_leg_is_still_reported_to() {
    let held = crate::Agreed { direction: crate::Direction::Inactive, ..agreed(1, Codec::Pcma, 20) };
    let mut world = World::call(held, agreed(2, Codec::Pcma, 20));
    world.run(20_000);
    assert!(world.peer(1).arrived.is_empty());
    assert!(world.peer(1).reports.len() >= 2);
}

#[test]
fn reports_lead_to_figures_of_loss_jitter_and_round_trip() {
    for secure in [false, true] {
        let first = agreed(1, Codec::Pcma, 20);
        let first = if secure { encrypted(first, Suite::AesCm128HmacSha1_80) } else { first };
        let mut world = World::call(first, agreed(2, Codec::Pcma, 20));
        world.network = Network { loss: 4, jitter_ms: 15, doubled: 0 };
        world.loss_to_peers = 10;
        for _ in 0..12 {
            world.run(5000);
            world.report(1, 64);
        }
        let statistics = close(&mut world, 1);
        assert_eq!(statistics.codec, Some(Codec::Pcma));
        assert!((2750..3000).contains(&statistics.received), "{statistics:?}");
        assert!((60..200).contains(&statistics.lost), "{statistics:?}");
        // A relayed leg's own losses are seen by the far end too: the sequence keeps its gaps.
        assert!((200..550).contains(&statistics.lost_remote), "{statistics:?}");
        assert!((2.0..12.0).contains(&statistics.jitter_ms), "{statistics:?}");
        let trip = statistics.round_trip_ms.expect("a round trip");
        assert!((60.0..70.0).contains(&trip), "{trip}");
    }
}

#[test]
fn reports_of_strangers_count_for_nothing() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 20));
    world.loss_to_peers = 30;
    world.run(6000);
    let stranger = "203.0.113.66:4001".parse().unwrap();
    let real = std::mem::replace(&mut world.peer(1).agreed.remote_rtcp, stranger);
    world.report(1, 0);
    world.peer(1).agreed.remote_rtcp = real;
    assert_eq!(close(&mut world, 1).lost_remote, 0);
}
