//! What the user of an endpoint asks for.

use std::fmt;
use std::time::Duration;

use crate::digest::Credentials;
use crate::flow::Target;
use crate::{Headers, Method, NameAddr, Uri};

/// One INVITE usage seen from the box, as caller or as called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub(crate) u64);

/// One request of ours that the user waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub(crate) u64);

/// One request of a peer that the user answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IncomingId(pub(crate) u64);

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
