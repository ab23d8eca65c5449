//! Requests outside INVITE usages, both ways.

use std::time::Instant;

use super::client::Outgoing;
use super::{Answerer, Endpoint, Event, IncomingId, OutOfDialog, Owner, RequestFailed, RequestId, TxId};
use crate::dialog::contact;
use crate::digest::Login;
use crate::{CSeq, Method, Name, Request, Response, Status};

impl Endpoint {
    /// Sends a request outside any INVITE usage. Ends in one `Event::Response`.
    pub fn request(&mut self, now: Instant, command: OutOfDialog) -> RequestId {
        let OutOfDialog { target, method, request_uri, from, to, headers: extra, cseq, body, credentials } =
            command;
        let id = RequestId(self.next_id());
        if self.is_full() {
            self.events.push_back(Event::Response { id, result: Err(RequestFailed::Transport) });
            return id;
        }
        let user = from.uri.raw_user().map(str::to_owned);
        let from = if from.tag().is_some() { from } else { from.with_tag(&self.wire.tag()) };
        let mut request = Request::new(method.clone(), request_uri);
        let headers = &mut request.headers;
        if !extra.contains(&Name::MaxForwards) {
            headers.push(Name::MaxForwards, 70);
        }
        headers.push(Name::From, from);
        headers.push(Name::To, to);
        if !extra.contains(&Name::CallId) {
            headers.push(Name::CallId, self.wire.call_id());
        }
        headers.push(Name::CSeq, CSeq { number: cseq.unwrap_or(1), method: method.clone() });
        let makes_dialog = matches!(method, Method::Subscribe | Method::Notify | Method::Refer);
        if makes_dialog && !extra.contains(&Name::Contact) {
            headers.push(Name::Contact, contact(user.as_deref(), target.transport, &target.advertised));
        }
        headers.extend(&extra);
        if let Some(body) = body {
            request = request.with_body(&body.media_type, body.bytes);
        }
        let out = Outgoing {
            request,
            hop: target.hop(),
            advertised: target.advertised,
            owner: Owner::Request(id),
            login: credentials.map(Login::new),
            retries: 0,
            path: None,
        };
        self.send_request(now, out);
        id
    }

    /// Answers an `Event::Request`; a second answer, or one that comes too late, is dropped.
    pub fn respond(&mut self, now: Instant, id: IncomingId, response: Response) {
        let id = TxId(id.0);
        if self.answerer(id) == Some(Answerer::User) {
            self.reply(now, id, response);
        }
    }

    /// Answers an `Event::Request` of somebody who has not shown who it is, and keeps nothing of it: a stranger's
    /// requests must not fill the table of transactions, and no response goes twice to an address that may be somebody
    /// else's (RFC 3261 26.3.2.4).
    pub fn respond_once(&mut self, now: Instant, id: IncomingId, response: Response) {
        let id = TxId(id.0);
        if self.answerer(id) == Some(Answerer::User) && self.is_open(id) {
            self.reply_once(now, id, response);
        }
    }

    /// The user has taken too long over a request.
    pub(crate) fn answer_for_user(&mut self, now: Instant, id: TxId, status: Status) {
        if self.is_open(id) {
            if let Some(Answerer::Subscription(subscription)) = self.answerer(id) {
                self.forget_subscription(subscription);
            }
            self.reply_status(now, id, status);
        }
    }
}
