//! The box's own keys: one a suite, made when first needed and kept (RFC 4568 section 7.1.4).

use crate::srtp::{Crypto, MasterKey, SrtpKeys, Suite};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Offered in this order: what every phone has first.
const OFFERED: [Suite; 2] = [Suite::AesCm128HmacSha1_80, Suite::AesCm128HmacSha1_32];

/// Makes and keeps keys.
pub(super) struct Keys {
    generator: ChaCha20Rng,
    made: Vec<MasterKey>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("made", &self.made.len()).finish_non_exhaustive()
    }
}

impl Keys {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { generator: ChaCha20Rng::from_seed(seed), made: Vec::new() }
    }

    /// The lines of an offer; the suite in use comes first, with the key in use.
    pub(super) fn offered(&mut self, in_use: Option<&SrtpKeys>) -> Vec<Crypto> {
        let mut suites: Vec<Suite> = in_use.map(|keys| keys.send.suite()).into_iter().collect();
        suites.extend(OFFERED.into_iter().filter(|suite| !suites.contains(suite)).collect::<Vec<_>>());
        (1..).zip(suites).map(|(tag, suite)| Crypto { tag, key: self.key(suite) }).collect()
    }

    /// The line of an answer: the peer's tag and suite with the box's key.
    pub(super) fn answering(&mut self, peer: &Crypto) -> Crypto {
        Crypto { tag: peer.tag, key: self.key(peer.key.suite()) }
    }

    fn key(&mut self, suite: Suite) -> MasterKey {
        if let Some(key) = self.made.iter().find(|key| key.suite() == suite) {
            return key.clone();
        }
        let mut random = [0; _];
        self.generator.fill_bytes(&mut random);
        let key = MasterKey::from_random(suite, &random);
        self.made.push(key.clone());
        key
    }
}
