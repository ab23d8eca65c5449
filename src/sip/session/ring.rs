//! Ringing: provisional responses, reliable ones included (RFC 3261 13.3.1.1, RFC 3262 3).

use std::time::{Duration, Instant};

use super::{Called, Exchange, Owed, Reliability, Session, State, Unacked};
use crate::endpoint::{Alarm, Body, Endpoint, SessionId};
use crate::transaction::{PATIENCE, Resend};
use crate::{Name, Response, Status};

/// How often ringing is said again; the caller's side gives up after three minutes of silence.
const RING_AGAIN: Duration = Duration::from_secs(60);
/// Provisional responses that may wait behind one without PRACK.
const MAX_QUEUE: usize = 4;

impl Endpoint {
    /// Sends a provisional response, reliably when it carries a description and the caller knows how, or when the
    /// caller wants all of them so. Nothing happens once the call is decided.
    pub fn ring(&mut self, now: Instant, id: SessionId, status: Status, body: Option<Body>) {
        self.with(id, |endpoint, session| endpoint.ring_session(now, session, status, body));
    }

    pub(super) fn ring_session(
        &mut self,
        now: Instant,
        session: &mut Session,
        status: Status,
        body: Option<Body>,
    ) {
        let State::Called(called) = &mut session.state else { return };
        if !status.is_provisional() || status == Status::TRYING || called.answer.is_some() {
            return;
        }
        let reliable = match called.reliability {
            Reliability::Required => true,
            Reliability::Supported => body.is_some(),
            Reliability::Unknown => false,
        };
        if reliable && called.unacked.is_some() {
            // One at a time (RFC 3262 3).
            if called.queue.len() < MAX_QUEUE {
                called.queue.push_back((status, body));
            }
            return;
        }
        // A description given reliably stands; it is not given twice.
        let body = body.filter(|_| matches!(called.exchange, Exchange::Open | Exchange::Owed(Owed::Invited)));
        let Some(mut response) = self.draft(called.invite, status) else { return };
        response = response.with_to_tag(&session.local_tag);
        introduce_early(called, &mut response);
        self.abilities.allow(&mut response.headers);
        if let Some(body) = &body {
            response = response.with_body(&body.media_type, body.bytes.clone());
        }
        called.last = Some(status);
        if reliable {
            called.rseq += 1;
            response.headers.push(Name::Require, "100rel");
            response.headers.push(Name::RSeq, called.rseq);
            if let Some(body) = body.clone() {
                let offered = called.exchange == Exchange::Owed(Owed::Invited);
                called.exchange = if offered { Exchange::Settled } else { Exchange::Sent };
                session.described = Some(body);
            }
            self.watch_reliable(now, session, (&response, body.is_some()));
        }
        if let State::Called(called) = &session.state {
            self.reply(now, called.invite, response);
        }
        self.alarm(session, Alarm::Ringing, now + RING_AGAIN);
    }

    fn watch_reliable(
        &mut self,
        now: Instant,
        session: &mut Session,
        (response, describes): (&Response, bool),
    ) {
        let State::Called(called) = &mut session.state else { return };
        let Some(back) = self.back_of(called.invite) else { return };
        let resend = Resend::first(now);
        called.unacked = Some(Unacked {
            number: called.rseq,
            payload: response.to_bytes(),
            back,
            resend,
            give_up: now + PATIENCE,
            describes,
            first: false,
        });
        self.alarm(session, Alarm::Resend, resend.at);
    }

    /// A minute has passed without an answer: the caller is told again, however long it takes.
    pub(super) fn ring_on(&mut self, now: Instant, session: &mut Session) {
        let State::Called(called) = &session.state else { return };
        if let Some(status) = called.last {
            self.ring_session(now, session, status, None);
            if let State::Called(called) = &session.state
                && called.unacked.is_some()
            {
                self.alarm(session, Alarm::Ringing, now + RING_AGAIN);
            }
        }
    }
}

fn introduce_early(called: &Called, response: &mut Response) {
    // Record-Route goes back unchanged (RFC 3261 12.1.1).
    for route in &called.dialog.routes {
        response.headers.push(Name::RecordRoute, route);
    }
    response.headers.push(Name::Contact, called.dialog.contact());
}
