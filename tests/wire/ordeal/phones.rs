//! The phones of an exchange that suffers, and whoever sits at its console: all in one thread, so that what came
//! before a death is told from what did not.

use super::digest::{Key, authorize};
use super::message::Message;
use crate::world::deadline::Deadline;
use crate::world::loopback;
use anyhow::{Context, Result, bail, ensure};
use model::{Command, LogEntry, Registration, Reply, Request};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write as _};
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Phones that call, and as many that are called.
const PAIRS: usize = 10;
/// Devices that only register.
const WANDERERS: usize = 4;
/// Contacts of each of those.
const PLACES: usize = 3;
/// Every so many of those called let it ring.
const UNANSWERED: usize = 4;
const PATIENCE: Duration = Duration::from_secs(20);

/// A contact of a wanderer.
pub(super) type Contact = (usize, usize);

/// Who lives at an exchange.
pub(super) fn site(version: u64) -> String {
    let mut document = format!(
        "[company]\nname = \"Version {version}\"\nlanguage = \"sv\"\ntime_zone = \"Europe/Stockholm\"\n\
         country = \"SE\"\narea_code = \"08\"\nservice_activated = \"2026-01-01T08:00:00Z\"\ninternal_digits = 4\n"
    );
    for number in 0..2 * PAIRS + WANDERERS {
        document.push_str(&format!(
            "[[users]]\nid = \"user{number}\"\nname = \"User {number}\"\nextension = \"{}\"\nplan = \"business\"\n  \
             [[users.devices]]\n  id = \"phone{number}\"\n  secret = \"secret-{number}\"\n  kind = \"desk\"\n",
            2000 + number
        ));
    }
    document
}

/// Which version of the site an exchange has.
pub(super) fn version(company: Option<&str>) -> u64 {
    company.and_then(|name| name.strip_prefix("Version ")?.parse().ok()).unwrap_or(u64::MAX)
}

/// Which contact of which wanderer that is, and by which REGISTER.
pub(super) fn contact(registration: &Registration) -> Option<(Contact, u64)> {
    let device: usize = registration.device.as_str().strip_prefix("phone")?.parse().ok()?;
    let place = registration.contact.split(":7").nth(1)?.get(..3)?.parse().ok()?;
    let number = registration.agent.as_deref()?.strip_prefix("Wanderer/")?.parse().ok()?;
    Some(((device.checked_sub(2 * PAIRS)?, place), number))
}

/// Everything of one day.
pub(super) struct Day {
    pub attempts: Vec<Attempt>,
    pub wishes: Vec<Wish>,
    /// Versions of the site applied, and whether it said that it has them.
    pub sites: Vec<(u64, bool)>,
    /// Records seen in its call log.
    pub log: Vec<LogEntry>,
    pub registered: usize,
    pub applied: usize,
    /// Messages that have come.
    pub taken: u64,
    /// Calls that the exchange said it did not write down in time.
    pub hasty: usize,
    asked: Option<Command>,
}

impl Day {
    pub fn new() -> Self {
        let (attempts, wishes, sites, log) = Default::default();
        Self { attempts, wishes, sites, log, registered: 0, applied: 0, taken: 0, hasty: 0, asked: None }
    }
}

/// One call of a day. Nobody calls twice a day, so caller and callee name it.
#[derive(Debug)]
pub(super) struct Attempt {
    pair: usize,
    number: u64,
    state: State,
    /// Somebody was told of it: the callee, or the caller more than 100.
    pub heard: bool,
    pub answered: bool,
    /// The box's tag and Contact, once known.
    dialogue: (String, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Asked,
    Proved,
    Up,
    Ending,
    Over,
}

impl Attempt {
    /// The caller as the record has it.
    pub fn from(&self) -> String {
        (2000 + self.pair).to_string()
    }

