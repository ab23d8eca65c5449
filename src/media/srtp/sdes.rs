//! The `a=crypto` attribute (RFC 4568 section 9.1): `tag suite inline:base64[|lifetime][|MKI:length] [parameters]`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::suite::{MasterKey, Suite};

/// One `a=crypto` attribute the exchange can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crypto {
    /// Which of the offer's attributes this is, repeated by the answer (RFC 4568 section 4.1): 1 to 9 digits.
    pub tag: u32,
    /// The key, with its suite.
    pub key: MasterKey,
}

/// Why an `a=crypto` attribute is passed over; another of the same offer may still serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// It does not follow the grammar.
    #[error("the attribute does not follow the grammar of RFC 4568")]
    Malformed,
    /// A suite that is not implemented.
    #[error("the crypto suite is not implemented")]
    UnknownSuite,
    /// Not base64, or not as long as the suite needs.
    #[error("the key is not base64 of the length the suite needs")]
    BadKey,
    /// More than one key, which only makes sense with master key identifiers.
    #[error("more than one key in an attribute is not supported")]
    SeveralKeys,
    /// A master key identifier would stand in every packet.
    #[error("master key identifiers are not supported")]
    MasterKeyIdentifier,
    /// A session parameter that must be understood (RFC 4568 section 6.3) and is not, such as `UNENCRYPTED_SRTP`.
    #[error("a session parameter is not supported")]
    SessionParameter,
}

impl Crypto {
    /// Reads the value of the attribute, what stands after `a=crypto:`. A lifetime is accepted and not enforced: no
    /// call lasts 2^31 packets. Session parameters are refused, except `WSH`, a hint (RFC 4568 section 6.3.6).
    pub fn parse(value: &str) -> Result<Self, CryptoError> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().and_then(parse_tag).ok_or(CryptoError::Malformed)?;
        let suite = words.next().ok_or(CryptoError::Malformed)?;
        let params = words.next().ok_or(CryptoError::Malformed)?;
        let suite = Suite::from_name(suite).ok_or(CryptoError::UnknownSuite)?;
        if words.any(|parameter| !parameter.starts_with("WSH=")) {
            return Err(CryptoError::SessionParameter);
        }
        if params.contains(';') {
            return Err(CryptoError::SeveralKeys);
        }
        let inline = params
            .split_at_checked(7)
            .filter(|(method, _)| method.eq_ignore_ascii_case("inline:"))
            .ok_or(CryptoError::Malformed)?
            .1;
        let mut fields = inline.split('|');
        let key = parse_key(suite, fields.next().unwrap_or_default())?;
        for field in fields {
            if field.contains(':') {
                return Err(CryptoError::MasterKeyIdentifier);
            }
            if !is_lifetime(field) {
                return Err(CryptoError::Malformed);
            }
        }
        Ok(Self { tag, key })
    }
}

impl fmt::Display for Crypto {
    /// Prints the value of the attribute, key included: for SDP only, never for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} inline:{}", self.tag, self.key.suite().name(), STANDARD.encode(self.key.material()))
    }
}

fn parse_tag(word: &str) -> Option<u32> {
    let digits = (1..=9).contains(&word.len()) && word.bytes().all(|octet| octet.is_ascii_digit());
    digits.then(|| word.parse().ok()).flatten()
}

/// Some peers leave out or add padding; both are read.
fn parse_key(suite: Suite, text: &str) -> Result<MasterKey, CryptoError> {
    if text.len() > 2 * super::suite::MATERIAL_MAX {
        return Err(CryptoError::BadKey);
    }
    let octets = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| CryptoError::BadKey)?;
    MasterKey::from_material(suite, &octets).ok_or(CryptoError::BadKey)
}

fn is_lifetime(field: &str) -> bool {
    let digits = field.strip_prefix("2^").unwrap_or(field);
    !digits.is_empty() && digits.len() <= 20 && digits.bytes().all(|octet| octet.is_ascii_digit())
}
