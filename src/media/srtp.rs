//! SRTP and SRTCP (RFC 3711, RFC 7714) with keys from SDP (RFC 4568).

mod sdes;
mod suite;

pub use sdes::{Crypto, CryptoError};
pub use suite::{MasterKey, SrtpKeys, Suite};
