//! Wake-ups: one heap, never searched. Entries that no longer apply are dropped when they come up.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use super::command::{SessionId, SubscriptionId};

/// Names one transaction of either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TxId(pub u64);

/// What a session may be woken for. Each at most once at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Alarm {
    /// Send the unacknowledged 2xx or reliable 1xx again (RFC 3261 13.3.1.4, RFC 3262 3).
    Resend,
    /// Send the last 1xx again (RFC 3261 13.3.1.1).
    Ringing,
    /// Refresh the session (RFC 4028 7.2, 9).
    Refresh,
    /// The session has expired (RFC 4028 10).
    Expire,
    /// Try the modification again (RFC 3261 14.1).
    Glare,
    /// No final response after CANCEL (RFC 3261 9.1).
    Cancelled,
    /// The user has not answered an offer.
    OfferDue,
}

impl Alarm {
    /// How many there are.
    pub const COUNT: usize = 7;

    fn reason(self) -> &'static str {
        match self {
            Self::Resend => "response not acknowledged",
            Self::Ringing => "ringing goes on",
            Self::Refresh => "session refresh due",
            Self::Expire => "session expires",
            Self::Glare => "modification to be tried again",
            Self::Cancelled => "cancelled call has no final response",
            Self::OfferDue => "offer not answered by the user",
        }
    }
}

/// Whom a wake-up is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wake {
    /// A client transaction.
    Client(TxId),
    /// A server transaction.
    Server(TxId),
    /// An incoming request the user owes an answer.
    Owed(TxId),
    /// A session.
    Session(SessionId, Alarm),
    /// A subscription: it expires, or a NOTIFY is tried again.
    Subscription(SubscriptionId),
}

impl Wake {
    fn reason(self) -> &'static str {
        match self {
            Self::Client(_) => "client transaction",
            Self::Server(_) => "server transaction",
            Self::Owed(_) => "request not answered by the user",
            Self::Session(_, alarm) => alarm.reason(),
            Self::Subscription(_) => "subscription",
        }
    }
}

/// The heap.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Wake)>>,
}

impl Timers {
    /// Asks for a wake-up.
    pub fn push(&mut self, at: Instant, wake: Wake) {
        self.heap.push(Reverse((at, wake)));
    }

    /// The next wake-up that is due.
    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, Wake)> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// The next wake-up and its reason.
    pub fn next(&self) -> Option<(Instant, &'static str)> {
        self.heap.peek().map(|Reverse((at, wake))| (*at, wake.reason()))
    }

    /// Drops entries at the front for which `applies` is false, so that nobody is woken for nothing.
    pub fn prune(&mut self, mut applies: impl FnMut(Instant, Wake) -> bool) {
        while let Some(Reverse((at, wake))) = self.heap.peek()
            && !applies(*at, *wake)
        {
            self.heap.pop();
        }
    }
}

/// The alarms of one session.
#[derive(Debug, Default)]
pub(crate) struct Alarms([Option<Instant>; Alarm::COUNT]);

impl Alarms {
    /// When this one rings.
    pub fn get(&self, alarm: Alarm) -> Option<Instant> {
        self.0[alarm as usize]
    }

    /// Sets it.
    pub fn set(&mut self, alarm: Alarm, at: Instant) {
        self.0[alarm as usize] = Some(at);
    }

    /// Forgets it.
    pub fn clear(&mut self, alarm: Alarm) {
        self.0[alarm as usize] = None;
    }

    /// Forgets all.
    pub fn clear_all(&mut self) {
        self.0 = Default::default();
    }
}
