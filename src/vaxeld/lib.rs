//! The daemon: sockets, threads, clocks, files, and the wiring between the machines.
//!
//! The only layer with effects. What it does with them is small: every driver is a loop around one machine. The
//! machines themselves are joined in [`exchange`], which still has no effects and runs in the scenario tests as well.
//! Read [`daemon`] first: it is the list of steps by which the box starts and stops.

pub mod config;
pub mod control;
mod core;
pub mod daemon;
pub mod disk;
pub mod exchange;
pub mod log;
mod music;
mod prompts;
pub mod recorder;
pub mod resolve;
pub mod sound;
pub mod speaker;
pub mod transport;
