use super::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

const SNOM: &str = "v=0\r\no=root 1821 1821 IN IP4 192.0.2.7\r\ns=call\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
    m=audio 53284 RTP/AVP 9 0 8 3 99 112 18 101\r\n\
    a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:QjnnaukLn7iwASAs0YLzPUplJkjOhTZK2dvOwo6c\r\n\
    a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:3 GSM/8000\r\n\
    a=rtpmap:99 G726-32/8000\r\na=rtpmap:112 AAL2-G726-32/8000\r\na=rtpmap:18 G729/8000\r\n\
    a=fmtp:18 annexb=no\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

fn audio(text: &str) -> Stream {
    Description::parse(text.as_bytes()).unwrap().streams.remove(0)
}

#[test]
fn a_desk_phones_offer_is_read_whole() {
    let stream = audio(SNOM);

    assert_eq!((stream.port, stream.protocol.as_str()), (53284, "RTP/AVP"));
    assert_eq!(stream.formats.len(), 8);
    assert_eq!(stream.formats[7].parameters.as_deref(), Some("0-15"));
    assert_eq!(stream.crypto.len(), 1);
    assert_eq!(stream.address, "192.0.2.7".parse().ok());
}

#[test]
fn lines_may_end_in_a_line_feed_or_a_carriage_return_alone() {
    assert_eq!(audio(&SNOM.replace("\r\n", "\n")), audio(SNOM));
    assert_eq!(audio(&SNOM.replace("\r\n", "\r")), audio(SNOM));
}

#[test]
fn static_payload_types_need_no_rtpmap() {
    let stream = audio("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 8 0 9 13 96\n");

    let names: Vec<&str> = stream.formats.iter().map(|format| format.encoding.as_str()).collect();
    assert_eq!(names, ["PCMA", "PCMU", "G722", "CN"]);
}

#[test]
fn what_the_stream_says_overrides_what_the_session_says() {
    let text = "v=0\nc=IN IP4 192.0.2.1\na=sendonly\na=ptime:30\nm=audio 4000 RTP/AVP 8\n\
        m=audio 4002 RTP/AVP 8\nc=IN IP6 2001:db8::1\na=recvonly\na=ptime:40\n";
    let streams = Description::parse(text.as_bytes()).unwrap().streams;

    assert_eq!((streams[0].direction, streams[0].ptime), (Direction::SendOnly, Some(30)));
    assert_eq!((streams[1].direction, streams[1].ptime), (Direction::ReceiveOnly, Some(40)));
    assert_eq!(streams[1].address, "2001:db8::1".parse().ok());
}

#[test]
fn rtcp_may_be_anywhere() {
    let stream =
        audio("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 8\na=rtcp:53020 IN IP4 192.0.2.9\na=rtcp-mux\n");

    assert_eq!(stream.rtcp, Some(RtcpAddress { port: 53020, address: "192.0.2.9".parse().ok() }));
    assert!(stream.rtcp_mux);
}

#[test]
fn addresses_that_cannot_be_sent_to_count_as_none() {
    for address in ["IN IP4 224.2.1.1/127", "IN IP4 phone.example.org", "IN IP4", "nonsense"] {
        assert_eq!(audio(&format!("v=0\nm=audio 4000 RTP/AVP 8\nc={address}\n")).address, None, "{address}");
    }
}

#[test]
fn too_much_of_anything_is_refused_or_cut() {
    let long = format!("v=0\n{}", "a".repeat(MAX_BYTES));
    assert_eq!(Description::parse(long.as_bytes()), Err(SdpError::TooLong));
    let sixteen = format!("v=0\n{}", "m=audio 0 RTP/AVP 8\n".repeat(16));
    assert_eq!(Description::parse(sixteen.as_bytes()).unwrap().streams.len(), 16);
    let seventeen = format!("v=0\n{}", "m=audio 0 RTP/AVP 8\n".repeat(17));
    assert_eq!(Description::parse(seventeen.as_bytes()), Err(SdpError::TooManyStreams));
    let formats = format!("v=0\nm=audio 4000 RTP/AVP{}\n", " 8".repeat(1000));
    assert_eq!(audio(&formats).words.len(), MAX_FORMATS);
    assert_eq!(audio(&formats).formats.len(), 1);
}

#[test]
fn what_is_no_description_is_refused() {
    assert_eq!(Description::parse(b""), Err(SdpError::NotSdp));
    assert_eq!(Description::parse(b"<xml/>"), Err(SdpError::NotSdp));
    assert_eq!(Description::parse(b"v=0\nm=audio\n"), Err(SdpError::BrokenStream));
    assert_eq!(Description::parse(b"v=0\nm=audio x RTP/AVP 8\n"), Err(SdpError::BrokenStream));
}

#[test]
fn what_is_written_reads_back_the_same() {
    let mut stream = audio(SNOM);
    stream.rtcp = Some(RtcpAddress { port: 9, address: None });
    let origin = Origin { id: 7, version: 3, address: "192.0.2.7".parse().unwrap() };

    let written = write(&origin, std::slice::from_ref(&stream));

    assert!(written.starts_with(b"v=0\r\no=- 7 3 IN IP4 192.0.2.7\r\n"));
    assert_eq!(Description::parse(&written).unwrap().streams, [stream]);
}

#[test]
fn mutated_descriptions_never_panic_and_stay_bounded() {
    let mut random = ChaCha8Rng::seed_from_u64(0x5d9);
    for _ in 0..20_000 {
        let mut bytes = SNOM.as_bytes().to_vec();
        for _ in 0..1 + random.next_u32() % 8 {
            mutate(&mut bytes, &mut random);
        }
        if let Ok(description) = Description::parse(&bytes) {
            assert!(description.streams.len() <= MAX_STREAMS);
            for stream in &description.streams {
                assert!(stream.words.len() <= MAX_FORMATS && stream.crypto.len() <= MAX_CRYPTO);
            }
        }
    }
}

/// One seeded change: a byte, a cut, a doubled stretch or a piece of grammar in the wrong place.
pub(crate) fn mutate(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    const PIECES: [&str; 8] =
        ["\n", "=", " ", "m=audio 1 RTP/AVP 8\n", "a=rtpmap:", "/", "99999999999999999999", "a=crypto:1 "];
    let mut below = |limit: usize| random.next_u32() as usize % limit.max(1);
    let at = below(bytes.len());
    match below(4) {
        0 if !bytes.is_empty() => bytes[at] = below(256) as u8,
        1 => bytes.truncate(at),
        2 => {
            let piece = bytes[at..].iter().copied().take(below(200)).collect::<Vec<_>>();
            bytes.splice(at..at, piece);
        }
        _ => {
            bytes.splice(at..at, PIECES[below(PIECES.len())].bytes());
        }
    }
}
