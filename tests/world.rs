//! The simulated world: peers, network, clock, disk.

#[allow(dead_code, reason = "stories pick what they need")]
pub(crate) mod daemon;
pub(crate) mod deadline;
pub mod disk;
#[allow(dead_code, reason = "stories pick what they need")]
pub(crate) mod loopback;
#[allow(dead_code, reason = "stories pick what they need")]
pub(crate) mod phone;
#[allow(dead_code, reason = "stories pick what they need")]
pub(crate) mod process;
#[allow(dead_code, reason = "stories pick what they need")]
pub(crate) mod simulated;
