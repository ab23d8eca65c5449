//! Calls that go out: to a contact of a device, or to a host of a trunk.

use super::leg::{Leg, Signalling, Sound};
use super::sound::CODECS;
use super::{Exchange, Network, causes, names};
use crate::exchange::addresses::Own;
use call::{Destination, HangUp, Invite, LegEvent};
use media::{Codec, Encryption};
use model::site::Profile;
use model::{Cause, LegId, Now, Party};
use pbx::Input;
use sip::digest::Credentials;
use sip::endpoint::{Body, OutOfDialog, SessionId};
use sip::flow::{HostPort, Target};
use sip::probe::HostId;
use sip::registrar::Reach;
use sip::{Headers, Method, Name, NameAddr, Status, Uri};
use std::time::Duration;

/// How often a call is checked for life (RFC 4028 recommends half an hour).
const SESSION_EXPIRES: Duration = Duration::from_secs(1800);

/// All that an INVITE needs to know of where it goes.
pub(crate) struct Way {
    pub target: Target,
    pub own: Own,
    pub request_uri: Uri,
    pub to: NameAddr,
    pub route: Vec<NameAddr>,
    pub credentials: Option<Credentials>,
    /// The host in From and asserted identities.
    pub from_host: HostPort,
    /// On a trunk: which of its servers.
    pub slot: Option<HostId>,
}

impl Way {
    /// A request outside any dialog that goes this way.
    pub(crate) fn request(
        self,
        method: Method,
        from: NameAddr,
        (further, body): (&Headers, Body),
    ) -> OutOfDialog {
        let mut headers = Headers::new();
        for hop in &self.route {
            headers.push(Name::Route, hop);
        }
        headers.extend(further);
        OutOfDialog {
            target: self.target,
            method,
            request_uri: self.request_uri,
            from,
            to: self.to,
            headers,
            cseq: None,
            body: Some(body),
            credentials: self.credentials,
        }
    }
}

impl<N: Network> Exchange<N> {
    /// Sets up an outgoing leg. Whatever prevents it is told to the core as the leg's failure.
    pub(crate) fn invite(&mut self, now: Now, leg: LegId, invite: Invite) {
        let party = match &invite.destination {
            Destination::Contact { user, device, .. } => {
                Party::Device { user: user.clone(), device: device.clone() }
            }
            Destination::Trunk { trunk, .. } => Party::Trunk(trunk.clone()),
        };
        let Some((way, from)) = self.way(&invite) else {
            let cause = causes::cause(&party, None);
            return self.never(now, leg, cause, "it cannot be reached now");
        };
        let entry = Leg {
            party,
            signalling: Signalling::Over,
            sound: Sound::Silent,
            own: way.own.clone(),
            offer: None,
            joined: None,
            room: None,
            muted: false,
            held: false,
            alive: false,
            slot: way.slot,
            referral: None,
            cue: None,
            spoken_to: false,
            group: self.legs.get(&invite.parent).map_or(leg.0, |parent| parent.group),
            again: None,
            up: None,
        };
        let faxes = self.wants_fax(invite.parent);
        if faxes && self.encryption(&entry.party) == Encryption::Required {
            let cause = causes::cause(&entry.party, Some(Status::NOT_ACCEPTABLE_HERE));
            return self.never(now, leg, cause, "a fax cannot be encrypted");
        }
        self.legs.insert(leg, entry);
        if let Err(status) = self.open_sound(leg, self.offered_codecs(invite.parent)) {
            tracing::warn!(%status, "an outgoing leg gets no sound");
            self.legs.remove(&leg);
            return self.never(now, leg, Cause::TrunkFailed, "the box has no port left for sound");
        }
        self.send_invite(now, leg, &invite, (way, from));
        let asks_again = |leg: &&mut Leg| matches!(leg.party, Party::Device { .. }) && !faxes;
        if let Some(entry) = self.legs.get_mut(&leg).filter(asks_again) {
            entry.again = Some(Box::new(invite));
        }
    }

    /// A phone that refuses our description is asked once more, and encrypted: those that insist on it take no other
    /// kind of offer, whatever keys are in it. Whether it was asked.
    pub(crate) fn insist(&mut self, now: Now, session: SessionId) -> bool {
        let Some(leg) = self.sessions.get(&session).copied() else { return false };
        let Some(entry) = self.legs.get_mut(&leg) else { return false };
        let waiting = entry.signalling == Signalling::Inviting(session);
        let Some(invite) = entry.again.take().filter(|_| waiting) else { return false };
        let Some(way) = self.way(&invite) else { return false };
        if !self.encrypt(leg) {
            return false;
        }
        self.sessions.remove(&session);
        self.send_invite(now, leg, &invite, way);
        true
    }

