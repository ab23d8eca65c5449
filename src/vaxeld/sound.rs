//! The media threads: sockets and ticks around [`media::Graph`], and the ports they use.
//!
//! A thread waits at one place for its sockets, its queue of commands and a 20 ms timer that runs only while it has
//! legs. Nothing here waits for the core or the disk. Who hear each other are on one thread: a leg that joins somebody on
//! another moves there with its sockets, its stream and its keys.

mod kernel;
mod peer;
mod polling;
mod ports;
mod seating;
#[cfg(test)]
mod tests;
mod thread;
#[cfg(test)]
mod threads;

pub use ports::SocketPorts;
pub use thread::{Heard, Sound};
