use super::*;
use crate::rtp::Header;

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn key(suite: Suite, first: u8) -> MasterKey {
    let material: Vec<u8> =
        (0..suite.material_len()).map(|index| first.wrapping_add((index * 7) as u8)).collect();
    MasterKey::from_material(suite, &material).unwrap()
}

/// Two ends of one call.
fn pair(suite: Suite) -> (Srtp, Srtp) {
    let (ours, theirs) = (key(suite, 1), key(suite, 99));
    let here = Srtp::new(&SrtpKeys { send: ours.clone(), receive: theirs.clone() });
    (here, Srtp::new(&SrtpKeys { send: theirs, receive: ours }))
}

fn packet(sequence: u16) -> Vec<u8> {
    let header = Header { marker: false, payload_type: 8, sequence, timestamp: 160, ssrc: 0xcafe_babe };
    let mut out = Vec::new();
    crate::rtp::write(&header, &[0xd5; 160], &mut out);
    out
}

fn report() -> Vec<u8> {
    let compound =
        crate::rtcp::Compound { ssrc: 0xcafe_babe, sender: None, report: None, cname: "box", goodbye: false };
    let mut out = Vec::new();
    crate::rtcp::write(&compound, &mut out);
    out
}

#[test]
fn session_keys_are_those_of_rfc_3711_appendix_b3() {
    let master = octets("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
    let master = MasterKey::from_material(Suite::AesCm128HmacSha1_80, &master).unwrap();
    assert_eq!(transform::derive::<16>(&master, 0).to_vec(), octets("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(transform::derive::<14>(&master, 2).to_vec(), octets("30CBBC08863D8C85D49DB34A9AE1"));
    let authentication = octets("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
    assert_eq!(transform::derive::<20>(&master, 1).to_vec(), authentication);
}

#[test]
fn the_key_stream_is_that_of_rfc_3711_appendix_b2() {
    use aes::cipher::KeyInit as _;
    let cipher = aes::Aes128Enc::new_from_slice(&octets("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
    let salt: [u8; 14] = octets("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let mut stream = [0; 48];
    transform::apply_counter(&cipher, &salt, 0, 0, &mut stream);
    let expected = octets(
        "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0",
    );
    assert_eq!(stream.to_vec(), expected);
}

#[test]
fn every_suite_opens_what_it_protected_and_grows_packets_as_it_says() {
    for suite in Suite::ALL {
        let (mut here, mut there) = pair(suite);
        for sequence in 0..200 {
            let clear = packet(sequence);
            let mut sealed = clear.clone();
            here.protect(&mut sealed).unwrap();
            assert_eq!(sealed.len(), clear.len() + suite.rtp_overhead(), "{suite:?}");
            assert_eq!(sealed[..12], clear[..12]);
            assert_ne!(sealed[12..172], clear[12..172]);
            there.unprotect(&mut sealed).unwrap();
            assert_eq!(sealed, clear);
            let clear = report();
            let mut sealed = clear.clone();
            here.protect_rtcp(&mut sealed).unwrap();
            assert_eq!(sealed.len(), clear.len() + suite.rtcp_overhead(), "{suite:?}");
            there.unprotect_rtcp(&mut sealed).unwrap();
            assert_eq!(sealed, clear);
        }
    }
}

#[test]
fn a_replayed_packet_is_refused() {
    for suite in Suite::ALL {
        let (mut here, mut there) = pair(suite);
        let mut sealed: Vec<Vec<u8>> = (0..100).map(packet).collect();
        sealed.iter_mut().for_each(|packet| here.protect(packet).unwrap());
        for packet in &sealed {
            assert_eq!(there.unprotect(&mut packet.clone()), Ok(()));
        }
        for packet in &sealed {
            assert_eq!(there.unprotect(&mut packet.clone()), Err(SrtpError::Replayed));
        }
        let mut control = report();
        here.protect_rtcp(&mut control).unwrap();
        assert_eq!(there.unprotect_rtcp(&mut control.clone()), Ok(()));
        assert_eq!(there.unprotect_rtcp(&mut control), Err(SrtpError::Replayed));
    }
}

#[test]
fn reordered_packets_are_opened_once_each() {
    let (mut here, mut there) = pair(Suite::AesCm128HmacSha1_80);
    let mut sealed: Vec<Vec<u8>> = (0..60).map(packet).collect();
    sealed.iter_mut().for_each(|packet| here.protect(packet).unwrap());
    sealed.reverse();
    sealed.iter_mut().for_each(|packet| assert_eq!(there.unprotect(packet), Ok(())));
}

#[test]
fn a_wrong_key_or_a_changed_bit_is_refused_and_leaves_no_state() {
    for suite in Suite::ALL {
        let (mut here, mut there) = pair(suite);
        let (send, receive) = (key(suite, 3), key(suite, 4));
        let mut stranger = Srtp::new(&SrtpKeys { send, receive });
        let mut sealed = packet(7);
        here.protect(&mut sealed).unwrap();
        assert_eq!(stranger.unprotect(&mut sealed.clone()), Err(SrtpError::NotAuthentic));
        for octet in 1..sealed.len() {
            let mut changed = sealed.clone();
            changed[octet] ^= 0x10;
            let refused = there.unprotect(&mut changed);
            assert!(refused.is_err(), "{suite:?} octet {octet}");
        }
        assert_eq!(there.unprotect(&mut sealed), Ok(()));
        let mut control = report();
        here.protect_rtcp(&mut control).unwrap();
        assert_eq!(stranger.unprotect_rtcp(&mut control.clone()), Err(SrtpError::NotAuthentic));
        let last = control.len() - 1;
        control[last] ^= 1;
        assert!(there.unprotect_rtcp(&mut control).is_err());
    }
}

#[test]
fn sequence_numbers_roll_over_with_loss_and_reordering_at_the_seam() {
    let (mut here, mut there) = pair(Suite::AesCm128HmacSha1_80);
    let mut seal = |sequence: u16| {
        let mut sealed = packet(sequence);
        here.protect(&mut sealed).unwrap();
        sealed
    };
    for sequence in (30_000..65_500).step_by(100) {
        assert_eq!(there.unprotect(&mut seal(sequence)), Ok(()));
    }
    let mut straggler = seal(65_534);
    for sequence in [0, 1, 2] {
        assert_eq!(there.unprotect(&mut seal(sequence)), Ok(()), "after the seam: {sequence}");
    }
    assert_eq!(there.unprotect(&mut straggler), Ok(()), "from before the seam");
    for turn in 0..3 {
        for sequence in (10..=65_530_u16).step_by(910) {
            assert_eq!(there.unprotect(&mut seal(sequence)), Ok(()), "turn {turn}, {sequence}");
        }
    }
}

#[test]
fn the_same_sequence_number_is_never_protected_twice() {
    let (mut here, _) = pair(Suite::AesCm128HmacSha1_80);
    here.protect(&mut packet(5)).unwrap();
    assert_eq!(here.protect(&mut packet(5)), Err(SrtpError::Spent));
}

#[test]
fn a_key_that_stays_keeps_its_rollover_counter_over_a_new_answer() {
    let (mut here, mut there) = pair(Suite::AesCm128HmacSha1_80);
    for sequence in (1..200_000_u32).step_by(1_000) {
        let mut sealed = packet(sequence as u16);
        here.protect(&mut sealed).unwrap();
        there.unprotect(&mut sealed).unwrap();
    }
    let keys = here.keys.clone();
    here.update(&keys);
    let mut sealed = packet(200_000_u32 as u16);
    here.protect(&mut sealed).unwrap();
    assert_eq!(there.unprotect(&mut sealed), Ok(()));
}

#[test]
fn aead_packets_are_those_of_rfc_7714_section_16() {
    // Section 16 gives session key and salt, so they are put in place past the derivation.
    let payload = octets("47616c6c696120657374206f6d6e697320646976697361 20696e207061727465732074726573");
    let mut packet = octets("8040f17b 8041f8d3 5501a0b2");
    packet.extend_from_slice(&payload);
    let clear = packet.clone();
    let key = octets("000102030405060708090a0b0c0d0e0f");
    let salt: [u8; 12] = octets("517569642070726f2071756f").try_into().unwrap();
    let transform = transform::Transform::gcm_128(&key, salt);
    transform.seal_rtp(0x5501_a0b2, 0xf17b, 12, &mut packet);
    let expected = octets(
        "8040f17b 8041f8d3 5501a0b2 f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
    );
    assert_eq!(packet, expected);
    transform.open_rtp(0x5501_a0b2, 0xf17b, 12, &mut packet).unwrap();
    assert_eq!(packet, clear);
}

#[test]
fn no_packet_whatever_makes_it_panic_or_remember_strangers() {
    for suite in Suite::ALL {
        let (mut here, mut there) = pair(suite);
        let mut random = crate::rtp::tests::random(1);
        for _ in 0..5_000 {
            let mut packet = crate::rtp::tests::random_packet(&mut random, 120);
            assert!(there.unprotect(&mut packet.clone()).is_err());
            assert!(there.unprotect_rtcp(&mut packet.clone()).is_err());
            // Whatever it answers, it answers.
            let outcome = (here.protect(&mut packet.clone()), here.protect_rtcp(&mut packet));
            assert!(!matches!(outcome, (Err(SrtpError::NotAuthentic), _)));
        }
        assert!(there.receive.rtp_sources.is_empty() && there.receive.rtcp_sources.is_empty());
    }
}

const INLINE: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

#[test]
fn a_crypto_attribute_is_read_with_its_lifetime_and_printed_without() {
    let plain = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}");
    let crypto = Crypto::parse(&plain).unwrap();
    assert_eq!((crypto.tag, crypto.key.suite()), (1, Suite::AesCm128HmacSha1_80));
    assert_eq!(crypto.to_string(), plain);
    for tail in ["|2^20", "|1048576", "|2^48 WSH=64"] {
        assert_eq!(Crypto::parse(&format!("{plain}{tail}")), Ok(crypto.clone()), "{tail}");
    }
    for suite in Suite::ALL {
        let crypto = Crypto { tag: 12, key: key(suite, 200) };
        assert_eq!(Crypto::parse(&crypto.to_string()), Ok(crypto));
    }
}

#[test]
fn a_crypto_attribute_that_cannot_be_honoured_is_refused_with_its_reason() {
    for (value, reason) in [
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}|2^20|1:4"), CryptoError::MasterKeyIdentifier),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}|1:4"), CryptoError::MasterKeyIdentifier),
        (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE};inline:{INLINE}"), CryptoError::SeveralKeys),
        (
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE} UNENCRYPTED_SRTP"),
            CryptoError::SessionParameter,
        ),
        (format!("1 F8_128_HMAC_SHA1_80 inline:{INLINE}"), CryptoError::UnknownSuite),
        (format!("1 AEAD_AES_256_GCM inline:{INLINE}"), CryptoError::BadKey),
        ("1 AES_CM_128_HMAC_SHA1_80 inline:????".into(), CryptoError::BadKey),
        (format!("x AES_CM_128_HMAC_SHA1_80 inline:{INLINE}"), CryptoError::Malformed),
        (format!("1 AES_CM_128_HMAC_SHA1_80 {INLINE}"), CryptoError::Malformed),
        ("1 AES_CM_128_HMAC_SHA1_80".into(), CryptoError::Malformed),
        (String::new(), CryptoError::Malformed),
    ] {
        assert_eq!(Crypto::parse(&value), Err(reason), "{value}");
    }
}

#[test]
fn a_key_never_shows_in_debug_output() {
    let (here, _) = pair(Suite::AesCm128HmacSha1_80);
    assert_eq!(
        format!("{here:?}"),
        "Srtp(SrtpKeys { send: MasterKey { suite: AesCm128HmacSha1_80, .. }, receive: MasterKey { suite: \
         AesCm128HmacSha1_80, .. } })"
    );
}
