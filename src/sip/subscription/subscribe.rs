//! SUBSCRIBE: the first, a renewal, the end (RFC 6665 4.2.1).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Kind, Notice, Stage, Subscription, Usage};
use crate::dialog::Dialog;
use crate::endpoint::{
    Answerer, EndReason, Endpoint, Event, Subscribe, SubscriptionId, TxId, Unsubscribed, Wake, Within,
};
use crate::flow::Flow;
use crate::transaction::Key;
use crate::{Headers, Name, Package, Request, Response, Status};

/// For how long when it does not say, and at most.
const USUAL: Duration = Duration::from_secs(3600);
/// Media types read of one Accept.
const MAX_ACCEPTED: usize = 16;

impl Endpoint {
    /// The first SUBSCRIBE: the user is asked.
    pub(crate) fn receive_subscribe(&mut self, now: Instant, (flow, key): (Flow, Key), request: Request) {
        let id = SubscriptionId(self.next_id());
        let tx = self.open_server(key, flow, &request, Answerer::Subscription(id));
        let wanted = match self.wanted(&request) {
            Ok(wanted) => wanted,
            Err(refusal) => return self.reply(now, tx, *refusal),
        };
        if self.subscriptions.is_full_for(flow.remote.ip()) {
            return self.refuse_for_now(now, tx);
        }
        let tag: Arc<str> = self.wire.tag().into();
        let dialog =
            Dialog::of_request(&request, flow, &tag).filter(|_| request.headers.contains(&Name::Contact));
        let Some(dialog) = dialog else {
            return self.reply_status(now, tx, Status::BAD_REQUEST);
        };
        let kind = if wanted.expires.is_zero() { Kind::Fetch } else { Kind::Package };
        self.subscriptions.add(Box::new(Subscription {
            id,
            tag,
            source: flow.remote.ip(),
            package: wanted.package.clone(),
            usage: Usage::Own(Box::new(dialog)),
            stage: Stage::Asked { tx, kind, wanted: wanted.expires },
            flight: None,
            waiting: None,
            list: false,
            longest: USUAL,
            tries: 0,
            wake: None,
        }));
        self.timers.push(now + self.config.answer_wait, Wake::Owed(tx));
        self.events.push_back(Event::Subscribed {
            subscription: id,
            flow,
            subscribe: Box::new(wanted),
            request: Box::new(request),
        });
    }

    /// What is asked, or what it is refused with.
    fn wanted(&self, request: &Request) -> Result<Subscribe, Box<Response>> {
        let headers = &request.headers;
        let package = headers.package().ok().filter(|package| self.serves(&package.name));
        let Some(package) = package else { return Err(Box::new(self.bad_event(request))) };
        let expires = self.term(request)?;
        let kind = |value: &str| value.split(';').next().map(|kind| kind.trim().to_ascii_lowercase());
        Ok(Subscribe {
            package,
            resource: request.uri.clone(),
            expires,
            accept: headers.values(&Name::Accept).take(MAX_ACCEPTED).filter_map(kind).collect(),
            takes_lists: self.supports("eventlist") && headers.has_option(&Name::Supported, "eventlist"),
        })
    }

    /// For how long: too brief is refused, too long is cut (RFC 6665 4.2.1.1).
    fn term(&self, request: &Request) -> Result<Duration, Box<Response>> {
        let asked = request.headers.expires().map_err(|error| {
            Box::new(Response::to(request, Status::BAD_REQUEST).with_reason(error.to_string()))
        })?;
        let asked = asked.map_or(USUAL, |asked| Duration::from_secs(asked.into()));
        if !asked.is_zero() && asked < self.config.min_subscription {
            let least = self.config.min_subscription.as_secs();
            let response = Response::to(request, Status::INTERVAL_TOO_BRIEF);
            return Err(Box::new(response.with(Name::MinExpires, least)));
        }
        Ok(asked.min(USUAL))
    }

    fn bad_event(&self, request: &Request) -> Response {
        let mut response = Response::to(request, Status::BAD_EVENT);
        self.abilities.allow_events(&mut response.headers);
        response
    }

    /// 503: this source has its share, or the table is full.
    pub(super) fn refuse_for_now(&mut self, now: Instant, tx: TxId) {
        if let Some(response) = self.draft(tx, Status::SERVICE_UNAVAILABLE) {
            let after = self.config.retry_after.as_secs();
            self.reply(now, tx, response.with(Name::RetryAfter, after));
        }
    }

    /// Takes a subscription of a list (RFC 4662 4): as [`Endpoint::accept_subscription`].
    pub fn accept_list(&mut self, now: Instant, id: SubscriptionId, longest: Duration) {
        self.with_subscription(id, |_, subscription| subscription.list = true);
        self.accept_subscription(now, id, longest);
    }

    /// Takes a subscription, for at most so long. A `notify` with the whole state is due at once (RFC 6665 4.2.1.2).
    pub fn accept_subscription(&mut self, now: Instant, id: SubscriptionId, longest: Duration) {
        self.with_subscription(id, |endpoint, subscription| {
            let Stage::Asked { tx, kind: kind @ (Kind::Package | Kind::Fetch), wanted } = subscription.stage
            else {
                return;
            };
            subscription.longest = longest;
            let expires = wanted.min(longest);
            let Some(mut response) = endpoint.draft(tx, Status::OK) else { return };
            endpoint.introduce_subscription(subscription, &mut response, expires);
            endpoint.reply(now, tx, response);
            // A fetch ends with its answer, which the user may still have to gather.
            let until = if kind == Kind::Fetch { endpoint.config.answer_wait } else { expires };
            subscription.stage = Stage::Active { kind, until: now + until, again: None };
            endpoint.watch(subscription);
        });
    }

