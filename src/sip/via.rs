//! The Via header (RFC 3261 section 20.42, rport per RFC 3581).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::header::digits;
use crate::host::{Authority, Host};
use crate::lex;
use crate::params::Params;

/// What every branch made by an RFC 3261 element begins with (section 8.1.1.7).
pub const MAGIC: &str = "z9hG4bK";

/// One hop a request took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// `UDP`, `TCP`, `TLS`, `WS`, `WSS` or any other token, in upper case.
    pub transport: Box<str>,
    /// Who sent the request over this hop, by its own account.
    pub host: Host,
    /// The port it sent from, by its own account.
    pub port: Option<u16>,
    /// Parameters, `branch` among them.
    pub params: Params,
}

impl Via {
    /// A Via for an own request: `SIP/2.0/<transport> <sent_by>;rport;branch=<branch>`.
    pub fn new(transport: &str, sent_by: &Authority, branch: &str) -> Via {
        let mut params = Params::new();
        params.set("rport", None);
        params.set("branch", Some(branch));
        let transport = transport.to_ascii_uppercase().into();
        Via { transport, host: sent_by.host.clone(), port: sent_by.port, params }
    }

    /// Reads one Via value.
    pub fn parse(text: &str) -> Option<Via> {
        let (protocol, rest) = text.split_once('/')?;
        let (version, rest) = rest.split_once('/')?;
        if !lex::trim(protocol).eq_ignore_ascii_case("SIP") || lex::trim(version) != "2.0" {
            return None;
        }
        let (transport, rest) = lex::trim(rest).split_once([' ', '\t'])?;
        let (sent_by, params) = rest.split_once(';').unwrap_or((rest, ""));
        let Authority { host, port } = Authority::parse(lex::trim(sent_by))?;
        let params = Params::parse(params)?;
        lex::is_token(transport).then(|| Via {
            transport: transport.to_ascii_uppercase().into(),
            host,
            port,
            params,
        })
    }

    /// The branch, the transaction's name.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// The branch, when it names a transaction by itself: made by RFC 3261 rules and more than the bare magic cookie
    /// (RFC 4475 section 3.2.1). Without one, RFC 2543 matching applies (section 17.2.3).
    pub fn unique_branch(&self) -> Option<&str> {
        self.branch().filter(|branch| branch.len() > MAGIC.len() && branch.starts_with(MAGIC))
    }

    /// The address the receiver saw the request come from. RFC 5118 section 4.5: an IPv6 address may be in brackets.
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).parse().ok()
    }

    /// Whether the sender asked for symmetric responses (RFC 3581 section 3), answered or not.
    pub fn wants_rport(&self) -> bool {
        self.params.contains("rport")
    }

    /// The port the receiver saw the request come from.
    pub fn rport(&self) -> Option<u16> {
        self.params.get("rport").and_then(digits)
    }

    /// Where the sender wants responses instead (RFC 3261 section 18.1.1).
    pub fn maddr(&self) -> Option<Host> {
        self.params.get("maddr").and_then(Host::parse)
    }

    /// The multicast scope.
    pub fn ttl(&self) -> Option<u8> {
        self.params.get("ttl").and_then(digits)
    }

    /// Host and port of the sender by its own account (`sent-by`).
    pub fn sent_by(&self) -> Authority {
        Authority { host: self.host.clone(), port: self.port }
    }

    /// Notes where the request really came from (RFC 3261 section 18.2.1, RFC 3581 section 4): `received` when the
    /// sender's own account differs or it asked for `rport`, and the port when it asked for it.
    pub fn stamp(&mut self, source: SocketAddr) {
        let ip = source.ip().to_canonical();
        if self.wants_rport() {
            self.params.set("rport", Some(&source.port().to_string()));
        }
        if self.wants_rport() || self.host.ip() != Some(ip) {
            self.params.set("received", Some(&ip.to_string()));
        }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}{}", self.transport, self.sent_by(), self.params)
    }
}
