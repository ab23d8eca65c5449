//! Where a request goes: to its transaction, to its dialog, to a new session, or to the user (RFC 3261 8.2, 12.2.2).

use std::time::Instant;

use super::{Answerer, Endpoint, Event, IncomingId, SessionId, TxId, Wake};
use crate::flow::Flow;
use crate::transaction::{Key, ServerAct, ServerInput};
use crate::{CSeq, Method, Name, Request, Response, Status};

/// A request within a dialog, on its way to the session.
#[derive(Debug)]
pub(crate) struct Within {
    pub tx: TxId,
    pub flow: Flow,
    pub cseq: u32,
    pub request: Request,
}

impl Endpoint {
    pub(crate) fn receive_request(&mut self, now: Instant, flow: Flow, request: Request) {
        let (Ok(via), Ok(cseq)) = (request.headers.via(), request.headers.cseq()) else { return };
        let key = Key::server(&request, &via, &cseq);
        if request.method == Method::Ack {
            return self.receive_ack(now, &key, &request, &cseq);
        }
        if let Some(id) = self.server_of(&key) {
            self.step_server(now, id, ServerInput::Retransmission, None);
            return;
        }
        if self.is_exhausted() {
            return self.turn_away(now, flow, &request);
        }
        if request.method == Method::Cancel {
            return self.receive_cancel(now, flow, key, &request);
        }
        let Ok(to) = request.headers.to() else { return };
        match to.tag() {
            Some(tag) => self.receive_within(now, (flow, key, cseq.number), tag, request),
            None => self.receive_outside(now, (flow, key, cseq), request),
        }
    }

    /// An ACK ends a refusal or confirms a dialog (RFC 3261 17.1.1.3, 13.2.2.4). It is never answered.
    fn receive_ack(&mut self, now: Instant, key: &Key, request: &Request, cseq: &CSeq) {
        if let Some(id) = self.server_of(key)
            && self.step_server(now, id, ServerInput::Ack, None) != ServerAct::PassAck
        {
            return;
        }
        let Ok(to) = request.headers.to() else { return };
        if let Some(session) = to.tag().and_then(|tag| self.find_session(tag, request)) {
            self.session_ack(now, session, request, cseq.number);
        }
    }

    /// CANCEL is answered at once and ends what it names, if that is still open (RFC 3261 9.2).
    fn receive_cancel(&mut self, now: Instant, flow: Flow, key: Key, request: &Request) {
        let invite = self.server_of(&key.cancelled());
        let Some(invite) = invite else {
            return self.reply_stateless(now, flow, request, Response::to(request, Status::NO_CALL));
        };
        let id = self.open_server(key, flow, request, Answerer::Endpoint);
        let answerer = self.answerer(invite);
        // The 200 has the tag of the INVITE's responses.
        let tag = match answerer {
            Some(Answerer::Session(session)) => self.with(session, |_, session| session.local_tag.clone()),
            _ => None,
        };
        if let Some(mut response) = self.draft(id, Status::OK) {
            if let Some(tag) = tag {
                response = response.with_to_tag(&tag);
            }
            self.reply(now, id, response);
        }
        if let Some(Answerer::Session(session)) = answerer
            && self.is_open(invite)
        {
            let reason = request.headers.get(&Name::Reason).map(str::to_owned);
            self.session_cancelled(now, session, invite, reason);
        }
    }

    fn receive_within(
        &mut self,
        now: Instant,
        (flow, key, cseq): (Flow, Key, u32),
        tag: &str,
        request: Request,
    ) {
        if request.method == Method::Subscribe {
            return self.receive_resubscribe(now, (flow, key, cseq), tag, request);
        }
        let session = self.find_session(tag, &request);
        let ours = matches!(
            request.method,
            Method::Invite
                | Method::Bye
                | Method::Update
                | Method::Prack
                | Method::Info
                | Method::Options
                | Method::Notify
                | Method::Refer
        );
        if session.is_none() && (!ours || request.method == Method::Notify) {
            // A subscription's dialog belongs to the user.
            return self.offer_to_user(now, (flow, key), None, request);
        }
        let Some(session) = session else {
            return self.reply_stateless(now, flow, &request, Response::to(&request, Status::NO_CALL));
        };
        if request.method != Method::Bye
            && let Some(refusal) = self.screen_required(&request)
        {
            let id = self.open_server(key, flow, &request, Answerer::Endpoint);
            return self.reply(now, id, refusal);
        }
        if !ours || request.method == Method::Refer {
            return self.receive_other_within(now, (flow, key, cseq), session, request);
        }
        let tx = self.open_server(key, flow, &request, Answerer::Session(session));
        self.session_request(now, session, Within { tx, flow, cseq, request });
    }

