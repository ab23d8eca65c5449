//! Parameters behind a header value: `;name=value` (RFC 3261 section 25.1, `generic-param`).

use std::borrow::Cow;
use std::fmt;

use crate::lex;

/// More parameters than any sane value has make it malformed.
const MAX_PARAMS: usize = 64;
/// What the box itself adds to what it was sent; each finds room once, so that what it prints it can read.
const ADDED: [&str; 3] = ["tag", "received", "rport"];

type Param = (Box<str>, Option<Box<str>>);

/// An ordered list of parameters; names are compared without case, values are kept as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Params(Vec<Param>);

impl Params {
    /// No parameters.
    pub const fn new() -> Params {
        Params(Vec::new())
    }

    /// Reads `a=1;b;c="x"`, what stands behind the first `;`. `None` when a name is not a token, a value cannot stand, there are absurdly many or
    /// a parameter is empty; one `;` at the very end is forgiven.
    pub fn parse(text: &str) -> Option<Params> {
        let mut out: Vec<Param> = Vec::new();
        let mut rest = lex::trim(text);
        while !rest.is_empty() {
            let end = lex::find(rest, b';').unwrap_or(rest.len());
            let item = lex::trim(&rest[..end]);
            rest = lex::trim(rest.get(end + 1..).unwrap_or(""));
            let (name, value) = match lex::find(item, b'=') {
                Some(at) => (lex::trim(&item[..at]), Some(lex::trim(&item[at + 1..]))),
                None => (item, None),
            };
            let quoted = |value: &str| lex::quoted_length(value) == Some(value.len());
            let plain = |value: &str| !value.contains(['"', ' ', '\t', '<', '>']);
            if (out.len() >= MAX_PARAMS && !is_added(name, &out))
                || !lex::is_token(name)
                || value.is_some_and(|value| !plain(value) && !quoted(value))
            {
                return None;
            }
            out.push((name.into(), value.map(Into::into)));
        }
        Some(Params(out))
    }

    /// The value of `name` as written; empty for a parameter without a value, `None` when it is not there.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value.as_deref().unwrap_or(""))
    }

    /// The value of `name` without the quotes it may be in.
    pub fn unquoted(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(lex::unquote)
    }

    /// Whether `name` is there, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets `name`, in its place or at the end. The caller quotes a value that needs it.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(Into::into);
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(found) => found.1 = value,
            None => self.0.push((name.into(), value)),
        }
    }

    /// Removes `name`.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Every parameter in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (&**name, value.as_deref()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Every parameter with the `;` before it.
impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.iter() {
            match value {
                Some(value) => write!(f, ";{name}={value}")?,
                None => write!(f, ";{name}")?,
            }
        }
        Ok(())
    }
}

/// Whether `name` is what the box adds, and not among `others` yet.
fn is_added(name: &str, others: &[Param]) -> bool {
    let is = |other: &str| other.eq_ignore_ascii_case(name);
    ADDED.iter().any(|added| is(added)) && !others.iter().any(|(other, _)| is(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_box_adds_finds_room_once() {
        let most = vec!["a=1"; MAX_PARAMS].join(";");
        let mut params = Params::parse(&most).expect("as many as may be");
        assert!(Params::parse(&format!("{most};b")).is_none());
        for name in ADDED {
            params.set(name, Some("1"));
        }
        let printed = params.to_string();
        assert!(Params::parse(&printed[1..]).is_some(), "{printed}");
        assert!(Params::parse(&format!("{};tag=2", &printed[1..])).is_none());
    }
}
