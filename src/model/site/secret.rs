//! What is kept instead of passwords and device secrets.

use argon2::password_hash::{self, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use md5::Md5;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};

/// The realm of every digest: HA1 hashes are bound to it, so it never changes.
pub const REALM: &str = "vaxel";

/// Turns passwords into hashes. The daemon brings [`Argon2id`] with salts from the system.
pub trait Hasher {
    /// A new hash of a password.
    fn hash(&self, password: &str) -> PasswordHash;
    /// Is the hash one of this password?
    fn verify(&self, password: &str, hash: &PasswordHash) -> bool;
}

/// A password as its argon2 hash, in PHC form: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

/// Costs above these would let a document stop the box: kibibytes, passes, lanes.
const MOST_COST: (u32, u32, u32) = (256 << 10, 10, 8);

impl PasswordHash {
    /// A new hash with argon2id (RFC 9106) at 19 MiB and two passes. It takes tens of milliseconds.
    ///
    /// The salt must come from the system's generator: 16 bytes, never used before.
    pub fn argon2id(password: &str, salt: [u8; 16]) -> Self {
        let salt = SaltString::encode_b64(&salt).expect("16 bytes are within the bounds of a salt");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT);
        let hash = argon2.hash_password(password.as_bytes(), &salt);
        Self(hash.expect("a password in a document is shorter than 4 GiB").to_string().into())
    }

    /// Is this the hash of the password? It takes as long as making one.
    pub fn verify(&self, password: &str) -> bool {
        let Ok(hash) = password_hash::PasswordHash::new(&self.0) else { return false };
        Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
    }

    /// In PHC form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Does a text in the document stand for a hash, not for a password?
    pub(super) fn is_meant(text: &str) -> bool {
        text.starts_with("$argon2")
    }

    /// A hash as it was exported; none where the text is none, or costs more than can be borne.
    pub(super) fn exported(text: &str) -> Option<Self> {
        let hash = password_hash::PasswordHash::new(text).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let cost = (params.m_cost(), params.t_cost(), params.p_cost());
        let borne = cost.0 <= MOST_COST.0 && cost.1 <= MOST_COST.1 && cost.2 <= MOST_COST.2;
        let whole = hash.hash.is_some() && hash.salt.is_some();
        let known = Algorithm::try_from(hash.algorithm).is_ok();
        (borne && whole && known).then(|| Self(text.into()))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

/// The real [`Hasher`]; the function gives a fresh salt at each call.
pub struct Argon2id<S>(pub S);

impl<S: Fn() -> [u8; 16]> Hasher for Argon2id<S> {
    fn hash(&self, password: &str) -> PasswordHash {
        PasswordHash::argon2id(password, (self.0)())
    }

    fn verify(&self, password: &str, hash: &PasswordHash) -> bool {
        hash.verify(password)
    }
}

/// Digits that are pressed to prove who somebody is. In clear: they are few enough to be tried in no time.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Box<str>);

impl Pin {
    /// Of digits, as they were read.
    pub fn new(digits: &str) -> Self {
        Self(digits.into())
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin")
    }
}

/// A device's secret as what digest authentication needs of it: H(user ":" realm ":" secret).
///
/// In the document: `$ha1$` MD5 `$` SHA-256, in hex. The user is the device's id, so a device that gets another
/// id needs its secret written anew; an old hash cannot be told from a right one.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// HA1 with MD5 (RFC 2617 section 3.2.2.2), 32 hex digits.
    pub md5: Box<str>,
    /// HA1 with SHA-256 (RFC 7616 section 3.4.2), 64 hex digits.
    pub sha256: Box<str>,
}

const HA1: &str = "$ha1$";

impl Ha1 {
    /// The hashes of a secret.
    pub fn new(device: &str, secret: &str) -> Self {
        let text = format!("{device}:{REALM}:{secret}");
        Self { md5: hex(&Md5::digest(&text)), sha256: hex(&Sha256::digest(&text)) }
    }

    /// From the document, where either the secret stands or its hashes. None where hashes are broken.
    pub(super) fn given(device: &str, text: &str) -> Option<Self> {
        let Some(hashes) = text.strip_prefix(HA1) else { return Some(Self::new(device, text)) };
        let (md5, sha256) = hashes.split_once('$')?;
        let right = |hash: &str, length| {
            hash.len() == length && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        (right(md5, 32) && right(sha256, 64)).then(|| Self { md5: md5.into(), sha256: sha256.into() })
    }
}

/// As in the document.
impl fmt::Display for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HA1}{}${}", self.md5, self.sha256)
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1")
    }
}

fn hex(bytes: &[u8]) -> Box<str> {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes all that is written");
    }
    text.into()
}
