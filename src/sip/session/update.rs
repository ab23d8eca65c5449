//! The peer's UPDATE, with an offer or without, before and after the answer (RFC 3311 5.2).

use std::time::Instant;

use super::expire::{Agreed, MIN_INTERVAL};
use super::{Exchange, Session, body_of, remote_tag};
use crate::endpoint::{Endpoint, TxId, Within};
use crate::{Name, Status};

impl Endpoint {
    pub(super) fn update_request(&mut self, now: Instant, session: &mut Session, within: Within) {
        let headers = &within.request.headers;
        let tag = remote_tag(headers);
        let agreed = session.interval.agreed;
        let Some((dialog, exchange)) = session.slot(&tag) else {
            return self.reply_status(now, within.tx, Status::NO_CALL);
        };
        let offer = body_of(headers, &within.request.body);
        if offer.is_some() {
            match exchange {
                Exchange::Sent => return self.reply_status(now, within.tx, Status::REQUEST_PENDING),
                Exchange::Owed(_) => return self.put_peer_off(now, within.tx),
                // Before the first answer there is nothing to update (RFC 3311 5.1).
                Exchange::Open => return self.put_peer_off(now, within.tx),
                Exchange::Settled => {}
            }
        }
        let Ok(agreeing) = Agreed::answering_within(headers, agreed) else {
            return self.refuse_interval(now, within.tx);
        };
        dialog.learn(headers);
        session.interval.agreeing = agreeing;
        match offer {
            Some(offer) => self.owe_reply(now, session, &within, offer),
            None => self.accept_refresh(now, session, &tag, within.tx),
        }
    }

    /// 200 to a request that only refreshes (RFC 4028 7.4).
    fn accept_refresh(&mut self, now: Instant, session: &mut Session, tag: &str, tx: TxId) {
        let Some(mut response) = self.draft(tx, Status::OK) else { return };
        if let Some((dialog, _)) = session.slot(tag) {
            let dialog = dialog.clone();
            self.introduce(session, &dialog, &mut response.headers);
        }
        self.reply(now, tx, response);
        self.agree_as_answered(now, session);
    }

    /// 422 to an interval below the least (RFC 4028 9).
    pub(super) fn refuse_interval(&mut self, now: Instant, tx: TxId) {
        if let Some(response) = self.draft(tx, Status::INTERVAL_TOO_SMALL) {
            self.reply(now, tx, response.with(Name::MinSe, MIN_INTERVAL));
        }
    }

    /// 500 with a Retry-After of up to ten seconds: one thing after the other (RFC 3261 14.2).
    pub(super) fn put_peer_off(&mut self, now: Instant, tx: TxId) {
        let after = self.wire.between(0, 11);
        if let Some(response) = self.draft(tx, Status::SERVER_ERROR) {
            self.reply(now, tx, response.with(Name::RetryAfter, after));
        }
    }
}