    /// The callee as the record has it.
    pub fn to(&self) -> String {
        (2000 + PAIRS + self.pair).to_string()
    }
}

/// One REGISTER of a wanderer.
#[derive(Debug)]
pub(super) struct Wish {
    pub contact: Contact,
    /// Its number; none takes the contact away.
    pub number: Option<u64>,
    id: u64,
    pub promised: bool,
    over: bool,
}

struct Phone {
    socket: UdpSocket,
    at: SocketAddr,
    key: Key,
}

/// All of them.
pub(super) struct Line {
    exchange: SocketAddr,
    phones: Vec<Phone>,
    console: Option<UnixStream>,
    heard: Vec<u8>,
    next: u64,
    out: String,
}

impl Line {
    pub fn new(exchange: SocketAddr) -> Result<Self> {
        let phone = |_| -> Result<Phone> {
            let socket = UdpSocket::bind((loopback::address(), 0))?;
            socket.connect(exchange)?;
            socket.set_nonblocking(true)?;
            let at = socket.local_addr()?;
            Ok(Phone { socket, at, key: Key::default() })
        };
        let phones = (0..2 * PAIRS + WANDERERS).map(phone).collect::<Result<_>>()?;
        Ok(Self { exchange, phones, console: None, heard: Vec::new(), next: 1, out: String::new() })
    }

