//! The front door: every datagram and every framed message comes in here, and only sound messages get further.
//!
//! ```text
//!            ┌ nothing but line ends ──────────────► Keepalive
//!   bytes ───┼ a sound request or response ────────► Message   (top Via stamped with the source)
//!            ├ a request nobody could serve ───────► Answer    (400 405 414 416 505 513)
//!            └ no Via to answer, ACK, response ────► Drop
//! ```
//!
//! What the answer is follows RFC 3261 sections 8.2, 16.3 and 18.3 and what RFC 4475 and RFC 5118 say of their messages.

mod refuse;

use std::fmt;
use std::sync::Arc;

use crate::flow::Flow;
use crate::header::{HeaderError, Headers, Name};
use crate::message::{Message, Request, Response};
use crate::method::{KNOWN, Method};
use crate::parse::ParseError;
use crate::status::Status;
use crate::uri::Scheme;

/// The longest Request-URI taken, in bytes; a longer one is answered 414.
pub const MAX_URI: usize = 2048;

/// What becomes of what came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// A sound message.
    Message(Message),
    /// Not to be served; this goes back to where it came from.
    Answer(Vec<u8>),
    /// Not to be served and not to be answered.
    Drop(Dropped),
    /// A keep-alive; this goes back, when it is not empty.
    Keepalive(&'static [u8]),
}

/// Why something was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dropped {
    /// Without a Via there is nobody to answer; garbage looks like this too.
    NoVia,
    /// A response that makes no sense, or was meant for somebody else.
    Response,
    /// An ACK that makes no sense; ACKs are never answered (RFC 3261 section 17).
    Ack,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dropped::NoVia => "no Via",
            Dropped::Response => "unusable response",
            Dropped::Ack => "malformed ACK",
        })
    }
}

/// The door, and which methods are served behind it.
#[derive(Debug, Clone)]
pub struct Door {
    methods: Vec<Method>,
    allow: Arc<str>,
}

impl Default for Door {
    /// Lets every known method in.
    fn default() -> Door {
        Door::new(KNOWN.to_vec())
    }
}

impl Door {
    /// A door for these methods; all others are answered 405 (RFC 3261 section 8.2.1).
    pub fn new(methods: Vec<Method>) -> Door {
        let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
        let allow = names.join(", ").into();
        Door { methods, allow }
    }

    /// What is served, as it stands in Allow.
    pub fn allow(&self) -> &Arc<str> {
        &self.allow
    }

    /// Judges one datagram, or one message cut out of a stream, that came over `flow`. The topmost Via of a request that
    /// is let in has been stamped with its source (RFC 3261 section 18.2.1, RFC 3581 section 4).
    pub fn admit(&self, bytes: &[u8], flow: &Flow) -> Admitted {
        let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n' | 0));
        let Some(start) = start else { return Admitted::Keepalive(b"") };
        // Line ends before a message are ignored (RFC 3261 section 7.5).
        let bytes = &bytes[start..];
        let problem = match Message::parse(bytes) {
            Ok(Message::Response(response)) => return admit_response(response),
            Ok(Message::Request(mut request)) => match self.check(&mut request, flow) {
                Ok(()) => return Admitted::Message(Message::Request(request)),
                Err(problem) => problem,
            },
            Err(error) => error.into(),
        };
        match self.refuse(bytes, flow, (problem.status, &problem.reason)) {
            Ok(answer) => Admitted::Answer(answer),
            Err(dropped) => Admitted::Drop(dropped),
        }
    }

    /// The checks every request must pass before anybody looks at what it asks (RFC 3261 section 8.2).
    fn check(&self, request: &mut Request, flow: &Flow) -> Result<(), Problem> {
        let mut via = request.headers.via()?;
        // An ACK is never answered, so it is never refused either.
        if !self.methods.contains(&request.method) && request.method != Method::Ack {
            // Of an unknown method nobody knows what its CSeq should say: RFC 4475 section 3.1.2.18 wants 501.
            let agrees = identity(&request.headers)?.method == request.method;
            let known = agrees || KNOWN.contains(&request.method);
            let status = if known { Status::METHOD_NOT_ALLOWED } else { Status::NOT_IMPLEMENTED };
            return Err(Problem::new(status));
        }
        check_uri(request)?;
        let headers = &request.headers;
        if identity(headers)?.method != request.method {
            return Err(Problem::bad("CSeq method does not match request method"));
        }
        once(headers, Name::MaxForwards)?;
        headers.max_forwards()?;
        check_addresses(request)?;
        let before = via.params.clone();
        via.stamp(flow.remote);
        if via.params != before {
            request.headers.set_first(&Name::Via, via);
        }
        Ok(())
    }
}

/// What a request is refused with.
struct Problem {
    status: Status,
    reason: String,
}

impl Problem {
    fn new(status: Status) -> Problem {
        Problem { status, reason: status.reason().to_owned() }
    }

    fn bad(reason: &str) -> Problem {
        Problem { status: Status::BAD_REQUEST, reason: reason.to_owned() }
    }
}

impl From<HeaderError> for Problem {
    fn from(error: HeaderError) -> Problem {
        Problem::bad(&error.to_string())
    }
}

impl From<ParseError> for Problem {
    fn from(error: ParseError) -> Problem {
        match error {
            ParseError::TooLarge => Problem::new(Status::MESSAGE_TOO_LARGE),
            ParseError::Version => Problem::new(Status::VERSION_NOT_SUPPORTED),
            error => Problem::bad(&error.to_string()),
        }
    }
}

fn admit_response(response: Response) -> Admitted {
    let headers = &response.headers;
    // More than one Via: it was meant for a proxy behind us (RFC 3261 section 8.1.3.3).
    let ours = headers.values(&Name::Via).count() == 1 && headers.via().is_ok();
    if ours && identity(headers).is_ok() {
        Admitted::Message(Message::Response(response))
    } else {
        Admitted::Drop(Dropped::Response)
    }
}

fn check_uri(request: &Request) -> Result<(), Problem> {
    let uri = &request.uri;
    if uri.as_str().len() > MAX_URI {
        return Err(Problem::new(Status::URI_TOO_LONG));
    }
    if uri.scheme() == Scheme::Other {
        return Err(Problem::new(Status::UNSUPPORTED_SCHEME));
    }
    if uri.has_headers() {
        return Err(Problem::bad("Headers in Request-URI"));
    }
    Ok(())
}

/// The headers that name the transaction and the dialog: each there, once and readable.
fn identity(headers: &Headers) -> Result<crate::cseq::CSeq, HeaderError> {
    headers.call_id()?;
    headers.from()?;
    headers.to()?;
    headers.cseq()
}

fn once(headers: &Headers, name: Name) -> Result<(), HeaderError> {
    if headers.all(&name).nth(1).is_some() { Err(HeaderError::Repeated(name)) } else { Ok(()) }
}

/// The addresses later requests are sent to, and what a registrar files under.
fn check_addresses(request: &Request) -> Result<(), Problem> {
    let headers = &request.headers;
    let register = request.method == Method::Register;
    if !(register && headers.contact_is_star()) {
        headers.contacts()?;
    }
    headers.routes()?;
    headers.record_routes()?;
    if register && !headers.to()?.uri.is_sip() {
        return Err(Problem::bad("To of REGISTER is no SIP URI"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
