//! Digest by MD5, as a phone computes it (RFC 2617 section 3.2.2).

use super::message::quoted;
use md5::{Digest, Md5};
use std::fmt::Write;

/// A phone's name and password in a realm.
#[derive(Default)]
pub(crate) struct Key {
    realm: String,
    ha1: String,
}

/// Writes an Authorization line for `method` and `uri`, answering the MD5 challenge among `challenges`.
pub(crate) fn authorize(
    out: &mut String,
    key: &mut Key,
    (user, secret): (&str, &str),
    (method, uri): (&str, &str),
    challenges: &str,
) -> Option<()> {
    let challenge = challenges
        .lines()
        .filter(|line| line.get(..16).is_some_and(|name| name.eq_ignore_ascii_case("WWW-Authenticate")))
        .find(|line| line.contains("MD5"))?;
    let (realm, nonce) = (quoted(challenge, "realm=\"")?, quoted(challenge, "nonce=\"")?);
    if key.realm != realm {
        *key = Key { realm: realm.to_owned(), ha1: hex(&[user, realm, secret]) };
    }
    let ha2 = hex(&[method, uri]);
    let response = hex(&[&key.ha1, nonce, "00000001", "0a4f113b", "auth", &ha2]);
    write!(
        out,
        "Authorization: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm=MD5, cnonce=\"0a4f113b\", qop=auth, nc=00000001\r\n"
    )
    .ok()
}

fn hex(parts: &[&str]) -> String {
    let mut hash = Md5::new();
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            hash.update(b":");
        }
        hash.update(part.as_bytes());
    }
    let mut text = String::with_capacity(32);
    for byte in hash.finalize() {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    text
}
