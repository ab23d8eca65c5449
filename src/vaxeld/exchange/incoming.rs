//! Calls that come in, and what is said to the caller.

use super::leg::{Leg, Signalling, Sound};
use super::sound::{CODECS, refusal};
use super::{Exchange, Network, causes, program};
use crate::exchange::admission::Admitted;
use call::Refusal;
use media::{Encryption, Negotiation};
use model::{Cause, LegId, Now, Party};
use pbx::{Input, Offered, Origin};
use sip::endpoint::{Body, SessionId};
use sip::flow::Flow;
use sip::{Headers, Name, Request, Status};

impl<N: Network> Exchange<N> {
    /// An INVITE came: who is it, and what do they want?
    pub(crate) fn invited(
        &mut self,
        now: Now,
        (session, flow): (SessionId, Flow),
        (request, replaces): (&Request, Option<SessionId>),
    ) {
        let (origin, dialled) = match self.admit(now, flow, request) {
            Admitted::Caller { origin, dialled } => (origin, dialled),
            Admitted::Refused { status, headers } => {
                self.sip.turn_back(now.mono, session, status, &headers);
                return;
            }
        };
        let party = self.party(&origin);
        if let Some(status) = self.unusable(&party, request) {
            self.sip.reject(now.mono, session, status, Headers::new());
            return;
        }
        let replaces = replaces.and_then(|session| self.sessions.get(&session).copied());
        let leg = self.pbx.next_leg();
        let source = self.network.source(flow.remote.ip());
        let own = self.addresses.on(&flow, source);
        let offer = (!request.body.is_empty()).then(|| request.body.clone());
        let entry = Leg {
            party,
            signalling: Signalling::Offered(session),
            sound: Sound::Silent,
            own,
            offer,
            joined: None,
            room: None,
            muted: false,
            held: false,
            alive: false,
            slot: None,
            referral: None,
            cue: None,
            spoken_to: false,
            again: None,
            up: None,
            group: leg.0,
        };
        self.sip.advertise(session, entry.own.advertised.clone());
        self.legs.insert(leg, entry);
        self.sessions.insert(session, leg);
        let offered = Offered { leg, origin, dialled, source: flow.remote.ip(), replaces };
        self.pbx.handle_input(now, Input::Offered(Box::new(offered)));
        if let Some(call) = self.pbx.call_of(leg) {
            self.traces.belongs(request.headers.call_id().unwrap_or_default(), call);
        }
    }

    /// Tells a leg that it rings: one in conversation hears it as a tone.
    pub(crate) fn ring(&mut self, now: Now, leg: LegId) {
        match self.legs.get(&leg).map(|leg| leg.signalling) {
            Some(Signalling::Offered(session)) => self.sip.ring(now.mono, session, Status::RINGING, None),
            Some(Signalling::Up(_)) => self.play(leg, program::ringing()),
            Some(Signalling::Inviting(_) | Signalling::Over) | None => {}
        }
    }

    /// Lets a leg hear another before that one answers. A caller who wants our offer hears its own ringing, and a fax
    /// machine hears nothing.
    pub(crate) fn early(&mut self, now: Now, leg: LegId, from: LegId) {
        let session = match self.legs.get(&leg).map(|leg| leg.signalling) {
            Some(Signalling::Offered(session)) => session,
            Some(Signalling::Up(_)) => return self.join(now, leg, from),
            Some(Signalling::Inviting(_) | Signalling::Over) | None => return,
        };
        let offerless = self.legs.get(&leg).is_some_and(|leg| leg.offer.is_none() && leg.agreed().is_none());
        if offerless || self.wants_fax(leg) {
            self.sip.ring(now.mono, session, Status::RINGING, None);
            return;
        }
        let prefer = self.legs.get(&from).and_then(Leg::codec);
        match self.answer_caller(now, leg, prefer) {
            Ok(answer) => {
                self.join(now, leg, from);
                self.sip.ring(now.mono, session, Status::PROGRESS, Some(Body::sdp(answer)));
            }
            Err(status) => tracing::debug!(leg = leg.0, %status, "no early sound for the caller"),
        }
    }

