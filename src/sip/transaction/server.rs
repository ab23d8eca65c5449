//! The non-INVITE server transaction (RFC 3261 17.2.2).

use std::time::{Duration, Instant};

use super::{PATIENCE, ServerAct, ServerInput};

/// ```text
///  Trying ──1xx──► Proceeding ──final──► Completed ──J──► Over
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// Nothing answered yet; copies are absorbed.
    Trying {
        /// Streams lose nothing.
        reliable: bool,
    },
    /// A provisional response was sent; copies get it again.
    Proceeding {
        /// Streams lose nothing.
        reliable: bool,
    },
    /// Answered; copies get the answer again.
    Completed {
        /// Timer J.
        until: Instant,
    },
    /// To be forgotten.
    Over,
}

impl Server {
    /// The machine of a request just received.
    pub fn new(reliable: bool) -> Self {
        Self::Trying { reliable }
    }

    /// The transition.
    pub fn next(self, now: Instant, input: ServerInput) -> (Self, ServerAct) {
        use ServerAct as Act;
        use ServerInput as In;
        match (self, input) {
            (Self::Proceeding { .. } | Self::Completed { .. }, In::Retransmission) => (self, Act::Resend),
            (Self::Trying { reliable } | Self::Proceeding { reliable }, In::Provisional) => {
                (Self::Proceeding { reliable }, Act::Send)
            }
            (Self::Trying { reliable } | Self::Proceeding { reliable }, In::Success | In::Failure) => {
                let linger = if reliable { Duration::ZERO } else { PATIENCE };
                (Self::Completed { until: now + linger }, Act::Send)
            }
            (Self::Completed { until }, In::Timer) if now >= until => (Self::Over, Act::Nothing),
            (_, In::Provisional | In::Success | In::Failure) => (self, Act::Refuse),
            (_, In::Retransmission | In::Ack | In::Timer) => (self, Act::Nothing),
        }
    }

    /// When `Timer` is wanted.
    pub fn timeout(self) -> Option<Instant> {
        match self {
            Self::Completed { until } => Some(until),
            Self::Trying { .. } | Self::Proceeding { .. } | Self::Over => None,
        }
    }

    /// True while the user still owes the answer.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Trying { .. } | Self::Proceeding { .. })
    }
}
