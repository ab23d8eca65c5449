//! Calls from phone to phone: INVITE, 401, ACK, INVITE with digest, 180, 200, ACK, BYE; what happens to each is counted.

use super::digest::authorize;
use super::message::Message;
use super::now;
use super::phones::{Phone, Phones, SOUND};
use anyhow::Result;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// What is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Calls to make.
    pub calls: usize,
    /// How many a second.
    pub rate: f64,
    /// From the answer to hanging up; none: the calls stay up.
    pub hold: Option<Duration>,
    /// Calls that have got no further by then have failed.
    pub patience: Duration,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Calls that went through: answered, or with a hold time ended from both sides.
    pub good: usize,
    /// Calls that did not, by what they got; 0: nothing.
    pub failed: BTreeMap<u16, usize>,
    /// From the first INVITE to 180.
    pub ringing: Vec<Duration>,
    /// From the INVITE with digest to 180.
    pub ringing_proved: Vec<Duration>,
}

impl Outcome {
    /// How many failed.
    pub fn failures(&self) -> usize {
        self.failed.values().sum()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Asked,
    Proved,
    Ringing,
    Up,
    Ending,
    Over,
}

struct Call {
    caller: usize,
    callee: usize,
    asked: Instant,
    proved: Instant,
    state: State,
    /// The tag of the box and its Contact, once known.
    tag: String,
    target: String,
}

/// The calls and their phones.
pub(crate) struct Load {
    /// The phones.
    pub phones: Phones,
    calls: Vec<Call>,
    out: String,
    ending: VecDeque<(Instant, usize)>,
    over: usize,
    outcome: Outcome,
    /// BYEs that the called phones got.
    parted: usize,
    run: u32,
}

impl Load {
    /// No calls yet.
    pub fn new(phones: Phones) -> Self {
        Self {
            phones,
            calls: Vec::new(),
            out: String::with_capacity(4096),
            ending: VecDeque::new(),
            over: 0,
            outcome: Outcome::default(),
            parted: 0,
            run: 0,
        }
    }

    /// Makes the calls: the first half of the phones call the second half in turn.
    pub fn make(&mut self, plan: Plan) -> Result<Outcome> {
        self.run += 1;
        (self.over, self.parted, self.outcome) = (0, 0, Outcome::default());
        self.calls.clear();
        self.ending.clear();
        let (began, gap) = (now(), Duration::from_secs_f64(1.0 / plan.rate));
        let mut ready = Vec::new();
        let mut buffer = vec![0; 65_536];
        let last = began + gap * plan.calls as u32 + plan.hold.unwrap_or_default() + plan.patience;
        loop {
            let time = now();
            while self.calls.len() < plan.calls && time >= began + gap * self.calls.len() as u32 {
                self.invite();
            }
            while self.ending.front().is_some_and(|(at, _)| *at <= time) {
                if let Some((_, call)) = self.ending.pop_front() {
                    self.bye(call);
                }
            }
            let good = if plan.hold.is_some() { self.parted } else { self.over };
            if (self.over >= plan.calls && good + self.outcome.failures() >= plan.calls) || time >= last {
                break;
            }
            let next = (self.calls.len() < plan.calls).then(|| began + gap * self.calls.len() as u32);
            let due = [next, self.ending.front().map(|(at, _)| *at)].into_iter().flatten().min();
            let patience = due.map_or(Duration::from_millis(20), |due| due.saturating_duration_since(time));
            self.phones.wait(patience, &mut ready)?;
            for phone in ready.drain(..) {
                while let Some(length) = self.phones.receive(phone, &mut buffer) {
                    if let Some(message) = Message::read(&buffer[..length]) {
                        self.handle(phone, message, plan.hold);
                    }
                }
            }
        }
        let silent = plan.calls - self.over.min(plan.calls);
        if silent > 0 {
            *self.outcome.failed.entry(0).or_default() += silent;
        }
        let mut outcome = std::mem::take(&mut self.outcome);
        let good = self.over - outcome.failures().min(self.over);
        outcome.good = if plan.hold.is_some() { good.min(self.parted) } else { good };
        Ok(outcome)
    }

    /// Ends the calls that stayed up.
    pub fn hang_up(&mut self) -> Result<()> {
        for call in 0..self.calls.len() {
            self.bye(call);
        }
        let (mut ready, mut buffer) = (Vec::new(), vec![0; 65_536]);
        let began = now();
        while began.elapsed() < Duration::from_secs(2) && self.parted < self.calls.len() {
            self.phones.wait(Duration::from_millis(20), &mut ready)?;
            for phone in ready.drain(..) {
                while let Some(length) = self.phones.receive(phone, &mut buffer) {
                    if let Some(message) = Message::read(&buffer[..length]) {
                        self.handle(phone, message, None);
                    }
                }
            }
        }
        Ok(())
    }