    fn send_invite(&mut self, now: Now, leg: LegId, invite: &Invite, (way, from): (Way, NameAddr)) {
        let prefer = self.preferred(invite.parent);
        let fax = self.first_offer_of_fax(leg, invite.parent);
        let body = fax.or_else(|| self.first_offer(leg, prefer)).map(Body::sdp);
        let mut extra = Headers::new();
        let profile = self.profile(&invite.destination);
        names::identity(&invite.caller, &way.from_host, (&profile.identity, &mut extra));
        if invite.by_itself {
            names::answer_by_itself(&mut extra);
        }
        let called = (invite.called.as_str(), &way.from_host);
        names::diversion(&invite.caller, called, (&profile.diversion, &mut extra));
        let session = self.sip.invite(
            now.mono,
            sip::endpoint::Invite {
                target: way.target,
                request_uri: way.request_uri,
                from,
                to: way.to,
                extra,
                route: way.route,
                body,
                credentials: way.credentials,
                session_expires: Some(SESSION_EXPIRES),
            },
        );
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.signalling = Signalling::Inviting(session);
        }
        self.sessions.insert(session, leg);
        if let (Some(call), Some(call_id)) = (self.pbx.call_of(leg), self.sip.call_id(session)) {
            let call_id = call_id.to_owned();
            self.traces.belongs(&call_id, call);
        }
    }

    /// Where an invitation goes, and in whose name.
    fn way(&mut self, invite: &Invite) -> Option<(Way, NameAddr)> {
        let way = match &invite.destination {
            Destination::Contact { contact, .. } => self.way_to_contact(contact.0, &invite.called),
            Destination::Trunk { trunk, host } => self.way_to_trunk(trunk, *host, &invite.called),
        }?;
        let from = names::from(&invite.caller, &way.from_host)?;
        Some((way, from))
    }

    /// How callers are shown there.
    fn profile(&self, destination: &Destination) -> Profile {
        let Destination::Trunk { trunk, .. } = destination else { return Profile::default() };
        let trunk = self.site.as_ref().and_then(|site| site.trunk(trunk));
        trunk.map(|trunk| trunk.profile.clone()).unwrap_or_default()
    }

    /// Ends a leg, whatever its state; the core has already let go of it.
    pub(crate) fn hang_up(&mut self, now: Now, leg: LegId, why: HangUp) {
        let silent = self
            .legs
            .get(&leg)
            .is_some_and(|leg| !leg.alive && matches!(leg.signalling, Signalling::Inviting(_)));
        if silent && why == HangUp::TimeUp {
            self.trunk_failed(now, leg, None);
        }
        self.end_session(now, leg, causes::reason(why));
    }

    pub(crate) fn end_session(&mut self, now: Now, leg: LegId, headers: Headers) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        let session = entry.session();
        entry.signalling = Signalling::Over;
        if let Some(session) = session {
            self.sip.hang_up(now.mono, session, headers);
        }
        self.close_sound(now, leg);
    }

    /// Asks an established leg whether it is still there.
    pub(crate) fn probe(&mut self, now: Now, leg: LegId) {
        if let Some(Signalling::Up(session)) = self.legs.get(&leg).map(|leg| leg.signalling)
            && let Some(offer) = self.offer_again(leg)
        {
            self.sip.modify(now.mono, session, Body::sdp(offer));
        }
    }

    /// A leg that was never sent.
    fn never(&mut self, now: Now, leg: LegId, cause: Cause, said: &str) {
        self.legs.remove(&leg);
        let failed = LegEvent::Failed { cause, said: said.to_owned() };
        self.pbx.handle_input(now, Input::Leg { leg, event: failed });
        self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Closed(None) });
    }

    pub(crate) fn way_to_contact(&mut self, contact: u64, called: &str) -> Option<Way> {
        let contact = self.registrar.contact(contact)?;
        let (uri, path) = (contact.uri.clone(), contact.path.clone());
        let (flow, reach) = match contact.reach() {
            Reach::Flow(flow) => (flow, Some(flow)),
            Reach::Dial(flow) => (flow, None),
            Reach::Nowhere => return None,
        };
        let source = self.network.source(flow.remote.ip());
        let own = self.addresses.on(&flow, source);
        let target = match reach {
            Some(flow) => self.addresses.back(flow, source),
            None => self.addresses.target(flow.transport, (flow.remote, None), source)?.0,
        };
        let to = NameAddr::new(names::name(called, &own.advertised)?);
        let route = path.iter().filter_map(|hop| NameAddr::parse(hop)).collect();
        let from_host = own.advertised.clone();
        Some(Way { target, own, request_uri: uri, to, route, credentials: None, from_host, slot: None })
    }

    /// What the caller can speak comes first, so that little has to be transcoded; then all we can.
    fn offered_codecs(&self, parent: LegId) -> Vec<Codec> {
        let mut codecs = self.callers_codecs(parent);
        for codec in CODECS {
            if !codecs.contains(&codec) {
                codecs.push(codec);
            }
        }
        codecs
    }

    fn preferred(&self, parent: LegId) -> Option<Codec> {
        let agreed = self.legs.get(&parent).and_then(Leg::codec);
        agreed.or_else(|| self.callers_codecs(parent).first().copied())
    }

    fn callers_codecs(&self, parent: LegId) -> Vec<Codec> {
        let offer = self.legs.get(&parent).and_then(|leg| leg.offer.as_deref());
        let offered = offer.and_then(|offer| media::Negotiation::codecs_in(offer).ok());
        let mut known: Vec<Codec> = offered.unwrap_or_default();
        known.retain(|codec| CODECS.contains(codec));
        known
    }
}
