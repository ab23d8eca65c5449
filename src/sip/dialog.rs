//! Dialogs: what two ends keep to send each other requests (RFC 3261 12).

use std::net::SocketAddr;
use std::sync::Arc;

use crate::flow::{Flow, Hop, HostPort, Target, Transport, is_private};
use crate::{CSeq, Headers, Method, Name, NameAddr, Request, Response, Uri};

/// Routes kept of a peer's Record-Route; more would only serve an attacker.
const MAX_ROUTES: usize = 16;

/// The way to the peer.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    /// The way the first message took.
    pub hop: Hop,
    /// Host and port for Via and Contact.
    pub advertised: HostPort,
    /// True when `hop` must be kept: a registered phone, a peer behind NAT, a stream.
    pinned: bool,
}

impl Path {
    /// The way of an own call.
    pub fn to(target: &Target) -> Self {
        Self {
            hop: target.hop(),
            advertised: target.advertised.clone(),
            pinned: target.reuse.is_some() || target.transport.is_reliable(),
        }
    }

    /// The way back to a caller. A Via that does not name the source tells of NAT: its Contact cannot be trusted.
    pub fn back(flow: Flow, headers: &Headers) -> Self {
        let straight = headers.via().is_ok_and(|via| {
            let port = via.port.unwrap_or(5060);
            via.host.ip().is_none_or(|ip| ip == flow.remote.ip()) && port == flow.remote.port()
        });
        Self {
            hop: Hop::Flow(flow),
            advertised: flow.local.into(),
            pinned: !straight || flow.transport.is_reliable(),
        }
    }

    /// A peer known by its flow has moved to another: NAT gave it a new port, or it connected anew.
    pub fn follow(&mut self, flow: Flow) {
        if let Hop::Flow(known) = &mut self.hop
            && known.transport == flow.transport
        {
            *known = flow;
        }
    }

    /// Where a request for `uri` goes: to the address it names, if it names one that can be reached from here;
    /// otherwise the way the first message took. Names are not resolved: that hop knows its own.
    fn toward(&self, uri: &Uri) -> Hop {
        let local = self.hop.flow().local;
        let remote = self.hop.remote();
        let other_transport = uri.param("transport").is_some_and(|name| !name.eq_ignore_ascii_case("udp"));
        match uri.host().and_then(|host| host.ip()) {
            Some(ip)
                if !self.pinned
                    && !other_transport
                    && ip.is_ipv4() == remote.is_ipv4()
                    && is_private(ip) == is_private(remote.ip()) =>
            {
                let remote = SocketAddr::new(ip, uri.port().unwrap_or(5060));
                Hop::Open { transport: Transport::Udp, local, remote, tls_name: None }
            }
            _ => self.hop.clone(),
        }
    }
}

/// One dialog, early or confirmed.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    /// The Call-ID.
    pub call_id: Arc<str>,
    /// Our From, tag and all.
    pub local: Arc<str>,
    /// The peer's, as our To.
    pub remote: String,
    /// The peer's tag; empty for elements older than RFC 3261.
    pub remote_tag: Box<str>,
    /// The CSeq number of our last request.
    pub sequence: u32,
    /// The CSeq number of the peer's last request.
    pub remote_sequence: Option<u32>,
    /// The peer's Contact.
    pub remote_target: Uri,
    /// The route set, first hop first.
    pub routes: Vec<NameAddr>,
    /// The way to the peer.
    pub path: Path,
    /// Whether the peer takes UPDATE (its Allow).
    pub takes_update: bool,
    /// Whether the peer knows session timers (its Supported).
    pub knows_timer: bool,
}

/// What the peer sent with a wrong CSeq.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfOrder;

impl Dialog {
    /// The dialog that a response with a To tag makes for the caller (RFC 3261 12.1.2).
    pub fn of_response(request: &Request, response: &Response, path: &Path) -> Option<Self> {
        let headers = &response.headers;
        let to = headers.to().ok()?;
        let mut routes = headers.record_routes().unwrap_or_default();
        routes.reverse();
        routes.truncate(MAX_ROUTES);
        let mut dialog = Self {
            call_id: request.headers.call_id().ok()?.into(),
            local: request.headers.get(&Name::From)?.into(),
            remote: headers.get(&Name::To)?.to_owned(),
            remote_tag: to.tag().unwrap_or("").into(),
            sequence: request.headers.cseq().ok()?.number,
            remote_sequence: None,
            remote_target: request.uri.clone(),
            routes,
            path: path.clone(),
            takes_update: false,
            knows_timer: false,
        };
        dialog.learn(headers);
        Some(dialog)
    }

