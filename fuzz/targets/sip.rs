//! One SIP message: the front door, every typed header, printing and reading again; and the same bytes as a stream.

use sip::door::{Admitted, Door};
use sip::flow::{Flow, Transport};
use sip::framer::{Broken, Frame, Framer};
use sip::{Headers, MAX_HEAD, Message, Method, Name, NameAddr, Uri};
use std::hint::black_box;

/// A datagram or a stretch of a stream.
pub fn run(data: &[u8]) {
    for transport in [Transport::Udp, Transport::Tls] {
        let flow = Flow {
            transport,
            local: ([192, 0, 2, 1], 5060).into(),
            remote: ([198, 51, 100, 7], 40_000).into(),
        };
        match Door::default().admit(data, &flow) {
            Admitted::Message(message) => {
                look(message.headers());
                round(&message);
            }
            Admitted::Answer(answer) => {
                let answer = Message::parse(&answer).expect("the door's own answers are sound");
                assert!(matches!(answer, Message::Response(_)), "only responses answer");
            }
            Admitted::Drop(_) | Admitted::Keepalive(_) => {}
        }
    }
    if let Ok(message) = Message::parse(data) {
        look(message.headers());
        round(&message);
    }
    cut(data);
}

/// What is printed reads as what was printed.
fn round(message: &Message) {
    let printed = message.to_bytes();
    if printed.len() > MAX_HEAD {
        return; // Latin-1 and compact names grow
    }
    let again = Message::parse(&printed).expect("what is printed can be read");
    assert_eq!(
        String::from_utf8_lossy(&again.to_bytes()),
        String::from_utf8_lossy(&printed),
        "printing is stable"
    );
    assert_eq!(again.body(), message.body());
}

/// Reads every header in every way there is.
fn look(headers: &Headers) {
    for name in [Name::From, Name::To, Name::ReferTo] {
        headers.address(name).ok().iter().for_each(address);
    }
    for name in [Name::Contact, Name::Route, Name::RecordRoute, Name::Path, Name::PAssertedIdentity] {
        headers.addresses(&name).unwrap_or_default().iter().for_each(address);
        headers.values(&name).for_each(|value| assert!(!value.contains(['\r', '\n'])));
    }
    for via in headers.vias().unwrap_or_default() {
        let again = sip::Via::parse(&via.to_string()).expect("a printed Via can be read");
        assert_eq!(again.to_string(), via.to_string());
        let mut stamped = via.clone();
        stamped.stamp(([203, 0, 113, 5], 5).into());
        assert!(sip::Via::parse(&stamped.to_string()).is_some(), "{stamped}");
        black_box((via.branch(), via.unique_branch(), via.received(), via.wants_rport(), via.rport()));
        black_box((via.maddr(), via.ttl(), via.sent_by().to_string()));
    }
    if let Ok(cseq) = headers.cseq() {
        assert_eq!(sip::CSeq::parse(&cseq.to_string()), Some(cseq));
    }
    black_box((headers.call_id().is_ok(), headers.contact_is_star(), headers.max_forwards().is_ok()));
    black_box((headers.expires().is_ok(), headers.min_expires().is_ok(), headers.min_se().is_ok()));
    black_box((headers.rseq().is_ok(), headers.rack().is_ok(), headers.session_expires().is_ok()));
    black_box((headers.retry_after(), headers.replaces().is_ok(), headers.media_type()));
    black_box((headers.has_option(&Name::Supported, "timer"), headers.allows(&Method::Invite)));
}

fn address(address: &NameAddr) {
    let printed = address.to_string();
    let again = NameAddr::parse(&printed).unwrap_or_else(|| panic!("{printed} cannot be read"));
    assert_eq!(again.to_string(), printed, "printing is stable");
    assert_eq!(again.tag(), address.tag());
    let tagged = NameAddr::parse(&address.clone().with_tag("t1").to_string());
    assert_eq!(tagged.expect("a tag can be added").tag(), Some("t1"));
    uri(&address.uri);
}

fn uri(uri: &Uri) {
    black_box((uri.user(), uri.password(), uri.host(), uri.port(), uri.authority(), uri.headers().count()));
    black_box((uri.params().count(), uri.param("transport")));
    assert!(uri.is_equivalent(uri), "{uri} is itself");
    let with = uri.with_param("ob", None);
    if uri.is_sip() {
        assert!(Uri::parse(with.as_str()).is_ok(), "{with}");
        assert!(Uri::parse(uri.without_headers().as_str()).is_ok(), "{uri}");
        assert!(Uri::parse(uri.without_param("transport").as_str()).is_ok(), "{uri}");
    }
}

/// However a stream is cut by the network, the same messages come out of it.
fn cut(data: &[u8]) {
    let whole = frames(std::iter::once(data));
    let size = 1 + usize::from(data.last().copied().unwrap_or(0)) % 97;
    assert_eq!(frames(data.chunks(size)), whole, "in pieces of {size}");
    let (front, back) = data.split_at(data.len() / 2);
    assert_eq!(frames([front, back].into_iter()), whole, "in halves");
}

/// The messages of a stream and what ended it. Keep-alives depend on where the pieces end, by design.
fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, Option<Broken>) {
    let (mut framer, mut messages) = (Framer::new(), Vec::new());
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.next() {
            match frame {
                Ok(Frame::Message(message)) => messages.push(message),
                Ok(Frame::Ping | Frame::Pong) => {}
                Err(error) => return (messages, Some(error.broken)),
            }
        }
    }
    (messages, None)
}
