//! Requests of ours within a session that change nothing about it: INFO, MESSAGE, OPTIONS, REFER.

use std::time::{Duration, Instant};

use super::{Session, State};
use crate::dialog::Dialog;
use crate::endpoint::{
    Body, Digit, EndedBy, Endpoint, Event, Outgoing, Owner, Purpose, RequestFailed, RequestId, SessionId,
};
use crate::{Headers, Method, Name, Response, Status};

impl Session {
    /// The dialog to say something in, while the session lives.
    pub(super) fn speaking(&mut self) -> Option<&mut Dialog> {
        match &mut self.state {
            State::Up(up) => Some(&mut up.dialog),
            State::Called(called) => Some(&mut called.dialog),
            State::Calling(calling) => calling.early.last_mut().map(|early| &mut early.dialog),
            State::Cancelling(_) | State::Unacked(..) | State::Leaving(_) | State::Done => None,
        }
    }
}

impl Endpoint {
    /// Sends an INFO within a session (RFC 6086; the legacy uses have no Info-Package). Ends in one
    /// `Event::Response`.
    pub fn send_info(&mut self, now: Instant, session: SessionId, body: Body, extra: Headers) -> RequestId {
        self.ask_within(now, session, Method::Info, (extra, Some(body)))
    }

    /// Sends a digit by INFO, as `application/dtmf-relay`. Ends in one `Event::Response`.
    pub fn send_digit(
        &mut self,
        now: Instant,
        session: SessionId,
        digit: Digit,
        lasting: Duration,
    ) -> RequestId {
        self.send_info(now, session, crate::body::dtmf::relay(digit, lasting), Headers::new())
    }

    /// Sends a MESSAGE within a session (RFC 3428). Ends in one `Event::Response`.
    pub fn send_message(
        &mut self,
        now: Instant,
        session: SessionId,
        body: Body,
        extra: Headers,
    ) -> RequestId {
        self.ask_within(now, session, Method::Message, (extra, Some(body)))
    }

    fn ask_within(
        &mut self,
        now: Instant,
        session: SessionId,
        method: Method,
        what: (Headers, Option<Body>),
    ) -> RequestId {
        let id = RequestId(self.next_id());
        let sent = self.with(session, |endpoint, session| {
            endpoint.send_within(now, session, (method, Purpose::Request(id)), what).is_some()
        });
        if sent != Some(true) {
            self.events.push_back(Event::Response { id, result: Err(RequestFailed::Transport) });
        }
        id
    }

    /// Sends a request in the session's dialog; gives its CSeq number.
    pub(super) fn send_within(
        &mut self,
        now: Instant,
        session: &mut Session,
        (method, purpose): (Method, Purpose),
        (headers, body): (Headers, Option<Body>),
    ) -> Option<u32> {
        if self.is_exhausted() {
            return None;
        }
        let makes_usage = method == Method::Refer;
        let id = session.id;
        let dialog = session.speaking()?;
        let (mut request, hop) = dialog.request(method);
        if makes_usage {
            request.headers.push(Name::Contact, dialog.contact());
            self.abilities.introduce(&mut request.headers);
        }
        request.headers.extend(&headers);
        if let Some(body) = body {
            request = request.with_body(&body.media_type, body.bytes);
        }
        let number = dialog.sequence;
        let out = Outgoing::within(dialog, request, hop, Owner::Session(id, purpose));
        let cnonce = self.wire.tag();
        let out = out.authorized(&mut session.login, &cnonce);
        self.send_request(now, out);
        Some(number)
    }

    /// A response within a session. A peer that no longer knows it has ended it (RFC 3261 12.2.1.2).
    pub(super) fn within_response(
        &mut self,
        now: Instant,
        session: &mut Session,
        purpose: Purpose,
        response: &Response,
    ) {
        if let Purpose::Refer(id) = purpose {
            self.refer_response(session, id, response);
        }
        if matches!(response.status, Status::REQUEST_TIMEOUT | Status::NO_CALL) {
            self.vanish(now, session, EndedBy::NotKnown);
        }
    }
}
