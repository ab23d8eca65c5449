//! Reading a REGISTER: what it asks for, checked for everything that needs no knowledge of other contacts.

use super::{Limits, Refusal};
use crate::address::NameAddr;
use crate::header::{Headers, Name};
use crate::message::Request;
use crate::uri::{Scheme, Uri};
use std::sync::Arc;

/// Extensions a REGISTER may require (RFC 3327, RFC 5626, RFC 5627).
pub(super) const EXTENSIONS: [&str; 3] = ["path", "outbound", "gruu"];
/// Longest contact URI, instance and path kept; bytes.
const MAX_TEXT: usize = 1024;
const MAX_AGENT: usize = 128;

/// What a REGISTER asks for.
#[derive(Debug)]
pub(super) struct Wish {
    pub verb: Verb,
    pub call_id: Arc<str>,
    pub cseq: u32,
    pub path: Vec<String>,
    pub agent: Option<Arc<str>>,
    pub aor_user: Option<Arc<str>>,
    /// The phone wants GRUUs for this address.
    pub gruu: Option<Uri>,
}

#[derive(Debug)]
pub(super) enum Verb {
    /// Tell the contacts.
    Query,
    /// Remove all.
    Clear,
    /// Add, refresh and remove these.
    Change(Vec<Asked>),
}

/// One Contact of the request.
#[derive(Debug)]
pub(super) struct Asked {
    pub uri: Uri,
    pub instance: Option<Arc<str>>,
    pub reg_id: Option<u32>,
    pub q: u16,
    /// Seconds granted; 0 removes it.
    pub expires: u32,
}

pub(super) fn read(request: &Request, limits: &Limits) -> Result<Wish, Refusal> {
    let headers = &request.headers;
    let missing = |tag: &&str| !EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(tag));
    let unknown: Vec<&str> = headers.values(&Name::Require).filter(missing).collect();
    if !unknown.is_empty() {
        return Err(Refusal::Extension(unknown.join(", ")));
    }
    let to = headers.to()?.uri;
    let path = path(headers)?;
    let verb = verb(headers, limits, &path)?;
    let agent = headers.get(&Name::UserAgent).map(|agent| cut(agent, MAX_AGENT).into());
    Ok(Wish {
        verb,
        call_id: cut(headers.call_id()?, MAX_TEXT).into(),
        cseq: headers.cseq()?.number,
        path,
        agent,
        aor_user: to.user().map(|user| user.as_ref().into()),
        gruu: headers.has_option(&Name::Supported, "gruu").then_some(to),
    })
}

fn verb(headers: &Headers, limits: &Limits, path: &[String]) -> Result<Verb, Refusal> {
    if headers.contact_is_star() {
        let alone = headers.values(&Name::Contact).count() == 1;
        return if alone && headers.expires()? == Some(0) { Ok(Verb::Clear) } else { Err(Refusal::Star) };
    }
    let values = headers.contacts()?;
    if values.is_empty() {
        return Ok(Verb::Query);
    }
    if values.len() > limits.per_device {
        return Err(Refusal::TooMany);
    }
    // A malformed Expires counts as the default (RFC 3261 20.19).
    let general = headers.expires().unwrap_or(None).unwrap_or(limits.default_expires);
    let outbound = headers.has_option(&Name::Supported, "outbound");
    let through = headers.values(&Name::Via).count() > 1;
    let asked: Vec<Asked> =
        values.iter().map(|value| asked(value, general, limits, outbound)).collect::<Result<_, _>>()?;
    let flows = asked.iter().any(|asked| asked.reg_id.is_some());
    let edge_does =
        path.last().and_then(|hop| NameAddr::parse(hop)).is_some_and(|hop| hop.uri.param("ob").is_some());
    if flows && through && !edge_does {
        return Err(Refusal::FirstHop);
    }
    Ok(Verb::Change(asked))
}

fn asked(value: &NameAddr, general: u32, limits: &Limits, outbound: bool) -> Result<Asked, Refusal> {
    let uri = &value.uri;
    if !matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) {
        return Err(Refusal::Contact("only sip and sips can be called"));
    }
    if uri.as_str().len() > MAX_TEXT || uri.host().is_none() {
        return Err(Refusal::Contact("too long, or without a host"));
    }
    let wanted = match value.params.get("expires") {
        Some(text) => seconds(text).unwrap_or(limits.default_expires),
        None => general,
    };
    if wanted > 0 && wanted < limits.min_expires {
        return Err(Refusal::TooBrief { min: limits.min_expires });
    }
    let (instance, reg_id) = flow_of(value, outbound)?;
    let q = value.params.get("q").map_or(1000, quality);
    Ok(Asked { uri: uri.without_headers(), instance, reg_id, q, expires: wanted.min(limits.max_expires) })
}

/// `+sip.instance` and `reg-id`; the latter counts only with the former and from a phone that does outbound
/// (RFC 5626 6).
pub(super) fn flow_of(value: &NameAddr, outbound: bool) -> Result<(Option<Arc<str>>, Option<u32>), Refusal> {
    let instance = value.params.unquoted("+sip.instance");
    let instance: Option<Arc<str>> = match instance.as_deref().map(|text| text.trim_matches(['<', '>', ' ']))
    {
        Some(text) if text.len() > MAX_TEXT => return Err(Refusal::Contact("instance too long")),
        Some(text) if is_urn(text) => Some(text.into()),
        _ => None,
    };
    let reg_id = value.params.get("reg-id").and_then(|text| text.parse().ok()).filter(|&id: &u32| id > 0);
    Ok((instance.clone(), reg_id.filter(|_| outbound && instance.is_some())))
}

/// Whether the text can stand in quotes and as a URI parameter without escapes; an instance that cannot is no URN
/// (RFC 8141 2) and is ignored.
fn is_urn(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+=:@/%".contains(&byte))
}

/// `0.7` as 700; what cannot be read counts as 1 (RFC 3261 25.1, `qvalue`).
pub(super) fn quality(text: &str) -> u16 {
    match text.parse::<f32>() {
        Ok(q) if (0.0..=1.0).contains(&q) => (q * 1000.0).round() as u16,
        _ => 1000,
    }
}

fn seconds(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

fn path(headers: &Headers) -> Result<Vec<String>, Refusal> {
    let hops = headers.addresses(&Name::Path)?;
    let path: Vec<String> = hops.iter().map(ToString::to_string).collect();
    if path.iter().map(String::len).sum::<usize>() > 4 * MAX_TEXT {
        return Err(Refusal::Contact("path too long"));
    }
    Ok(path)
}

/// At most `length` bytes, cut between characters.
fn cut(text: &str, length: usize) -> &str {
    let mut end = text.len().min(length);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
