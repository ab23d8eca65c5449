//! Refer-To, Replaces and Event, typed.

use std::fmt;

use super::{HeaderError, Headers, Name};
use crate::address::NameAddr;
use crate::lex;
use crate::method::Method;
use crate::params::Params;
use crate::uri::Uri;

/// Headers taken over from one URI; more would only serve an attacker.
const MAX_EMBEDDED: usize = 16;

/// The value of Replaces (RFC 3891 section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// The Call-ID of the dialog to replace.
    pub call_id: Box<str>,
    /// Its tag on the side of the receiver.
    pub to_tag: Box<str>,
    /// Its tag on the other side.
    pub from_tag: Box<str>,
    /// Whether only an unanswered call may be replaced.
    pub early_only: bool,
}

impl Replaces {
    /// Reads the value of a Replaces header.
    pub fn parse(text: &str) -> Option<Replaces> {
        let (call_id, params) = text.split_once(';')?;
        let call_id = lex::trim(call_id);
        let params = Params::parse(params)?;
        let tag = |name| params.get(name).filter(|tag| !tag.is_empty());
        let plain = !call_id.is_empty() && !call_id.contains([' ', '\t', ',', '"']);
        Some(Replaces {
            call_id: Some(call_id).filter(|_| plain)?.into(),
            to_tag: tag("to-tag")?.into(),
            from_tag: tag("from-tag")?.into(),
            early_only: params.contains("early-only"),
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        if self.early_only { f.write_str(";early-only") } else { Ok(()) }
    }
}

/// The value of Refer-To (RFC 3515 section 2.1): whom the receiver shall call, and what it shall say to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferTo {
    /// The display name, when there is one.
    pub display: Option<String>,
    /// Whom to call: fit for a Request-URI, method and headers taken off.
    pub uri: Uri,
    /// The dialog to replace there (RFC 3891): the mark of an attended transfer.
    pub replaces: Option<Replaces>,
    /// Further headers the INVITE shall carry, of those a stranger may ask for: Subject, User-to-User and `X-…`
    /// (RFC 3261 section 19.1.5 warns of the others).
    pub headers: Headers,
}

impl ReferTo {
    /// Somebody to call.
    pub fn new(uri: Uri) -> ReferTo {
        ReferTo { display: None, uri, replaces: None, headers: Headers::new() }
    }

    /// Reads the value of a Refer-To header. `None` when it is no address, asks for another method than INVITE, or
    /// its Replaces cannot be read.
    pub fn parse(text: &str) -> Option<ReferTo> {
        let address = NameAddr::parse(text)?;
        let uri = &address.uri;
        if uri.param("method").is_some_and(|method| method != Method::Invite.as_str()) {
            return None;
        }
        let mut replaces = None;
        let mut headers = Headers::new();
        for (name, value) in uri.headers().take(MAX_EMBEDDED) {
            match Name::parse(&name) {
                Name::Replaces if replaces.is_some() => return None,
                Name::Replaces => replaces = Some(Replaces::parse(&value)?),
                name if lex::is_token(name.as_str()) && may_be_embedded(&name) => headers.push(name, value),
                _ => {}
            }
        }
        let uri = uri.without_headers().without_param("method");
        Some(ReferTo { display: address.display, uri, replaces, headers })
    }
}

fn may_be_embedded(name: &Name) -> bool {
    let text = name.as_str();
    let extension = text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-"));
    matches!(name, Name::Subject) || extension || text.eq_ignore_ascii_case("User-to-User")
}

impl fmt::Display for ReferTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PLAIN: &[u8] = b"-_.!~*'()[]/:$+";
        let mut uri = self.uri.without_headers().as_str().to_owned();
        let replaces = self.replaces.as_ref().map(|replaces| ("Replaces".to_owned(), replaces.to_string()));
        let others = self.headers.iter().map(|(name, value)| (name.to_string(), value.to_owned()));
        for (at, (name, value)) in replaces.into_iter().chain(others).enumerate() {
            uri.push(if at == 0 { '?' } else { '&' });
            lex::escape(&mut uri, &name, PLAIN);
            uri.push('=');
            lex::escape(&mut uri, &value, PLAIN);
        }
        if let Some(display) = &self.display {
            let mut quoted = String::with_capacity(display.len() + 2);
            lex::quote(&mut quoted, display);
            write!(f, "{quoted} ")?;
        }
        write!(f, "<{uri}>")
    }
}

/// The value of Event (RFC 6665 section 8.2.1): an event package, and which of several subscriptions to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The package in lower case: `dialog`, `presence`, `message-summary`, `refer`, …
    pub name: Box<str>,
    /// What tells subscriptions within one dialog apart.
    pub id: Option<Box<str>>,
}

impl Package {
    /// Reads the value of an Event header. A package without case is no package, but phones write `Dialog`.
    pub fn parse(text: &str) -> Option<Package> {
        let (name, params) = text.split_once(';').unwrap_or((text, ""));
        let name = lex::trim(name);
        let params = Params::parse(params)?;
        let id = params.get("id").filter(|id| lex::is_token(id)).map(Into::into);
        lex::is_token(name).then(|| Package { name: name.to_ascii_lowercase().into(), id })
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "{};id={id}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Headers {
    /// Replaces, when there is one (RFC 3891 section 3).
    pub fn replaces(&self) -> Result<Option<Replaces>, HeaderError> {
        if !self.contains(&Name::Replaces) {
            return Ok(None);
        }
        let value = self.one(&Name::Replaces)?;
        Replaces::parse(value).map(Some).ok_or(HeaderError::Malformed(Name::Replaces))
    }

    /// Refer-To, which a REFER must have (RFC 3515 section 2.1).
    pub fn refer_to(&self) -> Result<ReferTo, HeaderError> {
        ReferTo::parse(self.one(&Name::ReferTo)?).ok_or(HeaderError::Malformed(Name::ReferTo))
    }

    /// Referred-By, when there is a readable one (RFC 3892).
    pub fn referred_by(&self) -> Option<NameAddr> {
        NameAddr::parse(self.get(&Name::ReferredBy)?)
    }

    /// Event, which SUBSCRIBE, NOTIFY and PUBLISH must have (RFC 6665 section 8.2.1).
    pub fn package(&self) -> Result<Package, HeaderError> {
        Package::parse(self.one(&Name::Event)?).ok_or(HeaderError::Malformed(Name::Event))
    }

    /// The dialog that Target-Dialog names (RFC 4538 section 7): Call-ID and both tags, whichever side's.
    pub(crate) fn target_dialog(&self) -> Option<(&str, Box<str>, Box<str>)> {
        let (call_id, params) = self.get(&Name::TargetDialog)?.split_once(';')?;
        let params = Params::parse(params)?;
        Some((lex::trim(call_id), params.get("local-tag")?.into(), params.get("remote-tag")?.into()))
    }
}
