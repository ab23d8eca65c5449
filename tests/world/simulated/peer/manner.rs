//! How a peer treats calls, and what it can.

use media::Codec;
use sip::Status;
use std::time::Duration;

/// What a peer does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It rings and nobody comes.
    Rings,
    /// It rings, and somebody answers after so long.
    Answers(Duration),
    /// It turns the call down at once.
    Refuses(Status),
    /// It rings, and turns the call down after so long.
    RefusesAfter(Duration, Status),
    /// It sends its sound before the answer (183), and answers after so long; never without a time.
    Early(Option<Duration>),
    /// It takes the call for itself (100) and says nothing more.
    Ponders,
}

/// What a peer can and wants.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// What it speaks, the best first.
    pub codecs: Vec<Codec>,
    /// It asks for session timers with this interval when it calls (RFC 4028).
    pub session_expires: Option<Duration>,
}

impl Default for Profile {
    fn default() -> Self {
        Self { codecs: vec![Codec::Pcma, Codec::Pcmu], session_expires: None }
    }
}
