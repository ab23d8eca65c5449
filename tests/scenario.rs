//! User stories over the simulated world: read `world/simulated.rs` first.

mod calls;
