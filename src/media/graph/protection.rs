//! The SRTP of a leg: kept through new agreements as long as the keys stay (RFC 3711).

use super::egress::Target;
use super::outbox::Outbox;
use crate::srtp::{Srtp, SrtpKeys};
use std::time::Instant;

/// A leg's SRTP; without keys everything passes as it is.
#[derive(Default)]
pub(super) struct Protection(Option<Box<Srtp>>);

impl Protection {
    /// Takes the keys of an agreement. The same keys go on counting, others start afresh.
    pub(super) fn agree(&mut self, keys: Option<&SrtpKeys>) {
        match (&mut self.0, keys) {
            (Some(srtp), Some(keys)) => srtp.update(keys),
            (srtp, keys) => *srtp = keys.map(|keys| Box::new(Srtp::new(keys))),
        }
    }

    /// Protects a packet; whether it may be sent.
    pub(super) fn protect(&mut self, packet: &mut Vec<u8>) -> bool {
        self.0.as_mut().is_none_or(|srtp| srtp.protect(packet).is_ok())
    }

    /// Opens a packet; whether it is genuine.
    pub(super) fn unprotect(&mut self, packet: &mut Vec<u8>) -> bool {
        self.0.as_mut().is_none_or(|srtp| srtp.unprotect(packet).is_ok())
    }

    /// Protects a report.
    pub(super) fn protect_rtcp(&mut self, packet: &mut Vec<u8>) -> bool {
        self.0.as_mut().is_none_or(|srtp| srtp.protect_rtcp(packet).is_ok())
    }

    /// Opens a report.
    pub(super) fn unprotect_rtcp(&mut self, packet: &mut Vec<u8>) -> bool {
        self.0.as_mut().is_none_or(|srtp| srtp.unprotect_rtcp(packet).is_ok())
    }
}

/// The way out of a leg at one moment.
pub(super) struct Wire<'a> {
    pub(super) now: Instant,
    pub(super) target: Target,
    pub(super) out: &'a mut Outbox,
    pub(super) protection: &'a mut Protection,
}