    fn introduce_subscription(
        &self,
        subscription: &Subscription,
        response: &mut Response,
        expires: Duration,
    ) {
        if let Usage::Own(dialog) = &subscription.usage {
            *response = response.clone().with_to_tag(&subscription.tag);
            for route in &dialog.routes {
                response.headers.push(Name::RecordRoute, route);
            }
            response.headers.push(Name::Contact, dialog.contact());
        }
        response.headers.push(Name::Expires, expires.as_secs());
        if subscription.list {
            response.headers.push(Name::Require, "eventlist");
        }
    }

    /// Refuses a subscription, or lets its holder prove itself first (401).
    pub fn refuse_subscription(&mut self, now: Instant, id: SubscriptionId, status: Status, extra: &Headers) {
        self.refuse_asked(now, id, status, extra);
    }

    pub(super) fn refuse_asked(&mut self, now: Instant, id: SubscriptionId, status: Status, extra: &Headers) {
        self.with_subscription(id, |endpoint, subscription| {
            let Stage::Asked { tx, .. } = subscription.stage else { return };
            if !status.is_failure() && !status.is_redirect() {
                return;
            }
            subscription.stage = Stage::Over;
            if let Some(mut response) = endpoint.draft(tx, status) {
                response.headers.extend(extra);
                endpoint.reply(now, tx, response);
            }
        });
    }

    /// The subscription of ours that a SUBSCRIBE within a dialog means.
    pub(crate) fn find_subscription(&self, tag: &str, request: &Request) -> Option<SubscriptionId> {
        let headers = &request.headers;
        let (from, call_id) = (headers.from().ok()?, headers.call_id().ok()?);
        let package = headers.package().ok()?;
        let mine = self.subscriptions.tagged(tag).filter(|held| {
            let within = || match &held.usage {
                Usage::Within(session, _) => self
                    .session(*session)
                    .is_some_and(|session| session.is_dialog(call_id, from.tag().unwrap_or(""))),
                Usage::Own(_) => held.is_with(call_id, from.tag().unwrap_or("")),
            };
            is_same(&held.package, &package) && within()
        });
        mine.min_by_key(|held| held.id).map(|held| held.id)
    }

    /// A renewal, or the end (RFC 6665 4.2.1.2, 4.1.2.3).
    pub(crate) fn resubscribe(&mut self, now: Instant, id: SubscriptionId, within: &Within) {
        let tx = within.tx;
        let found = self.with_subscription(id, |endpoint, subscription| {
            if !endpoint.in_order(subscription, within) {
                return endpoint.reply_status(now, tx, Status::SERVER_ERROR);
            }
            let Stage::Active { kind, .. } = subscription.stage else {
                return endpoint.reply_status(now, tx, Status::NO_CALL);
            };
            let expires = match endpoint.term(&within.request) {
                Ok(expires) => expires.min(subscription.longest),
                Err(refusal) => return endpoint.reply(now, tx, *refusal),
            };
            let Some(mut response) = endpoint.draft(tx, Status::OK) else { return };
            endpoint.introduce_subscription(subscription, &mut response, expires);
            endpoint.reply(now, tx, response);
            endpoint.renew(now, subscription, (kind, expires));
        });
        if found.is_none() {
            self.reply_status(now, tx, Status::NO_CALL);
        }
    }

    fn renew(&mut self, now: Instant, subscription: &mut Subscription, (kind, expires): (Kind, Duration)) {
        let id = subscription.id;
        let watched = matches!(kind, Kind::Package | Kind::Fetch);
        if expires.is_zero() {
            if watched {
                let why = Unsubscribed::ByPeer;
                self.events.push_back(Event::Unsubscribed { subscription: id, why });
            }
            return self.conclude(now, subscription, EndReason::Timeout, None);
        }
        if let Stage::Active { until, .. } = &mut subscription.stage {
            *until = now + expires;
        }
        if watched {
            self.events.push_back(Event::Renewed { subscription: id });
        } else {
            // What was said last is said again: nobody else knows it.
            let body = subscription.flight.as_ref().and_then(|(_, notice)| notice.body.clone());
            self.say(now, subscription, Notice { body, end: None });
        }
        self.watch(subscription);
    }

    fn in_order(&mut self, subscription: &mut Subscription, within: &Within) -> bool {
        match &mut subscription.usage {
            Usage::Own(dialog) => {
                let in_order = dialog.accept_sequence(within.cseq).is_ok();
                if in_order {
                    dialog.path.follow(within.flow);
                    dialog.learn(&within.request.headers);
                }
                in_order
            }
            Usage::Within(session, _) => {
                let accept = |_: &mut Endpoint, session: &mut crate::session::Session| {
                    session.accept_sequence(&within.request, within.cseq, within.flow)
                };
                self.with(*session, accept) == Some(true)
            }
        }
    }
}

/// The same package, and the same id; a REFER's subscription may be named without (RFC 3515 2.4.6).
fn is_same(held: &Package, asked: &Package) -> bool {
    held.name == asked.name && (held.id == asked.id || (&*held.name == "refer" && asked.id.is_none()))
}
