//! The media threads: sockets and ticks around [`media::Graph`], and the ports they use.
//!
//! A thread waits at one place for its sockets, its queue of commands and a 20 ms timer that runs only while it has
//! legs. Nothing here waits for the core or the disk. Both parties of a call are on one thread.

mod kernel;
mod peer;
mod polling;
mod ports;
#[cfg(test)]
mod tests;
mod thread;

pub use ports::SocketPorts;
pub use thread::{Heard, Sound};
