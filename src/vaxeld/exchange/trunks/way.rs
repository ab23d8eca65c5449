//! How calls get to a trunk's servers.

use crate::exchange::outgoing::Way;
use crate::exchange::{Exchange, Network};
use model::TrunkId;
use sip::flow::{HostPort, Transport};
use sip::{Authority, NameAddr, Uri};

impl<N: Network> Exchange<N> {
    /// How a call gets to one host of a trunk.
    pub(crate) fn way_to_trunk(&mut self, trunk: &TrunkId, host: usize, called: &str) -> Option<Way> {
        let line = self.lines.lines.get(trunk)?;
        let slot = line.slots().nth(host)?.clone();
        let service_route = line.registration.as_ref().and_then(|registration| registration.bound());
        let route = service_route.map(|bound| bound.service_route.clone()).unwrap_or_default();
        let (home, credentials) = (line.home.clone(), line.credentials.clone());
        let source = self.network.source(slot.candidate.addr.ip());
        let to = (slot.candidate.addr, slot.candidate.tls_name.clone());
        let (target, own) = self.addresses.target(slot.candidate.transport, to, source)?;
        let domain = home.clone().unwrap_or_else(|| slot.candidate.addr.into());
        let request_uri = Uri::sip(Some(called), &domain);
        let request_uri = match slot.candidate.transport {
            Transport::Udp => request_uri,
            transport => request_uri.with_param("transport", Some(transport.in_uri())),
        };
        let to = NameAddr::new(Uri::sip(Some(called), &Authority { port: None, ..domain }));
        let from_host =
            home.map_or_else(|| own.advertised.clone(), |home| HostPort::new(&plain(&home), 5060));
        Some(Way {
            target,
            own,
            request_uri,
            to,
            route: route.iter().filter_map(|hop| NameAddr::parse(hop)).collect(),
            credentials,
            from_host,
            slot: Some(slot.id),
        })
    }
}

/// A host without brackets and port.
fn plain(authority: &Authority) -> String {
    match &authority.host {
        sip::Host::Name(name) => name.to_string(),
        sip::Host::Ip(ip) => ip.to_string(),
    }
}
