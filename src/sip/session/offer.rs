//! Answering the peer's offers (RFC 3264; where the answer goes: RFC 6337).

use std::time::Instant;

use super::{Exchange, Owed, Session, State};
use crate::endpoint::{Alarm, Body, Endpoint, SessionId, TxId};
use crate::{Headers, Name, Status};

impl Endpoint {
    /// Answers an `Offer`, or gives the offer an `OfferWanted` asks for. Nothing happens when there is none.
    pub fn accept_offer(&mut self, now: Instant, id: SessionId, body: Body) {
        self.with(id, |endpoint, session| endpoint.accept_owed(now, session, body));
    }

    /// Refuses an `Offer` with a status, usually 488; the session stands as before. An offer in the 2xx or a
    /// provisional response to our own INVITE cannot be refused: the call is ended.
    pub fn refuse_offer(&mut self, now: Instant, id: SessionId, status: Status) {
        self.with(id, |endpoint, session| endpoint.refuse_owed(now, session, status));
    }

    fn accept_owed(&mut self, now: Instant, session: &mut Session, body: Body) {
        let Some((tag, owed)) = session.owed() else { return };
        session.alarms.clear(Alarm::OfferDue);
        session.described = Some(body.clone());
        match owed {
            Owed::Invited => return,
            Owed::Ack(tx) => {
                let Some((dialog, exchange)) = session.slot(&tag) else { return };
                *exchange = Exchange::Settled;
                self.acknowledge(now, tx, dialog, Some(body));
            }
            Owed::Prack(rseq) => {
                if let Some((_, exchange)) = session.slot(&tag) {
                    *exchange = Exchange::Settled;
                }
                self.send_prack(now, session, (&tag, rseq), Some(body));
            }
            Owed::Reinvite(tx) => return self.accept_reinvite(now, session, (tx, Exchange::Settled), body),
            Owed::Wanted(tx) => return self.accept_reinvite(now, session, (tx, Exchange::Sent), body),
            Owed::Reply(tx) => self.accept_reply(now, session, (&tag, tx), body),
        }
        self.flush(now, session);
    }

    /// 200 to an UPDATE or PRACK with an offer.
    fn accept_reply(&mut self, now: Instant, session: &mut Session, (tag, tx): (&str, TxId), body: Body) {
        let Some(mut response) = self.draft(tx, Status::OK) else { return };
        if let Some((dialog, exchange)) = session.slot(tag) {
            *exchange = Exchange::Settled;
            let dialog = dialog.clone();
            self.introduce(session, &dialog, &mut response.headers);
        }
        self.reply(now, tx, response.with_body(&body.media_type, body.bytes));
        self.agree_as_answered(now, session);
    }

    /// What a 2xx of ours to a request that refreshes has settled.
    pub(super) fn agree_as_answered(&mut self, now: Instant, session: &mut Session) {
        if matches!(session.state, State::Up(_))
            && let Some(agreed) = session.interval.agreeing
        {
            self.agree(now, session, Some(agreed));
        }
    }

    /// The answer is no, or none came.
    pub(super) fn refuse_owed(&mut self, now: Instant, session: &mut Session, status: Status) {
        let Some((tag, owed)) = session.owed() else { return };
        session.alarms.clear(Alarm::OfferDue);
        match owed {
            Owed::Invited => {}
            Owed::Ack(_) | Owed::Prack(_) => self.end_refused(now, session, owed, &tag),
            Owed::Reinvite(tx) | Owed::Wanted(tx) | Owed::Reply(tx) => {
                if let Some((_, exchange)) = session.slot(&tag) {
                    *exchange = Exchange::Settled;
                }
                session.interval.agreeing = None;
                self.reply_status(
                    now,
                    tx,
                    if status.is_failure() { status } else { Status::NOT_ACCEPTABLE_HERE },
                );
                self.flush(now, session);
            }
        }
    }

    fn end_refused(&mut self, now: Instant, session: &mut Session, owed: Owed, tag: &str) {
        if let Owed::Prack(rseq) = owed {
            self.send_prack(now, session, (tag, rseq), None);
        }
        let mut extra = Headers::new();
        extra.push(Name::Reason, "SIP;cause=488;text=\"Not Acceptable Here\"");
        self.hang_up_session(now, session, extra);
    }
}

impl Session {
    /// What we owe the peer an answer for, and in which dialog.
    fn owed(&self) -> Option<(String, Owed)> {
        let of = |dialog: &crate::dialog::Dialog, exchange: Exchange| match exchange {
            Exchange::Owed(owed) if owed != Owed::Invited => Some((dialog.remote_tag.to_string(), owed)),
            _ => None,
        };
        match &self.state {
            State::Calling(calling) => {
                calling.early.iter().find_map(|early| of(&early.dialog, early.exchange))
            }
            State::Called(called) => of(&called.dialog, called.exchange),
            State::Up(up) => of(&up.dialog, up.exchange),
            State::Cancelling(_) | State::Unacked(..) | State::Leaving(_) | State::Done => None,
        }
    }
}
