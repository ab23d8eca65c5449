//! Changing an established session from this side: re-INVITE, or UPDATE before the answer (RFC 3261 14.1, RFC 3311).

use std::time::{Duration, Instant};

use super::expire::Agreed;
use super::{Exchange, Session, State, answering_tag, body_of};
use crate::dialog::Dialog;
use crate::endpoint::{Alarm, Body, EndedBy, Endpoint, Event, Purpose, RequestFailed, SessionId, TxId};
use crate::{Headers, Method, Response, Status};

/// How often an offer is tried again after a glare.
const MAX_GLARES: u8 = 8;
/// The longest a peer may put our offer off.
const MAX_PUT_OFF: u32 = 10;

impl Session {
    /// The dialog in which we may change something now.
    pub(super) fn current(&mut self) -> Option<(&mut Dialog, &mut Exchange)> {
        match &mut self.state {
            State::Up(up) => Some((&mut up.dialog, &mut up.exchange)),
            State::Called(called) => Some((&mut called.dialog, &mut called.exchange)),
            State::Calling(calling) => {
                let settled = calling.early.iter_mut().rev();
                let mut settled = settled.filter(|early| early.exchange == Exchange::Settled);
                settled.next().map(|early| (&mut early.dialog, &mut early.exchange))
            }
            State::Cancelling(_) | State::Unacked(..) | State::Leaving(_) | State::Done => None,
        }
    }

    /// How an offer may be sent now, if it may.
    fn way(&mut self) -> Option<Method> {
        if self.ours.is_some() || self.alarms.get(Alarm::Glare).is_some() {
            return None;
        }
        let up = match &self.state {
            State::Up(up) if up.unacked.is_some() => return None,
            // A description that waits for its PRACK is not settled yet.
            State::Called(called) if called.unacked.is_some() || called.answer.is_some() => return None,
            State::Up(_) => true,
            State::Called(_) | State::Calling(_) => false,
            State::Cancelling(_) | State::Unacked(..) | State::Leaving(_) | State::Done => return None,
        };
        let (dialog, exchange) = self.current()?;
        if *exchange != Exchange::Settled {
            return None;
        }
        if up { Some(Method::Invite) } else { dialog.takes_update.then_some(Method::Update) }
    }
}

impl Endpoint {
    /// Offers the peer something new; waits its turn behind whatever is under way. Ends in `Answer` or `ModifyFailed`,
    /// or with the session.
    pub fn modify(&mut self, now: Instant, id: SessionId, body: Body) {
        self.with(id, |endpoint, session| {
            if session.is_alive() {
                session.pending = Some(body);
                endpoint.flush(now, session);
            }
        });
    }

    /// After a glare: the refused offer, and any that waits behind it, may be older than an answer given meanwhile, and
    /// the version in its origin line must not go back (RFC 3264 8). The user is asked for it anew.
    pub(super) fn try_again(&mut self, now: Instant, session: &mut Session) {
        if std::mem::take(&mut session.outdated) && session.is_alive() {
            session.pending = None;
            self.events.push_back(Event::OfferOutdated { session: session.id });
        } else {
            self.flush(now, session);
        }
    }

    /// Sends the offer that waits, if its turn has come.
    pub(super) fn flush(&mut self, now: Instant, session: &mut Session) {
        if session.pending.is_none() {
            return;
        }
        if let Some(method) = session.way()
            && let Some(body) = session.pending.take()
        {
            self.send_change(now, session, method, (Some(body), Purpose::Modify));
        }
    }

