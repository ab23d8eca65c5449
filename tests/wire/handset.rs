//! A phone of plain datagrams, for measuring how long the box takes without a foreign client's share in it.

use super::daemon_company::PATIENCE;
use crate::world::daemon::Daemon;
use crate::world::deadline::Deadline;
use crate::world::loopback;
use anyhow::{Context, Result, bail, ensure};
use sip::digest::{Credentials, Login};
use sip::{Message, Method, Name, Request, Response};
use std::net::UdpSocket;
use std::time::Duration;

/// A device of the demo company.
pub(super) struct Handset {
    socket: UdpSocket,
    device: String,
    login: Login,
    number: u32,
}

impl Handset {
    /// A device that has registered.
    pub fn registered(daemon: &Daemon, device: &str) -> Result<Self> {
        let socket = UdpSocket::bind((loopback::address(), 0))?;
        socket.connect(daemon.sip())?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut phone = Self { socket, device: device.to_owned(), login: login(device), number: 0 };
        let answer = phone.ask("REGISTER", "sip:vaxel", "")?;
        ensure!(answer.status.code() == 200, "REGISTER of {device} got {}", answer.status);
        Ok(phone)
    }

    /// How long a call from here to `other` takes until this one hears that it rings, which the other says at once.
    /// The call is then given up.
    pub fn time_to_ring(&mut self, other: &Self, extension: &str) -> Result<Duration> {
        const ALL: Duration = Duration::from_secs(60);
        let target = format!("sip:{extension}@vaxel");
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n",
            ip = self.socket.local_addr()?.ip()
        );
        // Every call begins by being asked who it is, so that each takes the same way.
        self.login = login(&self.device);
        let mut watch = Deadline::after(ALL);
        let mut invite = self.request("INVITE", &target, &body)?;
        let mut rang = None;
        loop {
            let response = self.response()?;
            match response.status.code() {
                401 => {
                    self.acknowledge(&invite, &response)?;
                    self.login.learn(&response.headers);
                    watch = Deadline::after(ALL);
                    invite = self.request("INVITE", &target, &body)?;
                    other.rings()?;
                }
                100 => {}
                180 => {
                    rang = Some(ALL - watch.left());
                    let via = invite.headers.get(&Name::Via).unwrap_or_default();
                    let cancel = Self::like("CANCEL", &invite, via, invite.headers.get(&Name::To))?;
                    self.socket.send(&cancel.to_bytes())?;
                }
                // The answer to the CANCEL.
                200 => {}
                487 => {
                    self.acknowledge(&invite, &response)?;
                    other.is_cancelled()?;
                    return rang.context("it rang");
                }
                code => bail!("the call got {code}"),
            }
        }
    }

    /// Sends a request and gives its final response, once it has proved who it is.
    fn ask(&mut self, method: &str, target: &str, body: &str) -> Result<Response> {
        self.request(method, target, body)?;
        let mut challenged = false;
        loop {
            let response = self.response()?;
            if response.status.code() == 401 && !challenged {
                challenged = true;
                self.login.learn(&response.headers);
                self.request(method, target, body)?;
            } else if response.status.is_final() {
                return Ok(response);
            }
        }
    }

    fn request(&mut self, method: &str, target: &str, body: &str) -> Result<Request> {
        self.number += 1;
        let (number, device, at) = (self.number, &self.device, self.socket.local_addr()?);
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{device}{number};rport\r\n\
             From: <sip:{device}@vaxel>;tag={device}\r\nTo: <sip:{device}@vaxel>\r\nCall-ID: {method}-{device}\r\n\
             CSeq: {number} {method}\r\nMax-Forwards: 70\r\nContact: <sip:{device}@{at}>\r\n\
             Content-Length: 0\r\n\r\n"
        );
        let Ok(Message::Request(mut request)) = Message::parse(text.as_bytes()) else {
            bail!("no request: {text}")
        };
        if !body.is_empty() {
            request = request.with_body("application/sdp", body.as_bytes().to_vec());
        }
        let method = request.method.clone();
        for (name, value) in self.login.headers(&method, target, "c0ffee") {
            request.headers.push(name, value);
        }
        self.socket.send(&request.to_bytes())?;
        Ok(request)
    }

    /// Waits for an INVITE and says that it rings.
    pub fn rings(&self) -> Result<()> {
        loop {
            if let Message::Request(request) = self.message()?
                && request.method == Method::Invite
            {
                let ringing = Response::to(&request, sip::Status::RINGING)
                    .with_to_tag("bo")
                    .with(Name::Contact, format!("<sip:{}@{}>", self.device, self.socket.local_addr()?));
                self.socket.send(&ringing.to_bytes())?;
                return Ok(());
            }
        }
    }

    /// Waits for the CANCEL and answers both it and the INVITE.
    fn is_cancelled(&self) -> Result<()> {
        loop {
            let Message::Request(request) = self.message()? else { continue };
            if request.method != Method::Cancel {
                continue;
            }
            self.socket.send(&Response::to(&request, sip::Status::OK).to_bytes())?;
            let mut ended = Response::to(&request, sip::Status::REQUEST_TERMINATED).with_to_tag("bo");
            let number = request.headers.cseq()?.number;
            ended.headers.remove(&Name::CSeq);
            ended.headers.push(Name::CSeq, format!("{number} INVITE"));
            self.socket.send(&ended.to_bytes())?;
            return Ok(());
        }
    }

    fn acknowledge(&self, invite: &Request, response: &Response) -> Result<()> {
        let via = invite.headers.get(&Name::Via).unwrap_or_default();
        let ack = Self::like("ACK", invite, via, response.headers.get(&Name::To))?;
        self.socket.send(&ack.to_bytes())?;
        Ok(())
    }

    /// ACK or CANCEL of an INVITE.
    fn like(method: &str, invite: &Request, via: &str, to: Option<&str>) -> Result<Request> {
        let of = |name: &Name| invite.headers.get(name).unwrap_or_default();
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: {via}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {method}\r\n\
             Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            of(&Name::From),
            to.unwrap_or_default(),
            of(&Name::CallId),
            invite.headers.cseq()?.number,
            uri = invite.uri.as_str(),
        );
        match Message::parse(text.as_bytes()) {
            Ok(Message::Request(request)) => Ok(request),
            _ => bail!("no request: {text}"),
        }
    }

    fn response(&self) -> Result<Response> {
        loop {
            if let Message::Response(response) = self.message()? {
                return Ok(response);
            }
        }
    }

    fn message(&self) -> Result<Message> {
        let mut buffer = [0; 8_192];
        loop {
            let length = self.socket.recv(&mut buffer).with_context(|| format!("{} waits", self.device))?;
            if let Ok(message) = Message::parse(&buffer[..length]) {
                return Ok(message);
            }
        }
    }
}

fn login(device: &str) -> Login {
    Login::new(Credentials { user: device.to_owned(), secret: format!("{device}-hemlighet") })
}
