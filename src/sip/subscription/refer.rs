//! REFER of a peer: a transfer is asked for, and its progress is reported (RFC 3515, RFC 4488, RFC 4538).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Kind, Notice, Stage, Subscription, Usage};
use crate::body::sipfrag;
use crate::dialog::Dialog;
use crate::endpoint::{
    Answerer, EndReason, Endpoint, Event, Referral, SessionId, SubscriptionId, TxId, Wake,
};
use crate::flow::Flow;
use crate::session::Session;
use crate::transaction::Key;
use crate::{Headers, Name, Package, Request, Response, Scheme, Status};

/// How long a transfer may take to come to something.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Referrals that run at once in one session.
const MAX_IN_SESSION: usize = 4;
/// CSeq numbers left for each subscription that outlives its session.
const RESERVED: u32 = 64;

impl Endpoint {
    /// A REFER in the dialog of a session, its order checked, or outside any dialog: the user is asked.
    pub(crate) fn receive_refer(
        &mut self,
        now: Instant,
        (flow, key): (Flow, Key),
        session: Option<SessionId>,
        request: Request,
    ) {
        let id = SubscriptionId(self.next_id());
        let tx = self.open_server(key, flow, &request, Answerer::Subscription(id));
        let referral = match self.referral(&request) {
            Ok(referral) => referral,
            Err(refusal) => return self.reply(now, tx, *refusal),
        };
        if self.subscriptions.is_full_for(flow.remote.ip()) {
            return self.refuse_for_now(now, tx);
        }
        let usage = match session {
            Some(session) => self.usage_within(session, &request),
            None => self.usage_of_its_own(flow, &request),
        };
        let Some((tag, usage)) = usage else {
            let status = if session.is_some() { Status::NO_CALL } else { Status::BAD_REQUEST };
            return self.reply_status(now, tx, status);
        };
        let kind = if self.is_quiet(&request) { Kind::Quiet } else { Kind::Refer };
        let number = request.headers.cseq().map_or(0, |cseq| cseq.number);
        self.subscriptions.add(Box::new(Subscription {
            id,
            tag,
            source: flow.remote.ip(),
            package: Package { name: "refer".into(), id: Some(number.to_string().into()) },
            usage,
            stage: Stage::Asked { tx, kind, wanted: LONGEST },
            flight: None,
            waiting: None,
            list: false,
            longest: LONGEST,
            tries: 0,
            wake: None,
        }));
        self.timers.push(now + self.config.answer_wait, Wake::Owed(tx));
        let target = || {
            let (call_id, ours, theirs) = request.headers.target_dialog()?;
            self.session_of(call_id, &ours, &theirs)
        };
        self.events.push_back(Event::Referred {
            subscription: id,
            session: session.or_else(target),
            flow,
            referral: Box::new(referral),
            request: Box::new(request),
        });
    }

    /// What is asked, or what it is refused with.
    fn referral(&self, request: &Request) -> Result<Referral, Box<Response>> {
        let to = request.headers.refer_to().map_err(|error| {
            Box::new(Response::to(request, Status::BAD_REQUEST).with_reason(error.to_string()))
        })?;
        if to.uri.scheme() == Scheme::Other {
            return Err(Box::new(Response::to(request, Status::UNSUPPORTED_SCHEME)));
        }
        let named = to.replaces.as_ref();
        let replaces =
            named.and_then(|named| self.session_of(&named.call_id, &named.to_tag, &named.from_tag));
        Ok(Referral { to, replaces, referred_by: request.headers.referred_by() })
    }

    fn usage_within(&self, session: SessionId, request: &Request) -> Option<(Arc<str>, Usage)> {
        let from = request.headers.from().ok()?;
        let session = self.session(session)?;
        let room = self.subscriptions.tagged(&session.local_tag).count() < MAX_IN_SESSION;
        let usage = Usage::Within(session.id, from.tag().unwrap_or("").into());
        (room && session.is_alive()).then(|| (session.local_tag.clone(), usage))
    }

    fn usage_of_its_own(&mut self, flow: Flow, request: &Request) -> Option<(Arc<str>, Usage)> {
        if !request.headers.contains(&Name::Contact) {
            return None;
        }
        let tag: Arc<str> = self.wire.tag().into();
        let dialog = Dialog::of_request(request, flow, &tag)?;
        Some((tag, Usage::Own(Box::new(dialog))))
    }

    /// True when the peer wants no subscription (RFC 4488 4).
    fn is_quiet(&self, request: &Request) -> bool {
        let value = request.headers.get(&Name::ReferSub).unwrap_or("true");
        let value = value.split(';').next().unwrap_or(value);
        self.supports("norefersub") && value.trim().eq_ignore_ascii_case("false")
    }

