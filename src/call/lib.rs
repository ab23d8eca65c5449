//! Call control as mechanism: legs, fork, bridge, hold, early media, hang-up, and the record at the end.
//!
//! A call is one caller's leg and whatever is done with it. This crate knows how to ring several legs and let one
//! answer win; it does not know whom to ring. It asks: an [`Outcome`] says that a call waits for a decision, and
//! policy (crate `pbx`) answers with [`Calls::ring`] or [`Calls::refuse`]. It knows legs, never SIP or media: what
//! it wants done is an [`Effect`], what it is told is a [`LegEvent`].
//!
//! Read [`Calls`] first, then `call.rs` for the phases a call goes through.

mod accept;
mod answer;
mod boundary;
mod call;
mod calls;
mod end;
mod engagement;
mod fork;
mod hold;
mod leg;
mod listing;
mod merge;
mod record;
mod serve;
mod summon;
#[cfg(test)]
mod tests;

pub use boundary::{
    Caller, Destination, Diversion, Diverted, Effect, EndedBy, HangUp, Invite, LegEvent, Outcome, Program,
    Referral, Refusal, RoomKey, Wish,
};
pub use calls::{Calls, Offer};
pub use engagement::{Engaged, Engagement};
pub use fork::Ring;
pub use leg::LegState;
pub use merge::Merged;
