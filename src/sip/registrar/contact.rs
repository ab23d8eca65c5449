//! One contact of a device: who registered it, from where, and how it is reached.

use crate::address::NameAddr;
use crate::flow::{Flow, Transport, is_private};
use crate::host::Host;
use crate::locate::default_port;
use crate::uri::Uri;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A place where a device can be called.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Stable while the phone stays the same phone, address changes included; unique in this registrar.
    pub id: u64,
    /// Whose.
    pub device: Arc<str>,
    /// Unique among the contacts of the device: instance and reg-id, else the URI (with the NAT it is behind).
    pub key: Arc<str>,
    /// The Request-URI of requests to it, as the phone wrote it.
    pub uri: Uri,
    /// Route to it, first hop first (RFC 3327).
    pub path: Vec<String>,
    /// Where the REGISTER came from, and the box's own address it came to.
    pub flow: Flow,
    /// Whether the flow can still be used.
    pub line: Line,
    /// `+sip.instance` without angle brackets: names the phone itself (RFC 5626 4.1).
    pub instance: Option<Arc<str>>,
    /// Which of the phone's flows (RFC 5626 4.2).
    pub reg_id: Option<u32>,
    /// Preference in thousandths; 1000 when the phone gave none.
    pub q: u16,
    /// Call-ID of the last REGISTER.
    pub call_id: Arc<str>,
    /// CSeq of the last REGISTER.
    pub cseq: u32,
    /// User-Agent, cut to 128 bytes.
    pub agent: Option<Arc<str>>,
    /// When the last REGISTER came.
    pub registered_at: Instant,
    /// When it ends unless refreshed.
    pub expires_at: Instant,
    /// The user part of the address registered for (To); a contact user that differs was invented by the phone.
    pub aor_user: Option<Arc<str>>,
}

/// The state of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Usable. A UDP flow always is.
    Open,
    /// The connection is closed.
    Gone,
}

/// How to reach a contact. With a [`Contact::path`], that is its Route and this is the first hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// On exactly this flow.
    Flow(Flow),
    /// By sending to this address; streams are opened if there is none.
    Dial(Flow),
    /// Not before it registers again.
    Nowhere,
}

impl Contact {
    /// How to reach it now.
    ///
    /// ```text
    ///                    contact names the source   another port there         another host or a name (NAT)
    ///  udp               flow                       LAN: contact, else flow    flow
    ///  stream, open      flow                       flow                       flow
    ///  stream, gone      dial contact               dial contact               nowhere
    /// ```
    pub fn reach(&self) -> Reach {
        let own = self.own_address();
        match (self.flow.transport, self.line, own) {
            (_, Line::Open, Own::Elsewhere) | (Transport::Tcp | Transport::Tls, Line::Open, _) => {
                Reach::Flow(self.flow)
            }
            (Transport::Udp, _, Own::Elsewhere) => Reach::Flow(self.flow),
            (_, Line::Gone, Own::Elsewhere) => Reach::Nowhere,
            (Transport::Udp, _, Own::At(Transport::Udp, remote)) => Reach::Flow(Flow { remote, ..self.flow }),
            (_, _, Own::At(transport, remote)) => {
                Reach::Dial(Flow { transport, remote, local: self.flow.local })
            }
        }
    }

    /// Whether an address translator stands between: the contact names another host than the source.
    pub fn is_behind_nat(&self) -> bool {
        self.is_direct() && self.own_address() == Own::Elsewhere
    }

    /// Whether the phone itself sent the REGISTER, not a proxy for it.
    pub(super) fn is_direct(&self) -> bool {
        self.path.is_empty()
    }

    /// How long it still holds.
    pub fn remaining(&self, now: Instant) -> Duration {
        self.expires_at.saturating_duration_since(now)
    }

    /// The Contact value to keep for [`super::Restore`]: URI and parameters, without the time.
    pub fn header(&self) -> String {
        let mut value = NameAddr::new(self.uri.clone());
        if self.q != 1000 {
            value.params.set("q", Some(&format!("{}.{:03}", self.q / 1000, self.q % 1000)));
        }
        if let Some(instance) = &self.instance {
            value.params.set("+sip.instance", Some(&format!("\"<{instance}>\"")));
        }
        if let Some(reg_id) = self.reg_id {
            value.params.set("reg-id", Some(&reg_id.to_string()));
        }
        value.to_string()
    }

    /// The host and port in the contact URI, when it names an address.
    pub(super) fn named(&self) -> Option<SocketAddr> {
        let ip = self.uri.host()?.ip()?;
        Some(SocketAddr::new(
            ip.to_canonical(),
            self.uri.port().unwrap_or(default_port(self.named_transport())),
        ))
    }

    /// The user part of the contact URI if the phone invented it: neither the device nor the user registered for.
    pub(super) fn token(&self) -> Option<String> {
        let user = self.uri.user()?;
        let common = *user == *self.device || Some(&*user) == self.aor_user.as_deref();
        (!common).then(|| user.into_owned())
    }

    /// Whether the host is a name that no DNS will ever resolve, as browsers' phones write (RFC 7118 5.2).
    pub(super) fn is_anonymous(&self) -> bool {
        matches!(self.uri.host(), Some(Host::Name(name)) if name.ends_with(".invalid"))
    }

    pub(super) fn source(&self) -> IpAddr {
        self.flow.remote.ip().to_canonical()
    }

    fn named_transport(&self) -> Transport {
        match self.uri.param("transport") {
            Some(name) if name.eq_ignore_ascii_case("tcp") => Transport::Tcp,
            Some(name) if name.eq_ignore_ascii_case("tls") => Transport::Tls,
            Some(name) if name.eq_ignore_ascii_case("udp") => Transport::Udp,
            // Phones leave the parameter out and mean the transport they registered by.
            _ => self.flow.transport,
        }
    }

    /// Where the phone says it is, if that can be believed.
    fn own_address(&self) -> Own {
        let Some(named) = self.named().filter(|named| named.ip() == self.source()) else {
            return Own::Elsewhere;
        };
        let transport = self.named_transport();
        let same_port = named.port() == self.flow.remote.port();
        // Over the internet another port behind the same address is a translator's doing; on the local network it is
        // a phone that sends from one port and listens on another.
        if transport == Transport::Udp
            && self.flow.transport == Transport::Udp
            && !same_port
            && !is_private(self.source())
        {
            return Own::Elsewhere;
        }
        Own::At(transport, SocketAddr::new(self.flow.remote.ip(), named.port()))
    }
}

/// Where a contact says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    At(Transport, SocketAddr),
    Elsewhere,
}
