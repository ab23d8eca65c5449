//! Random values and the addresses people see: From, To, asserted identities.

use call::Caller;
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

/// P-Asserted-Identity, and Privacy where the number is not to be shown (RFC 3325 section 9.1, RFC 3323).
pub(crate) fn identity(caller: &Caller, host: &HostPort, extra: &mut Headers) {
    if let Some(uri) = caller.asserted.as_ref().and_then(|number| name(number, host)) {
        let asserted = NameAddr::new(uri);
        let asserted = match caller.name.as_ref().filter(|_| caller.number.is_some()) {
            Some(name) => asserted.named(name.clone()),
            None => asserted,
        };
        extra.push(Name::PAssertedIdentity, asserted);
    }
    if caller.number.is_none() && caller.asserted.is_some() {
        extra.push(Name::Privacy, "id");
    }
}
