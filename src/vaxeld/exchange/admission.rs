//! Who sends a request: a trunk, known by its address, or a device that proves itself.

use super::{Exchange, Network, Output};
use model::site::Site;
use model::{DeviceId, Now, TrunkId};
use pbx::Origin;
use sip::digest::{Ha1, Verdict};
use sip::flow::Flow;
use sip::guard::{Check, Proximity, place};
use sip::{Headers, Name, NameAddr, Request, Scheme, Status};
use std::net::IpAddr;
use std::time::Duration;

/// Longer names than this are cut where they are kept, in bytes; no device has one.
const CLAIM_MAX: usize = 128;

/// Whether an INVITE is taken.
pub(crate) enum Admitted {
    /// It is.
    Caller { origin: Origin, dialled: String },
    /// It is answered.
    Refused { status: Status, headers: Headers },
}

impl<N: Network> Exchange<N> {
    /// Decides who sends an INVITE and what was dialled.
    pub(crate) fn admit(&mut self, now: Now, flow: Flow, request: &Request) -> Admitted {
        if let Some(trunk) = self.trunk_of(&flow, request) {
            let dialled = self.dialled_by_trunk(&trunk, request);
            let (number, name) = caller(request);
            self.alive(now, &flow);
            self.proved(flow);
            return Admitted::Caller { origin: Origin::Trunk { trunk, number, name }, dialled };
        }
        let Some(dialled) = dialled(request) else {
            return Admitted::Refused { status: Status::UNSUPPORTED_SCHEME, headers: Headers::new() };
        };
        match self.authenticate(now, flow, request) {
            Ok(device) => Admitted::Caller { origin: Origin::Device(device), dialled },
            Err((status, headers)) => Admitted::Refused { status, headers },
        }
    }

    /// Makes a device prove itself: 401 with a challenge, 403 for a wrong secret, and nothing at all to be learned
    /// about which users exist (RFC 3261 section 22).
    pub(crate) fn authenticate(
        &mut self,
        now: Now,
        flow: Flow,
        request: &Request,
    ) -> Result<DeviceId, (Status, Headers)> {
        let source = flow.remote.ip();
        let claimed = self.claimed(request);
        if !self.is_registered_there(&claimed, flow, request) {
            self.may_try(now, (flow, &claimed), request)?;
        }
        let site = self.site.clone();
        let lookup = |user: &str| site.as_deref().and_then(|site| stored(site, user));
        let verdict =
            self.authenticator.verify_request(now.mono, (request, &Name::Authorization, source), lookup);
        match verdict {
            Verdict::Ok { user } => {
                self.challenged.answered(source, &claimed);
                self.guard.succeeded(now.mono, source, &user);
                self.proved(flow);
                Ok(DeviceId::new(user))
            }
            Verdict::Wrong { user } => {
                tracing::debug!(%flow, "a wrong secret");
                self.guard.failed(now.mono, source, &user);
                Err((Status::FORBIDDEN, Headers::new()))
            }
            Verdict::Stale { .. } => {
                self.challenged.answered(source, &claimed);
                let all = self.authenticator.challenge_stale(now.mono, source);
                Err(self.challenge(now, (source, &claimed), (request, all)))
            }
            Verdict::Missing => {
                let all = self.authenticator.challenge(now.mono, source);
                Err(self.challenge(now, (source, &claimed), (request, all)))
            }
        }
    }

    /// What the guard has against it: 403 after wrong guesses, 503 where too much was asked from there.
    fn may_try(
        &mut self,
        now: Now,
        (flow, claimed): (Flow, &str),
        request: &Request,
    ) -> Result<(), (Status, Headers)> {
        let source = flow.remote.ip();
        let refuse = |status: Status, retry_after: Duration| {
            let mut headers = Headers::new();
            headers.push(Name::RetryAfter, retry_after.as_secs().max(1));
            Err((status, headers))
        };
        if let Check::Refuse { retry_after } = self.guard.check(now.mono, source, claimed) {
            return refuse(Status::FORBIDDEN, retry_after);
        }
        if request.headers.contains(&Name::Authorization) {
            return Ok(());
        }
        let proximity = if flow.transport.is_reliable() { Proximity::Connected } else { Proximity::Claimed };
        match self.guard.request(now.mono, (source, proximity), claimed) {
            Check::Refuse { retry_after } => refuse(Status::SERVICE_UNAVAILABLE, retry_after),
            Check::Allow => Ok(()),
        }
    }