    /// The next number: of a call, a REGISTER or a version of the site.
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Asks at the console and waits for the answer.
    pub fn ask(&mut self, socket: &Path, command: Command) -> Result<Reply> {
        let mut stream = UnixStream::connect(socket).context("connecting to the control socket")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write_line(&mut stream, command)?;
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stream), &mut line)?;
        match serde_json::from_str(&line)? {
            Reply::Refused(refusal) => bail!("refused: {:?}", refusal.messages),
            reply => Ok(reply),
        }
    }

    /// Sits down at the console.
    pub fn connect(&mut self, socket: &Path) -> Result<()> {
        let stream = UnixStream::connect(socket).context("connecting to the control socket")?;
        stream.set_write_timeout(Some(PATIENCE))?;
        self.console = Some(stream);
        self.heard.clear();
        Ok(())
    }

    /// Registers the phones that call and are called, for longer than any story.
    pub fn register_all(&mut self) -> Result<()> {
        self.register_some(0..2 * PAIRS)
    }

    /// Registers one of them once more, and waits for the promise.
    pub fn register_anew(&mut self) -> Result<()> {
        self.register_some(0..1)
    }

    fn register_some(&mut self, phones: Range<usize>) -> Result<()> {
        let mut day = Day::new();
        let wanted = phones.len();
        for phone in phones {
            self.register(phone, 0, &mut day);
        }
        let deadline = Deadline::after(PATIENCE);
        while day.registered < wanted {
            ensure!(!deadline.has_passed(), "only {} phones are registered", day.registered);
            self.listen(&mut day, Duration::from_millis(5))?;
        }
        Ok(())
    }

    /// One thing that somebody does.
    pub fn act(&mut self, day: &mut Day, dice: &mut ChaCha8Rng) -> Result<()> {
        match dice.next_u32() % 8 {
            0..=2 if day.attempts.len() < PAIRS => self.call(day),
            3..=5 => {
                let (wanderer, place) =
                    (dice.next_u32() as usize % WANDERERS, dice.next_u32() as usize % PLACES);
                let same = |wish: &Wish| wish.contact == (wanderer, place) && !wish.over;
                if !day.wishes.iter().any(same) {
                    self.register(2 * PAIRS + wanderer, place, day);
                }
            }
            6 if day.asked.is_none() => {
                let version = self.number();
                day.sites.push((version, false));
                self.write(day, Command::SiteApply { document: site(version) });
            }
            7 if day.asked.is_none() => self.write(day, Command::CallLog { limit: 20 }),
            _ => {}
        }
        // Somebody has talked enough.
        let up = |attempt: &Attempt| attempt.state == State::Up;
        if dice.next_u32().is_multiple_of(8)
            && let Some(attempt) = day.attempts.iter().position(up)
        {
            day.attempts[attempt].state = State::Ending;
            self.within(&day.attempts[attempt], "BYE", 3);
        }
        Ok(())
    }

    /// Takes everything that has come, or comes within a time.
    pub fn listen(&mut self, day: &mut Day, patience: Duration) -> Result<()> {
        {
            let sockets = self.phones.iter().map(|phone| phone.socket.as_fd());
            let all = sockets.chain(self.console.iter().map(|console| console.as_fd()));
            let mut all: Vec<PollFd> = all.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
            poll(&mut all, PollTimeout::try_from(patience)?)?;
        }
        let mut buffer = [0; 65_536];
        for phone in 0..self.phones.len() {
            loop {
                match self.phones[phone].socket.recv(&mut buffer) {
                    Ok(length) => {
                        let text = std::str::from_utf8(&buffer[..length])?.to_owned();
                        self.take(day, phone, &text);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // What was sent to a dead exchange comes back as an error.
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        self.hear(day)
    }

    fn write(&mut self, day: &mut Day, command: Command) {
        // Whether a dying exchange took it shows when it is back.
        let written =
            self.console.as_mut().is_some_and(|console| write_line(console, command.clone()).is_ok());
        day.asked = written.then_some(command);
    }

    /// Answers at the console.
    fn hear(&mut self, day: &mut Day) -> Result<()> {
        let Some(console) = &mut self.console else { return Ok(()) };
        console.set_nonblocking(true)?;
        let mut part = [0; 65_536];
        while let Ok(length @ 1..) = console.read(&mut part) {
            self.heard.extend_from_slice(&part[..length]);
        }
        console.set_nonblocking(false)?;
        let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') else { return Ok(()) };
        let line: Vec<u8> = self.heard.drain(..=end).collect();
        match (day.asked.take(), serde_json::from_slice(&line)?) {
            (Some(Command::SiteApply { .. }), Reply::Differences(_)) => {
                day.applied += 1;
                if let Some((_, promised)) = day.sites.last_mut() {
                    *promised = true;
                }
            }
            (Some(Command::CallLog { .. }), Reply::CallLog(log)) => day.log = log,
            // The disk is gone and the exchange is about to be.
            (Some(_), Reply::Refused(_)) => {}
            (asked, reply) => bail!("{asked:?} got {reply:?}"),
        }
        Ok(())
    }

    fn take(&mut self, day: &mut Day, phone: usize, text: &str) {
        let Some(message) = Message::read(text.as_bytes()) else { return };
        day.taken += 1;
        match message.status() {
            None => self.called(day, phone, message),
            Some(status) if message.sequence_method() == "REGISTER" => {
                self.register_answered(day, status, message);
            }
            Some(status) => self.call_answered(day, status, message),
        }
    }

    fn register(&mut self, phone: usize, place: usize, day: &mut Day) {
        let id = self.number();
        let wanderer = phone.checked_sub(2 * PAIRS);
        // Every fourth takes its contact away.
        let number = (wanderer.is_none() || !id.is_multiple_of(4)).then_some(id);
        let contact = (wanderer.unwrap_or(usize::MAX - phone), place);
        day.wishes.push(Wish { contact, number, id, promised: false, over: false });
        if let Some(wish) = day.wishes.len().checked_sub(1) {
            self.send_register(day, wish, None);
        }
    }

    fn send_register(&mut self, day: &Day, wish: usize, challenges: Option<&str>) {
        let Wish { contact: (wanderer, place), number, id, .. } = &day.wishes[wish];
        let phone = if *wanderer < WANDERERS { 2 * PAIRS + wanderer } else { usize::MAX - wanderer };
        let (exchange, at) = (self.exchange, self.phones[phone].at);
        let contact = match *wanderer < WANDERERS {
            true => format!("sip:phone{phone}@{}:{}", at.ip(), 7_000 + place),
            false => format!("sip:phone{phone}@{at}"),
        };
        let (uri, sequence) = (format!("sip:{exchange}"), 1 + u32::from(challenges.is_some()));
        let expires = if number.is_some() { 3600 } else { 0 };
        self.out.clear();
        write!(
            self.out,
            "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK-r{id}-{sequence};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:phone{phone}@{exchange}>;tag=r{id}\r\n\
             To: <sip:phone{phone}@{exchange}>\r\nCall-ID: {id}@wish\r\nCSeq: {sequence} REGISTER\r\n\
             Contact: <{contact}>\r\nExpires: {expires}\r\nUser-Agent: Wanderer/{id}\r\n",
        )
        .expect("memory");
        self.prove(phone, ("REGISTER", &uri), challenges);
        self.out.push_str("Content-Length: 0\r\n\r\n");
        self.send(phone);
    }

    fn register_answered(&mut self, day: &mut Day, status: u16, message: Message<'_>) {
        let id = number_of(message, "@wish");
        let Some(wish) = day.wishes.iter().position(|wish| Some(wish.id) == id && !wish.over) else { return };
        match status {
            401 => self.send_register(day, wish, Some(message.text)),
            200 => {
                day.wishes[wish].promised = true;
                day.wishes[wish].over = true;
                day.registered += 1;
            }
            _ => day.wishes[wish].over = true,
        }
    }

    fn call(&mut self, day: &mut Day) {
        let (pair, number) = (day.attempts.len(), self.number());
        let (state, dialogue) = (State::Asked, Default::default());
        day.attempts.push(Attempt { pair, number, state, heard: false, answered: false, dialogue });
        self.invite(&day.attempts[pair], None);
    }

    fn invite(&mut self, attempt: &Attempt, challenges: Option<&str>) {
        let (pair, number) = (attempt.pair, attempt.number);
        let (exchange, at) = (self.exchange, self.phones[pair].at);
        let uri = format!("sip:{}@{exchange}", attempt.to());
        let sequence = 1 + u32::from(challenges.is_some());
        self.out.clear();
        write!(
            self.out,
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK-i{number}-{sequence};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:phone{pair}@{exchange}>;tag=c{number}\r\nTo: <{uri}>\r\n\
             Call-ID: {number}@call\r\nCSeq: {sequence} INVITE\r\nContact: <sip:phone{pair}@{at}>\r\n",
        )
        .expect("memory");
        self.prove(pair, ("INVITE", &uri), challenges);
        self.describe(pair);
        self.send(pair);
    }

    fn call_answered(&mut self, day: &mut Day, status: u16, message: Message<'_>) {
        let number = number_of(message, "@call");
        let Some(attempt) = day.attempts.iter_mut().find(|attempt| Some(attempt.number) == number) else {
            return;
        };
        let (pair, proved) = (attempt.pair, attempt.state != State::Asked);
        attempt.heard |= proved && status > 100;
        match (message.sequence_method(), status) {
            ("INVITE", 401) if !proved => {
                attempt.state = State::Proved;
                attempt.dialogue.0 = tag(message);
                attempt.dialogue.1 = format!("sip:{}@{}", attempt.to(), self.exchange);
                let attempt = &day.attempts[pair];
                self.within(attempt, "ACK", 1);
                self.invite(attempt, Some(message.text));
            }
            ("INVITE", 200) => {
                attempt.dialogue = (tag(message), message.contact().unwrap_or_default().to_owned());
                if attempt.state == State::Proved {
                    attempt.state = State::Up;
                }
                let attempt = &day.attempts[pair];
                self.within(attempt, "ACK", 2);
            }
            ("INVITE", 300..) if proved => {
                attempt.state = State::Over;
                attempt.dialogue.0 = tag(message);
                let attempt = &day.attempts[pair];
                self.within(attempt, "ACK", 2);
            }
            ("BYE", 200) => attempt.state = State::Over,
            _ => {}
        }
    }

    /// A request of the caller within its dialogue.
    fn within(&mut self, attempt: &Attempt, method: &str, sequence: u32) {
        let Attempt { pair, number, dialogue: (tag, target), .. } = attempt;
        let (exchange, at) = (self.exchange, self.phones[*pair].at);
        // A refusal's ACK belongs to its INVITE (RFC 3261 section 17.1.1.3); that of a 200 is a transaction of its own.
        let branch = match (method, attempt.state) {
            ("ACK", State::Up) => 9,
            _ => sequence,
        };
        self.out.clear();
        write!(
            self.out,
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK-i{number}-{branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:phone{pair}@{exchange}>;tag=c{number}\r\n\
             To: <sip:{}@{exchange}>;tag={tag}\r\nCall-ID: {number}@call\r\nCSeq: {sequence} {method}\r\n\
             Content-Length: 0\r\n\r\n",
            attempt.to(),
        )
        .expect("memory");
        self.send(*pair);
    }

    /// A request of the exchange to a phone: it answers at once.
    fn called(&mut self, day: &mut Day, phone: usize, message: Message<'_>) {
        let attempt = day.attempts.iter_mut().find(|attempt| attempt.pair + PAIRS == phone);
        match message.method() {
            "ACK" => {}
            "INVITE" => {
                let Some(attempt) = attempt else { return };
                attempt.heard = true;
                attempt.answered = !attempt.pair.is_multiple_of(UNANSWERED);
                let answered = attempt.answered;
                self.respond(phone, message, "180 Ringing");
                if answered {
                    self.respond(phone, message, "200 OK");
                }
            }
            _ => self.respond(phone, message, "200 OK"),
        }
    }

    fn respond(&mut self, phone: usize, message: Message<'_>, status: &str) {
        let at = self.phones[phone].at;
        self.out.clear();
        write!(self.out, "SIP/2.0 {status}\r\n").expect("memory");
        for line in message.repeated() {
            self.out.push_str(line);
            self.out.push_str("\r\n");
        }
        let to = message.line("To: ").unwrap_or_default();
        let tag = if to.contains(";tag=") { "" } else { ";tag=called" };
        write!(self.out, "To: {to}{tag}\r\nContact: <sip:phone{phone}@{at}>\r\n").expect("memory");
        match (message.method(), status) {
            ("INVITE", "200 OK") => self.describe(phone),
            _ => self.out.push_str("Content-Length: 0\r\n\r\n"),
        }
        self.send(phone);
    }

    /// The end of a message: sound at a port where nobody listens.
    fn describe(&mut self, phone: usize) {
        let ip = self.phones[phone].at.ip();
        let description = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n\
             a=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
        );
        write!(
            self.out,
            "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{description}",
            description.len()
        )
        .expect("memory");
    }

    fn prove(&mut self, phone: usize, request: (&str, &str), challenges: Option<&str>) {
        if let Some(challenges) = challenges {
            let (user, secret) = (format!("phone{phone}"), format!("secret-{phone}"));
            let key = &mut self.phones[phone].key;
            authorize(&mut self.out, key, (&user, &secret), request, challenges);
        }
    }

    /// Sends; to a dead exchange it goes nowhere.
    fn send(&self, phone: usize) {
        self.phones[phone].socket.send(self.out.as_bytes()).map(drop).unwrap_or_default();
    }
}

fn write_line(stream: &mut UnixStream, command: Command) -> Result<()> {
    let mut line = serde_json::to_vec(&Request { command })?;
    line.push(b'\n');
    stream.write_all(&line).context("writing to the control socket")
}

fn number_of(message: Message<'_>, kind: &str) -> Option<u64> {
    message.line("Call-ID: ")?.strip_suffix(kind)?.parse().ok()
}

fn tag(message: Message<'_>) -> String {
    let to = message.line("To: ").unwrap_or_default();
    to.split(";tag=").nth(1).unwrap_or_default().to_owned()
}
