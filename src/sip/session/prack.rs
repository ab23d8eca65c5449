//! PRACK, both ways (RFC 3262).

use std::time::Instant;

use super::{Exchange, Owed, Session, State, body_of, remote_tag};
use crate::endpoint::{Alarm, Body, Endpoint, Event, Outgoing, Owner, Purpose, Within};
use crate::{CSeq, Method, Name, RAck, Status};

impl Endpoint {
    /// Acknowledges a reliable provisional response (RFC 3262 4).
    pub(super) fn send_prack(
        &mut self,
        now: Instant,
        session: &mut Session,
        (tag, rseq): (&str, u32),
        body: Option<Body>,
    ) {
        let State::Calling(calling) = &session.state else { return };
        let Some(invite) = self.client(calling.invite) else { return };
        let Ok(CSeq { number, .. }) = invite.request.headers.cseq() else { return };
        let owner = Owner::Session(session.id, Purpose::Prack);
        let Some(dialog) = session.dialog_mut(tag) else { return };
        let (mut request, hop) = dialog.request(Method::Prack);
        request.headers.push(Name::RAck, RAck { rseq, cseq: CSeq { number, method: Method::Invite } });
        if let Some(body) = body {
            request = request.with_body(&body.media_type, body.bytes);
        }
        let out = Outgoing::within(dialog, request, hop, owner);
        let cnonce = self.wire.tag();
        let out = out.authorized(&mut session.login, &cnonce);
        self.send_request(now, out);
    }

    /// A PRACK comes: it must name the response that waits for it (RFC 3262 3).
    pub(super) fn prack_request(&mut self, now: Instant, session: &mut Session, within: Within) {
        let State::Called(called) = &mut session.state else {
            return self.reply_status(now, within.tx, Status::NO_CALL);
        };
        let matches = within.request.headers.rack().is_ok_and(|rack| {
            rack.cseq.method == Method::Invite
                && rack.cseq.number == called.number
                && called.unacked.as_ref().is_some_and(|unacked| unacked.number == rack.rseq)
        });
        let Some(unacked) = called.unacked.take_if(|_| matches) else {
            return self.reply_status(now, within.tx, Status::NO_CALL);
        };
        session.alarms.clear(Alarm::Resend);
        let body = body_of(&within.request.headers, &within.request.body);
        match (called.exchange, body) {
            // It answers the offer in our response to an offerless INVITE.
            (Exchange::Sent, Some(body)) if unacked.describes => {
                called.exchange = Exchange::Settled;
                self.reply_status(now, within.tx, Status::OK);
                self.events.push_back(Event::Answer { session: session.id, body });
            }
            (Exchange::Settled, Some(body)) => self.owe_reply(now, session, &within, body),
            _ => self.reply_status(now, within.tx, Status::OK),
        }
        self.go_on_ringing(now, session);
    }

    /// What had to wait for the PRACK.
    fn go_on_ringing(&mut self, now: Instant, session: &mut Session) {
        let State::Called(called) = &mut session.state else { return };
        if let Some((body, extra)) = called.answer.take() {
            return self.answer_session(now, session, (body, &extra));
        }
        if let Some((status, body)) = called.queue.pop_front() {
            self.ring_session(now, session, status, body);
        }
        self.flush(now, session);
    }

    /// The offer of an UPDATE or PRACK goes to the user, its answer into the response.
    pub(super) fn owe_reply(&mut self, now: Instant, session: &mut Session, within: &Within, offer: Body) {
        let tag = remote_tag(&within.request.headers);
        let Some((_, exchange)) = session.slot(&tag) else { return };
        *exchange = Exchange::Owed(Owed::Reply(within.tx));
        self.events.push_back(Event::Offer { session: session.id, body: offer });
        self.alarm(session, Alarm::OfferDue, now + self.config.answer_wait);
    }
}
