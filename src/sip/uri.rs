//! URIs (RFC 3261 section 19.1, tel per RFC 3966), kept in the text they were received in.

use std::borrow::Cow;
use std::fmt;

use crate::header::digits;
use crate::host::{Authority, Host};
use crate::lex;

/// What kind of URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Anything else, kept as text only.
    Other,
}

/// Why a text is no URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// No scheme before a colon, or nothing behind it.
    #[error("no scheme")]
    Scheme,
    /// White space, quotes, angle brackets or control characters.
    #[error("characters that need escaping")]
    Characters,
    /// The host is empty, or neither a name nor an address.
    #[error("bad host")]
    Host,
    /// The port is no number up to 65535.
    #[error("bad port")]
    Port,
    /// A tel URI without a number.
    #[error("bad number")]
    Number,
    /// Longer than 65535 bytes.
    #[error("too long")]
    Long,
}

/// A range of the raw text.
type Span = (u32, u32);

/// A URI: its raw text, unchanged, and where its parts are.
///
/// `==` and hashing compare the raw text; RFC 3261 section 19.1.4 is [`Uri::is_equivalent`]. For `tel:` the number is
/// the user; for other schemes only scheme and text are known.
#[derive(Clone)]
pub struct Uri {
    raw: Box<str>,
    scheme: Scheme,
    user: Option<Span>,
    password: Option<Span>,
    host: Span,
    port: Option<u16>,
    params: Span,
    headers: Span,
}

impl Uri {
    /// Reads a URI.
    pub fn parse(text: &str) -> Result<Uri, UriError> {
        let text = lex::trim(text);
        if text.len() > u16::MAX as usize {
            return Err(UriError::Long);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        if rest.is_empty()
            || !scheme.starts_with(|char: char| char.is_ascii_alphabetic())
            || !lex::is_token(scheme)
        {
            return Err(UriError::Scheme);
        }
        let kind = match scheme {
            scheme if scheme.eq_ignore_ascii_case("sip") => Scheme::Sip,
            scheme if scheme.eq_ignore_ascii_case("sips") => Scheme::Sips,
            scheme if scheme.eq_ignore_ascii_case("tel") => Scheme::Tel,
            _ => Scheme::Other,
        };
        if !lex::is_uri_text(rest) {
            return Err(UriError::Characters);
        }
        let none = (text.len() as u32, text.len() as u32);
        let mut uri = Uri {
            raw: text.into(),
            scheme: kind,
            user: None,
            password: None,
            host: none,
            port: None,
            params: none,
            headers: none,
        };
        match kind {
            Scheme::Sip | Scheme::Sips => uri.index_sip(scheme.len() + 1)?,
            Scheme::Tel => uri.index_tel(scheme.len() + 1)?,
            Scheme::Other => {}
        }
        Ok(uri)
    }

    /// `sip:user@host:port`, the user escaped where needed.
    pub fn sip(user: Option<&str>, host: &Authority) -> Uri {
        Uri::made(Scheme::Sip, user, host)
    }

    /// `sips:user@host:port`, the user escaped where needed.
    pub fn sips(user: Option<&str>, host: &Authority) -> Uri {
        Uri::made(Scheme::Sips, user, host)
    }

    fn made(scheme: Scheme, user: Option<&str>, host: &Authority) -> Uri {
        let mut text = String::from(if scheme == Scheme::Sips { "sips:" } else { "sip:" });
        let user_start = text.len();
        if let Some(user) = user {
            lex::escape(&mut text, user, b"-_.!~*'()&=+$,;?/");
        }
        let user = user.map(|_| (user_start as u32, text.len() as u32));
        if user.is_some() {
            text.push('@');
        }
        let start = text.len() as u32;
        text += &host.host.to_string();
        let host_span = (start, text.len() as u32);
        if let Some(port) = host.port {
            text += &format!(":{port}");
        }
        let end = (text.len() as u32, text.len() as u32);
        Uri {
            raw: text.into(),
            scheme,
            user,
            password: None,
            host: host_span,
            port: host.port,
            params: end,
            headers: end,
        }
    }

    /// The raw text.
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether the scheme is sip or sips.
    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user (or tel number) with its escapes undone.
    pub fn user(&self) -> Option<Cow<'_, str>> {
        self.raw_user().map(lex::unescape)
    }

