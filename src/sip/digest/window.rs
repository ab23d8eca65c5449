//! Which counts of which nonces have been used (`nc`, RFC 7616 section 3.4 and 5.12): the guard against replay.

use std::collections::BTreeMap;

/// How far behind the highest count a late request may be.
const WIDTH: u32 = 64;

/// The used counts of one nonce.
#[derive(Debug, Clone, Copy)]
struct Counts {
    highest: u32,
    /// Bit n: `highest - n` has been used.
    used: u64,
}

/// The used nonces by serial number, the oldest forgotten first; a forgotten nonce cannot be used again.
#[derive(Debug)]
pub(super) struct Windows {
    nonces: BTreeMap<u64, Counts>,
    capacity: usize,
    /// Serial numbers below this one are forgotten.
    floor: u64,
}

impl Windows {
    pub(super) fn new(capacity: usize) -> Windows {
        Windows { nonces: BTreeMap::new(), capacity: capacity.max(1), floor: 0 }
    }

    /// Uses up one count of one nonce; false when it was used before or is too old to tell.
    pub(super) fn spend(&mut self, serial: u64, count: u32) -> bool {
        if serial < self.floor || count == 0 {
            return false;
        }
        if let Some(counts) = self.nonces.get_mut(&serial) {
            return counts.spend(count);
        }
        if self.nonces.len() >= self.capacity
            && let Some((oldest, _)) = self.nonces.pop_first()
        {
            self.floor = self.floor.max(oldest + 1);
        }
        self.nonces.insert(serial, Counts { highest: count, used: 1 });
        true
    }

    /// Forgets the nonces issued before this serial number, all of which have expired.
    pub(super) fn forget_before(&mut self, serial: u64) {
        self.nonces = self.nonces.split_off(&serial);
        self.floor = self.floor.max(serial);
    }

    pub(super) fn len(&self) -> usize {
        self.nonces.len()
    }
}

impl Counts {
    fn spend(&mut self, count: u32) -> bool {
        if count > self.highest {
            let step = count - self.highest;
            self.used = if step < WIDTH { self.used << step | 1 } else { 1 };
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if behind >= WIDTH || self.used & (1 << behind) != 0 {
            return false;
        }
        self.used |= 1 << behind;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_good_once_in_any_order() {
        let mut windows = Windows::new(4);
        let spent: Vec<bool> = [1, 3, 2, 2, 3, 1, 0, 70, 3, 7, 7].map(|count| windows.spend(9, count)).into();
        assert_eq!(spent, [true, true, true, false, false, false, false, true, false, true, false]);
    }

    #[test]
    fn a_forgotten_nonce_cannot_be_used_again() {
        let mut windows = Windows::new(2);
        assert!([5, 6, 7].into_iter().all(|serial| windows.spend(serial, 1)));
        assert_eq!(windows.len(), 2);
        assert!(!windows.spend(5, 2));
        windows.forget_before(7);
        assert!(!windows.spend(6, 2) && windows.spend(7, 2));
    }
}
