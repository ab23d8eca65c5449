//! An endpoint with a call in progress and a call being placed, fed messages and time.
//!
//! An input is messages with a line `====` between them. The first line of a message may say how it comes:
//! `udp 20`, `tcp 0`, `wait 40000`, the number being the milliseconds before it. In messages `%LIVE%` stands for the box's
//! tag in the call in progress, `%TAG%` for the tag it gave last, `%BRANCH%`, `%CALL%` and `%FROM%` for the last request it
//! sent: what a peer would know.

use sip::endpoint::{Body, Config, Endpoint, Event, Invite, SessionId};
use sip::flow::{Flow, Target, Transport};
use sip::{Headers, Message, NameAddr, Response, Status, Uri};
use std::collections::HashMap;
use std::time::{Duration, Instant};

const LIVE: &str = "INVITE sip:box@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKlive\r\n\
    Max-Forwards: 70\r\nFrom: <sip:anna@192.0.2.1>;tag=anna\r\nTo: <sip:box@192.0.2.1>\r\nCall-ID: live\r\n\
    CSeq: 1 INVITE\r\nContact: <sip:anna@198.51.100.7:5060>\r\nSupported: timer, 100rel\r\n\
    Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n";
const LIVE_ACK: &str = "ACK sip:box@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKack\r\n\
    Max-Forwards: 70\r\nFrom: <sip:anna@192.0.2.1>;tag=anna\r\nTo: <sip:box@192.0.2.1>;tag=%LIVE%\r\nCall-ID: live\r\n\
    CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n";

/// A sequence of messages and waits.
pub fn run(data: &[u8]) {
    let mut world = World::new();
    for piece in pieces(data).into_iter().take(48) {
        world.feed(piece);
    }
    world.end();
}

struct World {
    endpoint: Endpoint,
    now: Instant,
    /// Sessions, and whether they have ended.
    sessions: HashMap<SessionId, bool>,
    /// What the peer has learnt, by placeholder.
    known: HashMap<&'static str, String>,
    fed: u32,
}

impl World {
    #[allow(clippy::disallowed_methods)] // one arbitrary instant for everything below to count from
    fn new() -> Self {
        let endpoint = Endpoint::new(Config { max_sessions: 40, ..Config::default() }, [5; 32]);
        let mut world =
            Self { endpoint, now: Instant::now(), sessions: HashMap::new(), known: HashMap::new(), fed: 0 };
        world.feed(LIVE.as_bytes());
        let tag = world.known.get("%TAG%").cloned().unwrap_or_default();
        world.known.insert("%LIVE%", tag);
        world.feed(LIVE_ACK.as_bytes());
        let session = world.endpoint.invite(world.now, invite());
        world.sessions.insert(session, false);
        world.drain();
        world
    }

    fn feed(&mut self, piece: &[u8]) {
        let (how, ms, message) = way(piece);
        let ms = ms.min(4_000_000);
        // Time goes by in steps, as timers would have it.
        for _ in 0..4 {
            self.now += Duration::from_millis(ms / 4);
            self.endpoint.handle_timeout(self.now);
            self.drain();
        }
        let message = self.filled(message);
        self.fed += 1;
        match how {
            "wait" => {}
            "tcp" => {
                let (front, back) = message.split_at(message.len() / 3);
                for part in [front, back] {
                    if self.endpoint.handle_stream(self.now, flow(Transport::Tcp), part).is_err() {
                        self.endpoint.handle_closed(self.now, flow(Transport::Tcp));
                        break;
                    }
                    self.drain();
                }
            }
            _ => self.endpoint.handle_datagram(self.now, flow(Transport::Udp), &message),
        }
        self.drain();
    }

    /// The message with what a peer would know in the place of the placeholders.
    fn filled(&self, message: &[u8]) -> Vec<u8> {
        if !message.contains(&b'%') {
            return message.to_vec();
        }
        let mut text = message.iter().map(|byte| char::from(*byte)).collect::<String>();
        for (name, value) in &self.known {
            text = text.replace(name, value);
        }
        text.chars().map(|char| u8::try_from(char).unwrap_or(b'?')).collect()
    }

