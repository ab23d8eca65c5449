//! SIP without input or output: messages, the hostile-input front door, digest, transactions, sessions, registrations.
//!
//! What it lacks on purpose: sockets, clocks, name resolution, SDP (bodies are opaque bytes) and any idea of what a
//! telephone exchange is. Read [`Message`] first.

mod address;
pub mod body;
mod cseq;
mod dialog;
pub mod digest;
pub mod door;
pub mod endpoint;
pub mod flow;
pub mod framer;
pub mod guard;
mod header;
mod host;
mod lex;
pub mod locate;
mod message;
mod method;
mod params;
mod parse;
pub mod probe;
pub mod registrar;
pub mod registration;
mod session;
mod status;
mod subscription;
mod transaction;
mod uri;
mod via;

pub use address::NameAddr;
pub use cseq::CSeq;
pub use header::{HeaderError, Headers, Name, Package, RAck, ReferTo, Refresher, Replaces, SessionExpires};
pub use host::{Authority, Host};
pub use message::{Message, Request, Response};
pub use method::{KNOWN as KNOWN_METHODS, Method};
pub use params::Params;
pub use parse::{MAX_HEAD, MAX_LINES, MAX_MESSAGE, ParseError};
pub use status::Status;
pub use uri::{Scheme, Uri, UriError};
pub use via::{MAGIC as BRANCH_MAGIC, Via};
