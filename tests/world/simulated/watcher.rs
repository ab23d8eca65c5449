//! A key with a lamp on somebody's phone: it subscribes, and reads what it is told.

use super::raw::RawPhone;
use super::weather::Packet;
use super::{World, site};
use sip::digest::{Credentials, Login};
use sip::flow::Transport;
use sip::{Message, Method, Name, Request, Response, Status};
use std::net::SocketAddr;
use std::time::Instant;

/// Which watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WatcherId(usize);

/// What a lamp shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Light {
    Dark,
    /// The user has dialled and nothing rings yet.
    Trying,
    Ringing,
    Busy,
    Held,
}

/// A key, and what it was told.
pub(crate) struct Watcher {
    pub at: SocketAddr,
    /// It answers nothing any more.
    pub deaf: bool,
    device: String,
    resource: String,
    package: String,
    call_id: String,
    to_tag: String,
    cseq: u32,
    login: Login,
    /// Every NOTIFY, with the moment it came.
    pub told: Vec<(Instant, Request)>,
}

impl Watcher {
    fn subscribe(&mut self, expires: u32) -> Request {
        let Self { at, device, resource, package, call_id, to_tag, cseq, .. } = self;
        let tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
        let uri = format!("sip:{resource}@127.0.0.1");
        let text = format!(
            "SUBSCRIBE {uri} SIP/2.0\nVia: SIP/2.0/UDP {at};branch=z9hG4bKw{cseq}{call_id};rport\nFrom: \
             <sip:{device}@127.0.0.1>;tag=watcher\nTo: <{uri}>{tag}\nCall-ID: {call_id}\nCSeq: {cseq} SUBSCRIBE\n\
             Max-Forwards: 70\nContact: <sip:{device}@{at}>\nEvent: {package}\nExpires: {expires}\nSupported: \
             eventlist\nContent-Length: 0\n\n"
        );
        *cseq += 1;
        let Ok(Message::Request(mut request)) = Message::parse(text.replace('\n', "\r\n").as_bytes()) else {
            panic!("{text}")
        };
        for (name, value) in self.login.headers(&Method::Subscribe, &uri, "c0ffee") {
            request.headers.push(name, value);
        }
        request
    }

    /// The body it was told last.
    pub fn document(&self) -> String {
        let (_, newest) = self.told.last().expect("it was told something");
        String::from_utf8(newest.body.clone()).expect("text")
    }
}

impl World {
    /// A key of a device that watches something: `dialog`, `presence` or `message-summary`. It is told how that is.
    #[track_caller]
    pub fn watches(&mut self, device: &str, resource: &str, package: &str) -> WatcherId {
        let (id, status) = self.would_watch(device, resource, package);
        assert_eq!(status, Status::OK, "{}", self.ladder);
        self.wait(1.0, "the first notification", |world| !world.watchers[id.0].told.is_empty());
        id
    }

    /// Tries to watch something; what it was answered when it had proved who it is.
    #[track_caller]
    pub fn would_watch(&mut self, device: &str, resource: &str, package: &str) -> (WatcherId, Status) {
        let number = self.watchers.len();
        let credentials = Credentials { user: device.to_owned(), secret: site::secret(device) };
        self.watchers.push(Watcher {
            at: SocketAddr::from(([127, 0, 1, 1 + (number % 200) as u8], 5060 + (number / 200) as u16)),
            deaf: false,
            device: device.to_owned(),
            resource: resource.to_owned(),
            package: package.to_owned(),
            call_id: format!("watch-{number}"),
            to_tag: String::new(),
            cseq: 1,
            login: Login::new(credentials),
            told: Vec::new(),
        });
        let id = WatcherId(number);
        (id, self.subscribes(id, 600))
    }

    /// Subscribes, or subscribes again; 0 s end it.
    #[track_caller]
    pub fn subscribes(&mut self, id: WatcherId, seconds: u32) -> Status {
        for _ in 0..2 {
            let request = self.watchers[id.0].subscribe(seconds);
            let phone = RawPhone::new("watcher", Transport::Udp, &self.watchers[id.0].at.to_string());
            let response = self.asks(&phone, &request);
            if response.status != Status::UNAUTHORIZED {
                let to = response.headers.to().expect("a To");
                self.watchers[id.0].to_tag = to.tag().unwrap_or_default().to_owned();
                return response.status;
            }
            self.watchers[id.0].login.learn(&response.headers);
        }
        Status::UNAUTHORIZED
    }

    /// A watcher.
    pub fn watcher(&mut self, id: WatcherId) -> &mut Watcher {
        &mut self.watchers[id.0]
    }

    /// What a lamp shows now.
    pub fn light(&self, id: WatcherId) -> Light {
        let document = self.watchers[id.0].document();
        let says = |state: &str| document.contains(&format!("<state>{state}</state>"));
        match () {
            () if says("confirmed") && document.contains("pval=\"no\"") => Light::Held,
            () if says("confirmed") => Light::Busy,
            () if says("early") => Light::Ringing,
            () if says("trying") => Light::Trying,
            () => Light::Dark,
        }
    }

    /// Lets a moment pass in which lamps change, and gives what these show.
    pub fn lights<const N: usize>(&mut self, ids: [WatcherId; N]) -> [Light; N] {
        self.run(0.2);
        ids.map(|id| self.light(id))
    }

    /// Every key ends its subscription, so that the world can come to rest.
    pub fn nobody_watches(&mut self) {
        for number in 0..self.watchers.len() {
            if !self.watchers[number].deaf && !self.watchers[number].to_tag.is_empty() {
                self.subscribes(WatcherId(number), 0);
            }
        }
        self.run(1.0);
    }

    /// Takes what was sent to a watcher; false where it is nobody's.
    pub(super) fn told(&mut self, packet: &Packet) -> bool {
        let now = self.now.mono;
        let Some(watcher) = self.watchers.iter_mut().find(|watcher| watcher.at == packet.to) else {
            return false;
        };
        let Ok(Message::Request(request)) = Message::parse(&packet.payload) else { return false };
        if watcher.deaf || request.method != Method::Notify {
            return true;
        }
        let payload = Response::to(&request, Status::OK).to_bytes();
        let again = watcher
            .told
            .iter()
            .any(|(_, known)| known.headers.get(&Name::Via) == request.headers.get(&Name::Via));
        if !again {
            watcher.told.push((now, request));
        }
        let (from, to) = (packet.to, packet.from);
        self.network.send(now, Packet { transport: packet.transport, from, to, payload });
        true
    }
}
