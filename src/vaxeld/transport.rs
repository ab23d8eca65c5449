//! SIP's sockets: datagrams, connections, connections under TLS.
//!
//! Datagrams are read and written by the core's own task, without a queue between. Every connection has two tasks,
//! one that reads and one that writes, each behind a bounded queue: a peer that does not read is disconnected, and
//! nobody else notices.

mod datagrams;
mod places;
mod sent;
mod streams;
mod tls;

pub use datagrams::{Datagrams, Received};
pub use sent::Sent;
pub use streams::{Streams, Told, Way};
pub use tls::{Identity, TlsError};
