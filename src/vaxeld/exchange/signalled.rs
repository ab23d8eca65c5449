//! What the signalling says, and whom it concerns.

use super::leg::{Leg, Signalling};
use super::{Exchange, Network, Output, admission, causes};
use call::{EndedBy, LegEvent};
use media::Direction;
use model::{LegId, Now, Party};
use pbx::Input;
use sip::endpoint::{Body, Event, SessionId};
use sip::{Method, Request, Response, Status};

impl<N: Network> Exchange<N> {
    /// Takes one event of the SIP endpoint.
    pub(crate) fn signalled(&mut self, now: Now, event: Event) {
        match event {
            Event::Invited { session, flow, request, replaces } => {
                self.invited(now, (session, flow), (&request, replaces));
            }
            Event::Request { id, session, flow, request } => {
                self.requested(now, (id, session, flow), &request)
            }
            Event::Response { id, result } => {
                if !self.message_answered(now, id, &result) && !self.waiting_answered(id, &result) {
                    self.lines_response(now, id, result);
                }
            }
            Event::Cancelled { session, .. } => self.over(now, session, LegEvent::Ended(EndedBy::Party)),
            Event::Ended { session, how } => {
                if let Some(leg) = self.sessions.get(&session).copied() {
                    self.note_end(now, leg, &how);
                }
                self.over(now, session, LegEvent::Ended(ended_by(&how)));
            }
            Event::Failed { session, status, reason, contacts, retry_after, .. } => {
                if let (Some(leg), Some(Status::SERVICE_UNAVAILABLE), Some(after)) =
                    (self.sessions.get(&session).copied(), status, retry_after)
                {
                    self.trunk_pauses(now, leg, after);
                }
                let to = contacts.iter().find_map(|contact| admission::number_in(&contact.uri));
                self.failed(now, session, (status, reason), to);
            }
            Event::Trying { session } => self.tell(now, session, LegEvent::Trying),
            Event::Provisional { session, status, body, .. } => self.provisional(now, session, status, body),
            Event::Established { session, body, .. } => self.established(now, session, body),
            Event::Offer { session, body } => self.offered(now, session, &body),
            Event::OfferWanted { session } => self.offer_wanted(now, session),
            Event::Answer { session, body } => self.answered(now, session, &body),
            Event::OfferOutdated { session } => self.offer_anew(now, session),
            Event::ModifyFailed { session, status } => {
                tracing::debug!(%session, ?status, "the peer keeps its old description");
                self.withdraw_offer(session);
                self.refused_fax(now, session);
            }
            Event::Stalled { flow } => {
                tracing::debug!(%flow, "a connection is closed: its message does not end");
                self.outputs.push_back(Output::Disconnect(flow));
            }
            // The sound decides whether a leg lives; an ACK without a description adds nothing.
            Event::Confirmed { .. } => {}
            Event::Info { .. } => {}
            Event::Digit { session, digit, lasting } => self.pressed(now, session, (digit, lasting)),
            Event::Referred { subscription, session, referral, .. } => {
                self.referred(now, (subscription, session), &referral);
            }
            Event::Subscribed { subscription, flow, subscribe, request } => {
                self.subscribed(now, (subscription, flow), (&subscribe, &request));
            }
            Event::Renewed { subscription } => self.tell_watcher(now, subscription),
            Event::Unsubscribed { subscription, .. } => self.unsubscribed(subscription),
            Event::ReferProgress { .. } => {}
        }
    }

    /// Tells the core about the leg of a session.
    pub(crate) fn tell(&mut self, now: Now, session: SessionId, event: LegEvent) {
        if let Some(leg) = self.sessions.get(&session).copied() {
            if let Some(entry) = self.legs.get_mut(&leg) {
                entry.alive = true;
            }
            self.trunk_answers(now, leg);
            self.pbx.handle_input(now, Input::Leg { leg, event });
        }
    }

    fn provisional(&mut self, now: Now, session: SessionId, status: Status, body: Option<Body>) {
        let Some(leg) = self.sessions.get(&session).copied() else { return };
        let early = body.is_some_and(|body| self.early_answer(now, leg, &body));
        let event = match status.code() {
            _ if early => LegEvent::Early,
            180 => LegEvent::Ringing,
            _ => LegEvent::Trying,
        };
        self.pbx.handle_input(now, Input::Leg { leg, event });
    }

