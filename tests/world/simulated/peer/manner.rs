//! How a peer treats calls, and what it can.

use media::{Codec, Encryption};
use sip::Status;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What a peer does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It rings and nobody comes.
    Rings,
    /// It rings, and somebody answers after so long.
    Answers(Duration),
    /// It turns the call down at once.
    Refuses(Status),
    /// It rings, and turns the call down after so long.
    RefusesAfter(Duration, Status),
    /// It sends its sound before the answer (183), and answers after so long; never without a time.
    Early(Option<Duration>),
    /// It takes the call for itself (100) and says nothing more.
    Ponders,
}

/// How a peer sends digits, and listens for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    /// As telephone events (RFC 4733) with this payload type in its own offers.
    Events(u8),
    /// As sound; it knows no events.
    Sound,
}

/// A peer's RTCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reports {
    /// It has none.
    None,
    /// On the port beside its sound.
    Beside,
    /// On the port of its sound (RFC 5761), where it offers.
    Within,
}

/// What a peer can and wants.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// What it speaks, the best first.
    pub codecs: Vec<Codec>,
    /// It asks for session timers with this interval when it calls (RFC 4028).
    pub session_expires: Option<Duration>,
    pub encryption: Encryption,
    /// The packet time it asks for, milliseconds; any number at all.
    pub asks_ms: u32,
    /// The longest packet it takes, where it says so, milliseconds.
    pub longest_ms: Option<u32>,
    /// The packet time it sends.
    pub sends_ms: u32,
    pub digits: Digits,
    pub reports: Reports,
    /// The address in its descriptions, where that is not the one its packets come from.
    pub shows: Option<IpAddr>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            codecs: vec![Codec::Pcma, Codec::Pcmu],
            session_expires: None,
            encryption: Encryption::None,
            asks_ms: 20,
            longest_ms: None,
            sends_ms: 20,
            digits: Digits::Events(101),
            reports: Reports::None,
            shows: None,
        }
    }
}

impl Profile {
    /// Words an offer as this peer does; its sound is at `rtp`.
    pub fn offer(&self, description: Vec<u8>, rtp: SocketAddr) -> Vec<u8> {
        self.words(description, rtp, self.reports == Reports::Within)
    }

    /// Words an answer.
    pub fn answer(&self, description: Vec<u8>, rtp: SocketAddr) -> Vec<u8> {
        let shares = String::from_utf8_lossy(&description).contains("a=rtcp-mux");
        self.words(description, rtp, shares)
    }

    fn words(&self, description: Vec<u8>, rtp: SocketAddr, shares: bool) -> Vec<u8> {
        let text = String::from_utf8(description).expect("a description is text");
        let mut lines: Vec<String> = text.lines().filter_map(|line| self.line(line, rtp)).collect();
        lines.extend(self.longest_ms.map(|ms| format!("a=maxptime:{ms}")));
        lines.extend(shares.then(|| "a=rtcp-mux".to_owned()));
        lines.iter().flat_map(|line| [line.as_str(), "\r\n"]).collect::<String>().into_bytes()
    }

    fn line(&self, line: &str, rtp: SocketAddr) -> Option<String> {
        let address = self.shows.unwrap_or(rtp.ip());
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        match kind {
            "c=IN" => return Some(format!("c=IN IP4 {address}")),
            "m=audio" => {
                let words = rest.split(' ').skip(1).filter_map(|word| self.number(word));
                let words: Vec<String> = words.collect();
                return Some(format!("m=audio {} {}", rtp.port(), words.join(" ")));
            }
            _ => {}
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        match name {
            "a=ptime" => Some(format!("a=ptime:{}", self.asks_ms)),
            "a=maxptime" | "a=rtcp-mux" | "a=rtcp" => None,
            "a=rtpmap" | "a=fmtp" => {
                let (number, rest) = value.split_once(' ').unwrap_or((value, ""));
                Some(format!("{name}:{} {rest}", self.number(number)?))
            }
            _ => Some(line.to_owned()),
        }
    }

    /// Its own number in place of the usual one; none for telephone events where it knows none.
    fn number(&self, word: &str) -> Option<String> {
        match (word, self.digits) {
            ("101" | "100", Digits::Sound) => None,
            ("101", Digits::Events(number)) => Some(number.to_string()),
            _ => Some(word.to_owned()),
        }
    }
}
