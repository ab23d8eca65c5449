//! The cryptographic transforms with session keys derived from a master key (RFC 3711 section 4, RFC 7714).

use aes::cipher::{BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher};
use aes::{Aes128Enc, Aes256Enc};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use ctr::{Ctr128BE, CtrCore, flavors::Ctr128BE as BigEndian};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::SrtpError;
use super::suite::{MasterKey, Suite};

/// Octets of an RTCP packet that stay readable: the first header and its SSRC.
const RTCP_CLEAR: usize = 8;
const GCM_TAG: usize = 16;
const RTCP_TAG: usize = 10;
/// The flag in the index word that says the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

pub(super) enum Transform {
    Counter { cipher: Box<Aes128Enc>, salt: [u8; 14], mac: Box<Hmac<Sha1>>, tag: usize },
    Gcm { cipher: Gcm, salt: [u8; 12] },
}

pub(super) enum Gcm {
    Small(Box<Aes128Gcm>),
    Large(Box<Aes256Gcm>),
}

impl Transform {
    pub(super) fn rtp(master: &MasterKey) -> Self {
        let tag = if master.suite() == Suite::AesCm128HmacSha1_32 { 4 } else { 10 };
        Self::new(master, 0, tag)
    }

    /// The 80-bit tag is for RTCP even where that of RTP has 32 bits (RFC 4568 section 6.2.2).
    pub(super) fn rtcp(master: &MasterKey) -> Self {
        Self::new(master, 3, RTCP_TAG)
    }

    /// `label` is that of the encryption key; authentication key and salt have the two after it.
    fn new(master: &MasterKey, label: u8, tag: usize) -> Self {
        match master.suite() {
            Suite::AesCm128HmacSha1_80 | Suite::AesCm128HmacSha1_32 => Self::Counter {
                cipher: Box::new(Aes128Enc::new(&derive::<16>(master, label).into())),
                salt: derive(master, label + 2),
                mac: Box::new(
                    Hmac::new_from_slice(&derive::<20>(master, label + 1)).expect("any length serves"),
                ),
                tag,
            },
            Suite::AeadAes128Gcm => Self::Gcm {
                cipher: Gcm::Small(Box::new(Aes128Gcm::new(&derive::<16>(master, label).into()))),
                salt: derive(master, label + 2),
            },
            Suite::AeadAes256Gcm => Self::Gcm {
                cipher: Gcm::Large(Box::new(Aes256Gcm::new(&derive::<32>(master, label).into()))),
                salt: derive(master, label + 2),
            },
        }
    }

    #[cfg(test)]
    pub(super) fn gcm_128(key: &[u8], salt: [u8; 12]) -> Self {
        let cipher = Aes128Gcm::new_from_slice(key).expect("a test key of 16 octets");
        Self::Gcm { cipher: Gcm::Small(Box::new(cipher)), salt }
    }

    /// Encrypts `packet[start..]` and appends the tag.
    pub(super) fn seal_rtp(&self, ssrc: u32, index: u64, start: usize, packet: &mut Vec<u8>) {
        match self {
            Self::Counter { cipher, salt, mac, tag } => {
                apply_counter(cipher, salt, ssrc, index, &mut packet[start..]);
                let digest = authenticate(mac, packet, &rollover(index)).finalize().into_bytes();
                packet.extend_from_slice(&digest[..*tag]);
            }
            Self::Gcm { cipher, salt } => {
                let (header, payload) = packet.split_at_mut(start);
                let tag = cipher.seal(rtp_nonce(salt, ssrc, index), header, payload);
                packet.extend_from_slice(&tag);
            }
        }
    }

