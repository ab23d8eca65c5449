//! The REGISTER to send.

use super::{Account, Server};
use crate::address::NameAddr;
use crate::flow::Transport;
use crate::header::{Headers, Name};
use crate::host::Authority;
use crate::locate::Candidate;
use crate::uri::Uri;
use rand_chacha::rand_core::RngCore;
use std::time::Duration;

/// One REGISTER to send now; its result comes back with the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which.
    pub number: u64,
    /// Where to send it.
    pub server: Candidate,
    /// The domain.
    pub request_uri: Uri,
    /// The address registered, without a tag.
    pub from: NameAddr,
    /// The same.
    pub to: NameAddr,
    /// The number of its CSeq; all of a machine's REGISTERs count on (RFC 3261 10.2).
    pub cseq: u32,
    /// Call-ID, Contact, Expires, Supported.
    pub headers: Headers,
}

/// What one attempt asks for.
pub(super) struct Wanted<'a> {
    pub number: u64,
    pub server: &'a Server,
    pub contact: &'a Uri,
    /// A Contact registered before that is ours no more.
    pub old: Option<&'a Uri>,
    pub expires: u32,
}

impl Wanted<'_> {
    pub fn attempt(self, account: &Account, call_id: &str, cseq: u32) -> Attempt {
        let home = Authority { host: account.domain.host.clone(), port: None };
        let address = NameAddr::new(Uri::sip(Some(&account.username), &home));
        let mut headers = Headers::new();
        headers.push(Name::CallId, call_id);
        headers.push(Name::Contact, format_args!("<{}>;expires={}", self.contact, self.expires));
        if let Some(old) = self.old {
            headers.push(Name::Contact, format_args!("<{old}>;expires=0"));
        }
        headers.push(Name::Expires, self.expires);
        headers.push(Name::Supported, "path");
        Attempt {
            number: self.number,
            server: self.server.candidate.clone(),
            request_uri: Uri::sip(None, &account.domain),
            from: address.clone(),
            to: address,
            cseq,
            headers,
        }
    }
}

/// Our Contact as `server` should use it.
pub(super) fn contact(account: &Account, server: &Server) -> Uri {
    let uri = Uri::sip(Some(&account.contact_user), &server.advertised);
    match server.candidate.transport {
        Transport::Udp => uri,
        transport => uri.with_param("transport", Some(transport.in_uri())),
    }
}

/// Between keep-alives: NATs forget UDP after 30 s at worst (RFC 4787 REQ-5), TCP much later.
pub(super) fn keepalive(transport: Transport) -> Duration {
    match transport {
        Transport::Udp => Duration::from_secs(25),
        Transport::Tcp | Transport::Tls => Duration::from_secs(90),
    }
}

/// An unguessable Call-ID.
pub(super) fn call_id(random: &mut impl RngCore) -> String {
    format!("{:016x}{:016x}", random.next_u64(), random.next_u64())
}
