//! What a request and its copies, CANCEL and ACK have in common (RFC 3261 17.1.3, 17.2.3).

use std::fmt::Write;

use crate::{BRANCH_MAGIC, CSeq, Method, Request, Via};

/// The name of a transaction on one side.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// INVITE, ACK to non-2xx and CANCEL share the branch; only CANCEL is its own transaction.
    kind: Kind,
    name: Box<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    Invite,
    Cancel,
    /// Each method is its own, also where a careless peer uses a branch twice.
    Other(Method),
}

impl Kind {
    fn of(method: &Method) -> Self {
        match method {
            Method::Invite | Method::Ack => Self::Invite,
            Method::Cancel => Self::Cancel,
            other => Self::Other(other.clone()),
        }
    }
}

impl Key {
    /// The key of an own request: its branch is unique by itself.
    pub fn client(branch: &str, method: &Method) -> Self {
        Self { kind: Kind::of(method), name: branch.into() }
    }

    /// The key of a received request: branch, sent-by and method; for elements older than RFC 3261 whatever stays
    /// the same in copies (17.2.3, second procedure).
    pub fn server(request: &Request, via: &Via, cseq: &CSeq) -> Self {
        let mut name = String::with_capacity(80);
        // Writing to a String cannot fail.
        let written = match via.branch() {
            Some(branch) if branch.starts_with(BRANCH_MAGIC) => {
                write!(name, "{branch} {}:{}", via.host, via.port.unwrap_or(0))
            }
            _ => {
                let from = request.headers.from().ok();
                let tag = from.as_ref().and_then(|from| from.tag()).unwrap_or("");
                let call_id = request.headers.call_id().unwrap_or("");
                write!(name, "{}\n{tag}\n{call_id}\n{}\n{via}", request.uri, cseq.number)
            }
        };
        debug_assert!(written.is_ok());
        Self { kind: Kind::of(&request.method), name: name.into() }
    }

    /// The key of the INVITE that a CANCEL with this key is for (RFC 3261 9.2).
    pub fn cancelled(&self) -> Self {
        Self { kind: Kind::Invite, name: self.name.clone() }
    }
}
