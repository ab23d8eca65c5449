//! The suite: user stories in a simulated world, real sockets with foreign clients, and faults.

mod fuzz;
mod scenario;
mod wire;
mod world;
