//! A leg as the exchange knows it: its session, its sound, and what each still owes.

use super::addresses::Own;
use super::diagnosis::Promise;
use media::{Agreed, Codec, Negotiation};
use model::Party;
use sip::endpoint::SessionId;

/// The signalling of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signalling {
    /// Incoming, without a final answer.
    Offered(SessionId),
    /// Outgoing, without a final answer.
    Inviting(SessionId),
    /// Answered.
    Up(SessionId),
    /// Over, or about to be: nothing more is said about it to the core.
    Over,
}

/// The sound of a leg.
#[derive(Debug)]
pub(crate) enum Sound {
    /// None yet.
    Silent,
    /// Ports are open.
    Open(Box<Open>),
    /// It was closed and the last figures are awaited.
    Closing {
        /// Used last.
        codec: String,
        /// Agreed last.
        promise: Option<Promise>,
    },
    /// All over; the core has been told.
    Closed,
}

/// Open ports, and what has been agreed about them.
#[derive(Debug)]
pub(crate) struct Open {
    pub negotiation: Negotiation,
    /// What holds for its sound; none while it faxes.
    pub agreed: Option<Agreed>,
    /// Where its datagrams went when it faxed last.
    pub faxed: Option<std::net::SocketAddr>,
    /// The description sent to the caller before the answer, or the last one of an UPDATE since; the answer repeats it
    /// (RFC 3261 section 13.2.1).
    pub early: Option<Vec<u8>>,
}

/// One leg.
#[derive(Debug)]
pub(crate) struct Leg {
    pub party: Party,
    pub signalling: Signalling,
    pub sound: Sound,
    pub own: Own,
    /// Incoming: the caller's description until it is answered; none where the caller wants ours.
    pub offer: Option<Vec<u8>>,
    /// The leg its sound is joined with.
    pub joined: Option<model::LegId>,
    /// The room it is in.
    pub room: Option<media::Room>,
    /// Do the others in its room not hear it?
    pub muted: bool,
    /// The party holds us.
    pub held: bool,
    /// Since when it is answered.
    pub up: Option<std::time::Instant>,
    /// Outgoing: the peer has said something.
    pub alive: bool,
    /// On a trunk: which of its servers.
    pub slot: Option<sip::probe::HostId>,
    /// Its wish to connect the other with somebody else, while the core decides on it.
    pub referral: Option<sip::endpoint::SubscriptionId>,
    /// What the box plays to it; an end of something older means nothing.
    pub cue: Option<media::Cue>,
    /// Has the box said anything to it?
    pub spoken_to: bool,
    /// Outgoing, to a phone that may be encrypted: once more, and encrypted, if it refuses the description.
    pub again: Option<Box<call::Invite>>,
    /// Its call's sound is on one thread: legs with the same group.
    pub group: u64,
}

impl Leg {
    /// The codec in use, if sound has been agreed.
    pub fn codec(&self) -> Option<Codec> {
        match &self.sound {
            Sound::Open(open) => open.agreed.as_ref().map(|agreed| agreed.codec),
            Sound::Silent | Sound::Closing { .. } | Sound::Closed => None,
        }
    }

    /// Its session, while it has one.
    pub fn session(&self) -> Option<SessionId> {
        match self.signalling {
            Signalling::Offered(id) | Signalling::Inviting(id) | Signalling::Up(id) => Some(id),
            Signalling::Over => None,
        }
    }
}
