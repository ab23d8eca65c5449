//! A DNS server whose records a story writes and changes, and which can fall silent or talk rubbish.

use super::loopback;
use anyhow::Result;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As its records say.
    Truthful,
    /// Not at all.
    Silent,
    /// With records that end in the middle.
    Rubbish,
}

/// What is written about a name.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// Order, service and the name to ask next.
    Naptr(u16, &'static str, &'static str),
    /// Priority, weight, port and server.
    Srv(u16, u16, u16, &'static str),
    /// An address.
    A(Ipv4Addr),
}

/// Names with what is written about them.
pub(crate) type Zone = Vec<(&'static str, Entry)>;

struct State {
    mood: Mood,
    ttl: u32,
    zone: Zone,
    asked: usize,
}

/// A running server. It ends when dropped.
pub(crate) struct Dns {
    at: SocketAddr,
    state: Arc<Mutex<State>>,
    over: Arc<AtomicBool>,
}

impl Dns {
    /// A server with these records, which hold for so many seconds.
    pub fn start(mood: Mood, ttl: u32, zone: Zone) -> Result<Self> {
        let socket = UdpSocket::bind((loopback::address(), 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let at = socket.local_addr()?;
        let state = Arc::new(Mutex::new(State { mood, ttl, zone, asked: 0 }));
        let over = Arc::new(AtomicBool::new(false));
        let shared = (Arc::clone(&state), Arc::clone(&over));
        std::thread::spawn(move || serve(&socket, &shared.0, &shared.1));
        Ok(Self { at, state, over })
    }

    /// Lines for the configuration of a box that asks it.
    pub fn configuration(&self) -> String {
        format!("[dns]\nservers = [\"{}\"]\n", self.at)
    }

    /// From now on it answers so.
    pub fn becomes(&self, mood: Mood) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).mood = mood;
    }

    /// From now on it has these records.
    pub fn writes(&self, zone: Zone) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).zone = zone;
    }

    /// How many questions came.
    pub fn asked(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).asked
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn serve(socket: &UdpSocket, state: &Mutex<State>, over: &AtomicBool) {
    let mut buffer = [0; 1024];
    while !over.load(Ordering::Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked += 1;
        let answer = answer(&buffer[..length], &state);
        drop(state);
        if let Some(answer) = answer
            && let Err(problem) = socket.send_to(&answer, from)
        {
            eprintln!("the DNS cannot answer {from}: {problem}");
        }
    }
}

/// RFC 1035 section 4.1: the header, the question repeated, the records.
fn answer(query: &[u8], state: &State) -> Option<Vec<u8>> {
    let (name, end) = question(query)?;
    let kind = u16::from_be_bytes([*query.get(end)?, *query.get(end + 1)?]);
    let written: BTreeMap<usize, (u16, Vec<u8>)> = state
        .zone
        .iter()
        .filter(|(owner, _)| *owner == name)
        .map(|(_, entry)| record(entry))
        .filter(|(of, _)| *of == kind)
        .enumerate()
        .collect();
    let mut answer = query[..2].to_vec();
    let known = state.zone.iter().any(|(owner, _)| *owner == name);
    answer.extend([0x85, if known { 0x80 } else { 0x83 }, 0, 1]);
    match state.mood {
        Mood::Silent => return None,
        Mood::Rubbish => {
            answer.extend([0, 9, 0, 0, 0, 0]);
            answer.extend(&query[12..end + 4]);
            answer.extend([0xc0, 0x0c, 0xff, 0xff, 0xc0]);
            return Some(answer);
        }
        Mood::Truthful => {}
    }
    answer.extend(u16::try_from(written.len()).ok()?.to_be_bytes());
    answer.extend([0; 4]);
    answer.extend(&query[12..end + 4]);
    for (kind, data) in written.values() {
        answer.extend([0xc0, 0x0c]);
        answer.extend(kind.to_be_bytes());
        answer.extend([0, 1]);
        answer.extend(state.ttl.to_be_bytes());
        answer.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        answer.extend(data);
    }
    Some(answer)
}

/// The name asked about, in small letters, and where its type begins.
fn question(query: &[u8]) -> Option<(String, usize)> {
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
}

fn record(entry: &Entry) -> (u16, Vec<u8>) {
    let mut data = Vec::new();
    match entry {
        Entry::A(address) => {
            data.extend(address.octets());
            (1, data)
        }
        Entry::Srv(priority, weight, port, target) => {
            [*priority, *weight, *port].iter().for_each(|number| data.extend(number.to_be_bytes()));
            data.extend(name(target));
            (33, data)
        }
        Entry::Naptr(order, service, replacement) => {
            [*order, 10].iter().for_each(|number: &u16| data.extend(number.to_be_bytes()));
            for text in ["s", service, ""] {
                data.push(text.len() as u8);
                data.extend(text.bytes());
            }
            data.extend(name(replacement));
            (35, data)
        }
    }
}

fn name(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes
}
