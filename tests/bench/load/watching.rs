//! Keys with lamps: phones that watch everybody of the company, and answer what they are told, on a thread of their own.

use super::digest::authorize;
use super::message::Message;
use super::now;
use super::phones::Phones;
use anyhow::{Result, anyhow, ensure};
use std::collections::VecDeque;
use std::fmt::Write;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Addresses of watchers, apart from those of callers.
const NETWORK: u8 = 100;
/// Who is asked too much wants to be asked again after so long.
const AGAIN: Duration = Duration::from_secs(1);
/// The box remembers a request for half a minute, and so many at most.
const PATIENCE: Duration = Duration::from_secs(120);
/// Subscriptions asked for at the same time.
const AT_ONCE: usize = 32;

/// Watchers at work.
pub(crate) struct Watching {
    thread: JoinHandle<Result<Vec<Instant>>>,
    enough: Arc<AtomicBool>,
}

impl Watching {
    /// The first `watchers` phones of [`super::exchange::site`] watch the first `users`; returns when all lamps are told.
    pub fn start(watchers: usize, users: usize, exchange: SocketAddrV4) -> Result<Self> {
        let phones = Phones::placed(NETWORK, watchers, exchange)?;
        let mut keys = Keys { phones, users, out: String::new(), told: Vec::new(), asked: 0 };
        keys.subscribe()?;
        keys.told.clear();
        let enough = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&enough);
        let thread = std::thread::Builder::new().name("watchers".to_owned()).spawn(move || {
            while !asked.load(Ordering::Acquire) {
                keys.turn(|_, _, _| Ok(()))?;
            }
            Ok(keys.told)
        })?;
        Ok(Self { thread, enough })
    }

    /// Ends it: when each lamp was told.
    pub fn stop(self) -> Result<Vec<Instant>> {
        self.enough.store(true, Ordering::Release);
        self.thread.join().map_err(|_| anyhow!("the watchers' thread panicked"))?
    }
}

struct Keys {
    phones: Phones,
    users: usize,
    out: String,
    told: Vec<Instant>,
    /// Requests so far: no two may look like copies of one.
    asked: usize,
}

impl Keys {
    fn subscribe(&mut self) -> Result<()> {
        let total = self.phones.len() * self.users;
        let (mut begun, mut done, mut later, began) = (0, 0, VecDeque::new(), now());
        while done < total || self.told.len() < total {
            // A box that has been asked too much lately says so, and is asked again when it wants to.
            if later.front().is_some_and(|(at, _)| *at <= now())
                && let Some((_, number)) = later.pop_front()
            {
                self.ask(number, None);
            }
            while begun < total && begun - done < AT_ONCE {
                self.ask(begun, None);
                begun += 1;
            }
            self.turn(|keys, number, message| {
                match message.status() {
                    Some(401) => keys.ask(number, Some(message.text)),
                    Some(200 | 202) => done += 1,
                    Some(503) => later.push_back((now() + AGAIN, number)),
                    _ => ensure!(false, "subscription {number} got {}", message.text),
                }
                Ok(())
            })?;
            ensure!(began.elapsed() < PATIENCE, "{} are not subscribed", total - done);
        }
        Ok(())
    }

    /// Answers what has come; responses are left to `answered`, with the number of the subscription.
    fn turn(&mut self, mut answered: impl FnMut(&mut Self, usize, Message<'_>) -> Result<()>) -> Result<()> {
        let (mut ready, mut buffer) = (Vec::new(), vec![0; 65_536]);
        self.phones.wait(Duration::from_millis(20), &mut ready)?;
        for phone in ready {
            while let Some(length) = self.phones.receive(phone, &mut buffer) {
                let Some(message) = Message::read(&buffer[..length]) else { continue };
                if message.method() == "NOTIFY" {
                    self.told.push(now());
                    self.take(phone, message);
                } else if let Some(number) = number_of(message) {
                    answered(self, number, message)?;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, phone: usize, message: Message<'_>) {
        self.out.clear();
        self.out.push_str("SIP/2.0 200 OK\r\n");
        for line in message.repeated() {
            self.out.push_str(line);
            self.out.push_str("\r\n");
        }
        write!(self.out, "To: {}\r\nContent-Length: 0\r\n\r\n", message.line("To: ").unwrap_or_default())
            .unwrap_or_default();
        self.phones.send(phone, &self.out);
    }

    fn ask(&mut self, number: usize, challenges: Option<&str>) {
        let (count, exchange, out) = (self.phones.len(), self.phones.exchange(), &mut self.out);
        let phone = self.phones.get(number % count);
        let (user, address) = (&phone.user, phone.address);
        let uri = format!("sip:{}@{exchange}", 2000 + number / count);
        self.asked += 1;
        let sequence = self.asked;
        out.clear();
        write!(
            out,
            "SUBSCRIBE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK-w{number}-{sequence};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{exchange}>;tag=w{number}\r\nTo: <{uri}>\r\n\
             Call-ID: {number}.{sequence}@{address}\r\nCSeq: {sequence} SUBSCRIBE\r\nContact: <sip:{user}@{address}>\r\n\
             Event: dialog\r\nAccept: application/dialog-info+xml\r\nExpires: 900\r\n",
        )
        .unwrap_or_default();
        if let Some(challenges) = challenges {
            let mut key = std::mem::take(&mut phone.key);
            authorize(out, &mut key, (&phone.user, &phone.secret), ("SUBSCRIBE", &uri), challenges);
            phone.key = key;
        }
        out.push_str("Content-Length: 0\r\n\r\n");
        self.phones.send(number % count, out);
    }
}

fn number_of(message: Message<'_>) -> Option<usize> {
    message.line("Call-ID: ")?.split('.').next()?.parse().ok()
}
