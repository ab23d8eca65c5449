//! The SRTP contexts of a leg, one a direction, kept while their keys stay.

use crate::srtp::MasterKey;

/// One direction's context; without a key it does nothing.
#[derive(Default)]
pub(super) struct Protection {
    key: Option<MasterKey>,
}

impl Protection {
    /// Takes a key. The same key goes on counting, another one starts afresh.
    pub(super) fn set(&mut self, key: Option<&MasterKey>) {
        if self.key.as_ref() != key {
            self.key = key.cloned();
        }
    }

    /// Whether there is a key.
    pub(super) fn is_on(&self) -> bool {
        self.key.is_some()
    }

    pub(super) fn protect(&mut self, _packet: &mut Vec<u8>) -> bool {
        !self.is_on()
    }

    pub(super) fn unprotect(&mut self, _packet: &mut Vec<u8>) -> bool {
        !self.is_on()
    }

    pub(super) fn protect_rtcp(&mut self, _packet: &mut Vec<u8>) -> bool {
        !self.is_on()
    }

    pub(super) fn unprotect_rtcp(&mut self, _packet: &mut Vec<u8>) -> bool {
        !self.is_on()
    }
}
