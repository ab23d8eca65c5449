//! What a call was like: reports go both ways, and the record says what the network did.

use crate::world::simulated::{PeerId, Reports, World};
use media::Encryption;
use model::LegQuality;

/// Two phones with reports talk for so many seconds through a network that loses and delays.
fn talk_through(
    (loss, delay_ms, jitter_ms): (u32, u32, u32),
    reports: Reports,
    seconds: f64,
) -> (World, PeerId, PeerId) {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    for peer in [anna, bo] {
        world.peer(peer).profile.reports = reports;
    }
    world.answers(bo, 0.2);
    world.dial(anna, "202");
    world.run(1.0);
    (world.network.weather.loss, world.network.weather.delay_ms) = (loss, delay_ms);
    world.network.weather.jitter_ms = jitter_ms;
    world.run(seconds);
    (world, anna, bo)
}

#[track_caller]
fn quality(world: &mut World, anna: PeerId) -> Vec<LegQuality> {
    world.network.weather = crate::world::simulated::Weather::CALM;
    world.hang_up(anna);
    world.settles();
    world.record().quality.clone()
}

#[test]
fn a_calm_network_has_no_loss_no_jitter_and_its_round_trip() {
    let (mut world, anna, bo) = talk_through((0, 15, 0), Reports::Beside, 30.0);
    for peer in [anna, bo] {
        let told = &world.on(peer).told;
        assert!((3..=14).contains(&told.count), "a report about every five seconds: {told:?}");
        assert_eq!(told.last.map(|last| last.cumulative_lost), Some(0), "{told:?}");
    }
    for leg in quality(&mut world, anna) {
        assert_eq!((leg.lost, leg.lost_remote), (0, Some(0)), "{leg:?}");
        assert!(leg.jitter_ms < 2.0, "{leg:?}");
        assert!(leg.round_trip_ms.is_some_and(|trip| (28.0..34.0).contains(&trip)), "twice 15 ms: {leg:?}");
        assert!(leg.mos.is_some_and(|mos| mos > 4.2), "{leg:?}");
    }
    assert!(world.on(anna).told.goodbye && world.on(bo).told.goodbye, "both are told the end");
}

#[test]
fn a_bad_network_is_in_the_record_as_it_was() {
    // A delay drawn between 20 and 80 ms makes a mean difference of 20 ms between packets.
    let (mut world, anna, bo) = talk_through((3, 20, 60), Reports::Beside, 60.0);
    for peer in [anna, bo] {
        let last = world.on(peer).told.last.expect("a report");
        let share = f64::from(last.cumulative_lost) / 3_000.0;
        assert!((0.015..0.05).contains(&share), "the phone is told of 3 % loss: {last:?}");
    }
    for leg in quality(&mut world, anna) {
        let share = leg.lost as f64 / (leg.lost + leg.received) as f64;
        assert!((0.02..0.045).contains(&share), "3 % were lost: {leg:?}");
        // What comes to the far phone has been lost on either way.
        let remote = leg.lost_remote.expect("reports came") as f64 / leg.sent as f64;
        assert!((0.02..0.08).contains(&remote), "{leg:?}");
        assert!((12.0..28.0).contains(&leg.jitter_ms), "20 ms of jitter: {leg:?}");
        assert!(leg.round_trip_ms.is_some_and(|trip| (45.0..160.0).contains(&trip)), "{leg:?}");
        assert!(
            leg.mos.is_some_and(|mos| (2.8..4.0).contains(&mos)),
            "it was not good and not useless: {leg:?}"
        );
    }
}

#[test]
fn reports_share_the_port_of_the_sound_where_the_phone_offers_that() {
    let (mut world, anna, bo) = talk_through((0, 5, 0), Reports::Within, 20.0);
    assert!(world.on(anna).agreed.as_ref().is_some_and(|agreed| agreed.rtcp_mux), "{}", world.ladder);
    assert!(world.on(anna).told.count > 1 && world.on(bo).told.count > 1);
    for leg in quality(&mut world, anna) {
        assert!(leg.round_trip_ms.is_some_and(|trip| (8.0..14.0).contains(&trip)), "{leg:?}");
    }
}

#[test]
fn encrypted_reports_are_read_and_written() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    for peer in [anna, bo] {
        world.peer(peer).profile.reports = Reports::Beside;
        world.peer(peer).profile.encryption = Encryption::Required;
    }
    world.answers(bo, 0.2);
    world.dial(anna, "202");
    world.run(20.0);
    assert!(world.on(anna).told.count > 1 && world.on(bo).told.count > 1);
    assert_eq!(world.on(anna).ear.garbled, 0);
    for leg in quality(&mut world, anna) {
        assert!(leg.round_trip_ms.is_some(), "{leg:?}");
    }
}

#[test]
fn a_phone_without_reports_has_a_record_without_what_only_it_could_know() {
    let (mut world, anna, _) = talk_through((0, 5, 0), Reports::None, 10.0);
    for leg in quality(&mut world, anna) {
        assert_eq!((leg.round_trip_ms, leg.lost_remote), (None, None), "{leg:?}");
        assert!(leg.mos.is_some());
    }
}
