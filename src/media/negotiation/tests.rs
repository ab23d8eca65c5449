use super::*;
use crate::srtp::{Crypto, MasterKey, Suite};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n";
const KEY: &str = "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:QjnnaukLn7iwASAs0YLzPUplJkjOhTZK2dvOwo6c\r\n";

fn local(codecs: &[Codec], encryption: Encryption) -> Local {
    Local {
        address: "198.51.100.1".parse().unwrap(),
        rtp_port: 20000,
        rtcp_port: 20001,
        codecs: codecs.to_vec(),
        encryption,
        origin_id: 42,
        seed: [7; 32],
    }
}

fn plain(codecs: &[Codec]) -> Negotiation {
    Negotiation::new(local(codecs, Encryption::None))
}

fn answered(offer: &str, prefer: Option<Codec>) -> (String, Agreed) {
    let (bytes, agreed) = plain(&Codec::ALL).answer(offer.as_bytes(), prefer).unwrap();
    (String::from_utf8(bytes).unwrap(), agreed)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn not_acceptable(mismatch: Mismatch) -> NegotiationError {
    NegotiationError::NotAcceptable(mismatch)
}

#[test]
fn an_answer_takes_the_first_common_codec_and_repeats_the_offers_numbers() {
    let offer = format!(
        "{HEAD}m=audio 5000 RTP/AVP 18 120 8 97\r\na=rtpmap:120 opus/48000/2\r\na=rtpmap:97 telephone-event/8000\r\n"
    );

    let (answer, agreed) = answered(&offer, None);
    assert_eq!((agreed.codec, agreed.payload_type, agreed.receive_payload_type), (Codec::Opus, 120, 120));
    assert!(answer.contains("m=audio 20000 RTP/AVP 120 97\r\n"), "{answer}");

    let (answer, agreed) = answered(&offer, Some(Codec::Pcma));
    assert_eq!((agreed.codec, agreed.event_payload_type), (Codec::Pcma, Some(97)));
    assert!(answer.contains("m=audio 20000 RTP/AVP 8 97\r\n"), "{answer}");
    assert_eq!(agreed.remote_rtp, "192.0.2.7:5000".parse().unwrap());
    assert_eq!(agreed.remote_rtcp, "192.0.2.7:5001".parse().unwrap());
}

#[test]
fn events_follow_the_codecs_clock_rate() {
    let offer = format!(
        "{HEAD}m=audio 5000 RTP/AVP 111 0 101 102\r\na=rtpmap:111 opus/48000/2\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=rtpmap:102 telephone-event/48000\r\n"
    );

    let (_, opus) = answered(&offer, None);
    let (_, pcmu) = answered(&offer, Some(Codec::Pcmu));

    assert_eq!((opus.event_payload_type, opus.event_clock_rate), (Some(102), 48000));
    assert_eq!((pcmu.event_payload_type, pcmu.event_clock_rate), (Some(101), 8000));
}

#[test]
fn every_m_line_is_answered_and_only_one_is_taken() {
    let offer = format!(
        "{HEAD}m=video 6000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 5000 RTP/AVP 8\r\n\
         m=audio 5002 RTP/AVP 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    );

    let (answer, agreed) = answered(&offer, None);

    let lines: Vec<&str> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        [
            "m=video 0 RTP/AVP 96",
            "m=audio 20000 RTP/AVP 8",
            "m=audio 0 RTP/AVP 0",
            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
        ]
    );
    assert_eq!(agreed.remote_rtp.port(), 5000);
}

#[test]
fn dtls_is_refused_politely() {
    let dtls = "m=audio 5000 UDP/TLS/RTP/SAVPF 8\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n";
    let alone = plain(&Codec::ALL).answer(format!("{HEAD}{dtls}").as_bytes(), None);
    assert_eq!(alone.unwrap_err(), not_acceptable(Mismatch::NoAudio));

    let (answer, agreed) = answered(&format!("{HEAD}{dtls}m=audio 5002 RTP/AVP 8\r\n"), None);
    assert!(answer.contains("m=audio 0 UDP/TLS/RTP/SAVPF 8\r\nm=audio 20000 RTP/AVP 8\r\n"), "{answer}");
    assert_eq!(agreed.remote_rtp.port(), 5002);
}

#[test]
fn what_cannot_be_agreed_says_why() {
    let cases = [
        ("m=audio 5000 RTP/AVP 18\r\n", Mismatch::NoCodec),
        ("m=audio 5000 RTP/AVP 8\r\nc=IN IP4 phone.example\r\n", Mismatch::NoAddress),
        ("m=audio 5000 RTP/SAVP 8\r\n", Mismatch::Encryption),
        ("m=audio 0 RTP/AVP 8\r\n", Mismatch::NoAudio),
        ("m=image 5000 udptl t38\r\n", Mismatch::NoAudio),
        ("", Mismatch::NoAudio),
    ];
    for (lines, mismatch) in cases {
        let result = plain(&Codec::ALL).answer(format!("{HEAD}{lines}").as_bytes(), None);
        assert_eq!(result.unwrap_err(), not_acceptable(mismatch), "{lines}");
    }
    assert!(matches!(plain(&Codec::ALL).answer(b"x", None), Err(NegotiationError::Unreadable(_))));
    assert_eq!(plain(&Codec::ALL).accept(b"x"), Err(NegotiationError::NotOffered));
}

#[test]
fn packet_times_are_kept_between_ten_and_sixty() {
    let cases = [
        ("a=ptime:20\r\n", 20),
        ("a=ptime:30\r\n", 30),
        ("a=ptime:5\r\n", 10),
        ("a=ptime:100\r\n", 60),
        ("a=ptime:40\r\na=maxptime:20\r\n", 20),
        ("a=ptime:20.0\r\n", 20),
        ("", 20),
    ];
    for (lines, ptime) in cases {
        let (answer, agreed) = answered(&format!("{HEAD}m=audio 5000 RTP/AVP 8\r\n{lines}"), None);
        assert_eq!(agreed.ptime_ms, ptime, "{lines}");
        assert!(answer.contains(&format!("a=ptime:{ptime}\r\n")));
    }
}

#[test]
fn directions_are_mirrored_and_holds_noticed() {
    let cases = [
        ("a=sendrecv\r\n", Direction::SendReceive, false),
        ("a=sendonly\r\n", Direction::ReceiveOnly, true),
        ("a=recvonly\r\n", Direction::SendOnly, false),
        ("a=inactive\r\n", Direction::Inactive, true),
        ("c=IN IP4 0.0.0.0\r\n", Direction::ReceiveOnly, true),
        ("c=IN IP4 0.0.0.0\r\na=inactive\r\n", Direction::Inactive, true),
    ];
    for (lines, direction, held) in cases {
        let (answer, agreed) = answered(&format!("{HEAD}m=audio 5000 RTP/AVP 8\r\n{lines}"), None);
        assert_eq!((agreed.direction, agreed.held_by_peer), (direction, held), "{lines}");
        assert!(answer.contains(&format!("a={}\r\n", direction.as_str())), "{answer}");
    }
}

#[test]
fn a_held_peer_that_holds_too_is_noticed() {
    let mut ours = plain(&[Codec::Pcma]);
    ours.set_direction(Direction::SendOnly);
    ours.offer(None);

    let listening =
        ours.accept(format!("{HEAD}m=audio 5000 RTP/AVP 8\r\na=recvonly\r\n").as_bytes()).unwrap();
    assert_eq!((listening.direction, listening.held_by_peer), (Direction::SendOnly, false));
    let deaf = ours.accept(format!("{HEAD}m=audio 5000 RTP/AVP 8\r\na=inactive\r\n").as_bytes()).unwrap();
    assert_eq!((deaf.direction, deaf.held_by_peer), (Direction::Inactive, true));
}

#[test]
fn what_the_box_does_not_want_is_in_neither_answer_nor_agreement() {
    let offer = |line: &str| format!("{HEAD}m=audio 5000 RTP/AVP 8\r\n{line}");
    let mut ours = plain(&[Codec::Pcma]);
    ours.set_direction(Direction::SendOnly);
    let (answer, agreed) = ours.answer(offer("").as_bytes(), None).unwrap();
    assert!(text(answer).contains("a=sendonly\r\n"));
    assert_eq!((agreed.direction, agreed.held_by_peer), (Direction::SendOnly, false));
    let (answer, agreed) = ours.answer(offer("a=sendonly\r\n").as_bytes(), None).unwrap();
    assert!(text(answer).contains("a=inactive\r\n"));
    assert_eq!((agreed.direction, agreed.held_by_peer), (Direction::Inactive, true));
}

#[test]
fn a_peer_that_was_offered_nothing_does_not_hold_by_taking_nothing() {
    let mut ours = plain(&[Codec::Pcma]);
    ours.set_direction(Direction::ReceiveOnly);
    ours.offer(None);
    let answer = format!("{HEAD}m=audio 5000 RTP/AVP 8\r\na=sendonly\r\n");
    let agreed = ours.accept(answer.as_bytes()).unwrap();
    assert_eq!((agreed.direction, agreed.held_by_peer), (Direction::ReceiveOnly, false));
}

#[test]
fn an_offer_and_its_answer_agree_on_both_sides() {
    for (first, second) in [
        (Encryption::None, Encryption::None),
        (Encryption::Offered, Encryption::Offered),
        (Encryption::Required, Encryption::Required),
        (Encryption::Required, Encryption::Offered),
        (Encryption::Offered, Encryption::Required),
        (Encryption::Offered, Encryption::None),
        (Encryption::Required, Encryption::None),
    ] {
        let mut caller = Negotiation::new(local(&[Codec::Opus, Codec::Pcma], first));
        let mut callee = Negotiation::new(Local { seed: [9; 32], ..local(&Codec::ALL, second) });

        let offer = caller.offer(None);
        let (answer, theirs) = callee.answer(&offer, None).unwrap();
        let ours = caller.accept(&answer).unwrap();

        assert_eq!((ours.codec, theirs.codec), (Codec::Opus, Codec::Opus));
        assert_eq!((ours.payload_type, ours.event_payload_type), (96, theirs.event_payload_type));
        assert_eq!(ours.event_clock_rate, 48000);
        let encrypted =
            (first, second) != (Encryption::Offered, Encryption::None) && first != Encryption::None;
        assert_eq!(ours.srtp.is_some(), encrypted, "{first:?} {second:?}");
        assert_eq!(
            ours.srtp.map(|keys| (keys.send, keys.receive)),
            theirs.srtp.map(|keys| (keys.receive, keys.send))
        );
    }
}

#[test]
fn encryption_that_one_end_requires_and_the_other_lacks_is_no_agreement() {
    let required = || Negotiation::new(local(&Codec::ALL, Encryption::Required));
    let plain_offer = format!("{HEAD}m=audio 5000 RTP/AVP 8\r\n");
    assert_eq!(
        required().answer(plain_offer.as_bytes(), None).unwrap_err(),
        not_acceptable(Mismatch::Encryption)
    );
    let mut ours = required();
    assert!(text(ours.offer(None)).contains("RTP/SAVP 0 8 9 96"));
    assert_eq!(ours.accept(plain_offer.as_bytes()), Err(not_acceptable(Mismatch::Encryption)));
}

#[test]
fn a_stream_with_the_wanted_protection_is_chosen() {
    let offer = format!("{HEAD}m=audio 5000 RTP/AVP 8\r\nm=audio 5002 RTP/SAVP 8\r\n{KEY}");
    for (encryption, port) in
        [(Encryption::None, 5000), (Encryption::Offered, 5002), (Encryption::Required, 5002)]
    {
        let mut ours = Negotiation::new(local(&Codec::ALL, encryption));
        let (answer, agreed) = ours.answer(offer.as_bytes(), None).unwrap();
        assert_eq!(agreed.remote_rtp.port(), port);
        assert_eq!(text(answer).contains("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:"), port == 5002);
    }
}

#[test]
fn an_answer_with_a_foreign_tag_or_suite_is_no_encryption() {
    let mut ours = Negotiation::new(local(&[Codec::Pcma], Encryption::Required));
    ours.offer(None);
    let answer = format!("{HEAD}m=audio 5000 RTP/SAVP 8\r\n{KEY}");
    assert_eq!(ours.accept(answer.as_bytes()), Err(not_acceptable(Mismatch::Encryption)));
}

#[test]
fn the_version_rises_only_when_something_changes() {
    let mut ours = plain(&[Codec::Pcma, Codec::Pcmu]);
    let first = text(ours.offer(None));
    assert_eq!(text(ours.offer(None)), first);
    assert!(first.contains("o=- 42 1 IN IP4 198.51.100.1\r\n"));
    ours.set_direction(Direction::SendOnly);
    let held = text(ours.offer(None));
    assert!(held.contains("o=- 42 2 IN") && held.contains("a=sendonly\r\n"), "{held}");
    ours.set_direction(Direction::SendReceive);
    assert!(text(ours.offer(None)).contains("o=- 42 3 IN"));
}

#[test]
fn a_re_offer_keeps_numbers_m_lines_and_keys() {
    let mut ours = Negotiation::new(local(&Codec::ALL, Encryption::Offered));
    let theirs = format!(
        "{HEAD}m=audio 5000 RTP/SAVP 115 96\r\na=rtpmap:115 opus/48000/2\r\na=rtpmap:96 telephone-event/48000\r\n\
         {KEY}m=video 6000 RTP/AVP 96\r\n"
    );
    let (first, agreed) = ours.answer(theirs.as_bytes(), None).unwrap();
    let key = |sdp: &str| sdp.lines().find_map(|l| l.split_once("inline:")).map(|(_, key)| key.to_owned());

    let again = text(ours.offer(Some(Codec::G722)));

    assert!(again.contains("m=audio 20000 RTP/SAVP 9 0 8 115 101 96\r\n"), "{again}");
    assert!(again.contains("a=rtpmap:115 opus/48000/2\r\n") && again.contains("m=video 0 RTP/AVP 96\r\n"));
    assert!(key(&again).is_some());
    assert_eq!(key(&again), key(&text(first)));
    let send = agreed.srtp.unwrap().send;
    assert!(again.contains(&format!("a=crypto:{}\r\n", Crypto { tag: 1, key: send })), "{again}");
}

#[test]
fn a_refused_re_offer_leaves_what_was_agreed() {
    let mut ours = plain(&[Codec::Pcma, Codec::Pcmu]);
    ours.offer(None);
    let agreed = ours.accept(format!("{HEAD}m=audio 5000 RTP/AVP 8\r\n").as_bytes()).unwrap();

    ours.offer(Some(Codec::Pcmu));
    let refused = ours.accept(format!("{HEAD}m=audio 0 RTP/AVP 8\r\n").as_bytes());
    assert_eq!(refused, Err(not_acceptable(Mismatch::Refused)));
    ours.withdraw();

    assert_eq!(ours.agreed(), Some(&agreed));
    assert!(ours.answer(format!("{HEAD}m=audio 5000 RTP/AVP 18\r\n").as_bytes(), None).is_err());
    assert_eq!(ours.agreed(), Some(&agreed));
}

#[test]
fn a_later_answer_of_another_fork_replaces_the_first() {
    let mut ours = plain(&[Codec::Pcma, Codec::Pcmu]);
    ours.offer(None);
    let early = ours.accept(format!("{HEAD}m=audio 5000 RTP/AVP 8\r\n").as_bytes()).unwrap();
    let last = ours.accept(format!("{HEAD}m=audio 7000 RTP/AVP 0\r\n").as_bytes()).unwrap();

    assert_eq!((early.codec, last.codec), (Codec::Pcma, Codec::Pcmu));
    assert_eq!(last.remote_rtp.port(), 7000);
}

#[test]
fn a_codec_may_change_by_re_offer_of_either_side() {
    let mut ours = plain(&[Codec::Pcma, Codec::Pcmu]);
    let offer = |format: &str| format!("{HEAD}m=audio 5000 RTP/AVP {format}\r\n");
    assert_eq!(ours.answer(offer("8").as_bytes(), None).unwrap().1.codec, Codec::Pcma);
    assert_eq!(ours.answer(offer("0").as_bytes(), None).unwrap().1.codec, Codec::Pcmu);
    // Offered both, the one in use stays.
    assert_eq!(ours.answer(offer("8 0").as_bytes(), None).unwrap().1.codec, Codec::Pcmu);
    assert!(text(ours.offer(Some(Codec::Pcma))).contains("RTP/AVP 8 0 101"));
}

#[test]
fn an_answer_with_several_codecs_may_bring_any_of_them() {
    let mut ours = plain(&[Codec::Opus, Codec::Pcma, Codec::Pcmu]);
    ours.offer(None);
    let answer = format!("{HEAD}m=audio 5000 RTP/AVP 120 8\r\na=rtpmap:120 opus/48000/2\r\n");

    let agreed = ours.accept(answer.as_bytes()).unwrap();

    assert_eq!((agreed.payload_type, agreed.receive_payload_type), (120, 96));
    assert_eq!(agreed.also_receive, [(120, Codec::Opus), (8, Codec::Pcma)]);
}

#[test]
fn audio_taken_away_and_brought_back_is_a_hold_and_a_resumption() {
    let mut ours = plain(&[Codec::Pcma]);
    let offer = |port: u16| format!("{HEAD}m=audio {port} RTP/AVP 8\r\n");
    ours.answer(offer(5000).as_bytes(), None).unwrap();

    let (answer, away) = ours.answer(offer(0).as_bytes(), None).unwrap();
    assert!(text(answer).contains("m=audio 0 RTP/AVP 8\r\n"));
    assert_eq!((away.direction, away.held_by_peer), (Direction::Inactive, true));

    let (answer, back) = ours.answer(offer(5000).as_bytes(), None).unwrap();
    assert!(text(answer).contains("m=audio 20000 RTP/AVP 8\r\n"));
    assert_eq!((back.direction, back.held_by_peer), (Direction::SendReceive, false));
}

#[test]
fn rtcp_goes_where_it_is_wanted() {
    let offer = |lines: &str| format!("{HEAD}m=audio 5000 RTP/AVP 8\r\n{lines}");
    let (answer, muxed) = answered(&offer("a=rtcp-mux\r\n"), None);
    assert!(answer.contains("a=rtcp-mux\r\n") && muxed.rtcp_mux);
    assert_eq!(muxed.remote_rtcp, muxed.remote_rtp);
    let (_, elsewhere) = answered(&offer("a=rtcp:9 IN IP6 2001:db8::9\r\n"), None);
    assert_eq!(elsewhere.remote_rtcp, "[2001:db8::9]:9".parse().unwrap());
    let mut odd = Negotiation::new(Local { rtcp_port: 30000, ..local(&[Codec::Pcma], Encryption::None) });
    assert!(text(odd.offer(None)).contains("a=rtcp:30000\r\n"));
}

#[test]
fn the_next_legs_order_can_be_read_from_an_offer() {
    let offer = format!("{HEAD}m=audio 5000 RTP/AVP 9 18 8 8 0\r\n");
    assert_eq!(plain(&[]).codecs_offered(offer.as_bytes()), [Codec::G722, Codec::Pcma, Codec::Pcmu]);
    assert!(plain(&[]).codecs_offered(b"no").is_empty());
}

#[test]
fn any_suite_offered_is_answered_in_kind() {
    for suite in Suite::ALL {
        let crypto = Crypto { tag: 2, key: MasterKey::from_random(suite, &[5; _]) };
        let offer = format!("{HEAD}m=audio 5000 RTP/SAVP 8\r\na=crypto:{crypto}\r\n");
        let (answer, agreed) = answered(&offer, None);
        assert!(answer.contains(&format!("a=crypto:2 {} inline:", suite.name())));
        assert_eq!(agreed.srtp.unwrap().receive, crypto.key);
    }
}

#[test]
fn mutated_offers_and_answers_never_panic() {
    let offer = format!(
        "{HEAD}m=audio 5000 RTP/AVP 111 0 101\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendonly\r\n{KEY}m=video 0 RTP/AVP 31\r\n"
    );
    let mut random = ChaCha8Rng::seed_from_u64(0xfeed);
    let mut ours = Negotiation::new(local(&Codec::ALL, Encryption::Offered));
    let mut agreements = 0;
    for round in 0..10_000 {
        let mut bytes = offer.clone().into_bytes();
        for _ in 0..round % 7 {
            crate::sdp::tests::mutate(&mut bytes, &mut random);
        }
        agreements += usize::from(ours.answer(&bytes, None).is_ok());
        let ours_now = ours.offer(Some(Codec::Pcma));
        assert!(ours_now.len() < 2 * crate::sdp::MAX_BYTES);
        agreements += usize::from(ours.accept(&bytes).is_ok());
        ours.withdraw();
    }
    assert!(agreements > 2_000, "{agreements}");
}