    /// The phones of each call, and where the sound goes.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.calls.iter().map(|call| (call.caller, call.callee))
    }

    fn invite(&mut self) {
        let number = self.calls.len();
        let half = self.phones.len() / 2;
        let (caller, time) = (number % half, now());
        self.calls.push(Call {
            caller,
            callee: half + caller,
            asked: time,
            proved: time,
            state: State::Asked,
            tag: String::new(),
            target: String::new(),
        });
        self.send_invite(number, None);
    }

    fn send_invite(&mut self, number: usize, challenges: Option<&str>) {
        let call = &self.calls[number];
        let exchange = self.phones.exchange();
        let uri = format!("sip:{}@{exchange}", self.phones.get(call.callee).extension);
        let sequence = 1 + u32::from(challenges.is_some());
        self.out.clear();
        let out = &mut self.out;
        start(out, "INVITE", &uri, (self.run, number, sequence));
        from(out, self.phones.get(call.caller), exchange, number);
        write!(out, "To: <{uri}>\r\nCall-ID: {}-{number}@load\r\nCSeq: {sequence} INVITE\r\n", self.run)
            .unwrap_or_default();
        let phone = self.phones.get(call.caller);
        write!(out, "Contact: <sip:{}@{}>\r\n", phone.user, phone.address).unwrap_or_default();
        out.push_str(
            "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE\r\nSupported: replaces, timer\r\n\
             User-Agent: Bench Desk 1.0\r\n",
        );
        if let Some(challenges) = challenges {
            let mut key = std::mem::take(&mut phone.key);
            let who = (phone.user.as_str(), phone.secret.as_str());
            authorize(out, &mut key, who, ("INVITE", &uri), challenges);
            phone.key = key;
        }
        with_description(out, &describe(phone));
        self.phones.send(self.calls[number].caller, &self.out);
    }

    fn handle(&mut self, phone: usize, message: Message<'_>, hold: Option<Duration>) {
        let Some(status) = message.status() else { return self.called(phone, message) };
        let Some(number) = self.number_of(message) else { return };
        let state = self.calls[number].state;
        match (message.sequence_method(), status) {
            ("INVITE", 401) if state == State::Asked => {
                self.ack_refusal(number, message);
                self.calls[number].state = State::Proved;
                self.calls[number].proved = now();
                self.send_invite(number, Some(message.text));
            }
            ("INVITE", 180) if state == State::Proved => {
                let call = &mut self.calls[number];
                call.state = State::Ringing;
                self.outcome.ringing.push(call.asked.elapsed());
                self.outcome.ringing_proved.push(call.proved.elapsed());
            }
            ("INVITE", 200) if state < State::Over => {
                self.answered(number, message, hold);
            }
            ("INVITE", 300..) if state < State::Up => {
                self.ack_refusal(number, message);
                if state != State::Asked || status != 401 {
                    self.failed(number, status);
                }
            }
            ("BYE", 200) if state == State::Ending => {
                self.calls[number].state = State::Over;
                self.over += 1;
            }
            ("BYE", 300..) => self.failed(number, status),
            _ => {}
        }
    }

    fn answered(&mut self, number: usize, message: Message<'_>, hold: Option<Duration>) {
        let first = self.calls[number].state < State::Up;
        let call = &mut self.calls[number];
        if first {
            call.tag =
                message.line("To: ").and_then(|to| to.split(";tag=").nth(1)).unwrap_or_default().to_owned();
            call.target = message.contact().unwrap_or_default().to_owned();
            call.state = State::Up;
            self.phones.get(self.calls[number].caller).peer = message.sound();
        }
        self.send_within(number, "ACK", 2);
        if !first {
            return;
        }
        match hold {
            Some(hold) if hold.is_zero() => self.bye(number),
            Some(hold) => self.ending.push_back((now() + hold, number)),
            None => self.over += 1,
        }
    }

    fn bye(&mut self, number: usize) {
        if self.calls[number].state == State::Up {
            self.calls[number].state = State::Ending;
            self.send_within(number, "BYE", 3);
        }
    }

    fn failed(&mut self, number: usize, status: u16) {
        if std::mem::replace(&mut self.calls[number].state, State::Over) != State::Over {
            self.over += 1;
            *self.outcome.failed.entry(status).or_default() += 1;
        }
    }

