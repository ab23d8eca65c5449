//! Calling, hanging up, holding.

use super::fax::image;
use super::{Account, Peer, State, at_box};
use crate::world::simulated::site;
use media::{Direction, Negotiation};
use model::Now;
use sip::digest::Credentials;
use sip::endpoint::{Body, Invite};
use sip::{Headers, Name, NameAddr, Status};
use std::net::SocketAddr;

/// What is in the body of an INVITE.
#[derive(Clone, Debug)]
pub(crate) enum Describes {
    /// The phone's own description.
    Itself,
    /// Nothing.
    Nothing,
    /// Its fax machine.
    Fax,
    /// Whatever the story says.
    Text(String),
}

/// A call to place.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    /// What is dialled.
    pub to: String,
    /// What an operator shows as the caller; phones show their own name.
    pub from: Option<String>,
    /// What the INVITE describes; without anything the box is asked for its own.
    pub describes: Describes,
    /// Further headers.
    pub extra: Headers,
}

impl Dial {
    /// As a person dials.
    pub fn to(number: &str) -> Self {
        Self { to: number.to_owned(), from: None, describes: Describes::Itself, extra: Headers::new() }
    }

    /// With a caller's number, as operators send it.
    pub fn from(mut self, number: &str) -> Self {
        self.from = Some(number.to_owned());
        self
    }

    /// Without a description.
    pub fn offerless(mut self) -> Self {
        self.describes = Describes::Nothing;
        self
    }

    /// With its fax machine as its description.
    pub fn faxing(mut self) -> Self {
        self.describes = Describes::Fax;
        self
    }

    /// With any text as its description.
    pub fn describing(mut self, text: &str) -> Self {
        self.describes = Describes::Text(text.replace('\n', "\r\n"));
        self
    }
}

impl Peer {
    /// Places a call.
    pub fn dial(&mut self, now: Now, dial: Dial) {
        let (mut negotiation, rtp) = self.negotiation();
        let faxes = matches!(dial.describes, Describes::Fax);
        let body = match dial.describes {
            Describes::Fax => Some(Body::sdp(image(rtp, 1))),
            Describes::Itself => Some(Body::sdp(self.profile.offer(negotiation.offer(None), rtp))),
            Describes::Nothing => None,
            Describes::Text(text) => Some(Body::sdp(text)),
        };
        let to = at_box(&dial.to);
        let from = dial.from.as_deref().map_or_else(|| self.own_name(), at_box);
        let session = self.endpoint.invite(
            now.mono,
            Invite {
                target: self.target(),
                request_uri: to.uri.clone(),
                from,
                to,
                extra: dial.extra,
                route: Vec::new(),
                body,
                credentials: self.credentials(),
                session_expires: self.profile.session_expires,
            },
        );
        let at = self.new_call(session, negotiation, rtp);
        self.calls[at].fax_wanted = faxes;
    }

    /// Hangs up, gives up or turns down, whatever its newest call is up to.
    pub fn hang_up(&mut self, now: Now) {
        if let Some(newest) = self.calls.len().checked_sub(1) {
            self.hang_up_at(now, newest);
        }
    }

    /// Turns its newest call away and says who should be called instead (RFC 3261 section 8.1.3.4).
    pub fn send_on(&mut self, now: Now, contact: &str) {
        let Some(call) = self.calls.last_mut() else { return };
        call.answer_at = None;
        let mut extra = Headers::new();
        extra.push(Name::Contact, contact);
        self.endpoint.reject(now.mono, call.session, Status::MOVED_TEMPORARILY, extra);
    }

    /// Ends every call it has.
    pub fn hang_up_all(&mut self, now: Now) {
        (0..self.calls.len()).for_each(|at| self.hang_up_at(now, at));
    }

    fn hang_up_at(&mut self, now: Now, at: usize) {
        let call = &mut self.calls[at];
        call.next_packet = None;
        call.answer_at = None;
        let session = call.session;
        self.endpoint.hang_up(now.mono, session, Headers::new());
    }

    /// Offers any text as a description on its newest call; what comes of it is in [`super::Call::refused`].
    pub fn propose(&mut self, now: Now, description: &str) {
        let Some(call) = self.calls.last_mut() else { return };
        self.endpoint.modify(now.mono, call.session, Body::sdp(description.replace('\n', "\r\n")));
    }

    /// Offers something new on its newest call: with [`Direction::SendOnly`] it holds the other side.
    pub fn wish(&mut self, now: Now, direction: Direction) {
        self.wish_in(now, self.calls.len().saturating_sub(1), direction);
    }

    /// The same in any of its calls.
    pub fn wish_in(&mut self, now: Now, call: usize, direction: Direction) {
        let Some(call) = self.calls.get_mut(call) else { return };
        call.negotiation.set_direction(direction);
        let offer = call.offer();
        call.early = call.early.take().map(|_| offer.clone());
        self.endpoint.modify(now.mono, call.session, Body::sdp(offer));
    }

    /// Presses keys on its newest call, one after the other.
    pub fn press(&mut self, digits: &str) {
        if let Some(call) = self.calls.last_mut() {
            call.voice.press(digits);
        }
    }

    /// Forgets the keys of its newest call: its next description has others.
    pub fn changes_key(&mut self) {
        let local = |peer: &Self, rtp| peer.local(rtp, 99);
        let Some(rtp) = self.calls.last().map(|call| call.rtp) else { return };
        let fresh = Negotiation::new(local(self, rtp));
        if let Some(call) = self.calls.last_mut() {
            call.negotiation = fresh;
        }
    }

    /// Goes on with its newest call from another address, and says so in a re-INVITE.
    pub fn moves(&mut self, now: Now, rtp: SocketAddr) {
        let Some(call) = self.calls.last_mut() else { return };
        call.rtp = rtp;
        self.wish(now, Direction::SendReceive);
    }

    /// Is its newest call still going on?
    pub fn is_busy(&self) -> bool {
        self.calls.last().is_some_and(|call| !matches!(call.state, State::Over(_)))
    }

    pub(super) fn credentials(&self) -> Option<Credentials> {
        match &self.account {
            Account::Device(device) => {
                Some(Credentials { user: device.clone(), secret: site::secret(device) })
            }
            Account::Trunk(_) => None,
        }
    }

    pub(super) fn own_name(&self) -> NameAddr {
        match &self.account {
            Account::Device(device) => at_box(device),
            Account::Trunk(_) => at_box("anonymous"),
        }
    }
}
