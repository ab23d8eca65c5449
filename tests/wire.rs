//! Real sockets, foreign clients, real faults.

mod clients;
mod sipp;
mod store_damage;
mod store_format;
mod store_kill;
mod store_power;
mod store_script;
mod tshark;