    fn drain(&mut self) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            if !transmit.payload.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                self.learn(Message::parse(&transmit.payload).expect("what is sent can be read"));
            }
        }
        for _ in 0..200 {
            let Some(event) = self.endpoint.poll_event() else { return };
            self.happened(event);
        }
        panic!("one input leads to events without end");
    }

    fn learn(&mut self, message: Message) {
        let headers = message.headers();
        match &message {
            Message::Response(_) => {
                let tag = headers.to().ok().and_then(|to| to.tag().map(str::to_owned));
                self.known.extend(tag.map(|tag| ("%TAG%", tag)));
            }
            Message::Request(_) => {
                let via = headers.via().expect("own requests have a Via");
                let from = headers.from().expect("own requests have a From");
                self.known.insert("%BRANCH%", via.branch().unwrap_or_default().to_owned());
                self.known.insert("%CALL%", headers.call_id().unwrap_or_default().to_owned());
                self.known.insert("%FROM%", from.tag().unwrap_or_default().to_owned());
            }
        }
    }

    fn happened(&mut self, event: Event) {
        let (now, fed) = (self.now, self.fed);
        let endpoint = &mut self.endpoint;
        match event {
            Event::Invited { session, .. } => {
                assert_eq!(self.sessions.insert(session, false), None, "{session} begins once");
                match fed % 4 {
                    0 => endpoint.answer(now, session, answer(), Headers::new()),
                    1 => {
                        endpoint.ring(now, session, Status::PROGRESS, Some(answer()));
                        endpoint.answer(now, session, answer(), Headers::new());
                    }
                    2 => endpoint.ring(now, session, Status::RINGING, None),
                    _ => endpoint.reject(now, session, Status::BUSY_HERE, Headers::new()),
                }
            }
            Event::Offer { session, .. } if fed.is_multiple_of(3) => {
                endpoint.refuse_offer(now, session, Status::NOT_ACCEPTABLE_HERE);
            }
            Event::Offer { session, .. } | Event::OfferWanted { session } => {
                endpoint.accept_offer(now, session, answer());
            }
            Event::Confirmed { session } | Event::Established { session, .. } if fed.is_multiple_of(2) => {
                endpoint.modify(now, session, answer());
            }
            Event::OfferOutdated { session } => endpoint.modify(now, session, answer()),
            Event::Request { id, request, .. } => {
                endpoint.respond(now, id, Response::to(&request, Status::OK));
            }
            Event::Failed { session, .. }
            | Event::Ended { session, .. }
            | Event::Cancelled { session, .. } => {
                assert_eq!(self.sessions.insert(session, true), Some(false), "{session} ends once");
            }
            Event::Confirmed { session }
            | Event::Established { session, .. }
            | Event::Trying { session }
            | Event::Provisional { session, .. }
            | Event::Answer { session, .. }
            | Event::ModifyFailed { session, .. }
            | Event::Digit { session, .. }
            | Event::Info { session, .. } => {
                assert_eq!(self.sessions.get(&session), Some(&false), "{session} is there");
            }
            Event::Referred { subscription, .. } => {
                endpoint.accept_refer(now, subscription);
                endpoint.report_refer(
                    now,
                    subscription,
                    if fed % 2 == 0 { Status::RINGING } else { Status::OK },
                );
            }
            Event::Subscribed { subscription, .. } => {
                endpoint.accept_subscription(now, subscription, Duration::from_secs(600));
                endpoint.notify(now, subscription, Some(answer()));
            }
            Event::Renewed { subscription } => endpoint.notify(now, subscription, Some(answer())),
            Event::ReferProgress { .. }
            | Event::Unsubscribed { .. }
            | Event::Response { .. }
            | Event::Stalled { .. } => {}
        }
    }

    /// Everybody hangs up, nobody answers any more, and nothing is left.
    fn end(mut self) {
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.endpoint.hang_up(self.now, session, Headers::new());
            self.drain();
        }
        self.endpoint.handle_closed(self.now, flow(Transport::Tcp));
        // A renewed subscription may last an hour.
        for _ in 0..400 {
            self.now += Duration::from_secs(10);
            self.endpoint.handle_timeout(self.now);
            self.drain();
        }
        while self.endpoint.poll_trace().is_some() {}
        assert!(self.endpoint.is_idle(), "left over: {:?}", self.endpoint.load());
        assert!(self.sessions.values().all(|ended| *ended), "every session has ended: {:?}", self.sessions);
    }
}

/// The pieces of an input: lines of `====` stand between them.
fn pieces(data: &[u8]) -> Vec<&[u8]> {
    let (mut pieces, mut rest) = (Vec::new(), data);
    while let Some(at) = rest.windows(5).position(|window| window == b"====\n") {
        pieces.push(&rest[..at]);
        rest = &rest[at + 5..];
    }
    pieces.push(rest);
    pieces
}

/// How a piece comes, after how many milliseconds, and its message.
fn way(piece: &[u8]) -> (&str, u64, &[u8]) {
    let end = piece.iter().position(|byte| *byte == b'\n').unwrap_or(piece.len());
    let line = std::str::from_utf8(&piece[..end]).unwrap_or_default();
    match line.trim().split_once(' ') {
        Some((how @ ("udp" | "tcp" | "wait"), ms)) => {
            (how, ms.parse().unwrap_or(10), piece.get(end + 1..).unwrap_or_default())
        }
        _ => ("udp", 10, piece),
    }
}

fn flow(transport: Transport) -> Flow {
    Flow { transport, local: ([192, 0, 2, 1], 5060).into(), remote: ([198, 51, 100, 7], 5060).into() }
}

fn answer() -> Body {
    Body::sdp(*b"v=0\r\n")
}

fn invite() -> Invite {
    let uri = |text: &str| Uri::parse(text).expect("a URI");
    Invite {
        target: Target { reuse: None, ..Target::back_to(flow(Transport::Udp)) },
        request_uri: uri("sip:bo@198.51.100.7"),
        from: NameAddr::new(uri("sip:anna@192.0.2.1")),
        to: NameAddr::new(uri("sip:bo@198.51.100.7")),
        extra: Headers::new(),
        route: Vec::new(),
        body: Some(answer()),
        credentials: Some(sip::digest::Credentials { user: "box".into(), secret: "secret".into() }),
        session_expires: Some(Duration::from_secs(1800)),
    }
}