    /// Checks the tag, takes it off and decrypts `packet[start..]`.
    pub(super) fn open_rtp(
        &self,
        ssrc: u32,
        index: u64,
        start: usize,
        packet: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        let tag_len = match self {
            Self::Counter { tag, .. } => *tag,
            Self::Gcm { .. } => GCM_TAG,
        };
        let end =
            packet.len().checked_sub(tag_len).filter(|end| *end >= start).ok_or(SrtpError::Malformed)?;
        let (body, tag) = packet.split_at_mut(end);
        match self {
            Self::Counter { cipher, salt, mac, .. } => {
                let authentic = authenticate(mac, body, &rollover(index)).verify_truncated_left(tag);
                authentic.map_err(|_| SrtpError::NotAuthentic)?;
                apply_counter(cipher, salt, ssrc, index, &mut body[start..]);
            }
            Self::Gcm { cipher, salt } => {
                let (header, payload) = body.split_at_mut(start);
                cipher.open(rtp_nonce(salt, ssrc, index), header, payload, tag)?;
            }
        }
        packet.truncate(end);
        Ok(())
    }

    /// Encrypts all but the clear octets, and appends index word and tag in the order of the suite.
    pub(super) fn seal_rtcp(&self, ssrc: u32, index: u32, packet: &mut Vec<u8>) {
        let word = (index | ENCRYPTED).to_be_bytes();
        match self {
            Self::Counter { cipher, salt, mac, .. } => {
                apply_counter(cipher, salt, ssrc, index.into(), &mut packet[RTCP_CLEAR..]);
                packet.extend_from_slice(&word);
                let digest = authenticate(mac, packet, &[]).finalize().into_bytes();
                packet.extend_from_slice(&digest[..RTCP_TAG]);
            }
            Self::Gcm { cipher, salt } => {
                let (clear, body) = packet.split_at_mut(RTCP_CLEAR);
                let tag = cipher.seal(rtcp_nonce(salt, ssrc, index), &associated(clear, word), body);
                packet.extend_from_slice(&tag);
                packet.extend_from_slice(&word);
            }
        }
    }

    /// The index a protected RTCP packet claims; `None` if it is too short or not encrypted.
    pub(super) fn rtcp_index(&self, packet: &[u8]) -> Option<u32> {
        let behind = match self {
            Self::Counter { .. } => RTCP_TAG,
            Self::Gcm { .. } if packet.len() < RTCP_CLEAR + GCM_TAG + 4 => return None,
            Self::Gcm { .. } => 0,
        };
        let before = packet.get(..packet.len().checked_sub(behind)?)?;
        let (body, word) = before.split_last_chunk::<4>()?;
        let word = u32::from_be_bytes(*word);
        (body.len() >= RTCP_CLEAR && word & ENCRYPTED != 0).then_some(word & !ENCRYPTED)
    }

    /// Checks and decrypts a packet whose length and index [`Transform::rtcp_index`] has approved.
    pub(super) fn open_rtcp(&self, ssrc: u32, index: u32, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        match self {
            Self::Counter { cipher, salt, mac, .. } => {
                let (body, tag) = packet.split_at(packet.len() - RTCP_TAG);
                let authentic = authenticate(mac, body, &[]).verify_truncated_left(tag);
                authentic.map_err(|_| SrtpError::NotAuthentic)?;
                packet.truncate(packet.len() - RTCP_TAG - 4);
                apply_counter(cipher, salt, ssrc, index.into(), &mut packet[RTCP_CLEAR..]);
            }
            Self::Gcm { cipher, salt } => {
                let word = (index | ENCRYPTED).to_be_bytes();
                let end = packet.len() - 4 - GCM_TAG;
                let (clear, rest) = packet.split_at_mut(RTCP_CLEAR);
                let (body, tail) = rest.split_at_mut(end - RTCP_CLEAR);
                let nonce = rtcp_nonce(salt, ssrc, index);
                cipher.open(nonce, &associated(clear, word), body, &tail[..GCM_TAG])?;
                packet.truncate(end);
            }
        }
        Ok(())
    }
}

impl Gcm {
    fn seal(&self, nonce: [u8; 12], associated: &[u8], body: &mut [u8]) -> [u8; GCM_TAG] {
        let sealed = match self {
            Self::Small(cipher) => cipher.encrypt_inout_detached(&nonce.into(), associated, body.into()),
            Self::Large(cipher) => cipher.encrypt_inout_detached(&nonce.into(), associated, body.into()),
        };
        sealed.expect("only packets of 64 GiB are too long for the mode").into()
    }

