//! Answering a call: 200, sent again until acknowledged (RFC 3261 13.3.1.4).

use std::time::Instant;

use super::{Exchange, Owed, Session, State, Unacked, Up};
use crate::endpoint::{Alarm, Body, Endpoint, SessionId, TxId};
use crate::flow::{Hop, SendToken};
use crate::transaction::{PATIENCE, Resend, T2};
use crate::{Headers, Name, Response, Status};

impl Endpoint {
    /// Answers a call. The body is the answer, or the offer when the INVITE had none. While a
    /// reliable response waits for its PRACK the answer waits too: RFC 3262 3 asks for that when it has a description.
    pub fn answer(&mut self, now: Instant, id: SessionId, body: Body, extra: Headers) {
        self.with(id, |endpoint, session| {
            let State::Called(called) = &mut session.state else { return };
            if called.unacked.is_some() {
                called.queue.clear();
                called.answer.get_or_insert((body, extra));
            } else {
                endpoint.answer_session(now, session, (body, &extra));
            }
        });
    }

    pub(super) fn answer_session(
        &mut self,
        now: Instant,
        session: &mut Session,
        (body, extra): (Body, &Headers),
    ) {
        let State::Called(called) = &session.state else { return };
        let invite = called.invite;
        let Some(mut response) = self.draft(invite, Status::OK) else { return };
        response = response.with_to_tag(&session.local_tag);
        for route in &called.dialog.routes {
            response.headers.push(Name::RecordRoute, route);
        }
        self.introduce(session, &called.dialog, &mut response.headers);
        response.headers.extend(extra);
        let State::Called(called) = std::mem::replace(&mut session.state, State::Done) else { return };
        let exchange = match called.exchange {
            Exchange::Open => Exchange::Sent,
            Exchange::Owed(Owed::Invited) => Exchange::Settled,
            given @ (Exchange::Sent | Exchange::Owed(_) | Exchange::Settled) => given,
        };
        if matches!(called.exchange, Exchange::Open | Exchange::Owed(Owed::Invited)) {
            response = response.with_body(&body.media_type, body.bytes.clone());
            session.described = Some(body);
        } else if session.described.as_ref() != Some(&body) {
            // The caller has our description already; another is a modification.
            session.pending.get_or_insert(body);
        }
        session.alarms.clear(Alarm::Ringing);
        session.alarms.clear(Alarm::Resend);
        let up = Up { dialog: called.dialog, exchange, unacked: None, caller: false };
        session.state = State::Up(Box::new(up));
        self.send_success(now, session, (invite, called.number, true), response);
        let agreed = session.interval.agreeing;
        self.agree(now, session, agreed);
    }

    /// Sends the 2xx of an INVITE and watches for its ACK.
    pub(super) fn send_success(
        &mut self,
        now: Instant,
        session: &mut Session,
        (invite, number, first): (TxId, u32, bool),
        mut response: Response,
    ) {
        let State::Up(up) = &mut session.state else { return };
        let Some(back) = self.back_of(invite) else { return };
        response.headers.push(Name::Server, &self.config.product);
        let resend = Resend::first(now);
        up.unacked = Some(Unacked {
            number,
            payload: response.to_bytes(),
            back,
            resend,
            give_up: now + PATIENCE,
            describes: up.exchange == Exchange::Sent,
            first,
        });
        self.reply(now, invite, response);
        self.alarm(session, Alarm::Resend, resend.at);
    }

    /// The response that waits for PRACK or ACK goes out again, or is given up.
    pub(super) fn resend_unacked(&mut self, now: Instant, session: &mut Session) {
        let (unacked, ceiling) = match &mut session.state {
            State::Called(called) => (&mut called.unacked, PATIENCE),
            State::Up(up) | State::Unacked(up, _) => (&mut up.unacked, T2),
            State::Calling(_) | State::Cancelling(_) | State::Leaving(_) | State::Done => return,
        };
        let Some(waiting) = unacked else { return };
        if now >= waiting.give_up {
            *unacked = None;
            return self.give_up_unacked(now, session);
        }
        self.wire.send(now, Hop::Flow(waiting.back), waiting.payload.clone(), SendToken::UNTRACKED);
        waiting.resend = waiting.resend.doubled(now, ceiling);
        let at = waiting.resend.at.min(waiting.give_up);
        self.alarm(session, Alarm::Resend, at);
    }
}
