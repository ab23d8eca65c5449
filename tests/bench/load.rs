//! A box to measure and the phones that load it.
//!
//! All phones are driven by one thread: a socket each, one epoll, messages written into one buffer. Read
//! [`phones::Phones`] first, then [`dialogue::Load`].

pub(crate) mod bare;
pub(crate) mod dialogue;
mod digest;
pub(crate) mod exchange;
pub(crate) mod figures;
mod message;
pub(crate) mod phones;
pub(crate) mod registering;
pub(crate) mod talk;
pub(crate) mod watching;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::time::Instant;

/// Every phone takes three sockets.
pub(crate) fn raise_file_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Without it the first measurement with many phones says what is missing.
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap_or_default();
    }
}

/// The time.
#[allow(clippy::disallowed_methods)] // measuring is what this program does
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Lets time pass.
#[allow(clippy::disallowed_methods)] // a load is made of moments
pub(crate) fn pause(time: std::time::Duration) {
    std::thread::sleep(time);
}