    /// The user as written.
    pub fn raw_user(&self) -> Option<&str> {
        self.user.map(|span| self.slice(span))
    }

    /// The password as written. Nobody should send one (RFC 3261 section 19.1.1).
    pub fn password(&self) -> Option<&str> {
        self.password.map(|span| self.slice(span))
    }

    /// The host; `None` for tel and unknown schemes.
    pub fn host(&self) -> Option<Host> {
        Host::parse(self.raw_host())
    }

    /// The host as written, IPv6 in brackets; empty for tel and unknown schemes.
    pub fn raw_host(&self) -> &str {
        self.slice(self.host)
    }

    /// The port, when written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Host and port; `None` for tel and unknown schemes.
    pub fn authority(&self) -> Option<Authority> {
        self.host().map(|host| Authority { host, port: self.port })
    }

    /// The value of a URI parameter as written; empty for one without a value.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or(""))
    }

    /// Every URI parameter as written, in order.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.slice(self.params).split(';').filter(|item| !item.is_empty()).map(|item| {
            match item.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (item, None),
            }
        })
    }

    /// Every URI header (`?name=value&…`), escapes undone, in order.
    pub fn headers(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        self.slice(self.headers).split('&').filter(|item| !item.is_empty()).map(|item| {
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            (lex::unescape(name), lex::unescape(value))
        })
    }

    /// Whether there is a `?` part.
    pub fn has_headers(&self) -> bool {
        !self.slice(self.headers).is_empty()
    }

    /// The same URI with this parameter, replaced or added behind the others. Characters that cannot stand in a
    /// parameter are escaped.
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Uri {
        let mut text = self.text_without(name);
        let headers =
            text.find('?').filter(|_| self.has_headers()).map(|_| self.slice(self.headers).to_owned());
        if let Some(headers) = &headers {
            text.truncate(text.len() - headers.len() - 1);
        }
        const PLAIN: &[u8] = b"-_.!~*'()[]/:&+$%";
        text.push(';');
        lex::escape(&mut text, name, PLAIN);
        if let Some(value) = value {
            text.push('=');
            lex::escape(&mut text, value, PLAIN);
        }
        if let Some(headers) = headers {
            text.push('?');
            text += &headers;
        }
        Uri::parse(&text).unwrap_or_else(|_| self.clone())
    }

    /// The same URI without this parameter.
    pub fn without_param(&self, name: &str) -> Uri {
        Uri::parse(&self.text_without(name)).unwrap_or_else(|_| self.clone())
    }

    /// The same URI without its `?` part, as it may stand in a request line (RFC 3261 section 19.1.1).
    pub fn without_headers(&self) -> Uri {
        if !self.has_headers() {
            return self.clone();
        }
        let end = self.headers.0 as usize - 1;
        Uri::parse(&self.raw[..end]).unwrap_or_else(|_| self.clone())
    }

    fn text_without(&self, name: &str) -> String {
        let mut text = self.raw[..self.params_start()].to_owned();
        for (known, value) in self.params().filter(|(known, _)| !known.eq_ignore_ascii_case(name)) {
            text.push(';');
            text += known;
            if let Some(value) = value {
                text.push('=');
                text += value;
            }
        }
        if self.has_headers() {
            text.push('?');
            text += self.slice(self.headers);
        }
        text
    }

    /// Where the text before all parameters ends.
    fn params_start(&self) -> usize {
        let (start, end) = self.params;
        if start < end {
            start as usize - 1
        } else if self.has_headers() {
            self.headers.0 as usize - 1
        } else {
            self.raw.len()
        }
    }

    fn slice(&self, (start, end): Span) -> &str {
        &self.raw[start as usize..end as usize]
    }

    fn index_sip(&mut self, start: usize) -> Result<(), UriError> {
        let text = &*self.raw;
        let host_start = match text[start..].find('@') {
            Some(at) => {
                let userinfo = &text[start..start + at];
                let colon = userinfo.find(':').unwrap_or(userinfo.len());
                // `sip:@host` names nobody; gateways send it for withheld numbers.
                self.user = (colon > 0).then_some((start as u32, (start + colon) as u32));
                if colon < userinfo.len() {
                    self.password = Some(((start + colon + 1) as u32, (start + at) as u32));
                }
                start + at + 1
            }
            None => start,
        };
        let end = text[host_start..].find([';', '?']).map_or(text.len(), |at| host_start + at);
        let authority = &text[host_start..end];
        let colon = match authority.rfind(']') {
            Some(close) => authority[close..].find(':').map(|at| close + at),
            None => authority.find(':'),
        };
        if let Some(colon) = colon {
            self.port = Some(digits(&authority[colon + 1..]).ok_or(UriError::Port)?);
        }
        let host_end = host_start + colon.unwrap_or(authority.len());
        Host::parse(&text[host_start..host_end]).ok_or(UriError::Host)?;
        self.host = (host_start as u32, host_end as u32);
        self.index_tail(end);
        Ok(())
    }

    fn index_tel(&mut self, start: usize) -> Result<(), UriError> {
        let text = &*self.raw;
        let end = text[start..].find(';').map_or(text.len(), |at| start + at);
        let dialled = |byte: u8| byte.is_ascii_hexdigit() || b"+-.()*#%".contains(&byte);
        if start == end || !text[start..end].bytes().all(dialled) {
            return Err(UriError::Number);
        }
        self.user = Some((start as u32, end as u32));
        if end < text.len() {
            self.params = ((end + 1) as u32, text.len() as u32);
        }
        Ok(())
    }

    /// Finds parameters and headers from the first `;` or `?` behind the host.
    fn index_tail(&mut self, end: usize) {
        let length = self.raw.len();
        let question = self.raw[end..].find('?').map_or(length, |at| end + at);
        if end < question {
            self.params = ((end + 1) as u32, question as u32);
        }
        if question < length {
            self.headers = ((question + 1) as u32, length as u32);
        }
    }

    /// Whether both name the same thing (RFC 3261 section 19.1.4): escapes undone; host, scheme and parameters
    /// without case, user with case; `transport`, `user`, `ttl`, `method` and `maddr` must be on both sides or on
    /// none, other parameters only agree where both have them; headers must be the same.
    pub fn is_equivalent(&self, other: &Uri) -> bool {
        if self.raw == other.raw {
            return true; // also with a parameter given twice, which no comparison by name gets right
        }
        if self.scheme != other.scheme {
            return false;
        }
        match self.scheme {
            Scheme::Other => self.raw == other.raw,
            Scheme::Tel => visual(self.raw_user()) == visual(other.raw_user()) && self.params_agree(other),
            Scheme::Sip | Scheme::Sips => {
                self.user() == other.user()
                    && self.password().map(lex::unescape) == other.password().map(lex::unescape)
                    && self.host() == other.host()
                    && self.port == other.port
                    && self.params_agree(other)
                    && self.sorted_headers() == other.sorted_headers()
            }
        }
    }

    fn params_agree(&self, other: &Uri) -> bool {
        const BOTH: [&str; 5] = ["transport", "user", "ttl", "method", "maddr"];
        let one_way = |one: &Uri, two: &Uri| {
            one.params().all(|(name, value)| match two.param(name) {
                Some(other) => lex::unescape(value.unwrap_or("")).eq_ignore_ascii_case(&lex::unescape(other)),
                None => !BOTH.iter().any(|both| both.eq_ignore_ascii_case(name)),
            })
        };
        one_way(self, other) && one_way(other, self)
    }

    fn sorted_headers(&self) -> Vec<(String, String)> {
        let mut out: Vec<_> =
            self.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned())).collect();
        out.sort();
        out
    }
}

/// A tel number without visual separators (RFC 3966 section 4).
fn visual(number: Option<&str>) -> String {
    number.unwrap_or("").chars().filter(|char| !"-.()".contains(*char)).collect()
}

impl std::str::FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Uri, UriError> {
        Uri::parse(text)
    }
}

impl PartialEq for Uri {
    fn eq(&self, other: &Uri) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Uri {}

impl std::hash::Hash for Uri {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uri({})", self.raw)
    }
}

#[cfg(test)]
mod tests;
