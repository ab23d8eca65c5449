//! What opening found, for an alarm that somebody hears.

use std::path::PathBuf;

/// How the store was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Nothing was there; an empty store was made.
    Fresh,
    /// Everything acknowledged is there.
    Clean,
    /// Something was damaged, set aside, and the newest good state restored. Raise an alarm with each.
    Recovered(Vec<Recovery>),
}

/// One damaged thing and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Where the damaged file or folder now is, for whoever investigates.
    pub set_aside: PathBuf,
    /// What was damaged.
    pub found: String,
    /// What could not be restored; none when nothing is missing.
    pub lost: Option<String>,
}
