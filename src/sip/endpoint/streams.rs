//! Cutting the byte streams of connections into messages, so many connections and no more.

use std::collections::HashMap;

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
    framers: HashMap<Flow, Framer>,
    capacity: usize,
}

impl Streams {
    /// Room for so many half messages.
    pub fn new(capacity: usize) -> Self {
        Self { framers: HashMap::new(), capacity }
    }

    /// Takes bytes, gives what is whole.
    pub fn push(&mut self, flow: Flow, data: &[u8]) -> Result<Vec<Piece>, CloseConnection> {
        let mut framer = match self.framers.remove(&flow) {
            Some(framer) => framer,
            None if self.framers.len() >= self.capacity => return Err(CloseConnection::Full),
            None => Framer::new(),
        };
        framer.push(data);
        let mut pieces = Vec::new();
        while let Some(frame) = framer.next() {
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
            self.framers.insert(flow, framer);
        }
        Ok(pieces)
    }

    /// The connection is gone.
    pub fn forget(&mut self, flow: Flow) {
        self.framers.remove(&flow);
    }

    /// True when no connection is in the middle of a message.
    pub fn is_empty(&self) -> bool {
        self.framers.is_empty()
    }
}
