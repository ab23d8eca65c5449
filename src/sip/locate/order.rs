//! The order that NAPTR and SRV records ask for (RFC 3403 4.1, RFC 2782, RFC 3263 4.1).

use super::place::parse_name;
use super::{MAX_SERVERS, Record};
use crate::flow::Transport;
use rand_chacha::rand_core::RngCore;
use std::sync::Arc;

/// A name that has SRV records, and the transport they are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub transport: Transport,
    pub name: Arc<str>,
}

/// A server by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub transport: Transport,
    pub name: Arc<str>,
    pub port: u16,
}

/// The services a domain offers that we can use, in its order.
pub(super) fn services(records: &[Record], wanted: Option<Transport>) -> Vec<Service> {
    let mut found: Vec<((u16, u16), Service)> = records
        .iter()
        .filter_map(|record| match record {
            Record::Naptr { order, preference, flags, service, replacement }
                if flags.eq_ignore_ascii_case("s") =>
            {
                let transport = transport_of(service)?;
                let name = parse_name(replacement).ok()?;
                Some(((*order, *preference), Service { transport, name }))
            }
            _ => None,
        })
        .filter(|(_, service)| wanted.is_none_or(|transport| transport == service.transport))
        .collect();
    found.sort_by_key(|(place, _)| *place);
    let mut services: Vec<Service> = Vec::new();
    for (_, service) in found {
        if !services.contains(&service) {
            services.push(service);
        }
    }
    services
}

fn transport_of(service: &str) -> Option<Transport> {
    let known = [("SIP+D2U", Transport::Udp), ("SIP+D2T", Transport::Tcp), ("SIPS+D2T", Transport::Tls)];
    known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(service)).map(|(_, transport)| transport)
}

/// The service names that SIP prescribes for a domain without NAPTR records.
pub(super) fn services_by_rule(host: Arc<str>, wanted: Option<Transport>) -> Vec<Service> {
    [(Transport::Udp, "_sip._udp"), (Transport::Tcp, "_sip._tcp"), (Transport::Tls, "_sips._tcp")]
        .into_iter()
        .filter(|(transport, _)| wanted.is_none_or(|wanted| wanted == *transport))
        .map(|(transport, prefix)| Service { transport, name: format!("{prefix}.{host}").into() })
        .collect()
}

/// The servers of a service, ordered by priority and drawn by weight; `None` when it says there is none.
pub(super) fn servers(
    service: &Service,
    records: &[Record],
    random: &mut impl RngCore,
) -> Option<Vec<Server>> {
    let mut found: Vec<(u16, u16, Server)> = Vec::new();
    let mut refused = false;
    for record in records {
        let Record::Srv { priority, weight, port, target } = record else { continue };
        if target.is_empty() || target == "." {
            refused = true;
        } else if let Ok(name) = parse_name(target)
            && *port > 0
        {
            let server = Server { transport: service.transport, name, port: *port };
            found.push((*priority, *weight, server));
        }
    }
    if found.is_empty() && refused {
        return None;
    }
    // Records arrive in any order; sorting first makes the draw depend on the seed alone.
    found.sort_by(|one, two| {
        (one.0, one.1, &one.2.name, one.2.port).cmp(&(two.0, two.1, &two.2.name, two.2.port))
    });
    let mut servers = Vec::new();
    while let Some(priority) = found.first().map(|(priority, ..)| *priority)
        && servers.len() < MAX_SERVERS
    {
        let same = found.iter().take_while(|(other, ..)| *other == priority).count();
        servers.push(found.remove(draw(&found[..same], random)).2);
    }
    Some(servers)
}

/// RFC 2782's draw: running sums over the weights, zero weights first, and a number up to the total, both ends included.
fn draw(group: &[(u16, u16, Server)], random: &mut impl RngCore) -> usize {
    let total: u64 = group.iter().map(|(_, weight, _)| u64::from(*weight)).sum();
    let mark = u64::from(random.next_u32()) % (total + 1);
    let mut sum = 0;
    for (at, (_, weight, _)) in group.iter().enumerate() {
        sum += u64::from(*weight);
        if sum >= mark {
            return at;
        }
    }
    0
}
