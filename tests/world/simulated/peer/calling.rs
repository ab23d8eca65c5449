//! Calling, hanging up, holding.

use super::{Account, Peer, State, at_box};
use crate::world::simulated::site;
use media::Direction;
use model::Now;
use sip::digest::Credentials;
use sip::endpoint::{Body, Invite};
use sip::{Headers, NameAddr};

/// A call to place.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    /// What is dialled.
    pub to: String,
    /// What an operator shows as the caller; phones show their own name.
    pub from: Option<String>,
    /// Whether the INVITE carries a description; without one the box is asked for its own.
    pub describes: bool,
    /// Further headers.
    pub extra: Headers,
}

impl Dial {
    /// As a person dials.
    pub fn to(number: &str) -> Self {
        Self { to: number.to_owned(), from: None, describes: true, extra: Headers::new() }
    }

    /// With a caller's number, as operators send it.
    pub fn from(mut self, number: &str) -> Self {
        self.from = Some(number.to_owned());
        self
    }

    /// Without a description.
    pub fn offerless(mut self) -> Self {
        self.describes = false;
        self
    }
}

impl Peer {
    /// Places a call.
    pub fn dial(&mut self, now: Now, dial: Dial) {
        let (mut negotiation, rtp) = self.negotiation();
        let body = dial.describes.then(|| Body::sdp(negotiation.offer(None)));
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
        self.new_call(session, negotiation, rtp);
    }

    /// Hangs up, gives up or turns down, whatever its newest call is up to.
    pub fn hang_up(&mut self, now: Now) {
        let Some(call) = self.calls.last_mut() else { return };
        call.next_packet = None;
        call.answer_at = None;
        let session = call.session;
        self.endpoint.hang_up(now.mono, session, Headers::new());
    }

    /// Offers something new on its newest call: with [`Direction::SendOnly`] it holds the other side.
    pub fn wish(&mut self, now: Now, direction: Direction) {
        let Some(call) = self.calls.last_mut() else { return };
        call.negotiation.set_direction(direction);
        let offer = call.negotiation.offer(None);
        call.early = call.early.take().map(|_| offer.clone());
        self.endpoint.modify(now.mono, call.session, Body::sdp(offer));
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