    fn established(&mut self, now: Now, session: SessionId, body: Option<Body>) {
        let Some(leg) = self.sessions.get(&session).copied() else { return };
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.signalling = Signalling::Up(session);
            entry.up = Some(now.mono);
            entry.again = None;
        }
        self.trunk_answers(now, leg);
        match body
            .map_or(Err("the answer has no description".to_owned()), |body| self.agree(now, leg, &body.bytes))
        {
            Ok(()) => self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Answered }),
            Err(why) => {
                let party = self.legs.get(&leg).map(|leg| leg.party.clone());
                let cause =
                    party.map_or(model::Cause::NoAnswer, |party| causes::cause(&party, Status::new(488)));
                self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Failed { cause, said: why } });
                self.end_session(now, leg, sip::Headers::new());
            }
        }
    }

    fn failed(
        &mut self,
        now: Now,
        session: SessionId,
        (status, reason): (Option<Status>, String),
        to: Option<String>,
    ) {
        if status == Some(Status::NOT_ACCEPTABLE_HERE) && self.insist(now, session) {
            return;
        }
        let Some(leg) = self.sessions.get(&session).copied() else { return };
        let Some(party) = self.legs.get(&leg).map(|leg| leg.party.clone()) else { return };
        self.trunk_failed(now, leg, status);
        let cause = causes::cause(&party, status);
        let said = status.map_or_else(|| reason.clone(), |status| format!("{} {reason}", status.code()));
        // A phone may say where its user's calls go; where the company's calls go is not for an operator to say.
        let event = match (party, to.filter(|to| !to.is_empty())) {
            (Party::Device { .. }, Some(to)) => LegEvent::Moved { to, said },
            _ => LegEvent::Failed { cause, said },
        };
        self.over(now, session, event);
    }

    /// The session's one terminal event: the core hears of it unless it asked for it, and the sound is closed.
    fn over(&mut self, now: Now, session: SessionId, event: LegEvent) {
        let Some(leg) = self.sessions.remove(&session) else { return };
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        if std::mem::replace(&mut entry.signalling, Signalling::Over) != Signalling::Over {
            self.pbx.handle_input(now, Input::Leg { leg, event });
        }
        self.close_sound(now, leg);
    }

    /// The peer wants to change what was agreed: hold, resume, another codec, another address.
    fn offered(&mut self, now: Now, session: SessionId, body: &Body) {
        let Some(leg) = self.sessions.get(&session).copied() else { return };
        if self.takes_for_fax(now, (leg, session), &body.bytes) {
            return;
        }
        let faxed = self.legs.get(&leg).is_some_and(Leg::is_faxing);
        match self.answer_offer(now, leg, &body.bytes) {
            Ok(answer) => {
                self.sip.accept_offer(now.mono, session, Body::sdp(answer));
                if faxed {
                    self.end_fax_with(now, leg);
                }
            }
            Err(status) => self.sip.refuse_offer(now.mono, session, status),
        }
        self.tell_hold(now, leg);
    }

    fn offer_wanted(&mut self, now: Now, session: SessionId) {
        let Some(leg) = self.sessions.get(&session).copied() else { return };
        match self.offer_again(leg) {
            Some(offer) => self.sip.accept_offer(now.mono, session, Body::sdp(offer)),
            None => self.sip.refuse_offer(now.mono, session, Status::NOT_ACCEPTABLE_HERE),
        }
    }

    /// Our offer crossed with the party's: it goes out again as things are now.
    fn offer_anew(&mut self, now: Now, session: SessionId) {
        let Some(leg) = self.sessions.get(&session).copied() else { return };
        if let Some(offer) = self.offer_again(leg) {
            self.sip.modify(now.mono, session, Body::sdp(offer));
        }
    }

    fn answered(&mut self, now: Now, session: SessionId, body: &Body) {
        let Some(leg) = self.sessions.get(&session).copied() else { return };
        let open = self.legs.get(&leg).and_then(Leg::opened);
        if open.is_some_and(|open| open.negotiation.has_offered_fax()) {
            return self.answered_fax(now, leg, &body.bytes);
        }
        if let Err(why) = self.agree(now, leg, &body.bytes) {
            tracing::info!(leg = leg.0, why, "no agreement about sound; the leg is hung up");
            self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Ended(EndedBy::Vanished) });
            self.end_session(now, leg, sip::Headers::new());
            return;
        }
        self.tell_hold(now, leg);
    }

    /// Tells the core when the party has begun or ended holding us.
    fn tell_hold(&mut self, now: Now, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        let Some(agreed) = entry.agreed() else { return };
        let held = agreed.held_by_peer || agreed.direction == Direction::Inactive;
        if std::mem::replace(&mut entry.held, held) != held {
            let event = if held { LegEvent::Held } else { LegEvent::Resumed };
            self.take_part(leg);
            self.pbx.handle_input(now, Input::Leg { leg, event });
        }
    }

    /// A request outside calls.
    fn requested(
        &mut self,
        now: Now,
        (id, session, flow): (sip::endpoint::IncomingId, Option<SessionId>, sip::flow::Flow),
        request: &Request,
    ) {
        let response = match request.method {
            Method::Register => return self.register(now, id, flow, request),
            // Within a call it goes the same way as without.
            Method::Message => return self.message(now, (id, flow), request),
            Method::Options => Response::to(request, Status::OK)
                .with(sip::Name::Allow, self.sip.allow())
                .with(sip::Name::Accept, "application/sdp")
                .with(
                    sip::Name::Supported,
                    "100rel, timer, path, outbound, gruu, replaces, norefersub, eventlist",
                ),
            _ => {
                tracing::debug!(?session, method = %request.method, "a method without use here");
                Response::to(request, Status::METHOD_NOT_ALLOWED).with(sip::Name::Allow, self.sip.allow())
            }
        };
        match session {
            Some(_) => self.sip.respond(now.mono, id, response),
            None => self.sip.respond_once(now.mono, id, response),
        }
    }
}

fn ended_by(how: &sip::endpoint::EndedBy) -> EndedBy {
    match how {
        sip::endpoint::EndedBy::Peer { .. } => EndedBy::Party,
        sip::endpoint::EndedBy::Us => EndedBy::Us,
        sip::endpoint::EndedBy::Timer
        | sip::endpoint::EndedBy::AckLost
        | sip::endpoint::EndedBy::Transport
        | sip::endpoint::EndedBy::NotKnown => EndedBy::Vanished,
    }
}
