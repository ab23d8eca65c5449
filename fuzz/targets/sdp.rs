//! A session description: read, written again, answered as an offer and accepted as an answer, of sound and of a fax.

use media::sdp::{
    self, Description, MAX_CRYPTO, MAX_FAX_TERM, MAX_FAX_TERMS, MAX_FORMATS, MAX_STREAMS, Origin,
};
use media::{Codec, Encryption, Local, Negotiation};

/// One description.
pub fn run(data: &[u8]) {
    if let Ok(description) = Description::parse(data) {
        assert!(description.streams.len() <= MAX_STREAMS);
        for stream in &description.streams {
            assert!(stream.words.len() <= MAX_FORMATS && stream.crypto.len() <= MAX_CRYPTO);
            assert!(stream.fax.len() <= MAX_FAX_TERMS);
            assert!(stream.fax.iter().all(|term| term.len() <= MAX_FAX_TERM));
        }
        let origin = Origin { id: 1, version: 1, address: [192, 0, 2, 1].into() };
        let written = sdp::write(&origin, &description.streams);
        if written.len() <= sdp::MAX_BYTES {
            let again = Description::parse(&written).expect("what is written can be read");
            assert_eq!(again.streams.len(), description.streams.len());
        }
    }
    for encryption in [Encryption::None, Encryption::Offered, Encryption::Required] {
        answered(data, encryption);
        accepted(data, encryption);
    }
    faxed(data);
    Negotiation::codecs_in(data).unwrap_or_default();
}

fn answered(offer: &[u8], encryption: Encryption) {
    let mut negotiation = Negotiation::new(local(encryption));
    let Ok((answer, agreed)) = negotiation.answer(offer, None) else { return };
    let offered = Description::parse(offer).expect("it was answered");
    let answer = Description::parse(&answer).expect("an answer can be read");
    assert_eq!(answer.streams.len(), offered.streams.len(), "one m-line for each (RFC 3264 section 6)");
    assert!(answer.streams.iter().filter(|stream| stream.port != 0).count() <= 1);
    assert!(encryption != Encryption::Required || agreed.srtp.is_some(), "never in clear");
    assert!((10..=60).contains(&agreed.ptime_ms));
    let again = negotiation.answer(offer, Some(Codec::Pcma)).expect("the same offer is taken again");
    assert_eq!(again.1.srtp.is_some(), agreed.srtp.is_some());
    let reoffer = Description::parse(&negotiation.offer(None)).expect("an offer can be read");
    assert_eq!(reoffer.streams.len(), offered.streams.len(), "m-lines stay (RFC 3264 section 8)");
    negotiation.accept(offer).ok();
    negotiation.withdraw();
}

fn accepted(answer: &[u8], encryption: Encryption) {
    let mut negotiation = Negotiation::new(local(encryption));
    negotiation.offer(Some(Codec::Opus));
    if let Ok(agreed) = negotiation.accept(answer) {
        assert!(encryption != Encryption::Required || agreed.srtp.is_some(), "never in clear");
        assert!((10..=60).contains(&agreed.ptime_ms));
        let offer = negotiation.offer(None);
        assert!(Description::parse(&offer).is_ok());
    }
}

/// A fax is passed on in its own words, and sound can follow it.
fn faxed(data: &[u8]) {
    let Ok(fax) = Negotiation::fax_in(data) else { return };
    let mut other = Negotiation::new(local(Encryption::None));
    let offer = other.offer_fax(&fax.terms);
    assert!(Negotiation::is_fax(&offer) && !Negotiation::is_two_way(&offer));
    assert_eq!(Negotiation::fax_in(&offer).expect("it can be read").terms, fax.terms);
    assert_eq!(other.accept_fax(data), Ok(fax.clone()));
    let mut one = Negotiation::new(local(Encryption::None));
    let (answer, agreed) = one.answer_fax(data, &fax.terms).expect("it has been read");
    assert_eq!(agreed, fax);
    let offered = Description::parse(data).expect("it has been read").streams.len();
    let answer = Description::parse(&answer).expect("an answer can be read");
    assert_eq!(answer.streams.len(), offered, "one m-line for each (RFC 3264 section 6)");
    assert_eq!(answer.streams.iter().filter(|stream| stream.port != 0).count(), 1);
    let back = Description::parse(&one.offer(None)).expect("an offer can be read");
    assert_eq!(back.streams.len(), offered, "m-lines stay (RFC 3264 section 8)");
}

fn local(encryption: Encryption) -> Local {
    Local {
        address: [192, 0, 2, 1].into(),
        rtp_port: 20_000,
        rtcp_port: 20_001,
        codecs: Codec::ALL.to_vec(),
        encryption,
        origin_id: 42,
        seed: [7; 32],
    }
}
