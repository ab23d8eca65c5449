//! What the response to our REGISTER says.

use crate::header::Name;
use crate::message::Response;
use crate::uri::Uri;
use std::net::SocketAddr;

/// Seconds granted: of our own Contact (RFC 3261 10.2.4); when the server has rewritten it, of the only one there, or
/// what Expires says.
pub(super) fn granted(response: &Response, contact: &Uri) -> Option<u32> {
    let contacts = response.headers.contacts().unwrap_or_default();
    let same_place = |uri: &Uri| {
        uri.user() == contact.user() && uri.host() == contact.host() && uri.port() == contact.port()
    };
    let ours = contacts
        .iter()
        .find(|value| value.uri.is_equivalent(contact))
        .or_else(|| contacts.iter().find(|value| same_place(&value.uri)))
        .or(if contacts.len() == 1 { contacts.first() } else { None });
    let param = ours.and_then(|value| value.params.get("expires")).and_then(|text| text.parse().ok());
    param.or_else(|| response.headers.expires().unwrap_or(None))
}

/// Where the server saw our request come from: `received` and `rport` of our Via (RFC 3581 4).
pub(super) fn seen(response: &Response) -> Option<SocketAddr> {
    let via = response.headers.via().ok()?;
    let ip = via.received().or_else(|| via.host.ip())?;
    Some(SocketAddr::new(ip, via.rport().or(via.port)?))
}

/// Service-Route (RFC 3608), first hop first.
pub(super) fn service_route(response: &Response) -> Vec<String> {
    let hops = response.headers.addresses(&Name::ServiceRoute).unwrap_or_default();
    hops.iter().take(8).map(ToString::to_string).collect()
}