    fn open(&self, nonce: [u8; 12], associated: &[u8], body: &mut [u8], tag: &[u8]) -> Result<(), SrtpError> {
        let tag: [u8; GCM_TAG] = tag.try_into().map_err(|_| SrtpError::Malformed)?;
        let (nonce, tag) = (nonce.into(), tag.into());
        let opened = match self {
            Self::Small(cipher) => cipher.decrypt_inout_detached(&nonce, associated, body.into(), &tag),
            Self::Large(cipher) => cipher.decrypt_inout_detached(&nonce, associated, body.into(), &tag),
        };
        opened.map_err(|_| SrtpError::NotAuthentic)
    }
}

/// RFC 3711 section 4.1.1: salt, SSRC and index added up to the first counter block.
pub(super) fn apply_counter(cipher: &Aes128Enc, salt: &[u8; 14], ssrc: u32, index: u64, body: &mut [u8]) {
    let mut block = [0; 16];
    block[..14].copy_from_slice(salt);
    exclusive_or(&mut block[4..8], &ssrc.to_be_bytes());
    exclusive_or(&mut block[8..14], &index.to_be_bytes()[2..]);
    let core = CtrCore::<Aes128Enc, BigEndian>::inner_iv_init(cipher.clone(), &block.into());
    Ctr128BE::from_core(core).apply_keystream(body);
}

fn authenticate(mac: &Hmac<Sha1>, packet: &[u8], tail: &[u8]) -> Hmac<Sha1> {
    let mut mac = mac.clone();
    mac.update(packet);
    mac.update(tail);
    mac
}

fn rollover(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

/// RFC 7714 section 8.1.
fn rtp_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> [u8; 12] {
    let mut nonce = *salt;
    exclusive_or(&mut nonce[2..6], &ssrc.to_be_bytes());
    exclusive_or(&mut nonce[6..12], &index.to_be_bytes()[2..]);
    nonce
}

/// RFC 7714 section 9.1.
fn rtcp_nonce(salt: &[u8; 12], ssrc: u32, index: u32) -> [u8; 12] {
    let mut nonce = *salt;
    exclusive_or(&mut nonce[2..6], &ssrc.to_be_bytes());
    exclusive_or(&mut nonce[8..12], &index.to_be_bytes());
    nonce
}

/// RFC 7714 section 9.2: the clear octets and the index word.
fn associated(clear: &[u8], word: [u8; 4]) -> [u8; RTCP_CLEAR + 4] {
    let mut associated = [0; RTCP_CLEAR + 4];
    associated[..RTCP_CLEAR].copy_from_slice(clear);
    associated[RTCP_CLEAR..].copy_from_slice(&word);
    associated
}

fn exclusive_or(octets: &mut [u8], with: &[u8]) {
    octets.iter_mut().zip(with).for_each(|(octet, with)| *octet ^= with);
}

/// The key derivation of RFC 3711 section 4.3 at rate 0: key stream of the master key from the salt and the label. A
/// salt of 12 octets is filled with zeros behind (RFC 7714 section 11).
pub(super) fn derive<const LEN: usize>(master: &MasterKey, label: u8) -> [u8; LEN] {
    let mut block = [0; 16];
    block[..master.salt().len()].copy_from_slice(master.salt());
    block[7] ^= label;
    let mut derived = [0; LEN];
    for (counter, chunk) in derived.chunks_mut(16).enumerate() {
        block[15] = counter as u8;
        let mut stream = block.into();
        match master.key().len() {
            16 => Aes128Enc::new_from_slice(master.key())
                .expect("the length was matched")
                .encrypt_block(&mut stream),
            _ => Aes256Enc::new_from_slice(master.key())
                .expect("keys have 16 octets or 32")
                .encrypt_block(&mut stream),
        }
        chunk.copy_from_slice(&stream[..chunk.len()]);
    }
    derived
}
