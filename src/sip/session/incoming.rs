//! A call comes in (RFC 3261 13.3.1).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::expire::{Agreed, MIN_INTERVAL, TooSmall};
use super::{Called, Exchange, Owed, Reliability, Session, State};
use crate::dialog::Dialog;
use crate::endpoint::{Answerer, EndedBy, Endpoint, Event, SessionId};
use crate::flow::Flow;
use crate::transaction::Key;
use crate::{Name, Request, Response, Status};

impl Endpoint {
    /// The first INVITE of a call: 100 at once, and the user is asked.
    pub(crate) fn receive_invite(&mut self, now: Instant, (flow, key): (Flow, Key), request: Request) {
        let id = SessionId(self.next_id());
        let invite = self.open_server(key, flow, &request, Answerer::Session(id));
        let tag: Arc<str> = self.wire.tag().into();
        let dialog =
            Dialog::of_request(&request, flow, &tag).filter(|_| request.headers.contains(&Name::Contact));
        let Some(dialog) = dialog else {
            let response = Response::to(&request, Status::BAD_REQUEST).with_reason("Missing Contact header");
            return self.reply(now, invite, response);
        };
        let agreeing = match Agreed::answering(&request.headers, self.config.session_expires) {
            Ok(agreeing) => agreeing,
            Err(TooSmall) => {
                let response =
                    Response::to(&request, Status::INTERVAL_TOO_SMALL).with(Name::MinSe, MIN_INTERVAL);
                return self.reply(now, invite, response);
            }
        };
        let replaces = match self.replaced(&request) {
            Ok(replaces) => replaces,
            Err(refusal) => return self.reply(now, invite, *refusal),
        };
        self.reply_status(now, invite, Status::TRYING);
        let reliability = if request.headers.has_option(&Name::Require, "100rel") {
            Reliability::Required
        } else if request.headers.has_option(&Name::Supported, "100rel") {
            Reliability::Supported
        } else {
            Reliability::Unknown
        };
        let offered = !request.body.is_empty();
        let called = Called {
            invite,
            number: dialog.remote_sequence.unwrap_or(0),
            exchange: if offered { Exchange::Owed(Owed::Invited) } else { Exchange::Open },
            reliability,
            rseq: self.wire.between(1, 1 << 30),
            unacked: None,
            queue: VecDeque::new(),
            answer: None,
            last: None,
            dialog,
        };
        let call_id = called.dialog.call_id.clone();
        let mut session = Session::new(id, call_id, tag, State::Called(Box::new(called)));
        session.interval.agreeing = agreeing;
        self.keep(Box::new(session));
        self.events.push_back(Event::Invited { session: id, flow, request: Box::new(request), replaces });
    }

    /// A CANCEL has come in time: 487, and the caller is gone (RFC 3261 9.2). Of a re-INVITE it takes back only that.
    pub(crate) fn session_cancelled(
        &mut self,
        now: Instant,
        id: SessionId,
        invite: crate::endpoint::TxId,
        reason: Option<String>,
    ) {
        self.with(id, |endpoint, session| match &mut session.state {
            State::Called(called) if called.invite == invite => {
                endpoint.refuse_invite(now, session, Status::REQUEST_TERMINATED, &crate::Headers::new());
                let event = Event::Cancelled { session: session.id, reason };
                endpoint.end(now, session, State::Done, event);
            }
            State::Up(up)
                if [Owed::Reinvite(invite), Owed::Wanted(invite)]
                    .map(Exchange::Owed)
                    .contains(&up.exchange) =>
            {
                up.exchange = Exchange::Settled;
                session.alarms.clear(crate::endpoint::Alarm::OfferDue);
                endpoint.reply_status(now, invite, Status::REQUEST_TERMINATED);
                endpoint.flush(now, session);
            }
            _ => {}
        });
    }

    /// The call came to nothing for lack of an acknowledgement.
    pub(super) fn give_up_called(&mut self, now: Instant, session: &mut Session) {
        self.refuse_invite(now, session, Status::SERVER_TIMEOUT, &crate::Headers::new());
        self.end_by(now, session, State::Done, EndedBy::AckLost);
    }
}
