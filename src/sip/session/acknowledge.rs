//! ACK of our 2xx comes, or does not (RFC 3261 13.3.1.4).

use std::time::Instant;

use super::{Exchange, Session, State, body_of};
use crate::endpoint::{Alarm, EndedBy, Endpoint, Event, SessionId};
use crate::{Headers, Name, Request};

impl Endpoint {
    /// An ACK within a dialog.
    pub(crate) fn session_ack(&mut self, now: Instant, id: SessionId, request: &Request, number: u32) {
        self.with(id, |endpoint, session| {
            let (State::Up(up) | State::Unacked(up, _)) = &mut session.state else { return };
            let Some(unacked) = up.unacked.take_if(|unacked| unacked.number == number) else { return };
            session.alarms.clear(Alarm::Resend);
            if let State::Unacked(_, extra) = &mut session.state {
                let extra = std::mem::take(extra);
                return endpoint.leave(now, session, extra);
            }
            let State::Up(up) = &mut session.state else { return };
            if unacked.describes {
                up.exchange = Exchange::Settled;
                if let Some(body) = body_of(&request.headers, &request.body) {
                    endpoint.events.push_back(Event::Answer { session: session.id, body });
                }
            }
            if unacked.first {
                endpoint.events.push_back(Event::Confirmed { session: session.id });
            }
            endpoint.flush(now, session);
        });
    }

    /// Nobody acknowledged for 64·T1.
    pub(super) fn give_up_unacked(&mut self, now: Instant, session: &mut Session) {
        match &mut session.state {
            State::Called(_) => self.give_up_called(now, session),
            State::Up(_) => {
                let mut reason = Headers::new();
                reason.push(Name::Reason, "SIP;cause=408;text=\"ACK Missing\"");
                self.depart(now, session, reason, EndedBy::AckLost);
            }
            State::Unacked(_, extra) => {
                let extra = std::mem::take(extra);
                self.leave(now, session, extra);
            }
            State::Calling(_) | State::Cancelling(_) | State::Leaving(_) | State::Done => {}
        }
    }
}
