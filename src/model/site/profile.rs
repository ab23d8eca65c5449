//! What an operator is told about callers, and how: no two want the same headers.

use super::defaults::most;
use super::fields::Fields;
use super::value::{flag, word};

/// How a trunk shows callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The operator carries numbers that are not the trunk's own ("CLIP no screening").
    pub clip_no_screening: bool,
    /// The headers that vouch for the caller, besides From.
    pub identity: Vec<Identity>,
    /// The headers that say who sent a call on.
    pub diversion: Vec<DiversionHeader>,
}

/// A header that vouches for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// P-Asserted-Identity (RFC 3325 section 9.1).
    Asserted,
    /// P-Preferred-Identity (RFC 3325 section 9.2).
    Preferred,
    /// Remote-Party-ID, from before RFC 3325 and still asked for.
    RemoteParty,
}

const IDENTITIES: &[(&str, Identity)] = &[
    ("p-asserted-identity", Identity::Asserted),
    ("p-preferred-identity", Identity::Preferred),
    ("remote-party-id", Identity::RemoteParty),
];

/// A header that says who sent a call on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiversionHeader {
    /// Diversion (RFC 5806).
    Diversion,
    /// History-Info (RFC 7044).
    HistoryInfo,
}

const DIVERSIONS: &[(&str, DiversionHeader)] =
    &[("diversion", DiversionHeader::Diversion), ("history-info", DiversionHeader::HistoryInfo)];

impl Default for Profile {
    fn default() -> Self {
        Self {
            clip_no_screening: false,
            identity: vec![Identity::Asserted],
            diversion: vec![DiversionHeader::Diversion],
        }
    }
}

impl Profile {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let usual = Self::default();
        let clip_no_screening = fields.or("clip_no_screening", flag, usual.clip_no_screening);
        let identity = fields.list("identity", most::WORDS, word(IDENTITIES));
        let identity = if fields.has("identity") { identity } else { usual.identity };
        let diversion = fields.list("diversion", most::WORDS, word(DIVERSIONS));
        let diversion = if fields.has("diversion") { diversion } else { usual.diversion };
        Self { clip_no_screening, identity, diversion }
    }
}
