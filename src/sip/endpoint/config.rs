//! Bounds and identity of an endpoint.

use std::time::Duration;

use crate::method::{KNOWN, Method};

/// What an endpoint is told once. Every table is bounded here; a full one answers 503 with Retry-After.
#[derive(Debug, Clone)]
pub struct Config {
    /// The product token for Server and User-Agent.
    pub product: String,
    /// Transactions of both sides held at once, those that only absorb copies included.
    pub max_transactions: usize,
    /// Sessions held at once.
    pub max_sessions: usize,
    /// Events waiting for the user; more, and new work is refused.
    pub max_pending: usize,
    /// Stream connections with unfinished messages.
    pub max_connections: usize,
    /// How long the rest of a message may take on a stream once it has begun.
    pub message_wait: Duration,
    /// Messages kept for `poll_trace`; the oldest are dropped.
    pub max_traced: usize,
    /// The methods that are served, for Allow; any other is answered 405. An INVITE needs ACK, BYE, CANCEL, PRACK and
    /// UPDATE beside it.
    pub methods: Vec<Method>,
    /// The event packages peers may subscribe to (RFC 6665); any other is answered 489.
    pub packages: Vec<String>,
    /// Subscriptions held at once, referrals included.
    pub max_subscriptions: usize,
    /// Subscriptions held at once for one address.
    pub max_subscriptions_per_source: usize,
    /// Subscriptions shorter than this are answered 423 (RFC 6665 4.2.1.1).
    pub min_subscription: Duration,
    /// Option tags a peer may require (RFC 3261 8.2.2.3), and what Supported says.
    pub supported: Vec<String>,
    /// How long the user may take to answer a non-INVITE request or an offer within a session.
    pub answer_wait: Duration,
    /// The session interval asked for in calls we answer; `None`: only when the caller asks (RFC 4028 9).
    pub session_expires: Option<Duration>,
    /// Said in Retry-After when there is no room.
    pub retry_after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            product: "Vaxel".to_owned(),
            max_transactions: 400_000,
            max_sessions: 50_000,
            max_pending: 10_000,
            max_connections: 20_000,
            message_wait: Duration::from_secs(30),
            max_traced: 4_096,
            methods: KNOWN.to_vec(),
            packages: ["dialog", "presence", "message-summary"].map(str::to_owned).to_vec(),
            max_subscriptions: 50_000,
            max_subscriptions_per_source: 5_000,
            min_subscription: Duration::from_secs(60),
            supported: [
                "100rel",
                "timer",
                "replaces",
                "path",
                "outbound",
                "gruu",
                "norefersub",
                "tdialog",
                "eventlist",
            ]
            .map(str::to_owned)
            .to_vec(),
            answer_wait: Duration::from_secs(16),
            session_expires: None,
            retry_after: Duration::from_secs(5),
        }
    }
}
