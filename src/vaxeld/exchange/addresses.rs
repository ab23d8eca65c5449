//! Which of the box's addresses a peer sees.

use sip::flow::{Flow, HostPort, Target, Transport};
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
    /// Found out from what a trunk's registrar saw of us (RFC 3581).
    learned: Option<IpAddr>,
}

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
        Self { listening, external, learned: None }
    }

    /// What a peer outside sees us as; says whether that is news.
    pub fn learn(&mut self, address: IpAddr) -> bool {
        self.learned.replace(address) != Some(address)
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
        Some(self.own(found.address, remote, source))
    }

    /// How the far end of a flow sees the box.
    pub fn on(&self, flow: &Flow, source: Option<IpAddr>) -> Own {
        self.own(flow.local, flow.remote.ip(), source)
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

    fn own(&self, local: SocketAddr, remote: IpAddr, source: Option<IpAddr>) -> Own {
        let bind = if local.ip().is_unspecified() { source.unwrap_or(local.ip()) } else { local.ip() };
        let beyond_nat = is_private(bind) && !is_private(remote) && bind.is_ipv4() == remote.is_ipv4();
        let name = self.external.as_deref().filter(|_| beyond_nat);
        let address = name.and_then(|name| name.parse().ok()).or(self.learned.filter(|_| beyond_nat));
        let sound = address.filter(|address| address.is_ipv4() == bind.is_ipv4()).unwrap_or(bind);
        let host = name.map_or_else(|| sound.to_string(), str::to_owned);
        Own { local, advertised: HostPort::new(&host, local.port()), sound, bind }
    }
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
        if let Some(learned) = learned {
            addresses.learn(learned.parse().unwrap());
        }
        let source = Some("192.168.1.10".parse().unwrap());
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
}
