//! Digest authentication (RFC 7616, in SIP per RFC 3261 section 22 and RFC 8760), both sides.
//!
//! Only `qop=auth`, MD5 and SHA-256; no `-sess` variants, no `auth-int`, no user hashes: nobody in telephony sends them.
//! The server side is [`Authenticator`], the client side [`Login`].

mod client;
mod fields;
mod ha1;
mod nonce;
mod server;
mod window;

pub use client::{Credentials, Learned, Login};
pub use ha1::Ha1;
pub use server::{Attempt, Authenticator, Config, Verdict};

use std::fmt;

use ha1::hex;

/// A hash a challenge can name; SHA-256 is preferred (RFC 8760 section 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// RFC 1321; what most desk phones know.
    Md5,
    /// RFC 6234.
    Sha256,
}

impl Algorithm {
    /// Reads the value of `algorithm`; a challenge or answer without one means MD5 (RFC 7616 section 3.3).
    fn parse(text: Option<&str>) -> Option<Algorithm> {
        match text {
            None => Some(Algorithm::Md5),
            Some(text) if text.eq_ignore_ascii_case("MD5") => Some(Algorithm::Md5),
            Some(text) if text.eq_ignore_ascii_case("SHA-256") => Some(Algorithm::Sha256),
            Some(_) => None,
        }
    }

    /// The hash of the parts, joined by colons, in lower-case hexadecimal.
    fn hash(self, parts: &[&str]) -> String {
        match self {
            Algorithm::Md5 => hex(&ha1::joined::<md5::Md5>(parts)),
            Algorithm::Sha256 => hex(&ha1::joined::<sha2::Sha256>(parts)),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        })
    }
}

/// What both sides hash into `response`, besides the credentials.
struct Proof<'a> {
    algorithm: Algorithm,
    nonce: &'a str,
    /// `nc` and `cnonce` as written; `None` for an answer without `qop` (RFC 2069).
    counted: Option<(&'a str, &'a str)>,
    method: &'a str,
    /// The URI in the very text that stands in the header.
    uri: &'a str,
}

impl Proof<'_> {
    /// The value of `response` (RFC 7616 section 3.4.1).
    fn response(&self, ha1: &Ha1) -> String {
        let ha1 = ha1.hex(self.algorithm);
        let ha2 = self.algorithm.hash(&[self.method, self.uri]);
        match self.counted {
            Some((nc, cnonce)) => self.algorithm.hash(&[&ha1, self.nonce, nc, cnonce, "auth", &ha2]),
            None => self.algorithm.hash(&[&ha1, self.nonce, &ha2]),
        }
    }
}

#[cfg(test)]
mod tests;