    fn send_within(&mut self, number: usize, method: &str, sequence: u32) {
        let call = &self.calls[number];
        let (exchange, target) = (self.phones.exchange(), call.target.clone());
        self.out.clear();
        let out = &mut self.out;
        start(out, method, &target, (self.run, number, if method == "ACK" { 9 } else { sequence }));
        from(out, self.phones.get(call.caller), exchange, number);
        let extension = &self.phones.get(call.callee).extension;
        write!(
            out,
            "To: <sip:{extension}@{exchange}>;tag={}\r\nCall-ID: {}-{number}@load\r\nCSeq: {sequence} {method}\r\n\
             Content-Length: 0\r\n\r\n",
            call.tag, self.run
        )
        .unwrap_or_default();
        self.phones.send(self.calls[number].caller, &self.out);
    }

    fn ack_refusal(&mut self, number: usize, message: Message<'_>) {
        let call = &self.calls[number];
        let exchange = self.phones.exchange();
        let uri = format!("sip:{}@{exchange}", self.phones.get(call.callee).extension);
        let sequence = 1 + u32::from(call.state != State::Asked);
        self.out.clear();
        let out = &mut self.out;
        start(out, "ACK", &uri, (self.run, number, sequence));
        from(out, self.phones.get(call.caller), exchange, number);
        let to = message.line("To: ").unwrap_or_default();
        write!(
            out,
            "To: {to}\r\nCall-ID: {}-{number}@load\r\nCSeq: {sequence} ACK\r\nContent-Length: 0\r\n\r\n",
            self.run
        )
        .unwrap_or_default();
        self.phones.send(self.calls[number].caller, &self.out);
    }

    /// A request from the box to a phone: it rings and answers at once, and agrees to everything else.
    fn called(&mut self, number: usize, message: Message<'_>) {
        match message.method() {
            "ACK" => {}
            "INVITE" => {
                let phone = self.phones.get(number);
                phone.peer = message.sound();
                phone.payload = message.payload_number(phone.codec).unwrap_or(8);
                let description = describe(phone);
                self.respond(number, message, "180 Ringing", "");
                self.respond(number, message, "200 OK", &description);
            }
            method => {
                self.parted += usize::from(method == "BYE");
                self.respond(number, message, "200 OK", "");
            }
        }
    }

    fn respond(&mut self, number: usize, message: Message<'_>, status: &str, description: &str) {
        self.out.clear();
        let out = &mut self.out;
        write!(out, "SIP/2.0 {status}\r\n").unwrap_or_default();
        for line in message.repeated() {
            out.push_str(line);
            out.push_str("\r\n");
        }
        let to = message.line("To: ").unwrap_or_default();
        let tag = if to.contains(";tag=") { "" } else { ";tag=called" };
        let phone = self.phones.get(number);
        write!(out, "To: {to}{tag}\r\nContact: <sip:{}@{}>\r\n", phone.user, phone.address)
            .unwrap_or_default();
        with_description(out, description);
        self.phones.send(number, &self.out);
    }

    fn number_of(&self, message: Message<'_>) -> Option<usize> {
        let (run, rest) = message.line("Call-ID: ")?.split_once('-')?;
        let number: usize = rest.split('@').next()?.parse().ok()?;
        (run.parse() == Ok(self.run) && number < self.calls.len()).then_some(number)
    }
}

fn start(out: &mut String, method: &str, uri: &str, (run, number, sequence): (u32, usize, u32)) {
    // The box answers to where the request came from (rport), so the address in Via says nothing.
    write!(
        out,
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP phone.invalid:5060;branch=z9hG4bK-{run}-{number}-{sequence};rport\r\n\
         Max-Forwards: 70\r\n"
    )
    .unwrap_or_default();
}

fn from(out: &mut String, phone: &Phone, exchange: std::net::SocketAddrV4, number: usize) {
    write!(out, "From: <sip:{}@{exchange}>;tag=c{number}\r\n", phone.user).unwrap_or_default();
}

/// The description of a phone that speaks one codec.
fn describe(phone: &Phone) -> String {
    let (ip, payload, codec) = (phone.address.ip(), phone.payload, phone.codec);
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {SOUND} RTP/AVP {payload} 101\r\n\
         a=rtpmap:{payload} {codec}\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

fn with_description(out: &mut String, description: &str) {
    let kind = if description.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    write!(out, "{kind}Content-Length: {}\r\n\r\n{description}", description.len()).unwrap_or_default();
}
