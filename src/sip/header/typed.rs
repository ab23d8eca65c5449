//! Typed views of header fields, made when asked for.

use std::fmt;

use super::{Headers, Name};
use crate::address::NameAddr;
use crate::cseq::CSeq;
use crate::lex;
use crate::method::Method;
use crate::params::Params;
use crate::via::Via;

/// Why a header could not be read: the peer's mistake, fit for the reason phrase of a 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A header that must be there is not.
    #[error("Missing {0} header")]
    Missing(Name),
    /// A header that is there cannot be understood.
    #[error("Malformed {0} header")]
    Malformed(Name),
    /// A header that may be there once is there several times.
    #[error("Multiple {0} headers")]
    Repeated(Name),
}

/// More values than any sane header has make it malformed: reading them all would be work for nothing.
const MAX_VALUES: usize = 128;

type Result<T> = std::result::Result<T, HeaderError>;

/// Who refreshes a session (RFC 4028 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// The side that sent the request.
    Uac,
    /// The side that answered it.
    Uas,
}

/// The value of Session-Expires (RFC 4028 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// Seconds until the session is given up.
    pub seconds: u32,
    /// Who refreshes it, when said.
    pub refresher: Option<Refresher>,
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refresher {
            Some(Refresher::Uac) => write!(f, "{};refresher=uac", self.seconds),
            Some(Refresher::Uas) => write!(f, "{};refresher=uas", self.seconds),
            None => write!(f, "{}", self.seconds),
        }
    }
}

/// The value of RAck: which reliable provisional response a PRACK is for (RFC 3262 section 7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq of the response.
    pub rseq: u32,
    /// The CSeq of the request it answered.
    pub cseq: CSeq,
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

impl Headers {
    /// The topmost Via.
    pub fn via(&self) -> Result<Via> {
        let value = self.values(&Name::Via).next().ok_or(HeaderError::Missing(Name::Via))?;
        Via::parse(value).ok_or(HeaderError::Malformed(Name::Via))
    }

    /// Every Via, topmost first.
    pub fn vias(&self) -> Result<Vec<Via>> {
        self.list(&Name::Via, Via::parse)
    }

    /// From.
    pub fn from(&self) -> Result<NameAddr> {
        self.address(Name::From)
    }

    /// To.
    pub fn to(&self) -> Result<NameAddr> {
        self.address(Name::To)
    }

    /// The one address in `name`, which must be there.
    pub fn address(&self, name: Name) -> Result<NameAddr> {
        let value = self.one(&name)?;
        NameAddr::parse(value).ok_or(HeaderError::Malformed(name))
    }

    /// Every address in `name`: Contact, Route, Path, P-Asserted-Identity and the like.
    pub fn addresses(&self, name: &Name) -> Result<Vec<NameAddr>> {
        self.list(name, NameAddr::parse)
    }

    /// Every Contact. `*` is malformed here: ask [`Headers::contact_is_star`] first where it may stand.
    pub fn contacts(&self) -> Result<Vec<NameAddr>> {
        self.addresses(&Name::Contact)
    }

    /// Whether Contact is `*` (RFC 3261 section 10.2.2).
    pub fn contact_is_star(&self) -> bool {
        self.all(&Name::Contact).any(|value| value == "*")
    }

    /// Every Route, the next hop first.
    pub fn routes(&self) -> Result<Vec<NameAddr>> {
        self.addresses(&Name::Route)
    }

