//! Cutting the byte streams of connections into messages, so many connections and no more.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::event::CloseConnection;
use crate::Status;
use crate::flow::Flow;
use crate::framer::{Broken, Frame, Framer};

/// What a connection brought.
#[derive(Debug)]
pub(crate) enum Piece {
    /// A whole message.
    Message(Vec<u8>),
    /// A keep-alive that wants an answer.
    Ping,
    /// Nothing after this can be read.
    Broken {
        /// What there is of the broken message.
        head: Vec<u8>,
        /// What it is refused with.
        status: Status,
        /// Why.
        reason: String,
    },
}

/// The framers of connections that are in the middle of a message.
#[derive(Debug)]
pub(crate) struct Streams {
    unfinished: HashMap<Flow, Unfinished>,
    /// The same by when their message must be there.
    due: BTreeSet<(Instant, Flow)>,
    capacity: usize,
    wait: Duration,
}

#[derive(Debug)]
struct Unfinished {
    framer: Framer,
    due: Instant,
}

impl Streams {
    /// Room for so many half messages; the rest of one is awaited so long.
    pub fn new(capacity: usize, wait: Duration) -> Self {
        Self { unfinished: HashMap::new(), due: BTreeSet::new(), capacity, wait }
    }

    /// Takes bytes, gives what is whole.
    pub fn push(&mut self, now: Instant, flow: Flow, data: &[u8]) -> Result<Vec<Piece>, CloseConnection> {
        let (mut framer, mut due) = match self.take(flow) {
            Some(Unfinished { framer, due }) => (framer, due),
            None if self.unfinished.len() >= self.capacity => return Err(CloseConnection::Full),
            None => (Framer::new(), now + self.wait),
        };
        framer.push(data);
        let mut pieces = Vec::new();
        while let Some(frame) = framer.next() {
            due = now + self.wait;
            match frame {
                Ok(Frame::Message(bytes)) => pieces.push(Piece::Message(bytes)),
                Ok(Frame::Ping) => pieces.push(Piece::Ping),
                Ok(Frame::Pong) => {}
                Err(error) => {
                    let status = match error.broken {
                        Broken::HeadTooLarge | Broken::MessageTooLarge => Status::MESSAGE_TOO_LARGE,
                        Broken::NotSip | Broken::Length | Broken::NoLength => Status::BAD_REQUEST,
                    };
                    pieces.push(Piece::Broken { head: error.head, status, reason: error.broken.to_string() });
                    return Ok(pieces);
                }
            }
        }
        if framer.is_waiting() {
            self.due.insert((due, flow));
            self.unfinished.insert(flow, Unfinished { framer, due });
        }
        Ok(pieces)
    }

    /// The connection is gone.
    pub fn forget(&mut self, flow: Flow) {
        self.take(flow);
    }

    /// When the first half message must be whole.
    pub fn timeout(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// A connection whose message did not become whole in time; it is forgotten.
    pub fn pop_due(&mut self, now: Instant) -> Option<Flow> {
        let (_, flow) = self.due.first().copied().filter(|(due, _)| *due <= now)?;
        self.take(flow);
        Some(flow)
    }

    fn take(&mut self, flow: Flow) -> Option<Unfinished> {
        let one = self.unfinished.remove(&flow)?;
        self.due.remove(&(one.due, flow));
        Some(one)
    }

    /// True when no connection is in the middle of a message.
    pub fn is_empty(&self) -> bool {
        self.unfinished.is_empty()
    }
}
