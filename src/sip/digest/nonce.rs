//! Nonces that prove themselves: nothing is kept about one until it has been used (RFC 7616 section 5.4). A nonce is good
//! only where it was sent: a guess that carries one comes from where it says, and none can be laid at another's door.

use std::net::IpAddr;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::ha1::hex;
use crate::guard::place;

/// Bytes of the authentication code kept in a nonce.
const MAC: usize = 16;
/// Bytes of serial number and issue time.
const HEAD: usize = 16;

/// What a genuine nonce says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Issued {
    /// Counts the challenges, so that no two share a nonce.
    pub(super) serial: u64,
    /// When it was issued, since the authenticator began.
    pub(super) at: Duration,
}

/// The text of a nonce: `hex(serial ‖ milliseconds ‖ HMAC-SHA-256(key, serial ‖ milliseconds ‖ place)[..16])`.
pub(super) fn write(key: &[u8; 32], issued: Issued, source: IpAddr) -> String {
    let mut bytes = [0; HEAD + MAC];
    bytes[..8].copy_from_slice(&issued.serial.to_be_bytes());
    bytes[8..HEAD].copy_from_slice(&(issued.at.as_millis() as u64).to_be_bytes());
    let code = mac(key, &bytes[..HEAD], source).finalize().into_bytes();
    bytes[HEAD..].copy_from_slice(&code[..MAC]);
    hex(&bytes)
}

/// What a nonce says, when it was issued with this key to this source.
pub(super) fn read(key: &[u8; 32], text: &str, source: IpAddr) -> Option<Issued> {
    let digits = text.as_bytes();
    if digits.len() != 2 * (HEAD + MAC) {
        return None;
    }
    let mut bytes = [0; HEAD + MAC];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    mac(key, &bytes[..HEAD], source).verify_truncated_left(&bytes[HEAD..]).ok()?;
    let number = |at: usize| u64::from_be_bytes(std::array::from_fn(|offset| bytes[at + offset]));
    Some(Issued { serial: number(0), at: Duration::from_millis(number(8)) })
}

fn mac(key: &[u8; 32], bytes: &[u8], source: IpAddr) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(bytes);
    match place(source) {
        IpAddr::V4(ip) => mac.update(&ip.octets()),
        IpAddr::V6(ip) => mac.update(&ip.octets()),
    }
    mac
}
