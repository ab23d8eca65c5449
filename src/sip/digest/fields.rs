//! The `name=value` fields of challenges and answers (RFC 7616 sections 3.3 and 3.4).

use std::borrow::Cow;

use crate::lex;

/// More fields than any sane header has are not read.
const MAX_FIELDS: usize = 32;

/// The fields of one header value of the scheme Digest.
pub(super) struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    /// Reads a value; `None` for another scheme or fields that cannot be told apart.
    pub(super) fn parse(value: &'a str) -> Option<Fields<'a>> {
        let (scheme, rest) = value.split_once([' ', '\t'])?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let field =
            |item: &'a str| item.split_once('=').map(|(name, value)| (lex::trim(name), lex::trim(value)));
        lex::split(rest, b',').take(MAX_FIELDS).map(field).collect::<Option<_>>().map(Fields)
    }

    /// The value of `name` as written, quotes removed but escapes kept: the text that goes into a hash.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value))
    }

    /// The value of `name`, quotes and escapes undone: the text that is compared and looked up.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        let (_, value) = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(lex::unquote(value))
    }
}