    /// A response to our re-INVITE or UPDATE. Tells whether a 2xx was taken.
    pub(super) fn modify_response(
        &mut self,
        now: Instant,
        session: &mut Session,
        (tx, purpose): (TxId, Purpose),
        response: &Response,
    ) -> bool {
        if response.status.is_provisional() {
            return true;
        }
        let Some(ours) = session.ours.take_if(|ours| ours.tx == tx) else { return false };
        let offered = ours.body.is_some();
        let tag = answering_tag(&response.headers);
        let Some((dialog, exchange)) = session.slot(&tag) else { return false };
        if offered {
            *exchange = Exchange::Settled;
        }
        if response.status.is_success() {
            dialog.learn(&response.headers);
            if ours.is_invite {
                self.acknowledge(now, tx, dialog, None);
            }
            if offered {
                // What was refused is nothing to refresh the session with.
                session.described = ours.body;
            }
            if let Some(body) = body_of(&response.headers, &response.body).filter(|_| offered) {
                self.events.push_back(Event::Answer { session: session.id, body });
            }
            session.glares = 0;
            if matches!(session.state, State::Up(_)) {
                let agreed = Agreed::answered(&response.headers);
                self.agree(now, session, agreed);
            }
            self.flush(now, session);
            return true;
        }
        match response.status {
            // The peer has forgotten the session (RFC 3261 12.2.1.2).
            Status::REQUEST_TIMEOUT | Status::NO_CALL => self.vanish(now, session, EndedBy::NotKnown),
            status => {
                let later = self.put_off(session, status, response.headers.retry_after());
                self.modify_refused(now, session, (purpose, status), later);
            }
        }
        true
    }

    /// How long to wait before trying again, when the refusal says that this is only a matter of time.
    fn put_off(&mut self, session: &Session, status: Status, after: Option<u32>) -> Option<Duration> {
        let is_owner = match &session.state {
            State::Up(up) => up.caller,
            State::Calling(_) => true,
            State::Called(_)
            | State::Cancelling(_)
            | State::Unacked(..)
            | State::Leaving(_)
            | State::Done => false,
        };
        match status {
            // RFC 3261 14.1: 2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the other, in steps of 10 ms.
            Status::REQUEST_PENDING => {
                let (low, high) = if is_owner { (210, 401) } else { (0, 201) };
                Some(Duration::from_millis(u64::from(self.wire.between(low, high)) * 10))
            }
            Status::SERVER_ERROR => {
                after.filter(|after| *after <= MAX_PUT_OFF).map(|after| Duration::from_secs(after.into()))
            }
            _ => None,
        }
    }

    fn modify_refused(
        &mut self,
        now: Instant,
        session: &mut Session,
        (purpose, status): (Purpose, Status),
        later: Option<Duration>,
    ) {
        if purpose == Purpose::Refresh {
            if matches!(status, Status::METHOD_NOT_ALLOWED | Status::NOT_IMPLEMENTED)
                && let Some((dialog, _)) = session.current()
            {
                dialog.takes_update = false;
            }
            let again = now + later.unwrap_or(Duration::from_secs(2));
            self.alarm(session, Alarm::Refresh, again);
            return self.flush(now, session);
        }
        match later {
            Some(later) if session.glares < MAX_GLARES => {
                session.glares += 1;
                session.outdated = true;
                self.alarm(session, Alarm::Glare, now + later);
            }
            _ => {
                session.glares = 0;
                self.events.push_back(Event::ModifyFailed { session: session.id, status: Some(status) });
                self.flush(now, session);
            }
        }
    }

    pub(super) fn modify_undelivered(
        &mut self,
        now: Instant,
        session: &mut Session,
        tx: TxId,
        failed: RequestFailed,
    ) {
        if session.ours.take_if(|ours| ours.tx == tx).is_some() {
            let how = match failed {
                RequestFailed::Timeout => EndedBy::NotKnown,
                RequestFailed::Transport => EndedBy::Transport,
            };
            self.vanish(now, session, how);
        }
    }

    /// The peer is gone. An established session still gets its BYE, in case only one way is broken.
    pub(super) fn vanish(&mut self, now: Instant, session: &mut Session, how: EndedBy) {
        // Before the answer the INVITE transaction itself will tell.
        if matches!(session.state, State::Up(_)) {
            self.depart(now, session, Headers::new(), how);
        }
    }
}
