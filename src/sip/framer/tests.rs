use super::*;

const OPTIONS: &[u8] =
    b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bK1\r\nContent-Length: 4\r\n\r\nbody";

fn drain(framer: &mut Framer) -> Vec<Result<Frame, FrameError>> {
    std::iter::from_fn(|| framer.next()).collect()
}

fn broken(bytes: &[u8]) -> Option<Broken> {
    let mut framer = Framer::new();
    framer.push(bytes);
    drain(&mut framer).into_iter().find_map(Result::err).map(|error| error.broken)
}

#[test]
fn a_message_is_given_out_whole_however_the_bytes_arrive() {
    let two = [OPTIONS, OPTIONS].concat();
    for step in 1..two.len() {
        let mut framer = Framer::new();
        let mut frames = Vec::new();
        for chunk in two.chunks(step) {
            framer.push(chunk);
            frames.extend(drain(&mut framer));
        }
        let message = || Ok(Frame::Message(OPTIONS.to_vec()));
        assert_eq!(frames, [message(), message()], "in steps of {step}");
        assert!(!framer.is_waiting());
    }
}

#[test]
fn a_double_line_end_is_a_ping_and_a_single_one_a_pong() {
    let mut framer = Framer::new();
    framer.push(b"\r\n\r\n");
    assert_eq!(drain(&mut framer), [Ok(Frame::Ping)]);
    framer.push(b"\r\n");
    assert_eq!(drain(&mut framer), [Ok(Frame::Pong)]);
    framer.push(&[b"\r\n\r\n", OPTIONS].concat());
    assert_eq!(drain(&mut framer), [Ok(Frame::Ping), Ok(Frame::Message(OPTIONS.to_vec()))]);
}

#[test]
fn a_ping_that_arrives_in_pieces_is_still_answered_or_harmless() {
    for at in 1..4 {
        let mut framer = Framer::new();
        framer.push(&PING[..at]);
        let mut frames = drain(&mut framer);
        framer.push(&PING[at..]);
        frames.extend(drain(&mut framer));
        let fine = frames == [Ok(Frame::Ping)] || frames == [Ok(Frame::Pong), Ok(Frame::Pong)];
        assert!(fine, "cut at {at}: {frames:?}");
        framer.push(OPTIONS);
        assert_eq!(drain(&mut framer), [Ok(Frame::Message(OPTIONS.to_vec()))]);
    }
}

#[test]
fn what_is_no_sip_ends_the_stream_at_once() {
    assert_eq!(broken(b"\x16\x03\x01\x02\x00\x01"), Some(Broken::NotSip));
    assert_eq!(broken(b"\0\0\0\0"), Some(Broken::NotSip));
    assert_eq!(broken(b"{\"json\": 1}"), Some(Broken::NotSip));
}

#[test]
fn a_wrong_content_length_ends_the_stream_and_hands_over_the_head() {
    let head = |value: &str| {
        format!("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c\r\n{value}\r\n\r\n").into_bytes()
    };
    for value in ["Content-Length: -1", "l: x", "Content-Length:", "l: 1\r\nContent-Length: 2"] {
        assert_eq!(broken(&head(value)), Some(Broken::Length), "{value}");
    }
    assert_eq!(broken(&head("Content-Type: text/plain")), Some(Broken::NoLength));
    assert_eq!(broken(&head("Content-Length: 65536")), Some(Broken::MessageTooLarge));
    assert_eq!(broken(&head("Content-Length: 99999999999999999999999")), Some(Broken::MessageTooLarge));
    let mut framer = Framer::new();
    framer.push(&head("l: x"));
    let error = framer.next().and_then(Result::err).map(|error| error.head);
    assert_eq!(error, Some(head("l: x")));
    framer.push(OPTIONS);
    assert_eq!(framer.next(), None);
}

#[test]
fn a_folded_or_repeated_content_length_is_understood() {
    let folded = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length :\r\n 4\r\n\r\nbody";
    let repeated = b"OPTIONS sip:a@b SIP/2.0\r\nl: 4\r\nContent-Length: 4\r\n\r\nbody";
    for message in [&folded[..], &repeated[..]] {
        let mut framer = Framer::new();
        framer.push(message);
        assert_eq!(drain(&mut framer), [Ok(Frame::Message(message.to_vec()))]);
    }
}

#[test]
fn an_endless_header_section_is_cut_off() {
    let mut framer = Framer::new();
    framer.push(b"OPTIONS sip:a@b SIP/2.0\r\n");
    let mut pushed = 0;
    let error = loop {
        framer.push(b"X-Padding: 0123456789012345678901234567890123456789\r\n");
        pushed += 52;
        if let Some(result) = framer.next() {
            break result;
        }
        assert!(pushed < MAX_HEAD + 100, "still collecting after {pushed} bytes");
    };
    assert_eq!(error.map_err(|error| error.broken), Err(Broken::HeadTooLarge));
}

#[test]
fn both_messages_of_dblreq_come_out_of_a_stream() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/rfc4475/dblreq.dat");
    let bytes = std::fs::read(path).unwrap();
    let mut framer = Framer::new();
    framer.push(&bytes);
    let frames: Vec<Frame> = drain(&mut framer).into_iter().map(Result::unwrap).collect();
    let [Frame::Message(first), Frame::Pong, Frame::Message(second)] = &frames[..] else {
        panic!("{frames:?}");
    };
    assert!(first.starts_with(b"REGISTER ") && second.starts_with(b"INVITE "));
}
