//! Requests sent by datagram a moment ago: the system says later, and only by address, that nobody was there.

use sip::flow::SendToken;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// How many are remembered. A refusal comes within a round trip; what was overwritten ends by its timer.
const SENT_MAX: usize = 256;

/// The newest requests sent.
#[derive(Default)]
pub struct Sent(VecDeque<(SocketAddr, SendToken)>);

impl Sent {
    /// A request was sent.
    pub fn note(&mut self, remote: SocketAddr, token: SendToken) {
        if token == SendToken::UNTRACKED {
            return;
        }
        if self.0.len() == SENT_MAX {
            self.0.pop_front();
        }
        self.0.push_back((remote, token));
    }

    /// The requests sent to an address where nobody is, oldest first; each is given once.
    pub fn take(&mut self, remote: SocketAddr) -> Vec<SendToken> {
        let mut refused = Vec::new();
        self.0.retain(|(to, token)| {
            let keep = *to != remote;
            if !keep {
                refused.push(*token);
            }
            keep
        });
        refused
    }
}
