//! The simulated world: peers, network, clock, disk.
