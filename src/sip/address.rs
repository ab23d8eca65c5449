//! Addresses with a display name: From, To, Contact, Route and their kin (RFC 3261 section 20.10).

use std::fmt;

use crate::lex;
use crate::params::Params;
use crate::uri::Uri;

/// A URI with perhaps a display name before it and header parameters behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, quotes and escapes undone.
    pub display: Option<String>,
    /// The address.
    pub uri: Uri,
    /// Parameters of the header, outside the angle brackets: `tag`, `q`, `expires`, …
    pub params: Params,
}

impl NameAddr {
    /// An address without display name and parameters.
    pub fn new(uri: Uri) -> NameAddr {
        NameAddr { display: None, uri, params: Params::new() }
    }

    /// The same address under a display name.
    pub fn named(mut self, display: impl Into<String>) -> NameAddr {
        self.display = Some(display.into()).filter(|name| !name.is_empty());
        self
    }

    /// Reads one value. Without angle brackets parameters belong to the header, and a URI that itself contains `?`,
    /// `,` or `;` cannot stand (RFC 3261 section 20): such a value is refused.
    pub fn parse(text: &str) -> Option<NameAddr> {
        let text = lex::trim(text);
        let (display, rest) = display(text)?;
        let Some(rest) = rest.strip_prefix('<') else {
            let (uri, params) = rest.split_once(';').unwrap_or((rest, ""));
            let bare = display.is_none() && !uri.contains(['?', ',', '<', '>', '"']);
            return bare.then_some(NameAddr {
                display: None,
                uri: Uri::parse(lex::trim(uri)).ok()?,
                params: Params::parse(params)?,
            });
        };
        let (uri, params) = rest.split_once('>')?;
        let params = lex::trim(params);
        let params = if params.is_empty() { "" } else { params.strip_prefix(';')? };
        Some(NameAddr { display, uri: Uri::parse(uri).ok()?, params: Params::parse(params)? })
    }

    /// The tag (RFC 3261 section 19.3).
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The same address with this tag.
    pub fn with_tag(mut self, tag: &str) -> NameAddr {
        self.params.set("tag", Some(tag));
        self
    }

    /// The same address without a tag.
    pub fn without_tag(mut self) -> NameAddr {
        self.params.remove("tag");
        self
    }
}

/// Takes the display name off the front: a quoted string, or tokens before `<` (`None`: neither).
fn display(text: &str) -> Option<(Option<String>, &str)> {
    if text.starts_with('"') {
        let length = lex::quoted_length(text)?;
        let name = lex::unquote(&text[..length]).into_owned();
        return Some((Some(name).filter(|name| !name.is_empty()), lex::trim(&text[length..])));
    }
    // Behind a `;` or `"` it is no display name any more: a bare URI whose parameter quotes a `<`.
    match text.find(['<', ';', '"']).filter(|at| text[*at..].starts_with('<')) {
        Some(0) | None => Some((None, text)),
        Some(at) => {
            let name = lex::trim(&text[..at]);
            let plain = !name.contains([',', ':', '@', '>']);
            plain.then(|| (Some(name.to_owned()).filter(|name| !name.is_empty()), &text[at..]))
        }
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            let mut quoted = String::with_capacity(display.len() + 2);
            lex::quote(&mut quoted, display);
            write!(f, "{quoted} ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> NameAddr {
        NameAddr::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn a_display_name_is_read_with_or_without_quotes_and_printed_with() {
        let quoted = parse(r#""Åsa \"X\" \\ Ek" <sip:1001@a>;tag=1"#);
        assert_eq!(quoted.display.as_deref(), Some(r#"Åsa "X" \ Ek"#));
        assert_eq!(quoted.to_string(), r#""Åsa \"X\" \\ Ek" <sip:1001@a>;tag=1"#);
        assert_eq!(parse("Anna A. Ek<sip:a>").display.as_deref(), Some("Anna A. Ek"));
        assert_eq!(parse(r#""" <sip:a>"#).display, None);
        let hostile = parse("<sip:a>").named("x\r\nEvil: 1");
        assert_eq!(hostile.to_string(), r#""x  Evil: 1" <sip:a>"#);
    }

    #[test]
    fn quoted_parameters_may_hold_anything() {
        let text = r#"<sip:1001@a:5060;ob>;reg-id=1;+sip.instance="<urn:uuid:0;,>""#;
        let contact = parse(text);
        assert_eq!(contact.params.unquoted("+SIP.instance").as_deref(), Some("<urn:uuid:0;,>"));
        assert_eq!(contact.to_string(), text);
        let bare = parse(r#"sip:1001@a;+sip.instance="<urn:uuid:0>""#);
        assert_eq!(bare.uri.as_str(), "sip:1001@a");
        assert_eq!(bare.params.unquoted("+sip.instance").as_deref(), Some("<urn:uuid:0>"));
    }

    #[test]
    fn a_tag_can_be_set_replaced_and_removed() {
        let tagged = parse("<sip:a>;tag=1;x").with_tag("2");
        assert_eq!(tagged.to_string(), "<sip:a>;tag=2;x");
        assert_eq!(tagged.without_tag().to_string(), "<sip:a>;x");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "<", "<sip:a", "sip:a?b=c", "\"x <sip:a>", "A, B <sip:a>", "<sip:a> x", "<sip:a>;=1", "*"]
        {
            assert_eq!(NameAddr::parse(text), None, "{text}");
        }
    }
}
