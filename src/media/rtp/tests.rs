use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use super::*;

pub(crate) fn random(seed: u8) -> ChaCha8Rng {
    ChaCha8Rng::from_seed([seed; 32])
}

/// Octets of any length up to `max`, half of them with a plausible beginning.
pub(crate) fn random_packet(random: &mut ChaCha8Rng, max: u32) -> Vec<u8> {
    let mut packet = vec![0; (random.next_u32() % (max + 1)) as usize];
    random.fill_bytes(&mut packet);
    if random.next_u32() & 1 == 0
        && let [first, second, ..] = packet.as_mut_slice()
    {
        *first = 0x80 | *first & 0x3f;
        if random.next_u32() & 1 == 0 {
            *second = 200 + *second % 8;
        }
    }
    packet
}

const HEADER: Header =
    Header { marker: true, payload_type: 101, sequence: 0xfffe, timestamp: 0x0102_0304, ssrc: 0xdead_beef };

#[test]
fn a_written_packet_is_read_back() {
    let mut packet = Vec::new();
    write(&HEADER, b"sound", &mut packet);
    assert_eq!(packet[..4], [0x80, 0x80 | 101, 0xff, 0xfe]);
    let (header, payload) = parse(&packet).unwrap();
    assert_eq!(header, HEADER);
    assert_eq!(&packet[payload], b"sound");
}

#[test]
fn contributing_sources_extension_and_padding_are_taken_off() {
    let mut packet = Vec::new();
    write(&HEADER, &[], &mut packet);
    packet[0] |= 0x20 | 0x10 | 2;
    packet.extend_from_slice(&[1; 8]); // Two contributing sources.
    packet.extend_from_slice(&[0xbe, 0xde, 0, 1, 9, 9, 9, 9]);
    packet.extend_from_slice(b"sound");
    packet.extend_from_slice(&[0, 0, 3]);
    let (_, payload) = parse(&packet).unwrap();
    assert_eq!(&packet[payload], b"sound");
}

#[test]
fn what_is_no_rtp_is_refused() {
    let mut good = Vec::new();
    write(&HEADER, &[1, 2, 3, 4], &mut good);
    for len in 0..HEADER_LEN {
        assert_eq!(parse(&good[..len]), None, "{len} octets");
    }
    let changed = |index: usize, octet: u8| {
        let mut packet = good.clone();
        packet[index] = octet;
        parse(&packet)
    };
    assert_eq!(changed(0, 0x40), None, "version 1");
    assert_eq!(changed(0, 0x8f), None, "more contributing sources than octets");
    assert_eq!(changed(0, 0x90), None, "an extension beyond the end");
    assert_eq!(changed(1, 200), None, "a sender report");
    assert_eq!(changed(0, 0xa0), Some((HEADER, 12..12)), "all padding");
    let mut padded = good.clone();
    padded[0] = 0xa0;
    *padded.last_mut().unwrap() = 5;
    assert_eq!(parse(&padded), None, "more padding than payload");
    *padded.last_mut().unwrap() = 0;
    assert_eq!(parse(&padded), None, "padding of nothing");
}

#[test]
fn no_packet_whatever_makes_it_panic() {
    let mut random = random(2);
    for _ in 0..50_000 {
        let packet = random_packet(&mut random, 60);
        if let Some((_, payload)) = parse(&packet) {
            assert!(payload.start >= HEADER_LEN && payload.end <= packet.len());
        }
    }
}
