//! The trace: a ring of the last messages in and out, secrets removed when read.

use std::collections::VecDeque;
use std::time::Instant;

use crate::flow::Flow;

/// One message as it went over the wire, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// When.
    pub at: Instant,
    /// True for ours.
    pub sent: bool,
    /// Where to or from.
    pub flow: Flow,
    /// The Call-ID, empty when there is none to be read.
    pub call_id: String,
    /// The message, the values of Authorization and its kin replaced.
    pub message: Vec<u8>,
}

#[derive(Debug)]
struct Raw {
    at: Instant,
    sent: bool,
    flow: Flow,
    message: Vec<u8>,
}

/// The ring.
#[derive(Debug)]
pub(crate) struct Trace {
    ring: VecDeque<Raw>,
    capacity: usize,
}

impl Trace {
    /// A ring for so many messages; 0 records nothing.
    pub fn new(capacity: usize) -> Self {
        Self { ring: VecDeque::new(), capacity }
    }

    /// Keeps a copy, dropping the oldest when full.
    pub fn record(&mut self, at: Instant, sent: bool, flow: Flow, message: &[u8]) {
        if self.capacity == 0 {
            return;
        }
        if self.ring.len() >= self.capacity {
            self.ring.pop_front();
        }
        self.ring.push_back(Raw { at, sent, flow, message: message.to_vec() });
    }

    /// Forgets the newest message like this, which did not leave after all.
    pub fn take_back(&mut self, message: &[u8]) {
        if let Some(at) = self.ring.iter().rposition(|raw| raw.sent && raw.message == message) {
            self.ring.remove(at);
        }
    }

    /// The oldest not yet read.
    pub fn poll(&mut self) -> Option<Traced> {
        let Raw { at, sent, flow, message } = self.ring.pop_front()?;
        let (call_id, message) = redact(&message);
        Some(Traced { at, sent, flow, call_id, message })
    }
}

/// Header fields whose values are worth something to a thief. SDES keys stand in the body.
const SECRET: [&[u8]; 4] =
    [b"authorization", b"proxy-authorization", b"authentication-info", b"proxy-authentication-info"];

/// Finds the Call-ID and replaces secrets. A folded continuation of a secret line is dropped with it.
fn redact(message: &[u8]) -> (String, Vec<u8>) {
    let mut out = Vec::with_capacity(message.len());
    let mut call_id = String::new();
    let mut in_secret = false;
    let mut in_body = false;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if in_body {
            match line.strip_prefix(b"a=crypto:") {
                Some(_) => out.extend_from_slice(b"a=crypto:(removed)\r\n"),
                None => out.extend_from_slice(line),
            }
            continue;
        }
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        if folded && in_secret {
            continue;
        }
        in_body = line.trim_ascii().is_empty();
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(0);
        let name = line[..colon].trim_ascii();
        in_secret = !folded && SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret));
        if in_secret {
            out.extend_from_slice(name);
            out.extend_from_slice(b": (removed)\r\n");
            continue;
        }
        if call_id.is_empty() && (name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i")) {
            call_id = String::from_utf8_lossy(line[colon + 1..].trim_ascii()).into_owned();
        }
        out.extend_from_slice(line);
    }
    (call_id, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_removed_and_the_call_is_named() {
        let message =
            b"REGISTER sip:a SIP/2.0\r\ni: abc@host\r\nAuthorization: Digest x,\r\n response=\"secret\"\r\n\
            Expires: 60\r\n\r\nv=0\r\na=crypto:1 AES inline:secret\r\n";
        let (call_id, shown) = redact(message);
        let shown = String::from_utf8(shown).expect("text");
        assert_eq!(call_id, "abc@host");
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("Authorization: (removed)\r\nExpires: 60\r\n"), "{shown}");
    }
}
