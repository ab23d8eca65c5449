//! What is stored instead of a password.

use std::fmt;

use sha2::digest::Digest;

use super::Algorithm;

/// The hashes of `user:realm:secret`, enough to check and to make digest answers for this user in this realm
/// (RFC 7616 section 3.4.2). As good as the password within the realm: kept as secret, never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ha1 {
    /// For MD5 challenges.
    pub md5: [u8; 16],
    /// For SHA-256 challenges.
    pub sha256: [u8; 32],
}

impl Ha1 {
    /// The hashes for a user with this secret.
    pub fn new(user: &str, realm: &str, secret: &str) -> Ha1 {
        let parts = [user, realm, secret];
        Ha1 { md5: joined::<md5::Md5>(&parts).into(), sha256: joined::<sha2::Sha256>(&parts).into() }
    }

    /// The hashes as they are kept in text: 32 and 64 hexadecimal digits.
    pub fn from_hex(md5: &str, sha256: &str) -> Option<Ha1> {
        Some(Ha1 { md5: bytes(md5)?, sha256: bytes(sha256)? })
    }

    pub(super) fn hex(&self, algorithm: Algorithm) -> String {
        match algorithm {
            Algorithm::Md5 => hex(&self.md5),
            Algorithm::Sha256 => hex(&self.sha256),
        }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(…)")
    }
}

/// The hash of the parts with colons between them.
pub(super) fn joined<D: Digest>(parts: &[&str]) -> sha2::digest::Output<D> {
    let mut hasher = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hasher.update(b":");
        }
        hasher.update(part.as_bytes());
    }
    hasher.finalize()
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    bytes.iter().flat_map(digits).map(char::from).collect()
}

fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let digits = hex.as_bytes();
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(bytes)
}
