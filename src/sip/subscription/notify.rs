//! NOTIFY: one at a time, always the newest (RFC 6665 4.2.2).

use std::time::{Duration, Instant};

use super::{Kind, Notice, Stage, Subscription, Usage};
use crate::dialog::Dialog;
use crate::endpoint::{
    Body, EndReason, Endpoint, Event, Outgoing, Owner, SubscriptionId, TxId, Unsubscribed, Wake,
};
use crate::flow::Hop;
use crate::{Method, Name, Request, Response, Status};

/// How often the same is said again to a subscriber that cannot take it now.
const MAX_TRIES: u8 = 3;
/// The longest a subscriber may put us off.
const MAX_PUT_OFF: u32 = 32;

impl Endpoint {
    /// Tells a subscriber how things are. While an earlier notification is unanswered this one waits, and replaces
    /// one that waits: so the body must be the whole state. The answer to a fetch is also its end.
    pub fn notify(&mut self, now: Instant, id: SubscriptionId, body: Option<Body>) {
        self.with_subscription(id, |endpoint, subscription| match subscription.stage {
            Stage::Active { kind: Kind::Package, .. } => {
                endpoint.say(now, subscription, Notice { body, end: None });
            }
            Stage::Active { kind: Kind::Fetch, .. } => {
                subscription.stage = Stage::Over;
                endpoint.say(now, subscription, Notice { body, end: Some(EndReason::Timeout) });
            }
            Stage::Active { kind: Kind::Refer | Kind::Quiet, .. } | Stage::Asked { .. } | Stage::Over => {}
        });
    }

    /// Ends a subscription from this side, with last words.
    pub fn end_subscription(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        reason: EndReason,
        body: Option<Body>,
    ) {
        self.with_subscription(id, |endpoint, subscription| match subscription.stage {
            Stage::Active { .. } => endpoint.conclude(now, subscription, reason, body),
            Stage::Asked { .. } | Stage::Over => {}
        });
    }

    /// The last notification.
    pub(super) fn conclude(
        &mut self,
        now: Instant,
        subscription: &mut Subscription,
        reason: EndReason,
        body: Option<Body>,
    ) {
        subscription.stage = Stage::Over;
        subscription.wake = None;
        self.say(now, subscription, Notice { body, end: Some(reason) });
    }

    /// Sends, or lets wait.
    pub(super) fn say(&mut self, now: Instant, subscription: &mut Subscription, notice: Notice) {
        subscription.tries = 0;
        if let Stage::Active { again, .. } = &mut subscription.stage {
            // News does not wait for the repetition of what is old.
            *again = None;
        }
        if subscription.flight.is_some() || self.must_wait(subscription) {
            subscription.waiting = Some(notice);
        } else {
            subscription.waiting = None;
            self.send_notify(now, subscription, notice);
        }
        self.watch(subscription);
    }

    /// True while a session in whose dialog we speak is being hung up: a NOTIFY that overtakes the BYE makes the BYE
    /// come too late (RFC 3261 12.2.2), and the peer believe that the call goes on.
    fn must_wait(&self, subscription: &Subscription) -> bool {
        match &subscription.usage {
            Usage::Within(session, _) => self.session(*session).is_some_and(|session| !session.is_alive()),
            Usage::Own(_) => false,
        }
    }

    fn send_notify(&mut self, now: Instant, subscription: &mut Subscription, notice: Notice) {
        let state = match (notice.end, subscription.stage) {
            (Some(reason), _) => format!("terminated;reason={}", reason.as_str()),
            (None, Stage::Active { until, .. }) => {
                format!("active;expires={}", until.saturating_duration_since(now).as_secs())
            }
            (None, Stage::Asked { .. } | Stage::Over) => return,
        };
        let Some((mut request, hop, dialog)) = self.notify_request_of(subscription) else {
            // The session went, and its dialog with it.
            subscription.stage = Stage::Over;
            return;
        };
        request.headers.push(Name::Event, &subscription.package);
        request.headers.push(Name::SubscriptionState, state);
        if subscription.list {
            request.headers.push(Name::Require, "eventlist");
        }
        if let Some(body) = notice.body.clone() {
            request = request.with_body(&body.media_type, body.bytes);
        }
        let out = Outgoing::within(&dialog, request, hop, Owner::Subscription(subscription.id));
        let tx = self.send_request(now, out);
        subscription.flight = Some((tx, notice));
    }