    /// SUBSCRIBE within a dialog renews or ends what is there.
    fn receive_resubscribe(
        &mut self,
        now: Instant,
        (flow, key, cseq): (Flow, Key, u32),
        tag: &str,
        request: Request,
    ) {
        let subscription = self.find_subscription(tag, &request);
        let tx = self.open_server(key, flow, &request, Answerer::Endpoint);
        match subscription {
            Some(subscription) => self.resubscribe(now, subscription, &Within { tx, flow, cseq, request }),
            None => self.reply_status(now, tx, Status::NO_CALL),
        }
    }

    /// MESSAGE, REFER and the rest within a call: the user's business, once the order is right.
    fn receive_other_within(
        &mut self,
        now: Instant,
        (flow, key, cseq): (Flow, Key, u32),
        session: SessionId,
        request: Request,
    ) {
        let in_order = self.with(session, |_, session| session.accept_sequence(&request, cseq, flow));
        if in_order != Some(true) {
            let id = self.open_server(key, flow, &request, Answerer::Endpoint);
            return self.reply_status(now, id, Status::SERVER_ERROR);
        }
        match request.method {
            Method::Refer if !self.is_full() => self.receive_refer(now, (flow, key), Some(session), request),
            _ => self.offer_to_user(now, (flow, key), Some(session), request),
        }
    }

    fn receive_outside(&mut self, now: Instant, (flow, key, cseq): (Flow, Key, CSeq), request: Request) {
        if self.is_full() {
            return self.turn_away(now, flow, &request);
        }
        if let Some(refusal) = self.screen(&request, &cseq) {
            return self.reply_stateless(now, flow, &request, refusal);
        }
        match request.method {
            Method::Invite => self.receive_invite(now, (flow, key), request),
            Method::Bye | Method::Update | Method::Prack | Method::Info => {
                self.reply_stateless(now, flow, &request, Response::to(&request, Status::NO_CALL));
            }
            Method::Refer => self.receive_refer(now, (flow, key), None, request),
            Method::Subscribe => self.receive_subscribe(now, (flow, key), request),
            _ => self.offer_to_user(now, (flow, key), None, request),
        }
    }

    /// No room: 503, remembered by nobody.
    fn turn_away(&mut self, now: Instant, flow: Flow, request: &Request) {
        let response = Response::to(request, Status::SERVICE_UNAVAILABLE)
            .with(Name::RetryAfter, self.config.retry_after.as_secs());
        self.reply_stateless(now, flow, request, response);
    }

    fn offer_to_user(
        &mut self,
        now: Instant,
        (flow, key): (Flow, Key),
        session: Option<SessionId>,
        request: Request,
    ) {
        if self.is_full() {
            return self.turn_away(now, flow, &request);
        }
        let id = self.open_server(key, flow, &request, Answerer::User);
        self.timers.push(now + self.config.answer_wait, Wake::Owed(id));
        self.events.push_back(Event::Request {
            id: IncomingId(id.0),
            session,
            flow,
            request: Box::new(request),
        });
    }

    /// The session whose dialog a request with this To tag is in.
    fn find_session(&self, tag: &str, request: &Request) -> Option<SessionId> {
        let id = *self.by_tag.get(tag)?;
        let from = request.headers.from().ok()?;
        let call_id = request.headers.call_id().ok()?;
        self.sessions.get(&id)?.is_dialog(call_id, from.tag().unwrap_or("")).then_some(id)
    }
}
