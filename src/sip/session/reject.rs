//! Refusing a call (RFC 3261 13.3.1.3).

use std::time::Instant;

use super::{Session, State};
use crate::endpoint::{EndedBy, Endpoint, SessionId};
use crate::{Headers, Status};

impl Endpoint {
    /// Refuses a call with a status from 300 up; nothing happens once it is decided.
    pub fn reject(&mut self, now: Instant, id: SessionId, status: Status, extra: Headers) {
        self.with(id, |endpoint, session| {
            if matches!(session.state, State::Called(_)) && (status.is_redirect() || status.is_failure()) {
                endpoint.refuse_invite(now, session, status, &extra);
                endpoint.end_by(now, session, State::Done, EndedBy::Us);
            }
        });
    }

    /// Refuses a call from somebody who has not shown who it is: the response is sent once, and nothing is kept to send it
    /// again or to take its ACK (RFC 3261 26.3.2.4). A copy of the INVITE is a new call. To be said at once: when the 100
    /// has left, this is [`Endpoint::reject`].
    pub fn turn_back(&mut self, now: Instant, id: SessionId, status: Status, extra: &Headers) {
        self.with(id, |endpoint, session| {
            let State::Called(called) = &session.state else { return };
            let invite = called.invite;
            if !endpoint.take_back_trying(invite) {
                endpoint.refuse_invite(now, session, status, extra);
                endpoint.end_by(now, session, State::Done, EndedBy::Us);
                return;
            }
            if let Some(mut response) = endpoint.draft(invite, status).filter(|_| status.is_failure()) {
                response.headers.extend(extra);
                endpoint.reply_once(now, invite, response);
                endpoint.end_by(now, session, State::Done, EndedBy::Us);
            }
        });
    }

    /// Sends the final failure of the first INVITE.
    pub(super) fn refuse_invite(&mut self, now: Instant, session: &Session, status: Status, extra: &Headers) {
        let State::Called(called) = &session.state else { return };
        if let Some(mut response) = self.draft(called.invite, status) {
            response = response.with_to_tag(&session.local_tag);
            response.headers.extend(extra);
            self.reply(now, called.invite, response);
        }
    }
}
