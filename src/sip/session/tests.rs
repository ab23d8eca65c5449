//! Stories of calls: two endpoints on a simulated link, or one endpoint and a hand-written peer.

pub(crate) mod bare;
mod crossing;
mod forks;
mod garbled;
mod inform;
pub(crate) mod link;
mod loss;
mod plain;
mod refer;
mod reliable;
mod replaced;
mod screened;
mod speed;
mod timed;
mod updates;
