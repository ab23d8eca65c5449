//! Tables by leg.

use super::Leg;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table by leg. The numbers are the driver's own, so nobody outside can choose them to collide, and a packet need not
/// pay for a hash that withstands it.
pub type LegMap<T> = HashMap<Leg, T, BuildHasherDefault<LegHasher>>;

/// Spreads consecutive numbers (Knuth's multiplicative hash).
#[derive(Clone, Copy, Debug, Default)]
pub struct LegHasher(u64);

impl Hasher for LegHasher {
    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u64(u64::from(*octet));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
