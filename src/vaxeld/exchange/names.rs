//! Random values and the addresses people see: From, To, asserted identities.

use call::{Caller, Diversion};
use model::site::{DiversionHeader, Identity};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use sip::flow::HostPort;
use sip::{Authority, Headers, Name, NameAddr, Uri};

/// A generator seeded by the driver: tests replay exactly.
pub(crate) struct Random(ChaCha12Rng);

impl Random {
    pub fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    /// A seed for another generator.
    pub fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.0.fill_bytes(&mut seed);
        seed
    }
}

/// `sip:USER@HOST`. Ports are left out: these are names, not addresses to send to.
pub(crate) fn name(user: &str, host: &HostPort) -> Option<Uri> {
    let host = if host.host.contains(':') { format!("[{}]", host.host) } else { host.host.to_string() };
    Some(Uri::sip(Some(user), &Authority::parse(&host)?))
}

/// The From of a call: the caller's number and name, or nobody (RFC 3323 section 4.1).
pub(crate) fn from(caller: &Caller, host: &HostPort) -> Option<NameAddr> {
    let Some(number) = &caller.number else {
        let uri = Uri::parse("sip:anonymous@anonymous.invalid").ok()?;
        return Some(NameAddr::new(uri).named("Anonymous"));
    };
    let address = NameAddr::new(name(number, host)?);
    Some(match &caller.name {
        Some(name) => address.named(name.clone()),
        None => address,
    })
}

/// Who vouches for the caller, in the headers that the peer wants, and Privacy where the number is not to be shown
/// (RFC 3325 section 9.1, RFC 3323).
pub(crate) fn identity(caller: &Caller, host: &HostPort, (wanted, extra): (&[Identity], &mut Headers)) {
    let Some(uri) = caller.asserted.as_ref().and_then(|number| name(number, host)) else { return };
    let asserted = NameAddr::new(uri);
    let asserted = match caller.name.as_ref().filter(|_| caller.number.is_some()) {
        Some(name) => asserted.named(name.clone()),
        None => asserted,
    };
    let hidden = caller.number.is_none();
    for header in wanted {
        match header {
            Identity::Asserted => extra.push(Name::PAssertedIdentity, &asserted),
            Identity::Preferred => extra.push(Name::PPreferredIdentity, &asserted),
            Identity::RemoteParty => {
                let privacy = if hidden { "full" } else { "off" };
                let party = format_args!("{asserted};party=calling;screen=yes;privacy={privacy}").to_string();
                extra.push(Name::RemotePartyId, party);
            }
        }
    }
    if hidden {
        extra.push(Name::Privacy, "id");
    }
}

/// Who sent the call on (RFC 5806: the last first; RFC 7044: the first first, with the reasons of RFC 4458).
pub(crate) fn diversion(
    caller: &Caller,
    (called, host): (&str, &HostPort),
    (wanted, extra): (&[DiversionHeader], &mut Headers),
) {
    if caller.diverted.is_empty() {
        return;
    }
    for header in wanted {
        match header {
            DiversionHeader::Diversion => {
                for diverted in caller.diverted.iter().rev() {
                    let Some(uri) = name(&diverted.by, host) else { continue };
                    let why = diversion_reason(diverted.why);
                    extra.push(Name::Diversion, format_args!("<{uri}>;reason={why};counter=1"));
                }
            }
            DiversionHeader::HistoryInfo => {
                let stops = caller.diverted.iter().map(|diverted| diverted.by.as_str()).chain([called]);
                let mut index = String::from("1");
                for (at, stop) in stops.enumerate() {
                    let Some(uri) = name(stop, host) else { continue };
                    let Some(before) = at.checked_sub(1).and_then(|before| caller.diverted.get(before))
                    else {
                        extra.push(Name::HistoryInfo, format_args!("<{uri}>;index={index}"));
                        continue;
                    };
                    let (parent, cause) = (index.clone(), history_cause(before.why));
                    index.push_str(".1");
                    extra.push(
                        Name::HistoryInfo,
                        format_args!("<{uri};cause={cause}>;index={index};mp={parent}"),
                    );
                }
            }
        }
    }
}

/// Asks a phone to answer by itself, in the words that makers understand: RFC 5373, and what Yealink, Snom, Poly,
/// Grandstream and Cisco read.
pub(crate) fn answer_by_itself(extra: &mut Headers) {
    extra.push(Name::Other("Answer-Mode".into()), "Auto");
    extra.push(Name::CallInfo, "<sip:intercom>;answer-after=0");
    extra.push(Name::AlertInfo, "<http://intercom>;info=alert-autoanswer;delay=0");
}

fn diversion_reason(why: Diversion) -> &'static str {
    match why {
        Diversion::Always => "unconditional",
        Diversion::Busy => "user-busy",
        Diversion::NoAnswer => "no-answer",
        Diversion::Unreachable => "unavailable",
        Diversion::Deflected => "deflection",
    }
}

fn history_cause(why: Diversion) -> u16 {
    match why {
        Diversion::Always => 302,
        Diversion::Busy => 486,
        Diversion::NoAnswer => 408,
        Diversion::Unreachable => 503,
        Diversion::Deflected => 480,
    }
}
