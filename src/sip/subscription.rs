//! Subscriptions of peers to what happens here (RFC 6665), the one a REFER makes to its outcome included (RFC 3515).
//!
//! ```text
//!  SUBSCRIBE ─► Asked ──accept──► Active ──unsubscribed, expired, ended──► Over ─► gone
//!                 └ refuse ─► gone   └ NOTIFY refused or unanswered ─────────────► gone
//! ```
//!
//! One NOTIFY at a time is on its way in each; of what happens meanwhile only the newest is kept. So a body is always
//! the whole state.

mod expire;
mod notify;
mod refer;
mod subscribe;
mod table;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Package;
use crate::dialog::Dialog;
use crate::endpoint::{Body, EndReason, Endpoint, SessionId, SubscriptionId, TxId};
pub(crate) use table::Subscriptions;

/// One subscription.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub id: SubscriptionId,
    /// Our tag.
    pub tag: Arc<str>,
    /// Who holds it, for the bound per address.
    pub source: IpAddr,
    package: Package,
    usage: Usage,
    stage: Stage,
    /// The NOTIFY that has no answer.
    flight: Option<(TxId, Notice)>,
    /// What is to be said after it.
    waiting: Option<Notice>,
    /// Whether it is of a list (RFC 4662), which its answers and notifications require to be understood.
    list: bool,
    /// The longest it lasts without being renewed.
    longest: Duration,
    /// How often the same was said again after a refusal that will pass.
    tries: u8,
    /// When something is due.
    pub wake: Option<Instant>,
}

/// Whose dialog it lives in.
#[derive(Debug)]
enum Usage {
    /// That of a session, while it lasts, with this peer.
    Within(SessionId, Box<str>),
    /// Its own.
    Own(Box<Dialog>),
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// The user has not decided about its request.
    Asked {
        tx: TxId,
        kind: Kind,
        /// For how long it was asked; zero: once.
        wanted: Duration,
    },
    /// Notifications go out.
    Active { kind: Kind, until: Instant, again: Option<Instant> },
    /// The last notification is on its way or was sent.
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Made by SUBSCRIBE.
    Package,
    /// A SUBSCRIBE that asks once.
    Fetch,
    /// Made by REFER.
    Refer,
    /// A REFER that wants to hear nothing (RFC 4488).
    Quiet,
}

/// One notification.
#[derive(Debug, Clone)]
struct Notice {
    body: Option<Body>,
    end: Option<EndReason>,
}

impl Subscription {
    fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Over) && self.flight.is_none() && self.waiting.is_none()
    }

    /// True when the dialog is the one this peer means (our tag is known to match).
    fn is_with(&self, call_id: &str, remote_tag: &str) -> bool {
        match &self.usage {
            Usage::Within(..) => false,
            Usage::Own(dialog) => *dialog.call_id == *call_id && *dialog.remote_tag == *remote_tag,
        }
    }
}

impl Endpoint {
    /// Takes a subscription out, lets `act` work on it, and puts it back unless it is done.
    fn with_subscription<T>(
        &mut self,
        id: SubscriptionId,
        act: impl FnOnce(&mut Self, &mut Subscription) -> T,
    ) -> Option<T> {
        let mut subscription = self.subscriptions.take(id)?;
        let result = act(self, &mut subscription);
        if subscription.is_done() {
            self.subscriptions.forget(&subscription);
        } else {
            self.subscriptions.put(subscription);
        }
        Some(result)
    }

    /// Drops a subscription without a word.
    pub(crate) fn forget_subscription(&mut self, id: SubscriptionId) {
        if let Some(subscription) = self.subscriptions.take(id) {
            self.subscriptions.forget(&subscription);
        }
    }
}
