//! One endpoint and a peer made of text: for what no endpoint of ours would send.

use std::net::SocketAddr;
use std::time::Instant;

use super::link;
use super::link::{start, target};
use crate::endpoint::{Config, Endpoint, Event};
use crate::flow::{Flow, Transport};
use crate::{Message, Request, Response};

pub(crate) struct Bare {
    pub endpoint: Endpoint,
    pub now: Instant,
    pub peer: SocketAddr,
}

impl Bare {
    pub fn new(config: Config) -> Self {
        Self { endpoint: Endpoint::new(config, [9; 32]), now: start(), peer: link::B.address() }
    }

    pub fn flow(&self) -> Flow {
        Flow { transport: Transport::Udp, local: link::A.address(), remote: self.peer }
    }

    pub fn run(&mut self, seconds: f64) {
        let end = self.now + link::secs(seconds);
        while let Some((at, _)) = self.endpoint.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.endpoint.handle_timeout(self.now);
        }
        self.now = end;
    }

    /// The peer says this; line ends are mended.
    pub fn hear(&mut self, text: &str) {
        let flow = self.flow();
        self.endpoint.handle_datagram(self.now, flow, text.replace('\n', "\r\n").as_bytes());
    }

    pub fn hear_message(&mut self, bytes: &[u8]) {
        let flow = self.flow();
        self.endpoint.handle_datagram(self.now, flow, bytes);
    }

    pub fn sent(&mut self) -> Vec<Message> {
        std::iter::from_fn(|| self.endpoint.poll_transmit())
            .map(|transmit| Message::parse(&transmit.payload).expect("a message"))
            .collect()
    }

    pub fn requests(&mut self) -> Vec<Request> {
        let only = |message| match message {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        };
        self.sent().into_iter().filter_map(only).collect()
    }

    pub fn responses(&mut self) -> Vec<Response> {
        let only = |message| match message {
            Message::Response(response) => Some(response),
            Message::Request(_) => None,
        };
        self.sent().into_iter().filter_map(only).collect()
    }

    pub fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.endpoint.poll_event()).collect()
    }

    /// The endpoint calls the peer; gives the INVITE sent.
    pub fn call(&mut self) -> Request {
        let command = crate::endpoint::Invite {
            target: target(link::A, Transport::Udp),
            request_uri: link::uri("sip:bob@10.0.0.2"),
            from: crate::NameAddr::new(link::uri("sip:alice@10.0.0.1")),
            to: crate::NameAddr::new(link::uri("sip:bob@10.0.0.2")),
            extra: link::none(),
            route: Vec::new(),
            body: Some(link::offer()),
            credentials: Some(crate::digest::Credentials { user: "alice".into(), secret: "secret".into() }),
            session_expires: None,
        };
        self.endpoint.invite(self.now, command);
        self.requests().remove(0)
    }

    pub fn settles(&mut self) {
        self.run(200.0);
        self.sent();
        self.events();
        assert!(self.endpoint.is_idle(), "idle: {:?}", self.endpoint.load());
    }
}

/// An INVITE from the peer; `more` are further header lines.
pub(crate) fn invite(branch: &str, uri: &str, more: &str) -> String {
    format!(
        "INVITE {uri} SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch={branch}\nFrom: <sip:bob@10.0.0.2>;tag=b1\n\
         To: <sip:alice@10.0.0.1>\nCall-ID: c1\nCSeq: 1 INVITE\nContact: <sip:bob@10.0.0.2>\n{more}Content-Length: 0\n\n"
    )
}
