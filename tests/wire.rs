//! Real sockets, foreign clients, real faults.

mod clients;
mod sipp;
mod tshark;
