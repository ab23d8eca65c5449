use super::*;

#[allow(clippy::disallowed_methods)]
fn start() -> Instant {
    Instant::now()
}

fn drop_arrival(_: Arrival) {}

struct Peer {
    reception: Reception,
    began: Instant,
}

impl Peer {
    fn new() -> Self {
        Self { reception: Reception::new(8_000), began: start() }
    }

    /// Packet `n` of 20 ms, late by `late_us`.
    fn hear(&mut self, n: u32, late_us: u64) -> Arrival {
        self.hear_from(1, n as u16, n.wrapping_mul(160), u64::from(n) * 20_000 + late_us)
    }

    fn hear_from(&mut self, ssrc: u32, sequence: u16, timestamp: u32, at_us: u64) -> Arrival {
        let header = Header { marker: false, payload_type: 8, sequence, timestamp, ssrc };
        self.reception.handle(&header, self.began + Duration::from_micros(at_us))
    }

    fn report(&mut self) -> ReportBlock {
        self.reception.report(self.began + Duration::from_secs(100)).unwrap()
    }
}

#[test]
fn loss_is_counted_in_total_and_by_interval_as_in_appendix_a3() {
    let mut peer = Peer::new();
    (0..100).filter(|n| n % 10 != 5).for_each(|n| drop_arrival(peer.hear(n, 0)));
    let report = peer.report();
    assert_eq!((report.cumulative_lost, report.fraction_lost, report.highest_sequence), (10, 25, 99));
    (100..200).for_each(|n| drop_arrival(peer.hear(n, 0)));
    let report = peer.report();
    assert_eq!((report.cumulative_lost, report.fraction_lost), (10, 0));
    assert_eq!((peer.reception.received(), peer.reception.lost()), (190, 10));
    assert_eq!(peer.report().fraction_lost, 0, "an interval without packets");
}

#[test]
fn duplicates_make_the_loss_negative_but_never_the_total() {
    let mut peer = Peer::new();
    (0..10).for_each(|n| drop_arrival(peer.hear(n, 0)));
    assert_eq!(peer.hear(9, 0), Arrival::Behind);
    let report = peer.report();
    assert_eq!((report.cumulative_lost, report.fraction_lost), (-1, 0));
    assert_eq!(peer.reception.lost(), 0);
}

#[test]
fn cycles_are_counted_at_the_rollover_and_reordering_does_not_add_one() {
    let mut peer = Peer::new();
    for n in [65_530, 65_534, 65_536, 65_535, 65_537] {
        peer.hear(n, 0);
    }
    assert_eq!(peer.report().highest_sequence, 0x1_0001);
    assert_eq!(peer.report().cumulative_lost, 3);
}

#[test]
fn a_restarted_sender_is_believed_at_its_second_packet() {
    let mut peer = Peer::new();
    (0..10).for_each(|n| drop_arrival(peer.hear(n, 0)));
    assert_eq!(peer.hear_from(1, 30_000, 0, 200_000), Arrival::Stray);
    assert_eq!(peer.hear(10, 0), Arrival::Ahead { lost: 0 }, "one stray packet changes nothing");
    assert_eq!(peer.hear_from(1, 40_000, 0, 240_000), Arrival::Stray);
    assert_eq!(peer.hear_from(1, 40_001, 160, 260_000), Arrival::First);
    assert_eq!((peer.reception.received(), peer.reception.lost()), (13, 0));
    assert_eq!(peer.report().cumulative_lost, 0);
}

#[test]
fn a_new_source_begins_a_new_report_and_the_totals_go_on() {
    let mut peer = Peer::new();
    [0, 1, 3].into_iter().for_each(|n| drop_arrival(peer.hear(n, 0)));
    assert_eq!(peer.hear_from(2, 500, 9, 80_000), Arrival::First);
    let report = peer.report();
    assert_eq!((report.ssrc, report.cumulative_lost), (2, 0));
    assert_eq!((peer.reception.received(), peer.reception.lost()), (4, 1));
}

#[test]
fn jitter_is_that_of_appendix_a8() {
    let mut peer = Peer::new();
    (0..1_000).for_each(|n| drop_arrival(peer.hear(n, 0)));
    assert_eq!(peer.reception.jitter_ms(), 0.0);
    // Late by 0 and 10 ms by turns: each transit differs by 80 units, to which the estimate converges.
    (1_000..2_000).for_each(|n| drop_arrival(peer.hear(n, u64::from(n % 2) * 10_000)));
    assert!((peer.reception.jitter_ms() - 10.0).abs() < 0.2, "{}", peer.reception.jitter_ms());
    assert!((79..=80).contains(&peer.report().jitter)); // The estimate's own rounding stops just short.
    // One step of the estimate by hand: J += (|D| - J) / 16.
    let mut peer = Peer::new();
    peer.hear(0, 0);
    peer.hear(1, 2_000);
    assert_eq!(peer.reception.jitter_ms(), 2.0 / 16.0);
}

#[test]
fn telephone_events_and_timestamp_jumps_are_no_jitter() {
    let mut peer = Peer::new();
    (0..10).for_each(|n| drop_arrival(peer.hear(n, 0)));
    (10..20).for_each(|n| drop_arrival(peer.hear_from(1, n as u16, 1_600, n * 20_000)));
    peer.hear_from(1, 20, 0xf000_0000, 400_000);
    peer.hear_from(1, 21, 0xf000_00a0, 420_000);
    assert_eq!(peer.reception.jitter_ms(), 0.0);
}

#[test]
fn a_sender_report_is_answered_with_its_time_and_the_delay_since() {
    let mut peer = Peer::new();
    peer.hear(0, 0);
    assert_eq!((peer.report().last_sender_report, peer.report().delay_since_sender_report), (0, 0));
    let arrival = peer.began + Duration::from_millis(94_750);
    peer.reception.handle_sender_report(2, NtpTime(7 << 32), arrival);
    assert_eq!(peer.report().last_sender_report, 0, "another source's report");
    peer.reception.handle_sender_report(1, NtpTime(0xb44d_b705_2000_0000), arrival);
    let report = peer.report();
    assert_eq!((report.last_sender_report, report.delay_since_sender_report), (0xb705_2000, 0x0005_4000));
}
