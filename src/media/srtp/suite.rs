//! Which transforms a leg uses, and the master keys for both ways.

use std::fmt;

/// A crypto suite, in the order of preference in which the exchange offers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// AES counter mode with an 80-bit tag, what every phone has (RFC 4568 section 6.2.1).
    AesCm128HmacSha1_80,
    /// AES counter mode with a 32-bit tag on RTP, 80 bits on RTCP (RFC 4568 section 6.2.2).
    AesCm128HmacSha1_32,
    /// AES-GCM with a 128-bit key (RFC 7714 section 14.2).
    AeadAes128Gcm,
    /// AES-GCM with a 256-bit key (RFC 7714 section 14.2).
    AeadAes256Gcm,
}

impl Suite {
    /// Every suite there is.
    pub const ALL: [Self; 4] =
        [Self::AesCm128HmacSha1_80, Self::AesCm128HmacSha1_32, Self::AeadAes128Gcm, Self::AeadAes256Gcm];

    /// The name in `a=crypto`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// The suite of a name in `a=crypto`, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

    /// Octets of the master key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 | Self::AeadAes128Gcm => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    /// Octets of the master salt.
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
        }
    }

    /// Octets of key and salt together, as they stand in `inline:`.
    pub const fn material_len(self) -> usize {
        self.key_len() + self.salt_len()
    }

    /// Octets by which protection lengthens an RTP packet.
    pub const fn rtp_overhead(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 => 10,
            Self::AesCm128HmacSha1_32 => 4,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }

    /// Octets by which protection lengthens an RTCP packet: the index word and the tag.
    pub const fn rtcp_overhead(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 => 4 + 10,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 4 + 16,
        }
    }
}

/// The longest [`Suite::material_len`]: how many random octets serve any suite.
pub const MATERIAL_MAX: usize = 44;

/// A master key with its salt. Its `Debug` form shows the suite only.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    suite: Suite,
    material: [u8; MATERIAL_MAX],
}

impl MasterKey {
    /// A key out of random octets from the caller's generator, of which the suite takes as many as it needs.
    pub fn from_random(suite: Suite, random: &[u8; MATERIAL_MAX]) -> Self {
        let mut material = [0; MATERIAL_MAX];
        let len = suite.material_len();
        material[..len].copy_from_slice(&random[..len]);
        Self { suite, material }
    }

    /// A key out of exactly [`Suite::material_len`] octets, key first, then salt.
    pub fn from_material(suite: Suite, octets: &[u8]) -> Option<Self> {
        if octets.len() != suite.material_len() {
            return None;
        }
        let mut material = [0; MATERIAL_MAX];
        material[..octets.len()].copy_from_slice(octets);
        Some(Self { suite, material })
    }

    /// What it is a key for.
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Key and salt, as they stand in `inline:`.
    pub fn material(&self) -> &[u8] {
        &self.material[..self.suite.material_len()]
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.material[..self.suite.key_len()]
    }

    pub(super) fn salt(&self) -> &[u8] {
        &self.material[self.suite.key_len()..self.suite.material_len()]
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// The keys of one leg: ours, which protects what the box sends, and the peer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrtpKeys {
    /// Protects what the box sends: the key in the box's own `a=crypto`.
    pub send: MasterKey,
    /// Opens what the peer sends: the key in the peer's `a=crypto`.
    pub receive: MasterKey,
}
