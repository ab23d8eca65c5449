//! The command line of the exchange, and its shell for SSH.
//!
//! Every command is one question to the daemon on its control socket and one answer shown, for people as
//! aligned text in local time or for programs as one JSON value. On purpose it decides nothing and reads no
//! state of the box itself. A command is a file in `command/`; read [`Terminal`] and [`run`] first.

mod client;
mod command;
mod error;
mod grammar;
mod json;
mod session;
mod shell;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod words;

pub use shell::understands;
pub use terminal::{Terminal, run};
