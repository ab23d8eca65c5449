//! Peers written out by hand, for stories about single messages: a phone that registers in a particular way, an
//! operator that answers in a particular way, and a translator of addresses before the box.

use super::memory::Memory;
use super::sound::{Ear, Voice};
use super::weather::Packet;
use super::{PeerId, World, site, the_box};
use media::{Agreed, Codec, Encryption, Local, Negotiation, Srtp};
use sip::digest::{Credentials, Login};
use sip::flow::Transport;
use sip::{Headers, Message, Method, Name, Request, Response, Status};
use std::net::{IpAddr, SocketAddr};

/// A phone whose every header a story chooses.
pub(crate) struct RawPhone {
    pub device: String,
    pub at: SocketAddr,
    pub transport: Transport,
    /// Who it says makes it.
    pub agent: String,
    /// What it writes into Contact.
    pub contact: String,
    pub call_id: String,
    /// The next CSeq.
    pub cseq: u32,
    pub login: Login,
}

impl RawPhone {
    /// A phone at an address.
    pub fn new(device: &str, transport: Transport, at: &str) -> Self {
        Self::knowing(device, transport, (at, &site::secret(device)))
    }

    /// The same with any secret.
    pub fn knowing(device: &str, transport: Transport, (at, secret): (&str, &str)) -> Self {
        let credentials = Credentials { user: device.to_owned(), secret: secret.to_owned() };
        Self {
            device: device.to_owned(),
            at: at.parse().expect("an address"),
            transport,
            agent: "Raw".to_owned(),
            contact: format!("<sip:{device}@{at};transport={}>", transport.in_uri()),
            call_id: format!("raw-{device}-{at}"),
            cseq: 1,
            login: Login::new(credentials),
        }
    }

    /// A REGISTER with further headers, one a line.
    pub fn request(&mut self, headers: &str) -> Request {
        let Self { device, at, agent, call_id, cseq, .. } = self;
        let via = format!("SIP/2.0/{} {at};branch=z9hG4bK{cseq}{device};rport", self.transport.in_via());
        let contact =
            if headers.contains("Contact:") { String::new() } else { format!("Contact: {}\n", self.contact) };
        let text = format!(
            "REGISTER sip:127.0.0.1 SIP/2.0\nVia: {via}\nFrom: <sip:{device}@127.0.0.1>;tag=raw\nTo: \
             <sip:{device}@127.0.0.1>\nCall-ID: {call_id}\nCSeq: {cseq} REGISTER\nMax-Forwards: 70\nUser-Agent: \
             {agent}\n{contact}{headers}Content-Length: 0\n\n"
        );
        self.cseq += 1;
        match Message::parse(text.replace('\n', "\r\n").as_bytes()) {
            Ok(Message::Request(request)) => request,
            other => panic!("{other:?}\n{text}"),
        }
    }

    /// The same with an answer to the challenges met so far.
    pub fn proven(&mut self, headers: &str) -> Request {
        let mut request = self.request(headers);
        for (name, value) in self.login.headers(&Method::Register, "sip:127.0.0.1", "c0ffee") {
            request.headers.push(name, value);
        }
        request
    }
}

impl World {
    /// A box behind a translator of addresses, told of its outside or not.
    pub fn behind(outside: &str, document: String, external: Option<&str>) -> Self {
        let mut memory = Memory::with_site(document);
        memory.external = external.map(str::to_owned);
        let mut world = Self::with_disk(1, memory);
        world.outside = Some(outside.parse().expect("an address"));
        world
    }

    /// Any bytes from anywhere, on any transport.
    pub fn tell(&mut self, (transport, from): (Transport, SocketAddr), payload: Vec<u8>) {
        let [v4, v6] = the_box::addresses();
        let to = if from.is_ipv4() { v4 } else { v6 };
        self.network.send(self.now.mono, Packet { transport, from, to, payload });
    }

    /// A connection to the box is closed at its far end.
    pub fn hangs_up_on(&mut self, (transport, from): (Transport, SocketAddr)) {
        let flow = sip::flow::Flow { transport, local: the_box::address(), remote: from };
        self.vaxel.exchange.handle_closed(self.now, flow);
        self.drain();
    }

    /// Sends a request of a raw phone and waits for its final response.
    #[track_caller]
    pub fn asks(&mut self, phone: &RawPhone, request: &Request) -> Response {
        self.tell((phone.transport, phone.at), request.to_bytes());
        let (at, branch) = (phone.at, request.headers.get(&Name::Via).map(str::to_owned));
        let branch = branch.and_then(|via| Some(sip::Via::parse(&via)?.branch()?.to_owned()));
        let mut found = None;
        self.wait(10.0, "a response", |world| {
            let mine = |(to, message): &(SocketAddr, Message)| match message {
                Message::Response(response) if *to == at && response.status.is_final() => {
                    let via = response.headers.via().ok()?;
                    (via.branch().map(str::to_owned) == branch).then(|| response.clone())
                }
                _ => None,
            };
            found = world.letters.iter().rev().find_map(mine);
            found.is_some()
        });
        found.expect("it came")
    }

    /// Registers a raw phone: one question, one answer.
    #[track_caller]
    pub fn registers(&mut self, phone: &mut RawPhone, headers: &str) -> Response {
        let request = phone.proven(headers);
        let response = self.asks(phone, &request);
        if response.status != Status::UNAUTHORIZED {
            return response;
        }
        phone.login.learn(&response.headers);
        let request = phone.proven(headers);
        self.asks(phone, &request)
    }

