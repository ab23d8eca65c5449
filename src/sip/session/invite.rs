//! Placing a call: INVITE and its responses (RFC 3261 13.2).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Calling, Early, Exchange, Owed, Session, State, Up, answering_tag, body_of};
use crate::dialog::{Dialog, Path, contact};
use crate::digest::Login;
use crate::endpoint::{
    Alarm, Endpoint, Event, Invite, Outgoing, Owner, Purpose, RequestFailed, SessionId, TxId,
};
use crate::session::expire::Agreed;
use crate::{CSeq, Headers, Method, Name, NameAddr, Request, Response, Scheme, Status};

/// Early dialogs of one call followed at once.
const MAX_EARLY: usize = 8;
/// Contacts of a redirection told to the user.
const MAX_REDIRECTS: usize = 8;

impl Endpoint {
    /// Places a call.
    pub fn invite(&mut self, now: Instant, command: Invite) -> SessionId {
        let id = SessionId(self.next_id());
        if self.is_full() {
            self.events.push_back(Event::Failed {
                session: id,
                status: Some(Status::SERVICE_UNAVAILABLE),
                reason: "no room for another call".to_owned(),
                headers: Headers::new(),
                contacts: Vec::new(),
                retry_after: Some(self.config.retry_after),
            });
            return id;
        }
        let tag: Arc<str> = self.wire.tag().into();
        let call_id: Arc<str> = self.wire.call_id().into();
        let path = Path::to(&command.target);
        let offered = command.body.is_some();
        let asked = command.session_expires.map(|asked| u32::try_from(asked.as_secs()).unwrap_or(u32::MAX));
        let mut login = command.credentials.clone().map(Login::new);
        let state = State::Calling(Calling { invite: TxId(0), heard: false, offered, early: Vec::new() });
        let mut session = Session::new(id, call_id.clone(), tag.clone(), state);
        session.interval.asked = asked.map(|asked| asked.max(super::MIN_INTERVAL));
        session.described.clone_from(&command.body);
        let out = Outgoing {
            hop: command.target.hop(),
            advertised: command.target.advertised.clone(),
            owner: Owner::Session(id, Purpose::Invite),
            login: login.clone(),
            retries: 0,
            path: Some(path),
            request: self.first_invite(command, &session),
        };
        session.login = login.take();
        let invite = self.send_request(now, out);
        session.replace_request(Purpose::Invite, TxId(0), invite);
        self.keep(Box::new(session));
        id
    }

    /// A response to the INVITE. Tells whether a 2xx found its session.
    pub(super) fn invite_response(
        &mut self,
        now: Instant,
        session: &mut Session,
        tx: TxId,
        response: &Response,
    ) -> bool {
        if response.status.is_provisional() {
            self.invite_progress(now, session, tx, response);
            return true;
        }
        if response.status.is_success() {
            return self.invite_success(now, session, tx, response);
        }
        match &session.state {
            State::Calling(_) => {
                let event = Event::Failed {
                    session: session.id,
                    status: Some(response.status),
                    reason: response.reason.clone(),
                    headers: response.headers.clone(),
                    contacts: redirected(response),
                    retry_after: response
                        .headers
                        .retry_after()
                        .map(|after| Duration::from_secs(after.into())),
                };
                self.end(now, session, State::Done, event);
            }
            State::Cancelling(_) => session.state = State::Done,
            State::Called(_) | State::Up(_) | State::Unacked(..) | State::Leaving(_) | State::Done => {}
        }
        true
    }

    fn invite_progress(&mut self, now: Instant, session: &mut Session, tx: TxId, response: &Response) {
        match &mut session.state {
            State::Cancelling(cancelling) => {
                if !cancelling.heard {
                    cancelling.heard = true;
                    let extra = std::mem::take(&mut cancelling.extra);
                    self.cancel(now, session, tx, &extra);
                }
                return;
            }
            State::Calling(calling) => {
                if !calling.heard {
                    calling.heard = true;
                    self.events.push_back(Event::Trying { session: session.id });
                }
            }
            State::Called(_) | State::Up(_) | State::Unacked(..) | State::Leaving(_) | State::Done => return,
        }
        if response.status != Status::TRYING {
            self.invite_ringing(now, session, tx, response);
        }
    }

