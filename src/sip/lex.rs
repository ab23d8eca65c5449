//! Lexical helpers of the SIP grammar (RFC 3261 section 25.1): tokens, quoted strings, lists, escapes.

use std::borrow::Cow;

/// The characters of `token`.
const TOKEN: [bool; 256] = table(b"-.!%*_+`'~");
/// The characters of `user`, `password`, host names and parameters of a URI, taken together, `%` included.
const URI: [bool; 256] = table(b"-_.!~*'()&=+$,;?/%:@[]|\\^`#{}");

const fn table(extra: &[u8]) -> [bool; 256] {
    let mut out = [false; 256];
    let mut at = 0;
    while at < 256 {
        out[at] = (at as u8).is_ascii_alphanumeric();
        at += 1;
    }
    let mut at = 0;
    while at < extra.len() {
        out[extra[at] as usize] = true;
        at += 1;
    }
    out
}

/// Whether `text` is a `token`: not empty and only token characters.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| TOKEN[byte as usize])
}

/// Whether every byte may stand in a URI (a little wider than the grammar, UTF-8 included; no space, quote or angle
/// bracket).
pub(crate) fn is_uri_text(text: &str) -> bool {
    text.bytes().all(|byte| URI[byte as usize] || byte >= 0x80)
}

/// Removes linear white space (after unfolding: spaces and tabs) at both ends.
pub(crate) fn trim(text: &str) -> &str {
    let solid = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let bytes = text.as_bytes();
    match (bytes.iter().position(solid), bytes.iter().rposition(solid)) {
        (Some(start), Some(end)) => &text[start..=end],
        _ => "",
    }
}

/// The offset of the first `separator` outside quoted strings and angle brackets.
pub(crate) fn find(text: &str, separator: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut quoted, mut angle) = (0, false, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'<' => angle = true,
            b'>' => angle = false,
            byte if byte == separator && !angle => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Splits `text` at `separator` outside quoted strings and angle brackets; items are trimmed, empty ones skipped.
pub(crate) fn split(text: &str, separator: u8) -> Split<'_> {
    Split { rest: Some(text), separator }
}

/// The iterator behind [`split`].
#[derive(Debug, Clone)]
pub(crate) struct Split<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        while let Some(rest) = self.rest {
            let item = match find(rest, self.separator) {
                Some(at) => {
                    self.rest = Some(&rest[at + 1..]);
                    &rest[..at]
                }
                None => {
                    self.rest = None;
                    rest
                }
            };
            let item = trim(item);
            if !item.is_empty() {
                return Some(item);
            }
        }
        None
    }
}

/// The length of the quoted string `text` begins with, quotes included; `None` when it does not begin with one or it
/// is not closed.
pub(crate) fn quoted_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The content of a quoted string with its `\` escapes undone; other text is given back as it is.
pub(crate) fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.extend(chars.next()),
            char => out.push(char),
        }
    }
    Cow::Owned(out)
}

/// Appends `text` to `out` as a quoted string; line breaks become spaces.
pub(crate) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\r' | '\n' | '\0' => out.push(' '),
            char => out.push(char),
        }
    }
    out.push('"');
}

/// Undoes `%HH` escapes; what is not a valid escape stays, what is not UTF-8 afterwards becomes U+FFFD.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1).and_then(hex).zip(bytes.get(at + 2).and_then(hex));
        match (bytes[at], pair) {
            (b'%', Some((high, low))) => {
                out.push(high << 4 | low);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

fn hex(byte: &u8) -> Option<u8> {
    char::from(*byte).to_digit(16).map(|digit| digit as u8)
}

/// Appends `text` to `out` with everything escaped that is neither alphanumeric nor in `plain`.
pub(crate) fn escape(out: &mut String, text: &str, plain: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let (high, low) = (DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]);
            out.extend(['%', char::from(high), char::from(low)]);
        }
    }
}
