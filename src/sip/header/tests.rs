use super::*;
use crate::cseq::CSeq;
use crate::message::{Message, Request, Response};
use crate::method::Method;
use crate::status::Status;
use crate::uri::Uri;

fn headers(lines: &str) -> Headers {
    let text = format!("OPTIONS sip:a SIP/2.0\r\n{lines}\r\n");
    Message::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{lines}: {error}")).headers().clone()
}

#[test]
fn lists_are_taken_apart_only_where_the_grammar_has_them() {
    let headers = headers("m: \"A, B\" <sip:a,b>, <sip:c>\r\nm: <sip:d>\r\nSubject: one, two\r\n");
    let contacts: Vec<&str> = headers.values(&Name::Contact).collect();
    assert_eq!(contacts, ["\"A, B\" <sip:a,b>", "<sip:c>", "<sip:d>"]);
    assert_eq!(headers.values(&Name::Subject).collect::<Vec<_>>(), ["one, two"]);
    assert_eq!(headers.all(&Name::Contact).count(), 2);
}

#[test]
fn lines_can_be_set_removed_and_put_in_front() {
    let mut headers = headers("Via: 1, 2\r\nTo: x\r\nVia: 3\r\n");
    headers.set_first(&Name::Via, "one");
    assert_eq!(headers.values(&Name::Via).collect::<Vec<_>>(), ["one", "2", "3"]);
    headers.insert_front(Name::Via, "0");
    assert_eq!(headers.get(&Name::Via), Some("0"));
    headers.set(Name::Via, "all");
    assert_eq!(format!("{headers:?}"), r#"["Via: all", "To: x"]"#);
    assert!(headers.remove(&Name::Via) && !headers.remove(&Name::Via));
    headers.set(Name::Via, "new");
    assert_eq!(headers.iter().last(), Some((&Name::Via, "new")));
}

#[test]
fn no_value_can_add_a_line() {
    let mut headers = Headers::new();
    headers.push(Name::Subject, "a\r\nEvil: 1");
    assert_eq!(headers.get(&Name::Subject), Some("a  Evil: 1"));
}

#[test]
fn numbers_are_digits_and_stay_in_their_range() {
    let expires = |value: &str| headers(&format!("Expires: {value}\r\n")).expires();
    assert_eq!(expires("3600"), Ok(Some(3600)));
    assert_eq!(expires("99999999999999999999999"), Ok(Some(u32::MAX)));
    for value in ["-1", "+1", "", "1.5", "Thu, 01 Dec 1994 16:00:00 GMT"] {
        assert_eq!(expires(value), Err(HeaderError::Malformed(Name::Expires)), "{value}");
    }
    let cseq = |value: &str| headers(&format!("CSeq: {value}\r\n")).cseq();
    assert_eq!(cseq("2147483647 BYE"), Ok(CSeq { number: 2_147_483_647, method: Method::Bye }));
    assert!(["2147483648 BYE", "1", "1 ", "x BYE", "1 B(E"].iter().all(|value| cseq(value).is_err()));
    assert_eq!(
        headers("Max-Forwards: 256\r\n").max_forwards(),
        Err(HeaderError::Malformed(Name::MaxForwards))
    );
    assert_eq!(headers("Retry-After: 120 (in a meeting);duration=60\r\n").retry_after(), Some(120));
}

#[test]
fn session_timers_reliable_answers_and_replacements_are_read_and_printed_alike() {
    let headers = headers(
        "x: 1800 ; Refresher = UAS\r\nMin-SE: 90;x=y\r\nRAck: 776656 1 INVITE\r\nRSeq: 988789\r\n\
         Replaces: 98732@a.example.se;from-tag=r33;to-tag=7743;early-only\r\n",
    );
    let session = headers.session_expires().unwrap().unwrap();
    assert_eq!((session.seconds, session.refresher), (1800, Some(Refresher::Uas)));
    assert_eq!(session.to_string(), "1800;refresher=uas");
    assert_eq!((headers.min_se(), headers.rseq()), (Ok(Some(90)), Ok(Some(988_789))));
    assert_eq!(headers.rack().unwrap().to_string(), "776656 1 INVITE");
    let replaces = headers.replaces().unwrap().unwrap();
    assert_eq!(replaces.to_string(), "98732@a.example.se;to-tag=7743;from-tag=r33;early-only");
}

#[test]
fn option_tags_methods_and_media_types_are_found_in_any_spelling() {
    let headers =
        headers("k: 100rel,timer\r\nSupported: Path\r\nAllow: INVITE, ack\r\nc: Application / SDP;x=y\r\n");
    assert!(["100REL", "timer", "path"].iter().all(|tag| headers.has_option(&Name::Supported, tag)));
    assert!(headers.allows(&Method::Invite) && !headers.allows(&Method::Ack));
    assert_eq!(headers.media_type().as_deref(), Some("application/sdp"));
}

#[test]
fn a_name_in_an_old_character_set_is_read_as_latin_1() {
    let message =
        Message::parse(b"OPTIONS sip:a SIP/2.0\r\nFrom: \"\xC5sa\" <sip:a>\r\nSubject: \xC3\x85\r\n\r\n")
            .unwrap();
    assert_eq!(message.headers().from().unwrap().display.as_deref(), Some("Åsa"));
    assert_eq!(message.headers().get(&Name::Subject), Some("Å"));
}

#[test]
fn a_response_repeats_what_it_must_and_nothing_else() {
    let mut request = Request::new(Method::Invite, Uri::parse("sip:a@b").unwrap());
    request.headers = headers(
        "Via: SIP/2.0/UDP c;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP d\r\nFrom: <sip:x>;tag=1\r\nTo: \"A\" <sip:a@b>\r\n\
         Call-ID: 7\r\nCSeq: 1 INVITE\r\nSubject: secret\r\nTimestamp: 5\r\nContent-Length: 0\r\n",
    );
    let ringing = Response::to(&request, Status::RINGING).with_to_tag("2");
    let text = String::from_utf8(ringing.to_bytes()).unwrap();
    assert_eq!(
        text,
        "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP d\r\nFrom: <sip:x>;tag=1\r\n\
         To: \"A\" <sip:a@b>;tag=2\r\nCall-ID: 7\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(ringing.clone().with_to_tag("3"), ringing, "a tag that is there stays");
    assert_eq!(Response::to(&request, Status::TRYING).headers.get(&Name::Timestamp), Some("5"));
}
