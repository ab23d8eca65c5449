//! Policy: who rings, for how long, what the called party sees, which trunk carries it, who may call what.
//!
//! Pure: no sockets, clocks or files. What happens comes in as [`Input`], what is to be done goes out as [`Effect`],
//! and what has happened as `model::Event`. It decides and leaves the doing to crate `call` (legs and calls) and to
//! the daemon. It knows neither SIP nor media.
//!
//! Read [`Pbx`] first, then `course.rs` for what is kept of a call and `route.rs` for the decision on it.

mod activity;
mod boundary;
mod callback;
mod code;
mod command;
mod course;
mod decision;
mod deflection;
mod forwarding;
mod group;
mod intercom;
mod lamp;
mod letter;
mod mailbox;
mod meeting;
mod messages;
mod moderation;
mod outbound;
mod paging;
mod parking;
mod pbx;
mod personal;
mod pickup;
mod pin;
mod presentation;
mod route;
mod service;
mod speaking;
pub mod speech;
mod spending;
mod summons;
#[cfg(test)]
mod tests;
mod transfer;
mod trunks;
mod visit;

pub use boundary::{Effect, Input, Offered, Origin, Query, Registration};
pub use lamp::{Glow, Lamp, Watched};
pub use letter::Letter;
pub use pbx::Pbx;
pub use speaking::Words;
