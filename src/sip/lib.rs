//! sip
pub mod flow;
