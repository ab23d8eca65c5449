//! The peer's re-INVITE (RFC 3261 14.2).

use std::time::Instant;

use super::expire::Agreed;
use super::{Exchange, Owed, Session, State, body_of};
use crate::endpoint::{Alarm, Body, Endpoint, Event, TxId, Within};
use crate::{CSeq, Status};

impl Endpoint {
    pub(super) fn reinvite_request(&mut self, now: Instant, session: &mut Session, within: Within) {
        let ours = session.ours.as_ref().is_some_and(|ours| ours.is_invite || ours.body.is_some());
        let up = match &mut session.state {
            State::Up(up) => up,
            // Our own INVITE is still under way (RFC 3261 14.2); the peer's first one likewise.
            State::Calling(_) => return self.reply_status(now, within.tx, Status::REQUEST_PENDING),
            State::Called(_) => return self.put_peer_off(now, within.tx),
            State::Cancelling(_) | State::Unacked(..) | State::Leaving(_) | State::Done => {
                return self.reply_status(now, within.tx, Status::NO_CALL);
            }
        };
        if ours || up.exchange == Exchange::Sent {
            return self.reply_status(now, within.tx, Status::REQUEST_PENDING);
        }
        if matches!(up.exchange, Exchange::Owed(_)) {
            return self.put_peer_off(now, within.tx);
        }
        let headers = &within.request.headers;
        let Ok(agreeing) = Agreed::answering_within(headers, session.interval.agreed) else {
            return self.refuse_interval(now, within.tx);
        };
        up.dialog.learn(headers);
        // Who sends a re-INVITE has seen our 2xx: its ACK was lost, or comes later (RFC 5407 3.1.4).
        let confirmed = up.unacked.take().is_some_and(|unacked| unacked.first);
        let offer = body_of(headers, &within.request.body);
        let owed = if offer.is_some() { Owed::Reinvite(within.tx) } else { Owed::Wanted(within.tx) };
        up.exchange = Exchange::Owed(owed);
        session.alarms.clear(Alarm::Resend);
        session.interval.agreeing = agreeing;
        self.reply_status(now, within.tx, Status::TRYING);
        let id = session.id;
        if confirmed {
            self.events.push_back(Event::Confirmed { session: id });
        }
        self.events.push_back(match offer {
            Some(body) => Event::Offer { session: id, body },
            None => Event::OfferWanted { session: id },
        });
        self.alarm(session, Alarm::OfferDue, now + self.config.answer_wait);
    }

    /// 200 to a re-INVITE: our answer, or the offer it asked for.
    pub(super) fn accept_reinvite(
        &mut self,
        now: Instant,
        session: &mut Session,
        (tx, after): (TxId, Exchange),
        body: Body,
    ) {
        let Some(mut response) = self.draft(tx, Status::OK) else { return };
        let number = response.headers.cseq().map_or(0, |CSeq { number, .. }| number);
        let State::Up(up) = &mut session.state else { return };
        up.exchange = after;
        let dialog = up.dialog.clone();
        self.introduce(session, &dialog, &mut response.headers);
        let response = response.with_body(&body.media_type, body.bytes);
        self.send_success(now, session, (tx, number, false), response);
        self.agree_as_answered(now, session);
    }
}