    fn invite_ringing(&mut self, now: Instant, session: &mut Session, tx: TxId, response: &Response) {
        let headers = &response.headers;
        let body = body_of(headers, &response.body);
        let rseq = headers.rseq().ok().flatten().filter(|_| headers.has_option(&Name::Require, "100rel"));
        let tag = answering_tag(headers);
        let mut event = Event::Provisional {
            session: session.id,
            status: response.status,
            body: body.clone(),
            reliable: rseq.is_some(),
            headers: headers.clone(),
        };
        if tag.is_empty() {
            return self.events.push_back(event);
        }
        let Some(early) = self.early(session, tx, response, &tag) else { return };
        let Some(rseq) = rseq else {
            if early.exchange == Exchange::Sent {
                early.answer = body.or(early.answer.take());
            }
            return self.events.push_back(event);
        };
        // In order, each once (RFC 3262 4).
        if early.rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
            return;
        }
        early.rseq = Some(rseq);
        match (early.exchange, body) {
            (Exchange::Sent, Some(body)) => {
                early.exchange = Exchange::Settled;
                early.answer = Some(body);
            }
            (Exchange::Open, Some(offer)) => {
                early.exchange = Exchange::Owed(Owed::Prack(rseq));
                if let Event::Provisional { body, .. } = &mut event {
                    *body = None;
                }
                self.events.push_back(event);
                self.events.push_back(Event::Offer { session: session.id, body: offer });
                return self.alarm(session, Alarm::OfferDue, now + self.config.answer_wait);
            }
            _ => {}
        }
        self.events.push_back(event);
        self.send_prack(now, session, (&tag, rseq), None);
        self.flush(now, session);
    }

    /// The early dialog of a response, made when it is new (RFC 3261 12.1.2).
    fn early<'a>(
        &self,
        session: &'a mut Session,
        tx: TxId,
        response: &Response,
        tag: &str,
    ) -> Option<&'a mut Early> {
        let State::Calling(calling) = &mut session.state else { return None };
        let known = calling.early.iter().position(|early| *early.dialog.remote_tag == *tag);
        let at = match known {
            Some(at) => {
                calling.early[at].dialog.learn(&response.headers);
                at
            }
            None if calling.early.len() >= MAX_EARLY => return None,
            None => {
                let dialog = self.dialog_of(tx, response)?;
                let exchange = if calling.offered { Exchange::Sent } else { Exchange::Open };
                calling.early.push(Early { dialog, exchange, rseq: None, answer: None });
                calling.early.len() - 1
            }
        };
        calling.early.get_mut(at)
    }

    fn dialog_of(&self, tx: TxId, response: &Response) -> Option<Dialog> {
        let tx = self.client(tx)?;
        Dialog::of_response(&tx.request, response, tx.path.as_ref()?)
    }

    /// The first 2xx wins; a copy of it is for the transaction, one of another fork for nobody.
    fn invite_success(&mut self, now: Instant, session: &mut Session, tx: TxId, response: &Response) -> bool {
        let tag = answering_tag(&response.headers);
        match &session.state {
            State::Calling(_) => {}
            State::Cancelling(_) => {
                // The answer crossed our CANCEL (RFC 3261 9.1).
                session.alarms.clear_all();
                session.state = State::Done;
                return false;
            }
            // The winner again, while its ACK waits for the user's answer.
            State::Up(up) => return *up.dialog.remote_tag == *tag,
            State::Called(_) | State::Unacked(..) | State::Leaving(_) | State::Done => return false,
        }
        let Some(mut dialog) = self.dialog_of(tx, response) else { return false };
        let State::Calling(calling) = std::mem::replace(&mut session.state, State::Done) else {
            return false;
        };
        let first = if calling.offered { Exchange::Sent } else { Exchange::Open };
        let early = calling.early.into_iter().find(|early| *early.dialog.remote_tag == *tag);
        let (exchange, known) = match early {
            Some(early) => {
                dialog.sequence = dialog.sequence.max(early.dialog.sequence);
                dialog.remote_sequence = early.dialog.remote_sequence;
                dialog.takes_update |= early.dialog.takes_update;
                dialog.knows_timer |= early.dialog.knows_timer;
                (early.exchange, early.answer)
            }
            None => (first, None),
        };
        session.alarms.clear(Alarm::OfferDue);
        session.interval.agreed = Agreed::answered(&response.headers);
        let body = body_of(&response.headers, &response.body);
        let up = Up { dialog, exchange, unacked: None, caller: true };
        session.state = State::Up(Box::new(up));
        self.establish(now, session, tx, (response, body, known));
        true
    }

    fn establish(
        &mut self,
        now: Instant,
        session: &mut Session,
        tx: TxId,
        (response, body, known): (&Response, Option<crate::endpoint::Body>, Option<crate::endpoint::Body>),
    ) {
        let State::Up(up) = &mut session.state else { return };
        let (answer, offer) = match up.exchange {
            Exchange::Sent => (body.or(known), None),
            Exchange::Open => (None, body),
            Exchange::Owed(_) | Exchange::Settled => (known.or(body), None),
        };
        if up.exchange == Exchange::Sent || (up.exchange == Exchange::Open && offer.is_none()) {
            up.exchange = Exchange::Settled;
        }
        // An offer in a reliable 1xx that the user had not answered cannot be answered any more.
        if matches!(up.exchange, Exchange::Owed(Owed::Prack(_))) {
            up.exchange = Exchange::Settled;
        }
        let (id, headers) = (session.id, response.headers.clone());
        self.events.push_back(Event::Established { session: id, body: answer, headers });
        match offer {
            Some(body) => {
                up.exchange = Exchange::Owed(Owed::Ack(tx));
                self.events.push_back(Event::Offer { session: id, body });
                self.alarm(session, Alarm::OfferDue, now + self.config.answer_wait);
            }
            None => self.acknowledge(now, tx, &up.dialog, None),
        }
        self.arm(now, session);
        self.flush(now, session);
    }

    pub(super) fn invite_undelivered(&mut self, now: Instant, session: &mut Session, failed: RequestFailed) {
        match &session.state {
            State::Calling(_) => {
                let event = Event::Failed {
                    session: session.id,
                    status: None,
                    reason: failed.to_string(),
                    headers: Headers::new(),
                    contacts: Vec::new(),
                    retry_after: None,
                };
                self.end(now, session, State::Done, event);
            }
            State::Cancelling(_) => {
                session.alarms.clear_all();
                session.state = State::Done;
            }
            State::Called(_) | State::Up(_) | State::Unacked(..) | State::Leaving(_) | State::Done => {}
        }
    }

    fn first_invite(&self, command: Invite, session: &Session) -> Request {
        let Invite { target, request_uri, from, to, extra, route, body, .. } = command;
        let mut request = Request::new(Method::Invite, request_uri);
        let headers = &mut request.headers;
        if !extra.contains(&Name::MaxForwards) {
            headers.push(Name::MaxForwards, 70);
        }
        for hop in &route {
            headers.push(Name::Route, hop);
        }
        if !extra.contains(&Name::Contact) {
            let user = from.uri.raw_user();
            headers.push(Name::Contact, contact(user, target.transport, &target.advertised));
        }
        headers.push(Name::From, from.with_tag(&session.local_tag));
        headers.push(Name::To, to.without_tag());
        headers.push(Name::CallId, &session.call_id);
        headers.push(Name::CSeq, CSeq { number: 1, method: Method::Invite });
        self.abilities.introduce(headers);
        if let Some(asked) = session.interval.asked {
            headers.push(Name::SessionExpires, asked);
            headers.push(Name::MinSe, super::MIN_INTERVAL);
        }
        headers.extend(&extra);
        match body {
            Some(body) => request.with_body(&body.media_type, body.bytes),
            None => request,
        }
    }
}

/// Where a 3xx says to go instead, best first (RFC 3261 8.1.3.4).
fn redirected(response: &Response) -> Vec<NameAddr> {
    if !response.status.is_redirect() {
        return Vec::new();
    }
    let mut contacts = response.headers.contacts().unwrap_or_default();
    contacts.retain(|contact| contact.uri.scheme() != Scheme::Other);
    let preference = |contact: &NameAddr| {
        let q = contact.params.get("q").and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0);
        (q.clamp(0.0, 1.0) * 1000.0) as u32
    };
    contacts.sort_by_key(|contact| std::cmp::Reverse(preference(contact)));
    contacts.truncate(MAX_REDIRECTS);
    contacts
}
