//! What the endpoint says of itself: Allow, Supported, Allow-Events, each exactly what its configuration names.

use super::{Config, Endpoint};
use crate::{Headers, Method, Name};

/// Option tags that belong to registration and say nothing within a call.
const OF_REGISTRATION: [&str; 3] = ["path", "outbound", "gruu"];

/// The values, made once.
#[derive(Debug)]
pub(crate) struct Abilities {
    allow: String,
    supported: String,
    events: String,
}

impl Abilities {
    /// What this configuration amounts to.
    pub fn of(config: &Config) -> Self {
        let methods: Vec<&str> = config.methods.iter().map(Method::as_str).collect();
        let options = config.supported.iter().map(String::as_str);
        let options: Vec<&str> = options.filter(|tag| !OF_REGISTRATION.contains(tag)).collect();
        Self { allow: methods.join(", "), supported: options.join(", "), events: config.packages.join(", ") }
    }

    /// Adds Allow.
    pub fn allow(&self, headers: &mut Headers) {
        headers.push(Name::Allow, &self.allow);
    }

    /// Adds Allow, Supported and Allow-Events: what an INVITE and its 2xx say of their sender (RFC 3261 13.2.1,
    /// RFC 6665 4.4.4).
    pub fn introduce(&self, headers: &mut Headers) {
        self.allow(headers);
        if !self.supported.is_empty() {
            headers.push(Name::Supported, &self.supported);
        }
        self.allow_events(headers);
    }

    /// Adds Allow-Events, which a 489 must have.
    pub fn allow_events(&self, headers: &mut Headers) {
        if !self.events.is_empty() {
            headers.push(Name::AllowEvents, &self.events);
        }
    }
}

impl Endpoint {
    /// Whether an option may be used with peers.
    pub(crate) fn supports(&self, tag: &str) -> bool {
        self.config.supported.iter().any(|known| known.eq_ignore_ascii_case(tag))
    }

    /// Whether there are subscriptions to this package.
    pub(crate) fn serves(&self, package: &str) -> bool {
        self.config.packages.iter().any(|known| known.eq_ignore_ascii_case(package))
    }
}
