//! The INVITE client transaction (RFC 3261 17.1.1, RFC 6026 8.4).

use std::time::{Duration, Instant};

use super::{ClientAct, ClientInput, PATIENCE, Resend, SILENCE, earlier};

/// ```text
///            1xx            2xx
///  Calling ──────► Proceeding ──► Accepted ──M──► Over
///     │ A: resend       │ 3xx–6xx, ACK
///     │ B: timed out    ▼
///     └──────────► Completed (ACK again) ──D──► Over
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InviteClient {
    /// Sent, nothing heard.
    Calling {
        /// Timer A; streams have none.
        resend: Option<Resend>,
        /// Timer B.
        give_up: Instant,
    },
    /// A provisional response came.
    Proceeding {
        /// The bound on a peer that goes silent.
        silent_until: Instant,
        /// What is left in Completed: nothing on streams.
        reliable: bool,
    },
    /// The session of this re-INVITE ended before its final response: that still gets its ACK, but is not waited for
    /// as long.
    Ending {
        /// Until when.
        until: Instant,
        /// As in Proceeding.
        reliable: bool,
    },
    /// A final failure came.
    Completed {
        /// Timer D.
        until: Instant,
    },
    /// A 2xx came; more may, from other branches of a fork.
    Accepted {
        /// Timer M.
        until: Instant,
    },
    /// To be forgotten.
    Over,
}

impl InviteClient {
    /// The machine of an INVITE just sent.
    pub fn new(now: Instant, reliable: bool) -> Self {
        Self::Calling { resend: (!reliable).then(|| Resend::first(now)), give_up: now + PATIENCE }
    }

    /// The transition.
    pub fn next(self, now: Instant, input: ClientInput) -> (Self, ClientAct) {
        use ClientAct as Act;
        use ClientInput as In;
        match (self, input) {
            (Self::Over, _) => (Self::Over, Act::Nothing),
            (Self::Calling { .. } | Self::Proceeding { .. }, In::Undeliverable) => {
                (Self::Over, Act::Unreachable)
            }
            (Self::Calling { .. } | Self::Proceeding { .. }, In::Abandoned) => (Self::Over, Act::TimedOut),
            (Self::Calling { resend, .. }, In::Provisional) => {
                (Self::Proceeding { silent_until: now + SILENCE, reliable: resend.is_none() }, Act::Deliver)
            }
            (Self::Proceeding { reliable, .. }, In::Provisional) => {
                (Self::Proceeding { silent_until: now + SILENCE, reliable }, Act::Deliver)
            }
            (Self::Calling { .. } | Self::Proceeding { .. } | Self::Ending { .. }, In::Success) => {
                (Self::Accepted { until: now + PATIENCE }, Act::Deliver)
            }
            (Self::Calling { resend, .. }, In::Failure) => {
                (Self::completed(now, resend.is_none()), Act::DeliverAndAck)
            }
            (Self::Proceeding { reliable, .. } | Self::Ending { reliable, .. }, In::Failure) => {
                (Self::completed(now, reliable), Act::DeliverAndAck)
            }
            (Self::Calling { resend, .. }, In::Ending) => {
                (Self::Ending { until: now + PATIENCE, reliable: resend.is_none() }, Act::Nothing)
            }
            (Self::Proceeding { reliable, .. }, In::Ending) => {
                (Self::Ending { until: now + PATIENCE, reliable }, Act::Nothing)
            }
            (Self::Ending { .. }, In::Undeliverable) => (Self::Over, Act::Nothing),
            (Self::Ending { until, .. }, In::Timer) if now >= until => (Self::Over, Act::Nothing),
            (Self::Calling { resend, give_up }, In::Timer) => Self::calling_timer(now, resend, give_up),
            (Self::Proceeding { silent_until, .. }, In::Timer) if now >= silent_until => {
                (Self::Over, Act::TimedOut)
            }
            (Self::Completed { .. }, In::Failure) => (self, Act::AckAgain),
            (Self::Completed { until } | Self::Accepted { until }, In::Timer) if now >= until => {
                (Self::Over, Act::Nothing)
            }
            (Self::Accepted { .. }, In::Success) => (self, Act::Deliver),
            (
                Self::Proceeding { .. }
                | Self::Ending { .. }
                | Self::Completed { .. }
                | Self::Accepted { .. },
                _,
            ) => (self, Act::Nothing),
        }
    }

    fn calling_timer(now: Instant, resend: Option<Resend>, give_up: Instant) -> (Self, ClientAct) {
        if now >= give_up {
            return (Self::Over, ClientAct::TimedOut);
        }
        match resend {
            Some(due) if now >= due.at => {
                let resend = Some(due.doubled(now, PATIENCE));
                (Self::Calling { resend, give_up }, ClientAct::Resend)
            }
            resend => (Self::Calling { resend, give_up }, ClientAct::Nothing),
        }
    }

    fn completed(now: Instant, reliable: bool) -> Self {
        // Timer D; streams lose nothing, so they have nothing to absorb.
        Self::Completed { until: now + if reliable { Duration::ZERO } else { PATIENCE } }
    }

    /// When `Timer` is wanted.
    pub fn timeout(self) -> Option<Instant> {
        match self {
            Self::Calling { resend, give_up } => Some(earlier(resend, give_up)),
            Self::Proceeding { silent_until, .. } => Some(silent_until),
            Self::Completed { until } | Self::Accepted { until } | Self::Ending { until, .. } => Some(until),
            Self::Over => None,
        }
    }

    /// True once a final response has come or will not.
    pub fn is_decided(self) -> bool {
        !matches!(self, Self::Calling { .. } | Self::Proceeding { .. } | Self::Ending { .. })
    }
}
