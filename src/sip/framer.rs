//! Cutting a byte stream into messages (RFC 3261 section 18.3, keep-alives per RFC 5626 section 4.4.1).

use crate::header::saturating;
use crate::parse::{MAX_HEAD, MAX_MESSAGE, line};

/// One thing cut out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One message, whole.
    Message(Vec<u8>),
    /// A double CRLF: the peer asks whether the flow is alive, and wants [`PONG`] back.
    Ping,
    /// A single CRLF between messages: the answer to a ping of ours, or padding.
    Pong,
}

/// The answer to [`Frame::Ping`] (RFC 5626 section 4.4.1).
pub const PONG: &[u8] = b"\r\n";

/// What [`Frame::Ping`] looks like, for sending one.
pub const PING: &[u8] = b"\r\n\r\n";

/// Why the stream cannot be cut any further. The connection is to be closed; before that, `head` may be answered with
/// [`crate::door::Door::refuse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameError {
    /// What is wrong.
    pub broken: Broken,
    /// What was received of the message that is wrong.
    pub head: Vec<u8>,
}

/// What makes a stream impossible to cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A message does not begin with a token: another protocol, or a lost boundary.
    #[error("no SIP message")]
    NotSip,
    /// The header section is larger than [`MAX_HEAD`].
    #[error("header section too large")]
    HeadTooLarge,
    /// Header section and body are larger than [`MAX_MESSAGE`].
    #[error("message too large")]
    MessageTooLarge,
    /// Content-Length is no number, or several different ones.
    #[error("malformed Content-Length")]
    Length,
    /// There is a Content-Type but no Content-Length: nobody can tell where the body ends.
    #[error("missing Content-Length")]
    NoLength,
}

/// Collects the bytes of one connection and gives out whole messages. Never holds more than one message beyond what was
/// pushed last; after an error it gives out nothing more.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the unread part of `buffer` begins.
    start: usize,
    /// How far the unread part was searched for the end of the header section.
    searched: usize,
    /// The whole length of the message at the front, once its header section is there.
    length: Option<usize>,
    broken: bool,
}

impl Framer {
    /// A framer for a new connection.
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Takes what was read. Drain [`Framer::next`] before pushing more.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.broken {
            return;
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether part of a message is waiting for the rest: a connection that stays so is to be closed after a while.
    pub fn is_waiting(&self) -> bool {
        self.start < self.buffer.len()
    }

    /// The next message or keep-alive; `None` until more is pushed.
    #[allow(clippy::should_implement_trait)] // the name is the contract; an iterator would end, this goes on after `None`
    pub fn next(&mut self) -> Option<Result<Frame, FrameError>> {
        if self.broken {
            return None;
        }
        if self.length.is_none() {
            if self.searched == 0
                && let Some(frame) = self.keepalive()
            {
                return Some(Ok(frame));
            }
            match self.measure() {
                Ok(length) => self.length = Some(length?),
                Err(broken) => return Some(Err(self.fail(broken))),
            }
        }
        let length = self.length?;
        let message = self.buffer.get(self.start..self.start + length)?.to_vec();
        self.consume(length);
        Some(Ok(Frame::Message(message)))
    }

    /// Takes line ends off the front: two together are a ping, one is a pong (or the rest of a ping that is not there
    /// yet, then it waits for nothing: a late half is another pong, which nobody minds).
    fn keepalive(&mut self) -> Option<Frame> {
        let rest = &self.buffer[self.start..];
        if rest.starts_with(PING) {
            self.consume(PING.len());
            return Some(Frame::Ping);
        }
        if rest.starts_with(PONG) && rest != b"\r\n\r" {
            self.consume(PONG.len());
            return Some(Frame::Pong);
        }
        None
    }

    /// The length of the message at the front, `None` while its header section is incomplete.
    fn measure(&mut self) -> Result<Option<usize>, Broken> {
        let rest = &self.buffer[self.start..];
        match rest {
            [] | [b'\r'] | [b'\r', b'\n', ..] => return Ok(None),
            [first, ..] if !first.is_ascii_graphic() || b"()<>@,;:\\\"/[]?={}".contains(first) => {
                return Err(Broken::NotSip);
            }
            _ => {}
        }
        // The end of the header section may straddle two reads: go back by the longest prefix of it.
        let from = self.searched.saturating_sub(3);
        let Some(head) = head_end(rest, from) else {
            self.searched = rest.len();
            return if rest.len() > MAX_HEAD { Err(Broken::HeadTooLarge) } else { Ok(None) };
        };
        if head > MAX_HEAD {
            return Err(Broken::HeadTooLarge);
        }
        let length = head + body_length(&rest[..head])?;
        if length > MAX_MESSAGE { Err(Broken::MessageTooLarge) } else { Ok(Some(length)) }
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.searched = 0;
        self.length = None;
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
    }

    fn fail(&mut self, broken: Broken) -> FrameError {
        self.broken = true;
        let mut head = std::mem::take(&mut self.buffer);
        head.drain(..self.start);
        self.start = 0;
        head.truncate(MAX_HEAD);
        FrameError { broken, head }
    }
}

/// The offset behind the empty line that ends the header section.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = memchr::memchr(b'\n', &bytes[at..]) {
        at += found + 1;
        match &bytes[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// What Content-Length (or `l`) in this header section says; 0 when there is neither it nor a Content-Type.
fn body_length(head: &[u8]) -> Result<usize, Broken> {
    let (mut length, mut typed, mut rest) = (None, false, head);
    while let Some((first, after)) = line(rest) {
        rest = after;
        let Some(colon) = memchr::memchr(b':', first) else { continue };
        let name = first[..colon].trim_ascii_end();
        typed |= name.eq_ignore_ascii_case(b"Content-Type") || name.eq_ignore_ascii_case(b"c");
        if !name.eq_ignore_ascii_case(b"Content-Length") && !name.eq_ignore_ascii_case(b"l") {
            continue;
        }
        let mut value = first[colon + 1..].trim_ascii();
        // The value may have been folded onto the next line.
        while let (true, [b' ' | b'\t', ..]) = (value.is_empty(), rest) {
            let Some((next, after)) = line(rest) else { break };
            (value, rest) = (next.trim_ascii(), after);
        }
        let number = std::str::from_utf8(value).ok().and_then(saturating).ok_or(Broken::Length)?;
        if length.is_some_and(|other| other != number) {
            return Err(Broken::Length);
        }
        length = Some(number);
    }
    match length {
        Some(length) => Ok(length as usize),
        None if typed => Err(Broken::NoLength),
        None => Ok(0),
    }
}

#[cfg(test)]
mod tests;
