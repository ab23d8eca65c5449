//! Real sockets, foreign clients, real faults.

mod clients;
mod daemon_calls;
#[allow(dead_code, reason = "stories pick what they need")]
mod daemon_company;
mod daemon_connections;
mod daemon_disk;
mod daemon_floods;
mod daemon_handling;
mod daemon_hostile;
mod daemon_lamps;
mod daemon_names;
mod daemon_nat;
mod daemon_register;
mod daemon_site;
mod daemon_start;
mod daemon_tls_trunks;
mod daemon_torture;
mod daemon_trunks;
mod daemon_voicemail;
mod daemon_witness;
mod handset;
mod linphone;
mod ordeal;
mod sipp;
mod store_damage;
mod store_format;
mod store_kill;
mod store_power;
mod store_script;
mod tshark;
