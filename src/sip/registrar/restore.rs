//! Contacts kept across a restart.

use super::contact::{Contact, Line};
use super::replace::key;
use super::request::{flow_of, quality};
use crate::address::NameAddr;
use crate::flow::{Flow, Transport};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A contact as it was kept.
#[derive(Debug, Clone, Copy)]
pub struct Restore<'a> {
    /// Whose.
    pub device: &'a str,
    /// [`Contact::header`], or its URI alone.
    pub contact: &'a str,
    /// [`Contact::path`].
    pub path: &'a [String],
    /// [`Contact::flow`]; see [`read_flow`].
    pub flow: Flow,
    /// [`Contact::call_id`].
    pub call_id: &'a str,
    /// [`Contact::cseq`].
    pub cseq: u32,
    /// How long it still holds.
    pub remaining: Duration,
    /// [`Contact::agent`].
    pub agent: Option<&'a str>,
}

/// Why a kept contact could not be put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// Its time is over.
    #[error("the contact expired while the box was down")]
    Expired,
    /// Its Contact cannot be read.
    #[error("the kept contact is damaged")]
    Damaged,
    /// The registrar has all the contacts it can hold.
    #[error("no room for more contacts")]
    Full,
}

/// A flow from its text `udp:10.0.0.5:5060` and the box's own address.
pub fn read_flow(source: &str, local: &str) -> Option<Flow> {
    let (transport, remote) = source.split_once(':')?;
    let transport = [Transport::Udp, Transport::Tcp, Transport::Tls]
        .into_iter()
        .find(|known| known.in_uri().eq_ignore_ascii_case(transport))?;
    let address = |text: &str| text.parse::<SocketAddr>().ok();
    Some(Flow { transport, local: address(local)?, remote: address(remote)? })
}

pub(super) fn read(now: Instant, kept: Restore<'_>, id: u64) -> Result<Contact, RestoreError> {
    if kept.remaining.is_zero() {
        return Err(RestoreError::Expired);
    }
    let value = NameAddr::parse(kept.contact).ok_or(RestoreError::Damaged)?;
    let (instance, reg_id) = flow_of(&value, true).map_err(|_| RestoreError::Damaged)?;
    let line = if kept.flow.transport == Transport::Udp { Line::Open } else { Line::Gone };
    // The real time of registration is not kept; long ago means that any CSeq is taken as new.
    let registered_at = now.checked_sub(Duration::from_secs(3600)).unwrap_or(now);
    let mut contact = Contact {
        id,
        device: kept.device.into(),
        key: "".into(),
        uri: value.uri.clone(),
        path: kept.path.to_vec(),
        flow: kept.flow,
        line,
        instance,
        reg_id,
        q: value.params.get("q").map_or(1000, quality),
        call_id: kept.call_id.into(),
        cseq: kept.cseq,
        agent: kept.agent.map(Arc::from),
        registered_at,
        expires_at: now + kept.remaining,
        aor_user: None,
    };
    contact.key = key(&contact).into();
    Ok(contact)
}