    /// Who a request says it is from: the digest's user, or the From header's. Cut, for it is kept.
    fn claimed(&self, request: &Request) -> String {
        let from = || Some(request.headers.from().ok()?.uri.user()?.into_owned());
        let authorized = self.authenticator.claimed(request, &Name::Authorization);
        let mut claimed = authorized.or_else(from).unwrap_or_default();
        claimed.truncate(claimed.floor_char_boundary(CLAIM_MAX));
        claimed
    }

    /// Whether a request comes as only a phone that is registered now sends it: from its very address, or, from the
    /// same place in the net, with the Call-ID or the instance that it registered with. Guesses of others, behind the
    /// same translator or in datagrams that only pretend to come from there, never keep such a phone waiting.
    fn is_registered_there(&self, claimed: &str, flow: Flow, request: &Request) -> bool {
        let instance = || {
            let contacts = request.headers.contacts().unwrap_or_default();
            let value = contacts.first()?.params.unquoted("+sip.instance")?.into_owned();
            Some(value.trim_matches(['<', '>', ' ']).to_owned())
        };
        self.registrar.contacts(claimed).any(|contact| {
            let there = contact.flow;
            (there.transport == flow.transport && there.remote == flow.remote)
                || (place(there.remote.ip()) == place(flow.remote.ip())
                    && (request.headers.call_id() == Ok(&*contact.call_id)
                        || contact
                            .instance
                            .as_deref()
                            .is_some_and(|known| instance().as_deref() == Some(known))))
        })
    }

    /// The other end of a connection is one of ours.
    fn proved(&mut self, flow: Flow) {
        if flow.transport.is_reliable() {
            self.outputs.push_back(Output::Proved(flow));
        }
    }

    fn challenge(
        &mut self,
        now: Now,
        who: (IpAddr, &str),
        what: (&Request, Vec<String>),
    ) -> (Status, Headers) {
        (Status::UNAUTHORIZED, self.challenged.choose(now.mono, who, what))
    }

    /// The trunk that a request comes from. Its exact address decides; where only the IP address fits (operators
    /// send from other ports than they listen on), whoever gives credentials or is one of our devices is a phone.
    fn trunk_of(&self, flow: &Flow, request: &Request) -> Option<TrunkId> {
        let site = self.site.as_deref()?;
        // Several accounts may be with one server: the one that was called, by its contact or by its numbers.
        let mut exact = self.lines.at(flow.remote).peekable();
        if let Some(first) = exact.peek().copied() {
            let user = dialled(request).unwrap_or_default();
            let all: Vec<&TrunkId> = exact.collect();
            let called = |trunk: &&&TrunkId| {
                let number = site.called(&self.dialled_by_trunk(trunk, request));
                number.is_some_and(|number| site.trunk(trunk).is_some_and(|trunk| trunk.owns(number)))
            };
            let contact = all.iter().find(|trunk| self.lines.is_contact(trunk, &user));
            return Some((*contact.or_else(|| all.iter().find(called)).unwrap_or(&first)).clone());
        }
        let from = request.headers.from().ok()?;
        let is_device = from.uri.user().is_some_and(|user| site.device(&user).is_some());
        if is_device || request.headers.contains(&Name::Authorization) {
            return None;
        }
        // Without a number of ours it is no call for us; a stranger on the same host has to prove who it is.
        let ours = |trunk: &&TrunkId| site.called(&self.dialled_by_trunk(trunk, request)).is_some();
        self.lines.on(flow.remote.ip()).find(ours).cloned()
    }

