//! Answers to requests too broken to parse, made of whatever can be read of them.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Door, Dropped};
use crate::address::NameAddr;
use crate::flow::Flow;
use crate::header::{Headers, Name};
use crate::lex;
use crate::message::Response;
use crate::parse::{MAX_HEAD, MAX_LINES, line};
use crate::status::Status;

/// The most Via lines repeated in an answer.
const MAX_VIAS: usize = 70;

impl Door {
    /// The answer to a request of which perhaps only the front is there, or why there is none.
    pub fn refuse(
        &self,
        bytes: &[u8],
        flow: &Flow,
        (status, reason): (Status, &str),
    ) -> Result<Vec<u8>, Dropped> {
        let bytes = &bytes[..bytes.len().min(MAX_HEAD)];
        let first = line(bytes).map_or(bytes, |(first, _)| first);
        if first.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/")) {
            return Err(Dropped::Response);
        }
        if first.starts_with(b"ACK ") {
            return Err(Dropped::Ack);
        }
        let mut headers = salvage(bytes);
        if !headers.get(&Name::Via).is_some_and(is_via) {
            return Err(Dropped::NoVia);
        }
        if let Ok(mut via) = headers.via() {
            via.stamp(flow.remote);
            headers.set_first(&Name::Via, via);
        }
        if let Some(to) = headers.get(&Name::To).and_then(NameAddr::parse).filter(|to| to.tag().is_none()) {
            let tag = tag(&headers);
            headers.set(Name::To, to.with_tag(&tag));
        }
        if status == Status::METHOD_NOT_ALLOWED {
            headers.push(Name::Allow, &self.allow);
        }
        let response = Response { status, reason: reason.to_owned(), headers, body: Vec::new() };
        Ok(response.to_bytes())
    }
}

/// Whether this could be a Via at all; parts of it may still be wrong.
fn is_via(value: &str) -> bool {
    value.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("SIP"))
}

/// The header lines an answer repeats (RFC 3261 section 8.2.6.2), bad lines passed over.
fn salvage(bytes: &[u8]) -> Headers {
    let mut headers = Headers::new();
    let Some((_, mut rest)) = line(bytes) else { return headers };
    let mut wanted = false;
    for _ in 0..MAX_LINES {
        let Some((first, after)) = line(rest) else { break };
        rest = after;
        let text = String::from_utf8_lossy(first);
        if text.is_empty() {
            break;
        }
        if text.starts_with([' ', '\t']) {
            if wanted {
                headers.part(&text.replace('\r', " "));
            }
            continue;
        }
        let (name, value) = text.split_once(':').unwrap_or((&text, ""));
        let name = Name::parse(lex::trim(name));
        wanted = match name {
            Name::Via => headers.all(&Name::Via).count() < MAX_VIAS,
            Name::From | Name::To | Name::CallId | Name::CSeq => !headers.contains(&name),
            _ => false,
        };
        if wanted {
            headers.begin(name);
            headers.part(&value.replace('\r', " "));
        }
    }
    headers
}

/// A tag that is the same for the same request, as a stateless answer's must be (RFC 3261 section 8.2.7).
fn tag(headers: &Headers) -> String {
    let mut hasher = DefaultHasher::new();
    for name in [Name::CallId, Name::From, Name::Via, Name::CSeq] {
        headers.get(&name).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}
