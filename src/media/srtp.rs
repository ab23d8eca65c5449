//! SRTP and SRTCP (RFC 3711, RFC 7714) with keys from SDP (RFC 4568).
//!
//! The packet transforms are ours, over the RustCrypto ciphers whose generation the digest authentication uses
//! already: webrtc-srtp brings tokio, a second generation of the same ciphers and an allocation per packet, and keeps
//! state for every SSRC it is sent before it knows whether the packet is genuine. Held to the test vectors of both RFCs.
//!
//! Lacks on purpose: master key identifiers, re-keying by index, header encryption, unencrypted RTCP.

mod index;
mod sdes;
mod suite;
mod transform;

use crate::rtp;
use index::Sources;
pub use sdes::{Crypto, CryptoError};
pub use suite::{MATERIAL_MAX, MasterKey, SrtpKeys, Suite};
use transform::Transform;

/// Why a packet was not protected, or not let in. None of it is a reason to end the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    /// No RTP or RTCP packet, or too short to be a protected one.
    #[error("the packet is malformed or too short")]
    Malformed,
    /// Not made with our key, or changed on the way.
    #[error("the packet is not authentic")]
    NotAuthentic,
    /// Received before, or too old to tell.
    #[error("the packet was received before")]
    Replayed,
    /// Protecting it would use a key stream twice, or beyond the life of the key (RFC 3711 section 9.2).
    #[error("the sequence number was used before with this key")]
    Spent,
}

/// Both ways of one leg: what it sends is protected with one key, what it receives opened with another.
pub struct Srtp {
    keys: SrtpKeys,
    send: Way,
    receive: Way,
}

struct Way {
    rtp: Transform,
    rtcp: Transform,
    rtp_sources: Sources,
    rtcp_sources: Sources,
}

impl Srtp {
    /// Both ways at the beginning of their sequences.
    pub fn new(keys: &SrtpKeys) -> Self {
        Self { keys: keys.clone(), send: Way::new(&keys.send), receive: Way::new(&keys.receive) }
    }

    /// Takes the keys of a later offer and answer. A way whose key stayed keeps its place in the sequence, and with
    /// it the rollover counter that the peer has kept too.
    pub fn update(&mut self, keys: &SrtpKeys) {
        if self.keys.send != keys.send {
            self.send = Way::new(&keys.send);
        }
        if self.keys.receive != keys.receive {
            self.receive = Way::new(&keys.receive);
        }
        self.keys = keys.clone();
    }

    /// Protects an RTP packet in place (RFC 3711 section 3.3).
    pub fn protect(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let (header, start) = rtp_parts(packet)?;
        let index = self.send.rtp_sources.rtp_index(header.ssrc, header.sequence);
        if !self.send.rtp_sources.is_new(header.ssrc, index) || index >> 48 != 0 {
            return Err(SrtpError::Spent);
        }
        self.send.rtp.seal_rtp(header.ssrc, index, start, packet);
        self.send.rtp_sources.note(header.ssrc, index);
        Ok(())
    }

    /// Opens an RTP packet in place. State is kept only for sources that have proved themselves.
    pub fn unprotect(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let (header, start) = rtp_parts(packet)?;
        let index = self.receive.rtp_sources.rtp_index(header.ssrc, header.sequence);
        if !self.receive.rtp_sources.is_new(header.ssrc, index) {
            return Err(SrtpError::Replayed);
        }
        self.receive.rtp.open_rtp(header.ssrc, index, start, packet)?;
        self.receive.rtp_sources.note(header.ssrc, index);
        Ok(())
    }

    /// Protects a compound RTCP packet in place (RFC 3711 section 3.4).
    pub fn protect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let ssrc = rtcp_ssrc(packet)?;
        let index = self.send.rtcp_sources.next(ssrc);
        if index >> 31 != 0 {
            return Err(SrtpError::Spent);
        }
        self.send.rtcp.seal_rtcp(ssrc, index as u32, packet);
        self.send.rtcp_sources.note(ssrc, index);
        Ok(())
    }

    /// Opens a compound RTCP packet in place.
    pub fn unprotect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let ssrc = rtcp_ssrc(packet)?;
        let index = self.receive.rtcp.rtcp_index(packet).ok_or(SrtpError::Malformed)?;
        if !self.receive.rtcp_sources.is_new(ssrc, index.into()) {
            return Err(SrtpError::Replayed);
        }
        self.receive.rtcp.open_rtcp(ssrc, index, packet)?;
        self.receive.rtcp_sources.note(ssrc, index.into());
        Ok(())
    }
}

impl std::fmt::Debug for Srtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Srtp").field(&self.keys).finish()
    }
}

impl Way {
    fn new(key: &MasterKey) -> Self {
        Self {
            rtp: Transform::rtp(key),
            rtcp: Transform::rtcp(key),
            rtp_sources: Sources::default(),
            rtcp_sources: Sources::default(),
        }
    }
}

/// The header, without regard to padding, which is encrypted still; and where the payload starts.
fn rtp_parts(packet: &[u8]) -> Result<(rtp::Header, usize), SrtpError> {
    rtp::parse_header(packet).ok_or(SrtpError::Malformed)
}

fn rtcp_ssrc(packet: &[u8]) -> Result<u32, SrtpError> {
    match packet.first_chunk::<8>() {
        Some([first, _, _, _, ssrc @ ..]) if first >> 6 == 2 && rtp::is_rtcp(packet) => {
            Ok(u32::from_be_bytes(*ssrc))
        }
        _ => Err(SrtpError::Malformed),
    }
}

#[cfg(test)]
mod tests;