    /// The number called by a trunk. The Request-URI has it, unless the operator sends calls to the contact that we
    /// registered, or to a name of its own: then P-Called-Party-ID (RFC 7315 section 4.2) or To has it. The first that
    /// is a number of the company counts.
    fn dialled_by_trunk(&self, trunk: &TrunkId, request: &Request) -> String {
        let in_uri = dialled(request).unwrap_or_default();
        let called = request.headers.addresses(&Name::PCalledPartyId).unwrap_or_default();
        let named = called.iter().find_map(|address| user(&address.uri));
        let to = request.headers.to().ok().and_then(|to| user(&to.uri));
        let contact = self.lines.is_contact(trunk, &in_uri);
        let uri = Some(in_uri.clone());
        let places = if contact { [named, to.clone(), uri] } else { [uri, named, to.clone()] };
        let site = self.site.as_deref();
        let ours = |number: &String| site.is_some_and(|site| site.called(number).is_some());
        let fallback = if contact { to.unwrap_or(in_uri) } else { in_uri };
        places.into_iter().flatten().find(ours).unwrap_or(fallback)
    }
}

/// The user part of an address, without parameters of a telephone number.
fn user(uri: &sip::Uri) -> Option<String> {
    Some(uri.user()?.split(';').next().unwrap_or_default().to_owned())
}

fn stored(site: &Site, user: &str) -> Option<Ha1> {
    let (_, device) = site.device(user)?;
    Ha1::from_hex(&device.secret.md5, &device.secret.sha256)
}

fn dialled(request: &Request) -> Option<String> {
    number_in(&request.uri)
}

/// The number that an address means: its user part with escapes resolved, `%23` is `#`. `tel:` URIs are numbers whole.
pub(crate) fn number_in(uri: &sip::Uri) -> Option<String> {
    match uri.scheme() {
        // Parameters of a telephone number may be in the user part (RFC 3261 section 19.1.6).
        Scheme::Sip | Scheme::Sips => Some(user(uri).unwrap_or_default()),
        Scheme::Tel => Some(uri.user()?.into_owned()),
        _ => None,
    }
}

/// The caller as a trusted peer shows it (RFC 3325 section 9.2, RFC 3323): asserted, else From; nobody where the
/// caller asks for privacy.
fn caller(request: &Request) -> (Option<String>, Option<String>) {
    let headers = &request.headers;
    let private = headers
        .all(&Name::Privacy)
        .any(|value| value.split(';').any(|word| matches!(word.trim(), "id" | "user" | "header")));
    let from = headers.from().ok();
    let anonymous = from.as_ref().is_none_or(|from| {
        from.uri.user().is_none_or(|user| user.eq_ignore_ascii_case("anonymous"))
            || from.uri.raw_host().eq_ignore_ascii_case("anonymous.invalid")
    });
    // Who knows no P-Asserted-Identity says the same in Remote-Party-ID, privacy included.
    let party = headers.addresses(&Name::RemotePartyId).unwrap_or_default();
    let withheld = |party: &NameAddr| matches!(party.params.get("privacy"), Some("full" | "uri" | "name"));
    if private || anonymous || party.iter().any(withheld) {
        return (None, None);
    }
    let asserted = headers.addresses(&Name::PAssertedIdentity).unwrap_or_default();
    let asserted = if asserted.is_empty() { party } else { asserted };
    let number = asserted.iter().chain(from.iter()).find_map(|address| {
        let user = address.uri.user()?;
        let number = user.split(';').next().unwrap_or_default().to_owned();
        number.chars().any(|sign| sign.is_ascii_digit()).then_some(number)
    });
    let name = asserted.iter().chain(from.iter()).find_map(|address| address.display.clone());
    let name = name.filter(|name| !name.trim().is_empty() && Some(name) != number.as_ref());
    (number, name)
}
