//! Ending: CANCEL, BYE, and the peer's BYE (RFC 3261 9, 15).

use std::time::Instant;

use super::{Cancelling, Exchange, Owed, Session, State, remote_tag};
use crate::endpoint::{Alarm, EndedBy, Endpoint, Outgoing, Owner, Purpose, SessionId, TxId, Within};
use crate::transaction::{ClientInput, PATIENCE};
use crate::{Headers, Method, Name, Response, Status};

impl Endpoint {
    /// Ends a session in whatever way its state asks for: 480, CANCEL or BYE. `Ended` follows at once; what the peer
    /// still has to be told is told within 64·T1. A second call does nothing.
    pub fn hang_up(&mut self, now: Instant, id: SessionId, extra: Headers) {
        self.with(id, |endpoint, session| endpoint.hang_up_session(now, session, extra));
    }

    pub(super) fn hang_up_session(&mut self, now: Instant, session: &mut Session, extra: Headers) {
        match &session.state {
            State::Calling(calling) => {
                let (invite, heard) = (calling.invite, calling.heard);
                self.give_up(invite, &extra);
                let held = if heard { Headers::new() } else { extra.clone() };
                let after = State::Cancelling(Cancelling { invite, heard, extra: held });
                self.end_by(now, session, after, EndedBy::Us);
                // A CANCEL before any provisional response might arrive first (RFC 3261 9.1).
                if heard {
                    self.cancel(now, session, invite, &extra);
                }
            }
            State::Called(_) => {
                self.refuse_invite(now, session, Status::TEMPORARILY_UNAVAILABLE, &extra);
                self.end_by(now, session, State::Done, EndedBy::Us);
            }
            State::Up(_) => self.depart(now, session, extra, EndedBy::Us),
            State::Cancelling(_) | State::Unacked(..) | State::Leaving(_) | State::Done => {}
        }
    }

    /// Ends an established session from this side; BYE waits for the ACK of our 2xx (RFC 3261 15).
    pub(super) fn depart(&mut self, now: Instant, session: &mut Session, extra: Headers, how: EndedBy) {
        let resend = session.alarms.get(Alarm::Resend);
        let State::Up(up) = std::mem::replace(&mut session.state, State::Done) else { return };
        if let Exchange::Owed(Owed::Reinvite(tx) | Owed::Wanted(tx) | Owed::Reply(tx)) = up.exchange {
            self.reply_status(now, tx, Status::REQUEST_TERMINATED);
        }
        self.end_by(now, session, State::Done, how);
        if up.unacked.is_some() {
            session.state = State::Unacked(up, extra);
            if let Some(at) = resend {
                self.alarm(session, Alarm::Resend, at);
            }
        } else {
            // An INVITE whose 2xx waits for the user's answer is acknowledged before the BYE.
            if let Exchange::Owed(Owed::Ack(tx)) = up.exchange {
                self.acknowledge(now, tx, &up.dialog, None);
            }
            session.state = State::Up(up);
            self.leave(now, session, extra);
        }
    }

    /// Sends BYE (RFC 3261 15.1.1).
    pub(super) fn leave(&mut self, now: Instant, session: &mut Session, extra: Headers) {
        session.alarms.clear_all();
        let (State::Up(up) | State::Unacked(up, _)) = std::mem::replace(&mut session.state, State::Done)
        else {
            return;
        };
        let mut dialog = up.dialog;
        let (mut request, hop) = dialog.request(Method::Bye);
        request.headers.extend(&extra);
        let cnonce = self.wire.tag();
        let out = Outgoing::within(&dialog, request, hop, Owner::Session(session.id, Purpose::Bye))
            .authorized(&mut session.login, &cnonce);
        self.send_request(now, out);
        session.state = State::Leaving(Box::new(dialog));
    }

    /// Any final response to BYE is the end.
    pub(super) fn bye_response(&mut self, now: Instant, session: &mut Session, response: &Response) -> bool {
        if response.status.is_final() {
            self.left(now, session);
        }
        true
    }

    /// The BYE has done what it can.
    pub(super) fn left(&mut self, now: Instant, session: &mut Session) {
        self.part_subscriptions(now, session);
        session.state = State::Done;
    }

    /// Sends CANCEL and waits for its effect, but not for ever.
    pub(super) fn cancel(&mut self, now: Instant, session: &mut Session, invite: TxId, extra: &Headers) {
        self.send_cancel(now, invite, extra);
        self.alarm(session, Alarm::Cancelled, now + PATIENCE);
    }

    /// No final response 64·T1 after CANCEL: the call is taken for cancelled.
    pub(super) fn abandon(&mut self, now: Instant, session: &mut Session) {
        if let State::Cancelling(cancelling) = &session.state {
            let invite = cancelling.invite;
            session.state = State::Done;
            self.step_client(now, invite, ClientInput::Abandoned, None);
        }
    }

    /// The peer hangs up (RFC 3261 15.1.2).
    pub(super) fn bye_request(&mut self, now: Instant, session: &mut Session, within: &Within) {
        self.reply_status(now, within.tx, Status::OK);
        let reason = within.request.headers.get(&Name::Reason).map(str::to_owned);
        match &mut session.state {
            State::Called(_) => {
                self.refuse_invite(now, session, Status::REQUEST_TERMINATED, &Headers::new());
                self.end_by(now, session, State::Done, EndedBy::Peer { reason });
            }
            State::Up(up) => {
                if let Exchange::Owed(Owed::Ack(tx)) = up.exchange {
                    self.acknowledge(now, tx, &up.dialog, None);
                }
                self.end_by(now, session, State::Done, EndedBy::Peer { reason });
            }
            State::Calling(calling) => {
                // One fork takes itself out; the INVITE goes on.
                let tag = remote_tag(&within.request.headers);
                calling.early.retain(|early| *early.dialog.remote_tag != *tag);
            }
            State::Unacked(..) => self.left(now, session),
            // Both at once: ours is still to be answered.
            State::Leaving(_) | State::Cancelling(_) | State::Done => {}
        }
    }
}
