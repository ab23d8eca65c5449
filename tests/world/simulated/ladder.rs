//! Who said what to whom: every SIP message of a world, for assertions and for the message of a failed one.

use super::Side;
use model::Now;
use sip::{Message, Method};
use std::fmt;
use std::time::Instant;

/// One message as it was sent; it may have been lost afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub at: Instant,
    pub from: Side,
    pub to: Side,
    pub message: Message,
    /// The story lost it.
    pub lost: bool,
}

impl Line {
    /// Is it this request, or a response to this method?
    pub fn is(&self, what: &str) -> bool {
        self.summary() == what
    }

    /// `INVITE`, or `180 INVITE`.
    pub fn summary(&self) -> String {
        match &self.message {
            Message::Request(request) => request.method.to_string(),
            Message::Response(response) => {
                let method = response.headers.cseq().map_or(Method::Ack, |cseq| cseq.method);
                format!("{} {method}", response.status.code())
            }
        }
    }
}

/// All of them, in order of sending.
#[derive(Debug)]
pub(crate) struct Ladder {
    began: Instant,
    names: Vec<String>,
    pub lines: Vec<Line>,
}

impl Ladder {
    pub fn new(now: Now) -> Self {
        Self { began: now.mono, names: Vec::new(), lines: Vec::new() }
    }

    /// When the story began.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// A peer's name, for printing.
    pub fn name(&mut self, name: &str) {
        self.names.push(name.to_owned());
    }

    /// How often `from` said this.
    pub fn count(&self, from: Side, what: &str) -> usize {
        self.lines.iter().filter(|line| line.from == from && line.is(what)).count()
    }

    fn side(&self, side: Side) -> &str {
        match side {
            Side::Box => "box",
            Side::Peer(peer) => self.names.get(peer.0).map_or("?", String::as_str),
            Side::Stranger(_) => "stranger",
        }
    }
}

impl fmt::Display for Ladder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            let at = line.at.duration_since(self.began).as_secs_f64();
            let (from, to) = (self.side(line.from), self.side(line.to));
            let call = line.message.headers().call_id().unwrap_or("?");
            let call = call.get(..6).unwrap_or(call);
            let lost = if line.lost { " lost" } else { "" };
            writeln!(f, "{at:9.3} {from:>12} -> {to:<12} {} [{call}]{lost}", line.summary())?;
        }
        Ok(())
    }
}
