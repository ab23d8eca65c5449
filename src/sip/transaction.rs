//! The four transaction machines (RFC 3261 17, corrected by RFC 6026), each its own enum.
//!
//! A machine knows no message: it is told what kind of thing happened and says what to do. `next` is a pure function
//! from state and input to state and act; the endpoint owns messages, keys and timers.

mod client;
mod invite_client;
mod invite_server;
mod key;
mod server;

use std::time::{Duration, Instant};

pub(crate) use client::Client;
pub(crate) use invite_client::InviteClient;
pub(crate) use invite_server::InviteServer;
pub(crate) use key::Key;
pub(crate) use server::Server;

/// Estimate of the round trip (RFC 3261 17.1.1.1).
pub(crate) const T1: Duration = Duration::from_millis(500);
/// Longest retransmission interval of non-INVITE requests and INVITE responses (RFC 3261 17.1.2.2).
pub(crate) const T2: Duration = Duration::from_secs(4);
/// Longest time a message stays in the network (RFC 3261 17.1.2.2).
pub(crate) const T4: Duration = Duration::from_secs(5);
/// Timers B, D, F, H, J, L and M: 64·T1.
pub(crate) const PATIENCE: Duration = Duration::from_secs(32);
/// The longest an INVITE may stay without any news after a provisional response. The answerer refreshes it every
/// minute (RFC 3261 13.3.1.1); phones that forget to still may ring this long.
pub(crate) const SILENCE: Duration = Duration::from_secs(15 * 60);

/// What happened to a client transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientInput {
    /// A 1xx came.
    Provisional,
    /// A 2xx came.
    Success,
    /// A 3xx to 6xx came.
    Failure,
    /// The time named by `timeout` has come (or not: early calls are harmless).
    Timer,
    /// The request could not be sent, or its connection closed.
    Undeliverable,
    /// The user no longer waits (RFC 3261 9.1: 64·T1 after CANCEL).
    Abandoned,
    /// The session of a re-INVITE has ended: its BYE is on its way, or came.
    Ending,
}

/// What a client transaction wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientAct {
    /// Nothing: absorbed.
    Nothing,
    /// Send the request again.
    Resend,
    /// Hand the response up.
    Deliver,
    /// Hand the response up and acknowledge it (non-2xx to INVITE).
    DeliverAndAck,
    /// Acknowledge again, quietly.
    AckAgain,
    /// Tell the user that nothing came.
    TimedOut,
    /// Tell the user that it could not be sent.
    Unreachable,
}

/// What happened to a server transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerInput {
    /// The request came again.
    Retransmission,
    /// The user sends a 1xx.
    Provisional,
    /// The user sends a 2xx.
    Success,
    /// The user sends a 3xx to 6xx.
    Failure,
    /// An ACK with the branch of the INVITE came.
    Ack,
    /// The time named by `timeout` has come.
    Timer,
}

/// What a server transaction wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerAct {
    /// Nothing: absorbed.
    Nothing,
    /// Send the user's response.
    Send,
    /// Send the last response again.
    Resend,
    /// The user may not send this now; drop it.
    Refuse,
    /// The ACK is for a 2xx and belongs to the dialog (RFC 6026 7.1).
    PassAck,
}

/// A retransmission timer that doubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resend {
    /// When next.
    pub at: Instant,
    interval: Duration,
}

impl Resend {
    /// The first retransmission, T1 from now.
    pub fn first(now: Instant) -> Self {
        Self { at: now + T1, interval: T1 }
    }

    /// The one after this, twice as far away up to `ceiling`.
    pub fn doubled(self, now: Instant, ceiling: Duration) -> Self {
        let interval = (self.interval * 2).min(ceiling);
        Self { at: now + interval, interval }
    }

    /// A constant interval.
    pub fn every(now: Instant, interval: Duration) -> Self {
        Self { at: now + interval, interval }
    }
}

/// The earlier of an optional and a certain time.
fn earlier(resend: Option<Resend>, until: Instant) -> Instant {
    resend.map_or(until, |resend| resend.at.min(until))
}

#[cfg(test)]
mod tests;
