//! The INVITE server transaction (RFC 3261 17.2.1, RFC 6026 8.5).

use std::time::{Duration, Instant};

use super::{PATIENCE, Resend, ServerAct, ServerInput, T2, T4, earlier};

/// ```text
///  Proceeding ──2xx──► Accepted ──L──► Over      (2xx and its ACK are the dialog's business)
///      │ 3xx–6xx
///      ▼
///  Completed ──ACK──► Confirmed ──I──► Over
///      │ G: resend, H: give up ──► Over
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InviteServer {
    /// No final response yet.
    Proceeding {
        /// Streams lose nothing.
        reliable: bool,
    },
    /// A failure was sent.
    Completed {
        /// Timer G; streams have none.
        resend: Option<Resend>,
        /// Timer H.
        give_up: Instant,
        /// Streams lose nothing.
        reliable: bool,
    },
    /// The failure was acknowledged.
    Confirmed {
        /// Timer I.
        until: Instant,
    },
    /// A 2xx was sent.
    Accepted {
        /// Timer L.
        until: Instant,
    },
    /// To be forgotten.
    Over,
}

impl InviteServer {
    /// The machine of an INVITE just received.
    pub fn new(reliable: bool) -> Self {
        Self::Proceeding { reliable }
    }

    /// The transition.
    pub fn next(self, now: Instant, input: ServerInput) -> (Self, ServerAct) {
        use ServerAct as Act;
        use ServerInput as In;
        match (self, input) {
            (Self::Proceeding { .. }, In::Retransmission) => (self, Act::Resend),
            (Self::Proceeding { .. }, In::Provisional) => (self, Act::Send),
            (Self::Proceeding { .. }, In::Success) => (Self::Accepted { until: now + PATIENCE }, Act::Send),
            (Self::Proceeding { reliable }, In::Failure) => {
                let resend = (!reliable).then(|| Resend::first(now));
                (Self::Completed { resend, give_up: now + PATIENCE, reliable }, Act::Send)
            }
            (Self::Completed { .. }, In::Retransmission) => (self, Act::Resend),
            (Self::Completed { reliable, .. }, In::Ack) => {
                let linger = if reliable { Duration::ZERO } else { T4 };
                (Self::Confirmed { until: now + linger }, Act::Nothing)
            }
            (Self::Completed { give_up, .. }, In::Timer) if now >= give_up => (Self::Over, Act::Nothing),
            (Self::Completed { resend: Some(due), give_up, reliable }, In::Timer) if now >= due.at => {
                (Self::Completed { resend: Some(due.doubled(now, T2)), give_up, reliable }, Act::Resend)
            }
            (Self::Confirmed { until } | Self::Accepted { until }, In::Timer) if now >= until => {
                (Self::Over, Act::Nothing)
            }
            (Self::Accepted { .. }, In::Ack) => (self, Act::PassAck),
            // RFC 6026 7.1: a TU may send its 2xx again; the dialog does so until the ACK.
            (Self::Accepted { .. }, In::Success) => (self, Act::Send),
            (_, In::Provisional | In::Success | In::Failure) => (self, Act::Refuse),
            (_, In::Retransmission | In::Ack | In::Timer) => (self, Act::Nothing),
        }
    }

    /// When `Timer` is wanted.
    pub fn timeout(self) -> Option<Instant> {
        match self {
            Self::Proceeding { .. } | Self::Over => None,
            Self::Completed { resend, give_up, .. } => Some(earlier(resend, give_up)),
            Self::Confirmed { until } | Self::Accepted { until } => Some(until),
        }
    }
}