    /// Takes a REFER: 202, and the first NOTIFY says that it is being tried.
    pub fn accept_refer(&mut self, now: Instant, id: SubscriptionId) {
        self.with_subscription(id, |endpoint, subscription| {
            let Stage::Asked { tx, kind: kind @ (Kind::Refer | Kind::Quiet), wanted } = subscription.stage
            else {
                return;
            };
            endpoint.accept_refer_with(now, subscription, (tx, kind));
            subscription.stage = match kind {
                Kind::Quiet => Stage::Over,
                _ => Stage::Active { kind, until: now + wanted, again: None },
            };
            if kind == Kind::Refer {
                let body = Some(sipfrag::line(Status::TRYING));
                endpoint.say(now, subscription, Notice { body, end: None });
            }
        });
    }

    /// Takes a REFER whose outcome is known: 202, and one NOTIFY that says so and is the last. It reaches the peer before
    /// whatever is sent to it afterwards, so the call that it was about can be hung up at once.
    pub fn conclude_refer(&mut self, now: Instant, id: SubscriptionId, status: Status) {
        self.with_subscription(id, |endpoint, subscription| {
            let Stage::Asked { tx, kind: kind @ (Kind::Refer | Kind::Quiet), wanted } = subscription.stage
            else {
                return;
            };
            endpoint.accept_refer_with(now, subscription, (tx, kind));
            if kind == Kind::Quiet {
                subscription.stage = Stage::Over;
                return;
            }
            subscription.stage = Stage::Active { kind, until: now + wanted, again: None };
            let body = Some(sipfrag::line(status));
            endpoint.conclude(now, subscription, EndReason::NoResource, body);
        });
    }

    fn accept_refer_with(&mut self, now: Instant, subscription: &mut Subscription, (tx, kind): (TxId, Kind)) {
        // Without a subscription there is nothing left to accept (RFC 4488 4).
        let status = if kind == Kind::Quiet { Status::OK } else { Status::ACCEPTED };
        let Some(mut response) = self.draft(tx, status) else { return };
        let contact = match &subscription.usage {
            Usage::Own(dialog) => {
                response = response.with_to_tag(&subscription.tag);
                for route in &dialog.routes {
                    response.headers.push(Name::RecordRoute, route);
                }
                Some(dialog.contact())
            }
            Usage::Within(session, tag) => self
                .with(*session, |_, session| session.dialog_mut(tag).map(|dialog| dialog.contact()))
                .flatten(),
        };
        if let Some(contact) = contact {
            response.headers.push(Name::Contact, contact);
        }
        if kind == Kind::Quiet {
            response.headers.push(Name::ReferSub, "false");
        }
        self.reply(now, tx, response);
    }

    /// Refuses a REFER, or lets its sender prove itself first (401).
    pub fn refuse_refer(&mut self, now: Instant, id: SubscriptionId, status: Status, extra: &Headers) {
        self.refuse_asked(now, id, status, extra);
    }

    /// Reports what the one called said; a final status is the last report. Nothing happens when nobody listens.
    pub fn report_refer(&mut self, now: Instant, id: SubscriptionId, status: Status) {
        self.with_subscription(id, |endpoint, subscription| {
            if !matches!(subscription.stage, Stage::Active { kind: Kind::Refer, .. }) {
                return;
            }
            let body = Some(sipfrag::line(status));
            if status.is_final() {
                endpoint.conclude(now, subscription, EndReason::NoResource, body);
            } else {
                endpoint.say(now, subscription, Notice { body, end: None });
            }
        });
    }

    /// A session ends: its subscriptions go on in the dialog, which outlives it (RFC 5057 4.1). What was to be said
    /// meanwhile is said now.
    pub(crate) fn part_subscriptions(&mut self, now: Instant, session: &mut Session) {
        let within: Vec<SubscriptionId> =
            self.subscriptions.tagged(&session.local_tag).map(|held| held.id).collect();
        for (at, id) in within.into_iter().enumerate() {
            self.with_subscription(id, |endpoint, subscription| {
                let Usage::Within(_, tag) = &subscription.usage else { return };
                let Some(mut dialog) = session.dialog_mut(tag).map(|dialog| dialog.clone()) else { return };
                // Each has numbers of its own from here on: CSeq may skip (RFC 3261 12.2.2).
                dialog.sequence += RESERVED * at as u32;
                subscription.usage = Usage::Own(Box::new(dialog));
                if subscription.flight.is_none() {
                    endpoint.say_waiting(now, subscription);
                }
            });
        }
    }
}