    /// Every Record-Route in the order received.
    pub fn record_routes(&self) -> Result<Vec<NameAddr>> {
        self.addresses(&Name::RecordRoute)
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<CSeq> {
        CSeq::parse(self.one(&Name::CSeq)?).ok_or(HeaderError::Malformed(Name::CSeq))
    }

    /// Call-ID.
    pub fn call_id(&self) -> Result<&str> {
        let value = self.one(&Name::CallId)?;
        if value.is_empty() || value.contains([' ', '\t']) {
            return Err(HeaderError::Malformed(Name::CallId));
        }
        Ok(value)
    }

    /// Max-Forwards, when there is one.
    pub fn max_forwards(&self) -> Result<Option<u8>> {
        self.number(Name::MaxForwards)
    }

    /// Expires in seconds, when there is one. A number too large for 32 bits is read as the largest
    /// (RFC 4475 section 3.1.2.4 lets it be taken as any high value), other text is malformed.
    pub fn expires(&self) -> Result<Option<u32>> {
        self.seconds(Name::Expires)
    }

    /// Min-Expires in seconds, when there is one.
    pub fn min_expires(&self) -> Result<Option<u32>> {
        self.seconds(Name::MinExpires)
    }

    /// RSeq, when there is one (RFC 3262 section 7.1).
    pub fn rseq(&self) -> Result<Option<u32>> {
        self.number(Name::RSeq)
    }

    /// RAck, which a PRACK must have (RFC 3262 section 7.2).
    pub fn rack(&self) -> Result<RAck> {
        let value = self.one(&Name::RAck)?;
        let read = || {
            let (rseq, cseq) = value.split_once([' ', '\t'])?;
            Some(RAck { rseq: digits(rseq)?, cseq: CSeq::parse(lex::trim(cseq))? })
        };
        read().ok_or(HeaderError::Malformed(Name::RAck))
    }

    /// Session-Expires, when there is one (RFC 4028 section 4).
    pub fn session_expires(&self) -> Result<Option<SessionExpires>> {
        let Some(value) = self.get(&Name::SessionExpires) else { return Ok(None) };
        let (seconds, params) = value.split_once(';').unwrap_or((value, ""));
        let malformed = HeaderError::Malformed(Name::SessionExpires);
        let (Some(seconds), Some(params)) = (saturating(lex::trim(seconds)), Params::parse(params)) else {
            return Err(malformed);
        };
        let refresher = match params.get("refresher") {
            Some(side) if side.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(side) if side.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        };
        Ok(Some(SessionExpires { seconds, refresher }))
    }

    /// Min-SE in seconds, when there is one (RFC 4028 section 5).
    pub fn min_se(&self) -> Result<Option<u32>> {
        self.seconds(Name::MinSe)
    }

    /// The seconds of Retry-After, when there is a readable one (RFC 3261 section 20.33).
    pub fn retry_after(&self) -> Option<u32> {
        let value = self.get(&Name::RetryAfter)?;
        let end = value.find(|char: char| !char.is_ascii_digit()).unwrap_or(value.len());
        saturating(&value[..end])
    }

    /// Whether one of the option tags of `name` (Supported, Require, …) is `tag`.
    pub fn has_option(&self, name: &Name, tag: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(tag))
    }

    /// Whether Allow names `method`.
    pub fn allows(&self, method: &Method) -> bool {
        self.values(&Name::Allow).any(|value| value == method.as_str())
    }

    /// The media type of the body in lower case without parameters, `application/sdp` for instance.
    pub fn media_type(&self) -> Option<String> {
        let value = self.get(&Name::ContentType)?;
        let kind = value.split(';').next().unwrap_or(value);
        Some(kind.chars().filter(|char| !matches!(char, ' ' | '\t')).collect::<String>().to_ascii_lowercase())
    }

    /// The value of a header that must be there exactly once.
    pub(super) fn one(&self, name: &Name) -> Result<&str> {
        let mut lines = self.all(name);
        let first = lines.next().ok_or_else(|| HeaderError::Missing(name.clone()))?;
        if lines.next().is_some() {
            return Err(HeaderError::Repeated(name.clone()));
        }
        Ok(first)
    }

    fn list<T>(&self, name: &Name, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
        let bounded = |(at, value)| (at < MAX_VALUES).then(|| read(value)).flatten();
        let values: Option<Vec<T>> = self.values(name).enumerate().map(bounded).collect();
        values.ok_or_else(|| HeaderError::Malformed(name.clone()))
    }

    fn number<T: TryFrom<u64>>(&self, name: Name) -> Result<Option<T>> {
        let Some(value) = self.get(&name) else { return Ok(None) };
        digits(value).map(Some).ok_or(HeaderError::Malformed(name))
    }

    fn seconds(&self, name: Name) -> Result<Option<u32>> {
        let Some(value) = self.get(&name) else { return Ok(None) };
        let number = value.split(';').next().unwrap_or(value);
        saturating(lex::trim(number)).map(Some).ok_or(HeaderError::Malformed(name))
    }
}

/// A number of ASCII digits only (no sign) that fits `T`.
pub(crate) fn digits<T: TryFrom<u64>>(text: &str) -> Option<T> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    T::try_from(text.parse::<u64>().ok()?).ok()
}

/// A number of ASCII digits only; too large becomes the largest.
pub(crate) fn saturating(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse::<u64>().map_or(u32::MAX, |number| u32::try_from(number).unwrap_or(u32::MAX)))
}
