//! Requests, responses, and their wire form (RFC 3261 section 7).

use std::fmt::Write;

use crate::header::{Headers, Name};
use crate::method::Method;
use crate::status::Status;
use crate::uri::Uri;

/// A SIP message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// The headers of either kind.
    pub fn headers(&self) -> &Headers {
        match self {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        }
    }

    /// The body of either kind.
    pub fn body(&self) -> &[u8] {
        match self {
            Message::Request(request) => &request.body,
            Message::Response(response) => &response.body,
        }
    }

    /// The wire form.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Message::Request(request) => request.to_bytes(),
            Message::Response(response) => response.to_bytes(),
        }
    }
}

/// A request (RFC 3261 section 7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// Of whom it is asked: the Request-URI, in the text it was received in.
    pub uri: Uri,
    /// The header fields.
    pub headers: Headers,
    /// The body, opaque here.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, uri: Uri) -> Request {
        Request { method, uri, headers: Headers::new(), body: Vec::new() }
    }

    /// The same request with a body of this media type.
    pub fn with_body(mut self, media_type: &str, body: Vec<u8>) -> Request {
        self.headers.set(Name::ContentType, media_type);
        self.body = body;
        self
    }

    /// The wire form; Content-Length is computed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = String::with_capacity(64 + self.uri.as_str().len() + size(&self.headers));
        out.extend([self.method.as_str(), " ", self.uri.as_str(), " SIP/2.0\r\n"]);
        finish(out, &self.headers, &self.body)
    }
}

/// A response (RFC 3261 section 7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: Status,
    /// The reason phrase.
    pub reason: String,
    /// The header fields.
    pub headers: Headers,
    /// The body, opaque here.
    pub body: Vec<u8>,
}

impl Response {
    /// The response to `request` with the customary reason phrase and the headers every response repeats: Via, From,
    /// To, Call-ID, CSeq (RFC 3261 section 8.2.6.2). The tag of To is the answerer's to add: [`Response::with_to_tag`].
    pub fn to(request: &Request, status: Status) -> Response {
        let mut headers = Headers::with_capacity(512);
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
            headers.copy(&request.headers, &name);
        }
        if status == Status::TRYING {
            headers.copy(&request.headers, &Name::Timestamp);
        }
        Response { status, reason: status.reason().to_owned(), headers, body: Vec::new() }
    }

    /// The same response with this reason phrase.
    pub fn with_reason(mut self, reason: impl Into<String>) -> Response {
        self.reason = reason.into();
        self
    }

    /// The same response with this tag in To, unless it has one.
    pub fn with_to_tag(mut self, tag: &str) -> Response {
        if let Ok(to) = self.headers.to()
            && to.tag().is_none()
        {
            self.headers.set(Name::To, to.with_tag(tag));
        }
        self
    }

    /// The same response with one header more.
    pub fn with(mut self, name: Name, value: impl std::fmt::Display) -> Response {
        self.headers.push(name, value);
        self
    }

    /// The same response with a body of this media type.
    pub fn with_body(mut self, media_type: &str, body: Vec<u8>) -> Response {
        self.headers.set(Name::ContentType, media_type);
        self.body = body;
        self
    }

    /// The wire form; Content-Length is computed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = String::with_capacity(64 + self.reason.len() + size(&self.headers));
        // Writing to a String cannot fail.
        write!(out, "SIP/2.0 {} ", self.status).ok();
        out.extend(self.reason.chars().map(|char| if matches!(char, '\r' | '\n') { ' ' } else { char }));
        out.push_str("\r\n");
        finish(out, &self.headers, &self.body)
    }
}

fn size(headers: &Headers) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

fn finish(mut out: String, headers: &Headers, body: &[u8]) -> Vec<u8> {
    for (name, value) in headers.iter().filter(|(name, _)| **name != Name::ContentLength) {
        out.extend([name.as_str(), ": ", value, "\r\n"]);
    }
    write!(out, "Content-Length: {}\r\n\r\n", body.len()).ok();
    let mut out = out.into_bytes();
    out.extend_from_slice(body);
    out
}