    /// Lets two legs hear each other; one that came in and has no answer yet is answered with the other's codec.
    pub(crate) fn join_legs(&mut self, now: Now, leg: LegId, with: LegId) {
        for (one, other) in [(leg, with), (with, leg)] {
            if !self.answer(now, one, Some(other)) {
                return;
            }
        }
        self.join(now, leg, with);
    }

    /// Answers a leg that came in, unless that is done, for the one it is to be joined with or for the box. False where
    /// it has no sound in common with the box: then it is over.
    pub(crate) fn answer(&mut self, now: Now, leg: LegId, with: Option<LegId>) -> bool {
        let Some(entry) = self.legs.get_mut(&leg) else { return false };
        let Signalling::Offered(session) = entry.signalling else { return true };
        entry.signalling = Signalling::Up(session);
        entry.up = Some(now.mono);
        match self.final_description(now, leg, with) {
            Ok(body) => {
                self.sip.answer(now.mono, session, Body::sdp(body), Headers::new());
                true
            }
            Err(status) => {
                tracing::info!(leg = leg.0, %status, "the caller and the box have no sound in common");
                let event = call::LegEvent::Ended(call::EndedBy::Vanished);
                self.sip.reject(now.mono, session, status, Headers::new());
                self.pbx.handle_input(now, Input::Leg { leg, event });
                false
            }
        }
    }

    fn final_description(&mut self, now: Now, leg: LegId, with: Option<LegId>) -> Result<Vec<u8>, Status> {
        if self.wants_fax(leg) {
            return self.answer_fax_caller(leg, with);
        }
        let prefer = with.and_then(|with| self.legs.get(&with)).and_then(Leg::codec);
        let offerless = self.legs.get(&leg).is_some_and(|leg| leg.offer.is_none() && leg.agreed().is_none());
        if !offerless {
            return self.answer_caller(now, leg, prefer);
        }
        self.open_sound(leg, CODECS.to_vec())?;
        self.first_offer(leg, prefer).ok_or(Status::SERVER_ERROR)
    }

    /// Turns a leg away: one in conversation is hung up, and told why (RFC 3326).
    pub(crate) fn reject(&mut self, now: Now, leg: LegId, refusal: &Refusal) {
        let faxes = self.wants_fax(leg);
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        let Some(session) = entry.session() else { return };
        let status = match refusal.cause {
            // Whoever cannot fax says no more than no; a machine that hears 488 calls again with sound.
            Cause::Rejected | Cause::TrunkFailed if faxes => Status::NOT_ACCEPTABLE_HERE,
            cause => Status::new(causes::status(cause)).unwrap_or(Status::SERVER_ERROR),
        };
        let mut headers = Headers::new();
        if let Signalling::Up(_) = entry.signalling {
            headers.push(Name::Reason, format_args!("SIP;cause={}", status.code()));
            return self.end_session(now, leg, headers);
        }
        entry.signalling = Signalling::Over;
        if status == Status::SERVICE_UNAVAILABLE {
            headers.push(Name::RetryAfter, "10");
        }
        self.sip.reject(now.mono, session, status, headers);
        self.close_sound(now, leg);
    }

    /// A body that is no session description, or one that cannot be answered: refused before anything rings.
    fn unusable(&self, party: &Party, request: &Request) -> Option<Status> {
        if request.body.is_empty() {
            return None;
        }
        if request.headers.media_type().is_some_and(|kind| kind != "application/sdp") {
            return Some(Status::UNSUPPORTED_MEDIA_TYPE);
        }
        let encryption = self.encryption(party);
        let fits = match Negotiation::is_fax(&request.body) {
            true if encryption == Encryption::Required => return Some(Status::NOT_ACCEPTABLE_HERE),
            true => Negotiation::fax_in(&request.body).map(drop),
            false => Negotiation::fits(&request.body, &CODECS, encryption),
        };
        fits.err().map(|error| refusal(&error))
    }

    fn party(&self, origin: &Origin) -> Party {
        match origin {
            Origin::Trunk { trunk, .. } => Party::Trunk(trunk.clone()),
            Origin::Device(device) => {
                let user = self
                    .site
                    .as_ref()
                    .and_then(|site| site.device(device.as_str()))
                    .map(|(user, _)| user.id.clone());
                Party::Device { user: user.unwrap_or_else(|| device.as_str().into()), device: device.clone() }
            }
        }
    }
}
