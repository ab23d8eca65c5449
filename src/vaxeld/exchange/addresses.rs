//! Which of the box's addresses a peer sees.

use sip::flow::{Flow, HostPort, Target, Transport};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A bound address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    /// What it carries.
    pub transport: Transport,
    /// Where; may be a wildcard.
    pub address: SocketAddr,
}

/// Where the box listens, and what peers beyond NAT reach it by.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    listening: Vec<Listening>,
    /// Set by hand: a name or an address.
    external: Option<String>,
    /// Found out from what a trunk's servers saw of us (RFC 3581).
    learned: Option<IpAddr>,
    /// The port that a server beyond NAT sees a socket of ours at; only for datagrams, which have no other way in.
    ports: HashMap<(SocketAddr, IpAddr), u16>,
}

/// Ports remembered at most: sockets of ours times servers of trunks.
const PORTS_MAX: usize = 1_024;

/// The box as one peer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The bound socket to send from.
    pub local: SocketAddr,
    /// Host and port for Via and Contact.
    pub advertised: HostPort,
    /// The address for sound in descriptions.
    pub sound: IpAddr,
    /// The local address that sound is bound to.
    pub bind: IpAddr,
}

impl Addresses {
    /// The box's bound addresses, and the external one if it was set.
    pub fn new(listening: Vec<Listening>, external: Option<String>) -> Self {
        Self { listening, external, learned: None, ports: HashMap::new() }
    }

    /// What a server of a trunk sees us as; says whether that is news. A server on our own side of the NAT sees nothing
    /// that others could use.
    pub fn learn(
        &mut self,
        (transport, remote): (Transport, IpAddr),
        source: Option<IpAddr>,
        seen: SocketAddr,
    ) -> bool {
        let Some(own) = self.towards(transport, remote, source) else { return false };
        if !beyond_nat(own.bind, remote) {
            return false;
        }
        let key = (own.local, remote);
        let room = self.ports.len() < PORTS_MAX || self.ports.contains_key(&key);
        let port =
            transport == Transport::Udp && room && self.ports.insert(key, seen.port()) != Some(seen.port());
        let address = self.learned.replace(seen.ip()) != Some(seen.ip());
        address || (port && self.external.is_none() && seen.port() != own.local.port())
    }

    /// How `remote` sees the box over a transport. `source` is the system's choice of own address towards it.
    pub fn towards(&self, transport: Transport, remote: IpAddr, source: Option<IpAddr>) -> Option<Own> {
        let fits = |listening: &&Listening| {
            let ip = listening.address.ip();
            listening.transport == transport
                && ip.is_ipv4() == remote.is_ipv4()
                && (ip.is_unspecified() || source.is_none_or(|source| source == ip))
        };
        // A box bound to one address still reaches peers that the system would choose another for.
        let any = |listening: &&Listening| {
            listening.transport == transport && listening.address.is_ipv4() == remote.is_ipv4()
        };
        let found = self.listening.iter().find(fits).or_else(|| self.listening.iter().find(any))?;
        Some(self.own((transport, found.address), remote, source))
    }

    /// How the far end of a flow sees the box.
    pub fn on(&self, flow: &Flow, source: Option<IpAddr>) -> Own {
        self.own((flow.transport, flow.local), flow.remote.ip(), source)
    }

    /// A target that is reached on a flow that exists.
    pub fn back(&self, flow: Flow, source: Option<IpAddr>) -> Target {
        let own = self.on(&flow, source);
        Target { advertised: own.advertised, ..Target::back_to(flow) }
    }

    /// A target that is dialled.
    pub fn target(
        &self,
        transport: Transport,
        (remote, tls_name): (SocketAddr, Option<Arc<str>>),
        source: Option<IpAddr>,
    ) -> Option<(Target, Own)> {
        let own = self.towards(transport, remote.ip(), source)?;
        let target = Target {
            transport,
            remote,
            local: own.local,
            advertised: own.advertised.clone(),
            tls_name,
            reuse: None,
        };
        Some((target, own))
    }

