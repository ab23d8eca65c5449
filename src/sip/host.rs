//! Hosts and ports as they stand in URIs and Via (RFC 3261 section 25.1, IPv6 per RFC 5118).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::header::digits;

/// A host: a name in lower case, or an address. IPv6 is printed in brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A domain name.
    Name(Box<str>),
    /// An address.
    Ip(IpAddr),
}

impl Host {
    /// Reads a host name, an IPv4 address or an IPv6 address in brackets.
    pub fn parse(text: &str) -> Option<Host> {
        if let Some(inner) = text.strip_prefix('[') {
            return ipv6(inner.strip_suffix(']')?).map(|ip| Host::Ip(ip.into()));
        }
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        {
            return None;
        }
        match text.parse::<Ipv4Addr>() {
            Ok(ip) => Some(Host::Ip(ip.into())),
            Err(_) => Some(Host::Name(text.to_ascii_lowercase().into())),
        }
    }

    /// The address, when the host is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Ip(ip) => Some(*ip),
            Host::Name(_) => None,
        }
    }
}

/// An IPv6 address. The grammar of RFC 3261 allows a third colon before an embedded IPv4 address, and RFC 5118
/// section 4.10 wants that mistake tolerated.
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let strict = text.parse().ok();
    strict.or_else(|| {
        let (_, tail) = text.split_once(":::")?;
        tail.parse::<Ipv4Addr>().ok()?;
        text.replacen(":::", "::", 1).parse().ok()
    })
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Host {
        Host::Ip(ip)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}

/// A host and perhaps a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Authority {
    /// The host.
    pub host: Host,
    /// The port; without one the transport's default applies (RFC 3263).
    pub port: Option<u16>,
}

impl Authority {
    /// Reads `host` or `host:port`, white space around the colon allowed (RFC 3261 section 25.1, `COLON`).
    pub fn parse(text: &str) -> Option<Authority> {
        let colon = match text.rfind(']') {
            Some(end) => text[end..].find(':').map(|at| end + at),
            None => text.find(':'),
        };
        let trim = |text: &str| text.trim_matches([' ', '\t']).to_owned();
        match colon {
            Some(at) => {
                let port: u16 = digits(&trim(&text[at + 1..]))?;
                Some(Authority { host: Host::parse(&trim(&text[..at]))?, port: Some(port) })
            }
            None => Some(Authority { host: Host::parse(&trim(text))?, port: None }),
        }
    }
}

impl From<SocketAddr> for Authority {
    fn from(address: SocketAddr) -> Authority {
        Authority { host: Host::Ip(address.ip()), port: Some(address.port()) }
    }
}

/// The host is a name when it is no address.
impl From<&crate::flow::HostPort> for Authority {
    fn from(advertised: &crate::flow::HostPort) -> Authority {
        let host = match advertised.host.parse() {
            Ok(ip) => Host::Ip(ip),
            Err(_) => Host::Name(advertised.host.to_ascii_lowercase().into()),
        };
        Authority { host, port: Some(advertised.port) }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => write!(f, "{}", self.host),
        }
    }
}
