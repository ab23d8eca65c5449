//! What the user of an endpoint asks for.

use std::fmt;
use std::time::Duration;

use crate::digest::Credentials;
use crate::flow::Target;
use crate::{Headers, Method, NameAddr, ReferTo, Uri};

/// One INVITE usage seen from the box, as caller or as called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub(crate) u64);

/// One request of ours that the user waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub(crate) u64);

/// One request of a peer that the user answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IncomingId(pub(crate) u64);

/// One subscription of a peer to something here; that of a REFER to its outcome is one, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(pub(crate) u64);

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "subscription-{}", self.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session-{}", self.0)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request-{}", self.0)
    }
}

impl fmt::Display for IncomingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "incoming-{}", self.0)
    }
}

/// A message body and its media type. Opaque here: offers and answers are told apart by their place, not by content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The value of Content-Type: `application/sdp`.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Body {
    /// A session description.
    pub fn sdp(bytes: impl Into<Vec<u8>>) -> Self {
        Self { media_type: "application/sdp".to_owned(), bytes: bytes.into() }
    }
}

/// A key of a telephone: `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digit(char);

impl Digit {
    /// Reads one key, or its number as an RFC 4733 event (`10` is `*`).
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "10" => Some(Self('*')),
            "11" => Some(Self('#')),
            "12" => Some(Self('A')),
            "13" => Some(Self('B')),
            "14" => Some(Self('C')),
            "15" => Some(Self('D')),
            _ => {
                let mut chars = text.chars();
                let key = chars.next()?.to_ascii_uppercase();
                let known = matches!(key, '0'..='9' | '*' | '#' | 'A'..='D') && chars.next().is_none();
                known.then_some(Self(key))
            }
        }
    }

    /// The key.
    pub const fn as_char(self) -> char {
        self.0
    }
}

/// A peer to be sent elsewhere by REFER.
#[derive(Debug, Clone)]
pub struct Refer {
    /// Whom it shall call.
    pub to: ReferTo,
    /// On whose behalf (RFC 3892).
    pub referred_by: Option<NameAddr>,
    /// Further headers.
    pub extra: Headers,
}

/// Why a subscription is over, said to the subscriber (RFC 6665 4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Subscribe again at once, perhaps elsewhere.
    Deactivated,
    /// Subscribe again later.
    Probation,
    /// Not allowed any more; do not come back.
    Rejected,
    /// It ran out.
    Timeout,
    /// Not decided in time; come back later.
    Giveup,
    /// What was watched is gone for good.
    NoResource,
}

impl EndReason {
    /// As it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deactivated => "deactivated",
            Self::Probation => "probation",
            Self::Rejected => "rejected",
            Self::Timeout => "timeout",
            Self::Giveup => "giveup",
            Self::NoResource => "noresource",
        }
    }
}

/// A call to place.
#[derive(Debug, Clone)]
pub struct Invite {
    /// Where it goes.
    pub target: Target,
    /// Whom it asks for.
    pub request_uri: Uri,
    /// Who calls; a tag is added.
    pub from: NameAddr,
    /// Who is called.
    pub to: NameAddr,
    /// Further headers: P-Asserted-Identity, Privacy, Diversion, Replaces, Max-Forwards, …
    pub extra: Headers,
    /// A preloaded route, first hop first (RFC 3261 12.2.1.1, 16.12).
    pub route: Vec<NameAddr>,
    /// The offer; `None` asks the peer for one.
    pub body: Option<Body>,
    /// What to answer a 401 or 407 with.
    pub credentials: Option<Credentials>,
    /// The session interval asked for (RFC 4028); `None` asks for none.
    pub session_expires: Option<Duration>,
}

/// A request outside any INVITE usage: OPTIONS, REGISTER, MESSAGE, NOTIFY, …
#[derive(Debug, Clone)]
pub struct OutOfDialog {
    /// Where it goes.
    pub target: Target,
    /// What is asked.
    pub method: Method,
    /// Of whom.
    pub request_uri: Uri,
    /// Who asks; a tag is added when there is none.
    pub from: NameAddr,
    /// To whom it is addressed; a tag is kept (NOTIFY in a subscription).
    pub to: NameAddr,
    /// Further headers. Call-ID here is kept (REGISTER refreshes); so are Contact, Route and Max-Forwards.
    pub headers: Headers,
    /// The CSeq number to use; `None`: 1.
    pub cseq: Option<u32>,
    /// The body.
    pub body: Option<Body>,
    /// What to answer a 401 or 407 with.
    pub credentials: Option<Credentials>,
}