    fn own(
        &self,
        (transport, local): (Transport, SocketAddr),
        remote: IpAddr,
        source: Option<IpAddr>,
    ) -> Own {
        let bind = if local.ip().is_unspecified() { source.unwrap_or(local.ip()) } else { local.ip() };
        let beyond_nat = beyond_nat(bind, remote);
        let name = self.external.as_deref().filter(|_| beyond_nat);
        let address = name.and_then(|name| name.parse().ok()).or(self.learned.filter(|_| beyond_nat));
        let sound = address.filter(|address| address.is_ipv4() == bind.is_ipv4()).unwrap_or(bind);
        let host = name.map_or_else(|| sound.to_string(), str::to_owned);
        // An address set by hand stands for a port that is forwarded to us.
        let translated = self.ports.get(&(local, remote)).filter(|_| beyond_nat && name.is_none());
        let port = translated.filter(|_| transport == Transport::Udp).copied().unwrap_or(local.port());
        Own { local, advertised: HostPort::new(&host, port), sound, bind }
    }
}

/// Is there a translator of addresses between the two?
fn beyond_nat(bind: IpAddr, remote: IpAddr) -> bool {
    is_private(bind) && !is_private(remote) && bind.is_ipv4() == remote.is_ipv4()
}

/// Addresses that mean something only on the local network (RFC 1918, RFC 4193, RFC 6598).
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = matches!(v4.octets(), [100, second, ..] if (64..128).contains(&second));
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(external: Option<&str>, learned: Option<&str>, remote: &str) -> Own {
        let address = "0.0.0.0:5060".parse().unwrap();
        let listening = vec![Listening { transport: Transport::Udp, address }];
        let mut addresses = Addresses::new(listening, external.map(str::to_owned));
        let source = Some("192.168.1.10".parse().unwrap());
        if let Some(learned) = learned {
            let seen = format!("{learned}:5060").parse().unwrap();
            addresses.learn((Transport::Udp, remote.parse().unwrap()), source, seen);
        }
        addresses.towards(Transport::Udp, remote.parse().unwrap(), source).unwrap()
    }

    #[test]
    fn peers_on_the_local_network_see_the_local_address() {
        assert_eq!(
            own(Some("198.51.100.7"), None, "192.168.1.50").advertised.to_string(),
            "192.168.1.10:5060"
        );
    }

    #[test]
    fn peers_beyond_nat_see_what_was_set_or_else_what_was_learned() {
        assert_eq!(
            own(Some("198.51.100.7"), None, "203.0.113.5").advertised.to_string(),
            "198.51.100.7:5060"
        );
        assert_eq!(own(None, Some("198.51.100.8"), "203.0.113.5").sound.to_string(), "198.51.100.8");
        assert_eq!(own(None, None, "203.0.113.5").advertised.to_string(), "192.168.1.10:5060");
    }

    #[test]
    fn an_external_name_is_advertised_and_sound_goes_to_the_learned_address() {
        let own = own(Some("vaxel.example.se"), Some("198.51.100.8"), "203.0.113.5");
        assert_eq!(
            (own.advertised.to_string().as_str(), own.sound.to_string().as_str()),
            ("vaxel.example.se:5060", "198.51.100.8")
        );
    }
    #[test]
    fn a_translated_port_is_advertised_to_the_server_that_sees_it_and_to_no_other() {
        let address = "0.0.0.0:5060".parse().unwrap();
        let both = [Transport::Udp, Transport::Tcp].map(|transport| Listening { transport, address });
        let source = Some("192.168.1.10".parse().unwrap());
        let (server, other): (IpAddr, IpAddr) =
            ("203.0.113.5".parse().unwrap(), "203.0.113.6".parse().unwrap());
        let seen = "198.51.100.8:31044".parse().unwrap();
        let mut addresses = Addresses::new(both.to_vec(), None);
        assert!(addresses.learn((Transport::Udp, server), source, seen), "news");
        assert!(!addresses.learn((Transport::Udp, server), source, seen), "no news");
        let shown = |addresses: &Addresses, transport, remote| {
            addresses.towards(transport, remote, source).unwrap().advertised.to_string()
        };
        assert_eq!(shown(&addresses, Transport::Udp, server), "198.51.100.8:31044");
        assert_eq!(shown(&addresses, Transport::Udp, other), "198.51.100.8:5060");
        assert_eq!(shown(&addresses, Transport::Tcp, server), "198.51.100.8:5060", "connections go out only");
        // A server on this side sees the local address and teaches nothing.
        let near = "192.168.1.50".parse().unwrap();
        assert!(!addresses.learn((Transport::Udp, near), source, "192.168.1.10:5060".parse().unwrap()));
        assert_eq!(shown(&addresses, Transport::Udp, server), "198.51.100.8:31044");
    }
}
