//! A phone's words in, the registrar's answers out; time is a number of seconds.

mod chance;
mod nat;
mod outbound;
mod rules;
mod time;

use super::*;
use crate::address::NameAddr;
use crate::flow::Transport;
use crate::header::Name;
use crate::message::Message;

/// A registrar, its clock and what it has been told to keep, checked against what it holds after every step.
struct World {
    registrar: Registrar,
    start: Instant,
    seconds: f64,
    kept: std::collections::BTreeMap<(String, String), String>,
}

/// A REGISTER to be.
#[derive(Clone)]
struct Phone {
    device: &'static str,
    from: &'static str,
    call_id: String,
    cseq: u32,
    contacts: Vec<String>,
    more: Vec<String>,
}

#[allow(clippy::disallowed_methods)]
fn start() -> Instant {
    Instant::now() + Duration::from_secs(100_000)
}

impl World {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        Self { registrar: Registrar::new(limits), start: start(), seconds: 0.0, kept: Default::default() }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_secs_f64(self.seconds)
    }

    /// Sends a REGISTER; the response, and whether it was accepted.
    fn send(&mut self, phone: &Phone) -> Response {
        let Message::Request(request) = Message::parse(phone.text().as_bytes()).unwrap() else { panic!() };
        let outcome = self.registrar.register(self.now(), &request, phone.device, flow(phone.from));
        let response = match outcome {
            Outcome::Refuse { response, .. } => response,
            Outcome::Accept { response, changes } => {
                self.keep(&changes);
                response
            }
        };
        self.check();
        response
    }

    fn ok(&mut self, phone: &Phone) -> Response {
        let response = self.send(phone);
        assert_eq!(response.status.code(), 200, "{response:?}");
        response
    }

    fn code(&mut self, phone: &Phone) -> u16 {
        self.send(phone).status.code()
    }

    fn keep(&mut self, changes: &[BindingChange]) {
        for change in changes {
            match change {
                BindingChange::Bound(contact) => {
                    self.kept.insert((contact.device.to_string(), contact.key.to_string()), contact.header());
                }
                BindingChange::Unbound { device, key } => {
                    let gone = self.kept.remove(&(device.to_string(), key.to_string()));
                    assert!(gone.is_some(), "{key} was never kept");
                }
            }
        }
    }

    /// Lets time pass, timers running as they fall due.
    fn pass(&mut self, seconds: f64) {
        let until = self.seconds + seconds;
        while let Some((at, _)) = self.registrar.poll_timeout() {
            if at > self.start + Duration::from_secs_f64(until) {
                break;
            }
            self.seconds = at.saturating_duration_since(self.start).as_secs_f64();
            self.registrar.handle_timeout(at);
            while let Some(Event::Expired(contact)) = self.registrar.poll_event() {
                self.kept.remove(&(contact.device.to_string(), contact.key.to_string()));
            }
            self.check();
        }
        self.seconds = until;
    }

    /// What was told to be kept is what is there.
    fn check(&self) {
        let held = self.registrar.all().map(|c| ((c.device.to_string(), c.key.to_string()), c.header()));
        assert_eq!(self.kept, held.collect());
        assert_eq!(self.kept.len(), self.registrar.len(), "two contacts under one key");
    }

    fn uris(&self, device: &str) -> Vec<String> {
        self.registrar.contacts(device).map(|contact| contact.uri.to_string()).collect()
    }

    fn reach(&self, device: &str) -> Vec<Reach> {
        self.registrar.contacts(device).map(Contact::reach).collect()
    }
}

impl Phone {
    fn new(device: &'static str, from: &'static str, contact: &str) -> Self {
        let contacts = if contact.is_empty() { Vec::new() } else { vec![contact.to_owned()] };
        Self { device, from, call_id: format!("{device}-{from}"), cseq: 1, contacts, more: Vec::new() }
    }

    fn call_id(mut self, call_id: &str) -> Self {
        self.call_id = call_id.into();
        self
    }

    fn header(mut self, line: &str) -> Self {
        self.more.push(line.into());
        self
    }

    fn contact(mut self, contact: &str) -> Self {
        self.contacts.push(contact.into());
        self
    }

    /// The same phone later: CSeq counts on.
    fn again(&mut self) -> &Self {
        self.cseq += 1;
        self
    }

    fn text(&self) -> String {
        let device = self.device;
        let transport = self.from.split(':').next().unwrap().to_uppercase();
        let mut text = format!(
            "REGISTER sip:vaxel.example SIP/2.0\r\nVia: SIP/2.0/{transport} 192.168.1.20:5060;rport;branch=z9hG4bK1\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{device}@vaxel.example>;tag=1\r\nTo: <sip:{device}@vaxel.example>\r\n\
             Call-ID: {}\r\nCSeq: {} REGISTER\r\nUser-Agent: Test phone\r\n",
            self.call_id, self.cseq
        );
        for contact in &self.contacts {
            text += &format!("Contact: {contact}\r\n");
        }
        for line in &self.more {
            text += &format!("{line}\r\n");
        }
        text + "Content-Length: 0\r\n\r\n"
    }
}

/// `udp:10.0.0.5:5060`, to the box.
fn flow(text: &str) -> Flow {
    let local = if text.contains('[') { "[2001:db8::1]:5060" } else { "10.0.0.1:5060" };
    read_flow(text, local).unwrap()
}

/// The contacts listed in a response: URI and seconds left.
fn listed(response: &Response) -> Vec<(String, u32)> {
    let values = response.headers.contacts().unwrap();
    let read = |value: &NameAddr| {
        (value.uri.to_string(), value.params.get("expires").unwrap_or("none").parse().unwrap())
    };
    values.iter().map(read).collect()
}

fn expires_of(response: &Response) -> Vec<u32> {
    listed(response).into_iter().map(|(_, seconds)| seconds).collect()
}
