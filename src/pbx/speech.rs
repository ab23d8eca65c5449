//! What the box says, as parts one after another: which clips, in which order, with how much silence between.
//!
//! Pure composition. Every function gives [`Part`]s; finding the clips, and playing them, is for others. What each prompt
//! says is in `etc/prompts/prompts.toml`, and frames are worded so that a fragment stands in one place only: cardinals
//! always have a noun after them, ordinals and weekdays a month. An empty answer means that nothing is said.
//!
//! Read [`Part`] first, then `referral.rs`.

mod activity;
mod caller;
mod choice;
mod clock;
mod forwarding;
mod mailbox;
mod number;
mod opening;
mod part;
mod queue;
mod readback;
mod referral;
mod refusal;
mod room;
#[cfg(test)]
mod tests;

pub use activity::{activity_cleared, activity_set};
pub use caller::{Caller, accept, sender};
pub use choice::{Chosen, Leave, MOST_CHOICES, by_digit, chosen_is_closed, tail};
pub use clock::End;
pub use forwarding::{ForwardTo, forwarding_off, forwarding_on};
pub use mailbox::{message_count, received};
pub use number::number;
pub use opening::{Closed, opening};
pub use part::{Part, Position, Prompt, Tone};
pub use queue::QueueNews;
pub use readback::{call_back_to, emergency_from, own_number, parked_at};
pub use referral::{Absence, Person, busy, no_answer, referral};
pub use refusal::{Barred, Help, barred, trunks_down};
pub use room::{entered, joined, left};
