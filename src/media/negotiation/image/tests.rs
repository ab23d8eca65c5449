use super::super::{Encryption, Local, Mismatch, Negotiation, NegotiationError};
use crate::codec::Codec;

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n";
const SOUND: &str = "m=audio 5000 RTP/AVP 8\r\n";
const IMAGE: &str = "m=image 5002 udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n\
    a=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxBuffer:200\r\na=T38FaxMaxDatagram:320\r\n\
    a=T38FaxUdpEC:t38UDPRedundancy\r\na=T38VendorInfo:0 0 37\r\n";

fn negotiation() -> Negotiation {
    Negotiation::new(Local {
        address: "198.51.100.1".parse().unwrap(),
        rtp_port: 20000,
        rtcp_port: 20001,
        codecs: Codec::ALL.to_vec(),
        encryption: Encryption::None,
        origin_id: 42,
        seed: [7; 32],
    })
}

/// One that has agreed on sound, as the side that was called.
fn talking() -> Negotiation {
    let mut negotiation = negotiation();
    negotiation.answer(format!("{HEAD}{SOUND}").as_bytes(), None).unwrap();
    negotiation
}

fn terms(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

/// The m-lines of a description, and what stands after the last.
fn lines(description: &[u8]) -> (Vec<String>, Vec<String>) {
    let text = String::from_utf8(description.to_vec()).unwrap();
    let of = |start: &str| text.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect();
    (of("m="), of("a="))
}

#[test]
fn a_fax_is_an_offer_of_t38_without_sound() {
    let is_fax = |streams: &str| Negotiation::is_fax(format!("{HEAD}{streams}").as_bytes());
    assert!(is_fax(IMAGE));
    assert!(is_fax(&format!("m=audio 0 RTP/AVP 8\r\n{IMAGE}")));
    assert!(is_fax(&IMAGE.replace("udptl t38", "UDPTL T38")));
    assert!(!is_fax(&format!("{SOUND}{IMAGE}")), "with sound beside it, sound it is");
    for other in
        [SOUND, "m=image 0 udptl t38\r\n", "m=image 5002 TCP t38\r\n", "m=image 5002 udptl x\r\n", ""]
    {
        assert!(!is_fax(other), "{other}");
    }
    assert!(!Negotiation::is_fax(b"nonsense"));
}

#[test]
fn all_that_a_machine_says_of_its_fax_is_kept_in_its_words() {
    let offer = format!("{HEAD}{IMAGE}a=sqn:0\r\na=t38faxtranscodingMMR\r\n");
    let fax = Negotiation::fax_in(offer.as_bytes()).unwrap();
    assert_eq!(fax.remote, "192.0.2.7:5002".parse().unwrap());
    assert_eq!(
        fax.terms,
        [
            "T38FaxVersion:0",
            "T38MaxBitRate:14400",
            "T38FaxRateManagement:transferredTCF",
            "T38FaxMaxBuffer:200",
            "T38FaxMaxDatagram:320",
            "T38FaxUdpEC:t38UDPRedundancy",
            "T38VendorInfo:0 0 37",
            "t38faxtranscodingMMR",
        ]
    );
}

#[test]
fn what_a_machine_says_is_bounded_and_printable() {
    let long = format!("a=T38Novelty:{}\r\n", "x".repeat(200));
    let many = "a=T38More:1\r\n".repeat(100);
    let offer = format!("{HEAD}{IMAGE}{long}a=T38Bell:\u{7}\r\na=T38Word:\u{e5}\r\n{many}");
    let fax = Negotiation::fax_in(offer.as_bytes()).unwrap();
    assert_eq!(fax.terms.len(), 16);
    assert!(fax.terms.iter().all(|term| term.len() <= 128 && term.is_ascii() && !term.contains('\u{7}')));
}

#[test]
fn nobody_asks_for_larger_datagrams_than_are_passed_on() {
    let offer = format!("{HEAD}{}", IMAGE.replace("Datagram:320", "Datagram: 8000"));
    let fax = Negotiation::fax_in(offer.as_bytes()).unwrap();
    assert_eq!(fax.terms[4], "T38FaxMaxDatagram:1472");
}

#[test]
fn a_fax_that_is_held_or_goes_nowhere_is_none() {
    for (old, new) in [
        ("t38\r\n", "t38\r\na=inactive\r\n"),
        ("t38\r\n", "t38\r\na=sendonly\r\n"),
        ("c=IN IP4 192.0.2.7", "c=IN IP4 0.0.0.0"),
        ("c=IN IP4 192.0.2.7", "c=IN IP4 fax.example.com"),
        ("image 5002", "image 0"),
    ] {
        let offer = format!("{HEAD}{IMAGE}").replace(old, new);
        assert_eq!(
            Negotiation::fax_in(offer.as_bytes()),
            Err(NegotiationError::NotAcceptable(Mismatch::NoFax)),
            "{new}"
        );
    }
}

#[test]
fn the_box_offers_in_the_place_of_the_sound_and_takes_the_answer() {
    let mut negotiation = talking();
    let offer = negotiation.offer_fax(&terms("T38FaxVersion:0 T38FaxUdpEC:t38UDPFEC"));
    let (streams, attributes) = lines(&offer);
    assert_eq!(streams, ["m=image 20000 udptl t38"]);
    assert_eq!(attributes, ["a=T38FaxVersion:0", "a=T38FaxUdpEC:t38UDPFEC"]);
    assert!(negotiation.has_offered_fax());
    assert_eq!(negotiation.accept(b"v=0\r\n").err(), Some(NegotiationError::NotOffered), "of sound");
    let fax = negotiation.accept_fax(format!("{HEAD}{IMAGE}").as_bytes()).unwrap();
    assert_eq!(negotiation.fax(), Some(&fax));
}

#[test]
fn a_refusal_leaves_the_sound_as_it_was() {
    for answer in [SOUND, "m=image 0 udptl t38\r\n", "m=audio 0 RTP/AVP 8\r\n"] {
        let mut negotiation = talking();
        let before = negotiation.agreed().cloned();
        negotiation.offer_fax(&[]);
        let answered = negotiation.accept_fax(format!("{HEAD}{answer}").as_bytes());
        assert_eq!(answered, Err(NegotiationError::NotAcceptable(Mismatch::NoFax)));
        negotiation.withdraw();
        assert_eq!((negotiation.agreed(), negotiation.fax()), (before.as_ref(), None));
        assert!(!negotiation.has_offered_fax());
        assert_eq!(lines(&negotiation.offer(None)).0[0][..22], *"m=audio 20000 RTP/AVP ");
    }
}

#[test]
fn the_answer_has_every_m_line_of_the_offer() {
    for (streams, expected) in [
        (IMAGE.to_owned(), vec!["m=image 20000 udptl t38"]),
        (format!("m=audio 0 RTP/AVP 8\r\n{IMAGE}"), vec!["m=audio 0 RTP/AVP 8", "m=image 20000 udptl t38"]),
        (format!("{IMAGE}m=video 0 RTP/AVP 96\r\n"), vec!["m=image 20000 udptl t38", "m=video 0 RTP/AVP 96"]),
    ] {
        let mut negotiation = talking();
        let offer = format!("{HEAD}{streams}");
        let (answer, _) = negotiation.answer_fax(offer.as_bytes(), &terms("T38FaxVersion:3")).unwrap();
        let (streams, attributes) = lines(&answer);
        assert_eq!(streams, expected);
        assert_eq!(attributes, ["a=T38FaxVersion:3"]);
        // And back, from the box's side.
        let offer = negotiation.offer(None);
        let (back, _) = lines(&offer);
        assert_eq!(back.len(), expected.len(), "m-lines stay (RFC 3264 section 8)");
        assert!(back[0].starts_with("m=audio 20000 RTP/AVP 8 "), "{back:?}");
        let answer = format!("{HEAD}{SOUND}");
        negotiation.accept(answer.as_bytes()).unwrap();
        assert_eq!(negotiation.fax(), None);
    }
}

#[test]
fn a_call_that_began_with_a_fax_may_become_one_of_sound() {
    let mut negotiation = negotiation();
    assert_eq!(lines(&negotiation.offer_fax(&[])).0, ["m=image 20000 udptl t38"]);
    negotiation.accept_fax(format!("{HEAD}{IMAGE}").as_bytes()).unwrap();
    let (_, agreed) = negotiation.answer(format!("{HEAD}{SOUND}").as_bytes(), None).unwrap();
    assert_eq!((agreed.codec, negotiation.fax()), (Codec::Pcma, None));
}

#[test]
fn only_sound_both_ways_ends_a_fax() {
    let two_way = |streams: &str| Negotiation::is_two_way(format!("{HEAD}{streams}").as_bytes());
    assert!(two_way(SOUND));
    assert!(!two_way(IMAGE) && !two_way("m=audio 0 RTP/AVP 8\r\n"));
    for held in ["a=sendonly\r\n", "a=inactive\r\n", "a=recvonly\r\n", "c=IN IP4 0.0.0.0\r\n"] {
        assert!(!two_way(&format!("{SOUND}{held}")), "{held}");
    }
}
