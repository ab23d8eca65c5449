//! The simulated world: peers, network, clock, disk.

pub(crate) mod certificates;
#[allow(dead_code, reason = "stories pick what they need")]
pub(crate) mod daemon;
pub(crate) mod deadline;
pub mod disk;
pub(crate) mod dns;
#[allow(dead_code, reason = "stories pick what they need")]
pub(crate) mod loopback;
pub(crate) mod nat;
pub(crate) mod operator;
#[allow(dead_code, reason = "stories pick what they need")]
pub(crate) mod phone;
#[allow(dead_code, reason = "stories pick what they need")]
pub(crate) mod process;
#[allow(dead_code, reason = "stories pick what they need")]
pub(crate) mod simulated;
pub(crate) mod torture;
