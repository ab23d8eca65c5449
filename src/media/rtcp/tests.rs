use super::*;
use crate::rtp::tests::{random, random_packet};

const INFO: SenderInfo =
    SenderInfo { ntp: NtpTime(0xb44d_b705_2000_0000), rtp_timestamp: 1, packets: 2, octets: 320 };
const BLOCK: ReportBlock = ReportBlock {
    ssrc: 5,
    fraction_lost: 64,
    cumulative_lost: -3,
    highest_sequence: 0x0001_0002,
    jitter: 9,
    last_sender_report: 0xb705_2000,
    delay_since_sender_report: 0x0005_4000,
};

fn written(compound: &Compound<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    write(compound, &mut out);
    out
}

#[test]
fn a_compound_is_read_back_whatever_the_length_of_its_name() {
    for len in 0..=255 {
        let cname = "x".repeat(len);
        let compound =
            Compound { ssrc: 1, sender: Some(INFO), report: Some(BLOCK), cname: &cname, goodbye: true };
        let octets = written(&compound);
        assert_eq!(octets.len() % 4, 0);
        let expected = [
            Packet::SenderReport { ssrc: 1, info: INFO, reports: vec![BLOCK] },
            Packet::Cname { ssrc: 1, cname },
            Packet::Goodbye { ssrc: 1 },
        ];
        assert_eq!(parse(&octets).unwrap(), expected);
    }
}

#[test]
fn without_packets_sent_the_report_is_a_receivers() {
    let octets = written(&Compound { ssrc: 1, sender: None, report: None, cname: "box", goodbye: false });
    assert_eq!(octets[..8], [0x80, 201, 0, 1, 0, 0, 0, 1]);
    assert_eq!(parse(&octets).unwrap()[0], Packet::ReceiverReport { ssrc: 1, reports: vec![] });
}

#[test]
fn the_round_trip_is_that_of_the_example_in_rfc_3550() {
    // Figure 2: received at 46864.500, sent at 46853.125, held for 5.250 s.
    let arrival = NtpTime(0xb710_8000 << 16);
    assert_eq!(BLOCK.round_trip(arrival), Some(Duration::from_millis(6_125)));
}

#[test]
fn an_impossible_round_trip_is_not_believed() {
    let arrival = NtpTime(0xb710_8000 << 16);
    assert_eq!(ReportBlock { last_sender_report: 0, ..BLOCK }.round_trip(arrival), None);
    assert_eq!(ReportBlock { delay_since_sender_report: 0x00ff_0000, ..BLOCK }.round_trip(arrival), None);
    assert_eq!(ReportBlock { last_sender_report: 0x1000_0000, ..BLOCK }.round_trip(arrival), None);
    let just_behind = ReportBlock { delay_since_sender_report: 0x000b_6001, ..BLOCK };
    assert_eq!(just_behind.round_trip(arrival), Some(Duration::ZERO));
}

#[test]
#[allow(clippy::disallowed_methods)]
fn wall_clock_times_follow_from_the_monotonic_clock() {
    let mono = Instant::now();
    let clock = NtpClock::new(mono, Duration::from_millis(1_500));
    assert_eq!(clock.at(mono).0, (2_208_988_801 << 32) | 1 << 31);
    assert_eq!(clock.at(mono + Duration::from_millis(500)).0, 2_208_988_802 << 32);
    assert_eq!(clock.at(mono).middle(), (2_208_988_801_u64 << 16) as u32 | 0x8000);
}

#[test]
fn broken_compounds_are_refused_and_unknown_packets_skipped() {
    let good =
        written(&Compound { ssrc: 1, sender: Some(INFO), report: Some(BLOCK), cname: "box", goodbye: true });
    for len in 0..good.len() {
        let whole = parse(&good[..len]).is_none_or(|packets| packets.len() < 3);
        assert!(whole, "{len} octets of {}", good.len());
    }
    let mut wrong = good.clone();
    wrong[0] = 0x41;
    assert_eq!(parse(&wrong), None, "version 1");
    wrong[0] = 0x9f;
    assert_eq!(parse(&wrong), None, "more reports than octets");
    let mut extended = good.clone();
    extended.extend_from_slice(&[0x80, 207, 0, 1, 1, 2, 3, 4]);
    assert_eq!(parse(&extended), parse(&good));
}

#[test]
fn no_packet_whatever_makes_it_panic() {
    let mut random = random(6);
    let mut read = 0;
    for _ in 0..100_000 {
        let mut packet = random_packet(&mut random, 60);
        if packet.len() >= 4 {
            // A length that is right lets more of the parser run.
            let len = packet.len() / 4 * 4;
            packet.truncate(len);
            packet[2..4].copy_from_slice(&(len as u16 / 4 - 1).to_be_bytes());
        }
        read += usize::from(parse(&packet).is_some());
    }
    assert!(read > 1_000, "only {read} were read");
}
