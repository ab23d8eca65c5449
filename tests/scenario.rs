//! User stories over the simulated world.
