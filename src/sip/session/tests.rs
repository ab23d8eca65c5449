//! Stories of calls: two endpoints on a simulated link, or one endpoint and a hand-written peer.

mod bare;
mod crossing;
mod forks;
mod garbled;
mod link;
mod loss;
mod plain;
mod reliable;
mod screened;
mod speed;
mod timed;
mod updates;
