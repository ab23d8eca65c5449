//! Being called, and being asked to change a call.

use super::{Manner, Peer, State};
use model::Now;
use sip::endpoint::{Body, SessionId};
use sip::{Headers, Request, Status};

impl Peer {
    pub(super) fn invited(&mut self, now: Now, session: SessionId, request: Request) {
        let (negotiation, rtp) = self.negotiation();
        let at = self.new_call(session, negotiation, rtp);
        if String::from_utf8_lossy(&request.body).contains("\nm=image ") {
            return self.called_by_fax(now, at, request);
        }
        if !request.body.is_empty() {
            // What the answer will be is decided now; the call may still be turned down.
            match self.calls[at].answer(&request.body) {
                Ok((answer, agreed)) => {
                    self.calls[at].early = Some(answer);
                    self.calls[at].agreed = Some(agreed);
                }
                Err(_) => {
                    self.calls[at].invite = Some(request);
                    self.endpoint.reject(now.mono, session, Status::NOT_ACCEPTABLE_HERE, Headers::new());
                    return;
                }
            }
        }
        self.calls[at].invite = Some(request);
        match self.manner {
            Manner::Rings => self.endpoint.ring(now.mono, session, Status::RINGING, None),
            Manner::Answers(after) | Manner::RefusesAfter(after, _) => {
                self.endpoint.ring(now.mono, session, Status::RINGING, None);
                self.calls[at].answer_at = Some(now.mono + after);
            }
            Manner::Refuses(status) => self.endpoint.reject(now.mono, session, status, Headers::new()),
            Manner::Early(after) => {
                self.calls[at].answer_at = after.map(|after| now.mono + after);
                let body = self.calls[at].early.clone().map(Body::sdp);
                self.endpoint.ring(now.mono, session, Status::PROGRESS, body);
                if let Some(agreed) = self.calls[at].agreed.clone() {
                    self.calls[at].agree(now, agreed);
                }
            }
            Manner::Ponders => {}
        }
    }

    /// Time to do what the manner says.
    pub(super) fn decide(&mut self, now: Now, at: usize) {
        match self.manner {
            Manner::RefusesAfter(_, status) => {
                let session = self.calls[at].session;
                self.endpoint.reject(now.mono, session, status, Headers::new());
            }
            _ => self.pick_up(now, at),
        }
    }

    /// Answers a call.
    pub(crate) fn pick_up(&mut self, now: Now, at: usize) {
        let call = &mut self.calls[at];
        call.state = State::Up;
        if call.fax.is_some() {
            let body = call.early.clone().unwrap_or_default();
            return self.endpoint.answer(now.mono, call.session, Body::sdp(body), Headers::new());
        }
        let body = match (&call.early, call.agreed.clone()) {
            (Some(answer), Some(agreed)) => {
                let answer = answer.clone();
                call.agree(now, agreed);
                answer
            }
            _ => call.offer(),
        };
        self.endpoint.answer(now.mono, call.session, Body::sdp(body), Headers::new());
    }

    pub(super) fn offered(&mut self, now: Now, session: SessionId, offer: &[u8]) {
        let Some(at) = self.find(session) else { return };
        if self.offered_fax(now, (session, at), offer) {
            return;
        }
        match self.calls[at].answer(offer) {
            Ok((answer, agreed)) => {
                self.calls[at].early = self.calls[at].early.take().map(|_| answer.clone());
                self.endpoint.accept_offer(now.mono, session, Body::sdp(answer));
                self.calls[at].agree(now, agreed);
            }
            Err(error) => {
                let offer = String::from_utf8_lossy(offer);
                panic!("{} cannot take the box's offer: {error}\n{offer}", self.name)
            }
        }
    }

    pub(super) fn offer_wanted(&mut self, now: Now, session: SessionId) {
        let Some(at) = self.find(session) else { return };
        let offer = self.calls[at].offer();
        self.endpoint.accept_offer(now.mono, session, Body::sdp(offer));
    }
}
