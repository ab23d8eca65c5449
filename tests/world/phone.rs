//! Phones.

pub(crate) mod baresip;
mod control;
pub(crate) mod hearing;
pub(crate) mod linphone;