    /// The requests of a method that a stranger was sent; a retransmission counts once.
    pub fn requests_at(&self, at: SocketAddr, method: &Method) -> Vec<Request> {
        let mut all: Vec<Request> = Vec::new();
        for (to, message) in &self.letters {
            let Message::Request(request) = message else { continue };
            let again = |other: &Request| other.headers.get(&Name::Via) == request.headers.get(&Name::Via);
            if *to == at && request.method == *method && !all.iter().any(again) {
                all.push(request.clone());
            }
        }
        all
    }

    /// What the translator before the box makes of a packet.
    pub(super) fn translated(&self, packet: &Packet) -> Packet {
        let mut packet = packet.clone();
        let Some(outside) = self.outside else { return packet };
        let inside = the_box::address().ip();
        if packet.to.ip() == outside {
            packet.to.set_ip(inside);
        }
        let leaves = match packet.to.ip() {
            IpAddr::V4(to) => !to.is_private() && !to.is_loopback(),
            IpAddr::V6(_) => false,
        };
        if packet.from.ip() == inside && leaves {
            packet.from.set_ip(outside);
        }
        packet
    }
}

/// An operator whose every answer a story writes.
pub(crate) struct RawTrunk {
    pub at: SocketAddr,
}

impl RawTrunk {
    pub fn new(at: &str) -> Self {
        Self { at: at.parse().expect("an address") }
    }

    /// Answers a request, with a To tag and perhaps a description.
    pub fn respond(
        &self,
        world: &mut World,
        request: &Request,
        (code, tag, body): (u16, &str, Option<&str>),
    ) {
        let status = Status::new(code).expect("a status");
        let mut response = Response::to(request, status).with_to_tag(tag);
        response.headers.push(Name::Contact, format!("<sip:{tag}@{}>", self.at));
        if let Some(body) = body {
            response = response.with_body("application/sdp", body.as_bytes().to_vec());
        }
        world.tell((Transport::Udp, self.at), response.to_bytes());
    }

    /// The newest INVITE it was sent.
    #[track_caller]
    pub fn invite(&self, world: &World) -> Request {
        world.requests_at(self.at, &Method::Invite).pop().unwrap_or_else(|| panic!("{}", world.ladder))
    }

    /// Gives its place to an operator that answers everything by itself.
    pub fn leaves(self, world: &mut World) {
        world.operator_at("operator", &self.at.to_string());
    }

    /// Answers every BYE there is.
    pub fn lets_go(&self, world: &mut World) {
        for request in world.requests_at(self.at, &Method::Bye) {
            world.tell((Transport::Udp, self.at), Response::to(&request, Status::OK).to_bytes());
        }
    }
}

/// A description with a port for sound, G.711 A-law.
pub(crate) fn sdp(port: u16) -> String {
    format!(
        "v=0\r\no=- 1 {port} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP \
         8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
    )
}

/// Sound that a raw peer sends and hears, encrypted.
pub(crate) struct Secret {
    pub negotiation: Negotiation,
    pub at: SocketAddr,
    voice: Voice,
    crypt: Option<(Agreed, Srtp)>,
}

impl Secret {
    /// With the tone of a peer.
    pub fn new(peer: PeerId, port: u16) -> Self {
        let negotiation = Negotiation::new(Local {
            address: IpAddr::from([127, 0, 0, 1]),
            rtp_port: port,
            rtcp_port: port + 1,
            codecs: vec![Codec::Pcma],
            encryption: Encryption::Required,
            origin_id: 9,
            seed: [9; 32],
        });
        Self {
            negotiation,
            at: SocketAddr::from(([127, 0, 0, 1], port)),
            voice: Voice::new(peer.0, 50),
            crypt: None,
        }
    }

    /// Takes what was agreed.
    #[track_caller]
    pub fn agree(&mut self, agreed: Agreed) {
        let keys = agreed.srtp.clone().expect("keys");
        self.crypt = Some((agreed, Srtp::new(&keys)));
    }

    /// Talks for so many packets of 20 ms, and gives what is heard at the end, of these tones.
    #[track_caller]
    pub fn talk(&mut self, world: &mut World, packets: usize, peers: &[PeerId]) -> Vec<PeerId> {
        let (agreed, srtp) = self.crypt.as_mut().expect("an agreement");
        let mut ear = Ear::default();
        world.parcels.clear();
        for _ in 0..packets {
            let mut packet = self.voice.speak(agreed, 20);
            srtp.protect(&mut packet).expect("fresh packets");
            let (now, from, to) = (world.now.mono, self.at, agreed.remote_rtp);
            world.network.send(now, Packet { transport: Transport::Udp, from, to, payload: packet });
            world.run(0.02);
            for (_, mut packet) in world.parcels.drain(..).filter(|(to, _)| *to == self.at) {
                srtp.unprotect(&mut packet).expect("what the box sends is protected with its key");
                ear.receive(world.now.mono, &packet, Some(agreed));
            }
        }
        let tones: Vec<u32> = peers.iter().map(|peer| super::sound::pitch(peer.0)).collect();
        let heard = ear.hears(world.now.mono, agreed, &tones);
        peers.iter().zip(&tones).filter(|(_, tone)| heard.contains(tone)).map(|(peer, _)| *peer).collect()
    }
}

/// Headers of a response, by name.
pub(crate) fn header<'a>(headers: &'a Headers, name: &Name) -> &'a str {
    headers.get(name).unwrap_or_default()
}