    /// The dialog that a request makes for the called (RFC 3261 12.1.1).
    pub fn of_request(request: &Request, flow: Flow, tag: &str) -> Option<Self> {
        let headers = &request.headers;
        let mut routes = headers.record_routes().ok()?;
        routes.truncate(MAX_ROUTES);
        let from = headers.from().ok()?;
        let to = headers.to().ok()?;
        let remote_target = headers.contacts().ok()?.into_iter().next().map(|contact| contact.uri);
        let mut dialog = Self {
            call_id: headers.call_id().ok()?.into(),
            local: to.with_tag(tag).to_string().into(),
            remote: headers.get(&Name::From)?.to_owned(),
            remote_tag: from.tag().unwrap_or("").into(),
            sequence: 0,
            remote_sequence: headers.cseq().ok().map(|cseq| cseq.number),
            remote_target: remote_target.unwrap_or_else(|| from.uri.clone()),
            routes,
            path: Path::back(flow, headers),
            takes_update: false,
            knows_timer: false,
        };
        dialog.learn(headers);
        Some(dialog)
    }

    /// Takes over a target refresh (RFC 3261 12.2.1.2, 12.2.2) and what the peer says it can do.
    pub fn learn(&mut self, headers: &Headers) {
        if let Some(contact) = headers.contacts().ok().and_then(|contacts| contacts.into_iter().next())
            && contact.uri.is_sip()
        {
            self.remote_target = contact.uri;
        }
        if headers.contains(&Name::Allow) {
            self.takes_update = headers.allows(&Method::Update);
        }
        if headers.contains(&Name::Supported) {
            self.knows_timer = headers.has_option(&Name::Supported, "timer");
        }
    }

    /// Checks the CSeq of a request of the peer: it must grow, and may skip (RFC 3261 12.2.2).
    pub fn accept_sequence(&mut self, number: u32) -> Result<(), OutOfOrder> {
        if self.remote_sequence.is_some_and(|last| number <= last) {
            return Err(OutOfOrder);
        }
        self.remote_sequence = Some(number);
        Ok(())
    }

    /// The next request in this dialog, without Via, and where it goes (RFC 3261 12.2.1.1).
    pub fn request(&mut self, method: Method) -> (Request, Hop) {
        self.sequence += 1;
        self.request_numbered(method, self.sequence)
    }

    /// A request with a given CSeq number: the ACK of a 2xx has the one of its INVITE (RFC 3261 13.2.2.4).
    pub fn request_numbered(&self, method: Method, number: u32) -> (Request, Hop) {
        // A first hop without `lr` is a strict router: it wants itself as Request-URI and our target at the end.
        let strict = self.routes.first().filter(|first| first.uri.param("lr").is_none());
        let uri = strict.map_or(&self.remote_target, |first| &first.uri);
        let hop = self.path.toward(self.routes.first().map_or(&self.remote_target, |first| &first.uri));
        let mut request = Request::new(method.clone(), uri.clone());
        let headers = &mut request.headers;
        headers.push(Name::MaxForwards, 70);
        for route in self.routes.iter().skip(usize::from(strict.is_some())) {
            headers.push(Name::Route, route);
        }
        if strict.is_some() {
            headers.push(Name::Route, NameAddr::new(self.remote_target.clone()));
        }
        headers.push(Name::From, &self.local);
        headers.push(Name::To, &self.remote);
        headers.push(Name::CallId, &self.call_id);
        headers.push(Name::CSeq, CSeq { number, method });
        (request, hop)
    }

    /// Our Contact in this dialog.
    pub fn contact(&self) -> String {
        let user = NameAddr::parse(&self.local).and_then(|local| local.uri.raw_user().map(str::to_owned));
        contact(user.as_deref(), self.path.hop.transport(), &self.path.advertised)
    }
}

/// `<sip:user@host:port;transport=tcp>`.
pub(crate) fn contact(user: Option<&str>, transport: Transport, advertised: &HostPort) -> String {
    let at = if user.is_some() { "@" } else { "" };
    let user = user.unwrap_or("");
    match transport {
        Transport::Udp => format!("<sip:{user}{at}{advertised}>"),
        other => format!("<sip:{user}{at}{advertised};transport={}>", other.in_uri()),
    }
}
