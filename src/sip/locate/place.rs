//! The host as a person configured it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

/// Longest name the DNS can hold (RFC 1035 2.3.4).
const MAX_NAME: usize = 253;

/// A configured host: `127.0.0.1:5090`, `[::1]:5070`, `sip.operator.se`, `sip.operator.se:5080`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// An address, and its port if given.
    Address(IpAddr, Option<u16>),
    /// A name in lower case, and its port if given; a port turns NAPTR and SRV off (RFC 3263 4.2).
    Name(Arc<str>, Option<u16>),
}

/// Why a text is no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Neither an address nor a name.
    #[error("{0:?} is neither an address nor a host name")]
    Host(String),
    /// Not 1 to 65535.
    #[error("{0:?} is no port; write 1 to 65535")]
    Port(String),
}

impl Place {
    /// The address or name, without brackets and port: what a certificate must name.
    pub fn host(&self) -> Arc<str> {
        match self {
            Self::Address(ip, _) => ip.to_string().into(),
            Self::Name(name, _) => name.clone(),
        }
    }

    /// The port, if given.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Address(_, port) | Self::Name(_, port) => *port,
        }
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let text = text.trim();
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::Address(ip, None));
        }
        if let Some(inside) = text.strip_prefix('[') {
            let bad = || PlaceError::Host(text.to_owned());
            let (inner, rest) = inside.split_once(']').ok_or_else(bad)?;
            let ip: Ipv6Addr = inner.parse().map_err(|_| bad())?;
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(parse_port(port)?),
                None if rest.is_empty() => None,
                None => return Err(bad()),
            };
            return Ok(Self::Address(ip.into(), port));
        }
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, Some(parse_port(port)?)),
            None => (text, None),
        };
        match host.parse::<IpAddr>() {
            Ok(ip) => Ok(Self::Address(ip, port)),
            Err(_) => Ok(Self::Name(parse_name(host)?, port)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(ip), Some(_)) => write!(f, "[{ip}]")?,
            Self::Address(ip, _) => write!(f, "{ip}")?,
            Self::Name(name, _) => f.write_str(name)?,
        }
        match self.port() {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

fn parse_port(text: &str) -> Result<u16, PlaceError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&port| digits && port > 0).ok_or_else(|| PlaceError::Port(text.to_owned()))
}

/// A host name (RFC 1123 2.1, underscore allowed because networks use it), in lower case, without the final dot.
pub(super) fn parse_name(text: &str) -> Result<Arc<str>, PlaceError> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label of digits is a mistyped address, never a name.
    let all_digits = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let ok = name.len() <= MAX_NAME
        && name.split('.').all(label_ok)
        && !name.rsplit('.').next().is_some_and(all_digits);
    if ok { Ok(name.to_ascii_lowercase().into()) } else { Err(PlaceError::Host(text.to_owned())) }
}
