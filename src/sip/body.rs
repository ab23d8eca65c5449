//! Bodies of requests, written and read purely: what NOTIFY and INFO carry.
//!
//! Names and addresses in them are anybody's; whatever they are, the document stays the document.

pub mod dialog_info;
pub mod dtmf;
pub mod message_summary;
pub mod presence;
pub mod resource_list;
pub mod sipfrag;
mod xml;
