//! Policy: who rings, for how long, what the called party sees, which trunk carries it, who may call what.
//!
//! Pure: no sockets, clocks or files. What happens comes in as [`Input`], what is to be done goes out as [`Effect`],
//! and what has happened as `model::Event`. It decides and leaves the doing to crate `call` (legs and calls) and to
//! the daemon. It knows neither SIP nor media.
//!
//! Read [`Pbx`] first, then `route.rs` for the decision on a call.

mod boundary;
mod command;
mod outbound;
mod pbx;
mod presentation;
mod route;
#[cfg(test)]
mod tests;
mod trunks;

pub use boundary::{Effect, Input, Offered, Origin, Query, Registration};
pub use pbx::Pbx;
