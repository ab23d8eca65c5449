//! The non-INVITE client transaction (RFC 3261 17.1.2).

use std::time::{Duration, Instant};

use super::{ClientAct, ClientInput, PATIENCE, Resend, T2, T4, earlier};

/// ```text
///  Trying ──1xx──► Proceeding ──final──► Completed ──K──► Over
///     │ E: resend       │ E: resend every T2
///     └──── F ──────────┴── F: timed out ──► Over
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// Sent, nothing heard.
    Trying {
        /// Timer E; streams have none.
        resend: Option<Resend>,
        /// Timer F.
        give_up: Instant,
    },
    /// A provisional response came.
    Proceeding {
        /// Timer E, now every T2.
        resend: Option<Resend>,
        /// Timer F.
        give_up: Instant,
    },
    /// A final response came.
    Completed {
        /// Timer K.
        until: Instant,
    },
    /// To be forgotten.
    Over,
}

impl Client {
    /// The machine of a request just sent.
    pub fn new(now: Instant, reliable: bool) -> Self {
        Self::Trying { resend: (!reliable).then(|| Resend::first(now)), give_up: now + PATIENCE }
    }

    /// The transition.
    pub fn next(self, now: Instant, input: ClientInput) -> (Self, ClientAct) {
        use ClientAct as Act;
        use ClientInput as In;
        match (self, input) {
            (Self::Trying { .. } | Self::Proceeding { .. }, In::Undeliverable) => {
                (Self::Over, Act::Unreachable)
            }
            (Self::Trying { .. } | Self::Proceeding { .. }, In::Abandoned) => (Self::Over, Act::TimedOut),
            (Self::Trying { resend, give_up }, In::Provisional) => {
                let resend = resend.map(|_| Resend::every(now, T2));
                (Self::Proceeding { resend, give_up }, Act::Deliver)
            }
            (Self::Proceeding { .. }, In::Provisional) => (self, Act::Deliver),
            (Self::Trying { resend, .. } | Self::Proceeding { resend, .. }, In::Success | In::Failure) => {
                // Timer K absorbs copies; streams send none.
                let linger = if resend.is_some() { T4 } else { Duration::ZERO };
                (Self::Completed { until: now + linger }, Act::Deliver)
            }
            (Self::Trying { give_up, .. } | Self::Proceeding { give_up, .. }, In::Timer)
                if now >= give_up =>
            {
                (Self::Over, Act::TimedOut)
            }
            (Self::Trying { resend: Some(due), give_up }, In::Timer) if now >= due.at => {
                (Self::Trying { resend: Some(due.doubled(now, T2)), give_up }, Act::Resend)
            }
            (Self::Proceeding { resend: Some(due), give_up }, In::Timer) if now >= due.at => {
                (Self::Proceeding { resend: Some(Resend::every(now, T2)), give_up }, Act::Resend)
            }
            (Self::Completed { until }, In::Timer) if now >= until => (Self::Over, Act::Nothing),
            (Self::Trying { .. } | Self::Proceeding { .. } | Self::Completed { .. } | Self::Over, _) => {
                (self, Act::Nothing)
            }
        }
    }

    /// When `Timer` is wanted.
    pub fn timeout(self) -> Option<Instant> {
        match self {
            Self::Trying { resend, give_up } | Self::Proceeding { resend, give_up } => {
                Some(earlier(resend, give_up))
            }
            Self::Completed { until } => Some(until),
            Self::Over => None,
        }
    }
}
