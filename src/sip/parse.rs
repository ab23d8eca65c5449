//! Bytes to messages (RFC 3261 sections 7 and 25.1).

use crate::header::{HeaderError, Headers, Name, digits};
use crate::lex;
use crate::message::{Message, Request, Response};
use crate::method::Method;
use crate::status::Status;
use crate::uri::{Uri, UriError};

/// The largest header section read, in bytes.
pub const MAX_HEAD: usize = 32 * 1024;
/// The largest message read, in bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// The largest number of header lines read.
pub const MAX_LINES: usize = 512;

/// Why bytes are no SIP message; the text is fit for the reason phrase of a 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Larger than [`MAX_MESSAGE`], [`MAX_HEAD`] or [`MAX_LINES`].
    #[error("Message Too Large")]
    TooLarge,
    /// No empty line ends the headers.
    #[error("Incomplete header section")]
    Incomplete,
    /// The first line is neither a request line nor a status line.
    #[error("Malformed start line")]
    StartLine,
    /// Another protocol version than SIP/2.0.
    #[error("Version Not Supported")]
    Version,
    /// The method is no token.
    #[error("Malformed method")]
    Method,
    /// The Request-URI cannot be read.
    #[error("Malformed Request-URI: {0}")]
    Uri(UriError),
    /// A header line without a name, without a colon or with a stray carriage return.
    #[error("Malformed header line")]
    Line,
    /// A header that framing depends on is wrong.
    #[error("{0}")]
    Header(HeaderError),
    /// Content-Length promises more bytes than there are.
    #[error("Content-Length larger than message")]
    Truncated,
}

impl Message {
    /// Reads one datagram, or one message cut out of a stream. Bytes behind the body that Content-Length announces are
    /// ignored, without Content-Length the body is the rest (RFC 3261 section 18.3).
    ///
    /// This checks form, not sense: whether the headers a request needs are there is [`crate::door`]'s business.
    pub fn parse(datagram: &[u8]) -> Result<Message, ParseError> {
        if datagram.len() > MAX_MESSAGE {
            return Err(ParseError::TooLarge);
        }
        let (first, rest) = line(datagram).ok_or(ParseError::Incomplete)?;
        let start = Start::parse(first)?;
        let (headers, rest) = headers(rest)?;
        let body = body(&headers, rest)?.to_vec();
        Ok(match start {
            Start::Request { method, uri } => Message::Request(Request { method, uri, headers, body }),
            Start::Response { status, reason } => {
                Message::Response(Response { status, reason, headers, body })
            }
        })
    }
}

/// The first line of a message.
#[derive(Debug)]
pub(crate) enum Start {
    Request { method: Method, uri: Uri },
    Response { status: Status, reason: String },
}

impl Start {
    pub(crate) fn parse(line: &[u8]) -> Result<Start, ParseError> {
        let line = text(line);
        if line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
            return status_line(&line);
        }
        // One space on either side of the Request-URI, no more (RFC 3261 section 7.1).
        let (method, rest) = line.split_once(' ').ok_or(ParseError::StartLine)?;
        let (uri, version) = rest.rsplit_once(' ').ok_or(ParseError::StartLine)?;
        if !version.eq_ignore_ascii_case("SIP/2.0") {
            let other = version.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/"));
            return Err(if other { ParseError::Version } else { ParseError::StartLine });
        }
        let method = Method::parse(method).ok_or(ParseError::Method)?;
        if uri.contains([' ', '\t']) {
            return Err(ParseError::Uri(UriError::Characters));
        }
        let uri = Uri::parse(uri).map_err(ParseError::Uri)?;
        Ok(Start::Request { method, uri })
    }
}

fn status_line(line: &str) -> Result<Start, ParseError> {
    let mut parts = line.splitn(3, ' ');
    if !parts.next().is_some_and(|version| version.eq_ignore_ascii_case("SIP/2.0")) {
        return Err(ParseError::Version);
    }
    let code = parts.next().filter(|code| code.len() == 3).and_then(digits);
    let status = code.and_then(Status::new).ok_or(ParseError::StartLine)?;
    Ok(Start::Response { status, reason: parts.next().unwrap_or("").to_owned() })
}

/// The text of a line: UTF-8, or Latin-1 where it is not (old phones send names so).
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
    }
}

/// Cuts one line off: the line without its end, and the rest. CRLF ends a line, a lone LF is taken as one.
pub(crate) fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', bytes)?;
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    Some((line, &bytes[end + 1..]))
}

/// Reads header lines up to the empty one; gives the bytes behind it.
pub(crate) fn headers(bytes: &[u8]) -> Result<(Headers, &[u8]), ParseError> {
    let mut headers = Headers::with_capacity(bytes.len().min(MAX_HEAD));
    let mut rest = bytes;
    loop {
        let (first, after) = line(rest).ok_or(ParseError::Incomplete)?;
        rest = after;
        if bytes.len() - rest.len() > MAX_HEAD || headers.len() >= MAX_LINES {
            return Err(ParseError::TooLarge);
        }
        if first.is_empty() {
            return Ok((headers, rest));
        }
        let colon = memchr::memchr(b':', first).ok_or(ParseError::Line)?;
        let name = std::str::from_utf8(&first[..colon]).map_err(|_| ParseError::Line)?;
        let name = name.trim_end_matches([' ', '\t']);
        if !lex::is_token(name) {
            return Err(ParseError::Line);
        }
        headers.begin(Name::parse(name));
        headers.part(&part(&first[colon + 1..])?);
        // A line that begins with white space continues the one before (RFC 3261 section 7.3.1).
        while let [b' ' | b'\t', ..] = rest {
            let (next, after) = line(rest).ok_or(ParseError::Incomplete)?;
            rest = after;
            headers.part(&part(next)?);
        }
    }
}

/// One physical line of a value: no stray carriage return, which would end the line for somebody else.
fn part(bytes: &[u8]) -> Result<std::borrow::Cow<'_, str>, ParseError> {
    if memchr::memchr(b'\r', bytes).is_some() { Err(ParseError::Line) } else { Ok(text(bytes)) }
}

/// The body: as long as Content-Length says, or the rest.
fn body<'a>(headers: &Headers, rest: &'a [u8]) -> Result<&'a [u8], ParseError> {
    match content_length(headers).map_err(ParseError::Header)? {
        Some(length) => rest.get(..length).ok_or(ParseError::Truncated),
        None => Ok(rest),
    }
}

/// Content-Length, which must be one number even when it is repeated (request smuggling).
pub(crate) fn content_length(headers: &Headers) -> Result<Option<usize>, HeaderError> {
    let mut lengths = headers.all(&Name::ContentLength);
    let Some(first) = lengths.next() else { return Ok(None) };
    if lengths.any(|other| other != first) {
        return Err(HeaderError::Repeated(Name::ContentLength));
    }
    digits(first).map(Some).ok_or(HeaderError::Malformed(Name::ContentLength))
}