    fn notify_request_of(&mut self, subscription: &mut Subscription) -> Option<(Request, Hop, Dialog)> {
        let begin = |dialog: &mut Dialog| {
            let (mut request, hop) = dialog.request(Method::Notify);
            request.headers.push(Name::Contact, dialog.contact());
            (request, hop, dialog.clone())
        };
        match &mut subscription.usage {
            Usage::Own(dialog) => Some(begin(dialog)),
            Usage::Within(session, tag) => {
                self.with(*session, |_, session| session.dialog_mut(tag).map(begin)).flatten()
            }
        }
    }

    /// An answer to a NOTIFY.
    pub(crate) fn notify_response(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        tx: TxId,
        response: &Response,
    ) {
        if response.status.is_provisional() {
            return;
        }
        self.with_subscription(id, |endpoint, subscription| {
            let Some((_, notice)) = subscription.flight.take_if(|(known, _)| *known == tx) else { return };
            match response.status {
                status if status.is_success() => {
                    subscription.tries = 0;
                    endpoint.say_waiting(now, subscription);
                }
                status if will_pass(status) => {
                    let after = response.headers.retry_after().unwrap_or(2).clamp(1, MAX_PUT_OFF);
                    endpoint.say_later(now, subscription, notice, Duration::from_secs(after.into()));
                }
                _ => endpoint.lose(subscription),
            }
        });
    }

    /// A NOTIFY came to nothing: the subscriber is gone (RFC 6665 4.2.2).
    pub(crate) fn notify_undelivered(&mut self, _now: Instant, id: SubscriptionId, tx: TxId) {
        self.with_subscription(id, |endpoint, subscription| {
            if subscription.flight.take_if(|(known, _)| *known == tx).is_some() {
                endpoint.lose(subscription);
            }
        });
    }

    pub(super) fn say_waiting(&mut self, now: Instant, subscription: &mut Subscription) {
        if self.must_wait(subscription) {
            return;
        }
        if let Some(notice) = subscription.waiting.take() {
            self.send_notify(now, subscription, notice);
        }
    }

    /// The subscriber cannot take it now: the newest is said again later, but not for ever.
    fn say_later(&mut self, now: Instant, subscription: &mut Subscription, notice: Notice, after: Duration) {
        subscription.tries += 1;
        if subscription.tries > MAX_TRIES {
            return self.lose(subscription);
        }
        subscription.waiting.get_or_insert(notice);
        match &mut subscription.stage {
            Stage::Active { again, .. } => *again = Some(now + after),
            // Last words are not worth waiting for.
            Stage::Asked { .. } | Stage::Over => subscription.waiting = None,
        }
        self.watch(subscription);
    }

    /// The subscriber no longer listens.
    fn lose(&mut self, subscription: &mut Subscription) {
        if matches!(subscription.stage, Stage::Active { kind: Kind::Package | Kind::Fetch, .. }) {
            let why = Unsubscribed::Unreachable;
            self.events.push_back(Event::Unsubscribed { subscription: subscription.id, why });
        }
        subscription.stage = Stage::Over;
        subscription.waiting = None;
        subscription.wake = None;
    }

    /// Asks to be woken for the next thing that is due.
    pub(super) fn watch(&mut self, subscription: &mut Subscription) {
        let next = match subscription.stage {
            Stage::Active { until, again, .. } => Some(again.map_or(until, |again| again.min(until))),
            Stage::Asked { .. } | Stage::Over => None,
        };
        if subscription.wake != next {
            subscription.wake = next;
            if let Some(at) = next {
                self.timers.push(at, Wake::Subscription(subscription.id));
            }
        }
    }
}

/// Refusals that say nothing about the subscription (RFC 5057 5.1).
fn will_pass(status: Status) -> bool {
    let lasting = [Status::NOT_IMPLEMENTED, Status::VERSION_NOT_SUPPORTED];
    status == Status::REQUEST_PENDING || ((500..600).contains(&status.code()) && !lasting.contains(&status))
}
