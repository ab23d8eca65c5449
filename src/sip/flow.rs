//! Where messages come from and where they go: transports, flows, targets.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// How messages travel (RFC 3261 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams; the transaction layer retransmits.
    Udp,
    /// A byte stream.
    Tcp,
    /// A byte stream under TLS.
    Tls,
}

impl Transport {
    /// True for streams, where the transaction layer does not retransmit (RFC 3261 17.1.1.2).
    pub fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// The spelling in a Via header: `UDP`.
    pub fn in_via(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// The spelling in a URI's `transport` parameter: `udp`.
    pub fn in_uri(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_uri())
    }
}

/// A datagram 5-tuple or an open connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow {
    /// What carries it.
    pub transport: Transport,
    /// The box's own bound address.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
}

/// `udp:10.0.0.5:5060`: the transport and the far end.
impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.remote)
    }
}

/// A host and port as written into Via and Contact; IPv6 without its brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    /// A name or an address.
    pub host: Arc<str>,
    /// Always written, because a missing port means different things in different places.
    pub port: u16,
}

impl HostPort {
    /// A host and port; an IPv6 address comes without brackets.
    pub fn new(host: &str, port: u16) -> Self {
        Self { host: host.into(), port }
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string().into(), port: address.port() }
    }
}

/// `10.0.0.5:5060`, `[2001:db8::1]:5060`.
impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Where an outbound request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What carries it.
    pub transport: Transport,
    /// The next hop's address.
    pub remote: SocketAddr,
    /// Own bound address to send from.
    pub local: SocketAddr,
    /// Host and port for Via and Contact: the public ones when the far end is beyond NAT.
    pub advertised: HostPort,
    /// The name the far end's certificate must have.
    pub tls_name: Option<Arc<str>>,
    /// An existing flow that must be used: a registered phone's (RFC 5626).
    pub reuse: Option<Flow>,
}

impl Target {
    /// A target that answers on the flow something arrived on.
    pub fn back_to(flow: Flow) -> Self {
        Self {
            transport: flow.transport,
            remote: flow.remote,
            local: flow.local,
            advertised: flow.local.into(),
            tls_name: None,
            reuse: Some(flow),
        }
    }

    /// Which door to send through.
    pub fn hop(&self) -> Hop {
        match self.reuse {
            Some(flow) => Hop::Flow(flow),
            None => Hop::Open {
                transport: self.transport,
                local: self.local,
                remote: self.remote,
                tls_name: self.tls_name.clone(),
            },
        }
    }
}

/// How a payload leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hop {
    /// On this socket pair or connection only; a closed connection is undeliverable.
    Flow(Flow),
    /// To this address; streams reuse a connection to it or open one.
    Open {
        /// What carries it.
        transport: Transport,
        /// Own bound address to send from.
        local: SocketAddr,
        /// The far end.
        remote: SocketAddr,
        /// The name the far end's certificate must have.
        tls_name: Option<Arc<str>>,
    },
}

impl Hop {
    /// What carries it.
    pub fn transport(&self) -> Transport {
        match self {
            Self::Flow(flow) => flow.transport,
            Self::Open { transport, .. } => *transport,
        }
    }

    /// The far end.
    pub fn remote(&self) -> SocketAddr {
        match self {
            Self::Flow(flow) => flow.remote,
            Self::Open { remote, .. } => *remote,
        }
    }

    /// The same as a flow, for traces and look-ups.
    pub fn flow(&self) -> Flow {
        match self {
            Self::Flow(flow) => *flow,
            Self::Open { transport, local, remote, .. } => {
                Flow { transport: *transport, local: *local, remote: *remote }
            }
        }
    }
}

/// Names one request attempt, so that its sender can say it could not be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SendToken(pub(crate) u64);

impl SendToken {
    /// On payloads whose loss needs no report: responses, ACKs, keep-alives.
    pub const UNTRACKED: Self = Self(0);
}

/// Bytes to send now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The way out.
    pub to: Hop,
    /// One whole message (or keep-alive).
    pub payload: Vec<u8>,
    /// To hand to `Endpoint::handle_undeliverable` when sending fails.
    pub token: SendToken,
}

/// True for addresses that mean something only on the local network.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || {
                let [a, b, ..] = v4.octets();
                a == 100 && (64..128).contains(&b) // carrier-grade NAT, RFC 6598
            }
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_host_is_written_in_brackets() {
        assert_eq!(HostPort::new("2001:db8::1", 5060).to_string(), "[2001:db8::1]:5060");
        assert_eq!(HostPort::new("sip.example.com", 5061).to_string(), "sip.example.com:5061");
    }

    #[test]
    fn carrier_grade_nat_counts_as_private() {
        assert!(is_private("100.64.1.1".parse().expect("address")));
        assert!(!is_private("100.128.1.1".parse().expect("address")));
        assert!(is_private("fd00::1".parse().expect("address")));
    }
}
