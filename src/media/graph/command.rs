//! What the graph is told and what it tells.

use crate::negotiation::Agreed;
use crate::program::Program;
use crate::quality::Statistics;
use std::net::SocketAddr;

/// The graph's key of a leg; the caller chooses the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leg(pub u64);

/// The graph's key of a room, where many legs hear each other; the caller chooses the number. It comes into being with
/// the first leg that joins and is gone with the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Room(pub u64);

/// The caller's name for one playing; it comes back in [`Event::Finished`] and [`Event::Stopped`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cue(pub u64);

/// The caller's name for one recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tape(pub u64);

/// Whom something is played to, or whom an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whom {
    /// One leg.
    Leg(Leg),
    /// Everybody in a room.
    Room(Room),
}

impl From<Leg> for Whom {
    fn from(leg: Leg) -> Self {
        Self::Leg(leg)
    }
}

impl From<Room> for Whom {
    fn from(room: Room) -> Self {
        Self::Room(room)
    }
}

/// How a leg takes part in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// Who hears it.
    pub heard_by: HeardBy,
    /// What it hears.
    pub hears: Hears,
}

/// Who hears a member of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeardBy {
    /// All others.
    Everybody,
    /// Nobody: it is muted.
    Nobody,
    /// One other member only: it whispers.
    Only(Leg),
}

/// What a member of a room hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// All who are heard.
    Everybody,
    /// Silence.
    Nothing,
}

impl Role {
    /// Hears all others and is heard by them.
    pub const MEMBER: Self = Self { heard_by: HeardBy::Everybody, hears: Hears::Everybody };
    /// Hears and is not heard: muted, or listening in.
    pub const LISTENER: Self = Self { heard_by: HeardBy::Nobody, hears: Hears::Everybody };

    /// Hears all and is heard by one member only.
    pub const fn whispering(to: Leg) -> Self {
        Self { heard_by: HeardBy::Only(to), hears: Hears::Everybody }
    }
}

/// Whose sound is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// What one party says: a message.
    Leg(Leg),
    /// What two parties say: a call.
    Call(Leg, Leg),
    /// All that is heard in a room.
    Room(Room),
}

impl Take {
    /// Whether it is what a leg itself says.
    pub(super) fn is_of(self, leg: Leg) -> bool {
        match self {
            Self::Leg(one) => one == leg,
            Self::Call(one, other) => one == leg || other == leg,
            Self::Room(_) => false,
        }
    }
}

/// What a recording is to watch for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// [`Event::Quiet`] is said once nobody has spoken for so long, milliseconds; 0 never says it.
    pub quiet_ms: u32,
    /// It ends after so long, milliseconds; 0 is as long as it may.
    pub limit_ms: u32,
}

/// What the graph is told to do. What names a leg that is not open does nothing.
#[derive(Clone, Debug)]
pub enum Command {
    /// Opens a leg: its outgoing stream is drawn now.
    Open {
        /// The leg.
        leg: Leg,
    },
    /// Takes what was agreed with the leg's peer, the first time or anew.
    Configure {
        /// The leg.
        leg: Leg,
        /// What was agreed.
        agreed: Box<Agreed>,
    },
    /// Passes on a leg's datagrams as they are, to and from its peer that faxes as well, instead of sound; until the next
    /// [`Command::Configure`]. Meanwhile the box itself sends nothing to it.
    Fax {
        /// The leg.
        leg: Leg,
        /// Where its peer wants them.
        remote: SocketAddr,
    },
    /// Lets two legs hear each other; what they heard before ends, a room they were in is left.
    Connect {
        /// One leg.
        a: Leg,
        /// The other.
        b: Leg,
    },
    /// Ends what a leg hears and who hears it, in a call or a room.
    Disconnect {
        /// The leg.
        leg: Leg,
    },
    /// Takes a leg into a room, out of the call or room it was in; or gives a member another role. A full room sends
    /// [`Event::Full`].
    Join {
        /// The room.
        room: Room,
        /// The leg.
        leg: Leg,
        /// How it takes part.
        role: Role,
    },
    /// Plays to a leg, in place of what it hears, or to a room, on top of what is heard there; in place of what was
    /// played there before. Before the leg has agreed on its sound, it waits.
    Play {
        /// To whom.
        to: Whom,
        /// The name of this playing.
        cue: Cue,
        /// What.
        program: Program,
    },
    /// Ends what is played there, with [`Event::Stopped`].
    Stop {
        /// To whom.
        to: Whom,
    },
    /// Records: [`crate::Graph::poll_recorded`] has the sound, and [`Event::Recorded`] ends it.
    Record {
        /// The name of this recording.
        tape: Tape,
        /// Whose sound.
        take: Take,
        /// What to watch for.
        watch: Watch,
    },
    /// Ends a recording.
    EndRecord {
        /// Which.
        tape: Tape,
    },
    /// Sends a digit to a leg, as a telephone event if agreed, otherwise as sound.
    SendDigit {
        /// The leg.
        leg: Leg,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
        /// How long, milliseconds.
        ms: u32,
    },
    /// Says goodbye and forgets the leg; [`Event::Closed`] follows.
    Close {
        /// The leg.
        leg: Leg,
    },
}

/// What the graph has noticed.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The first packet has come from the peer.
    Flowing,
    /// The peer has pressed a key; said when it is released, whatever the leg is doing.
    Digit {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
        /// How long, milliseconds.
        duration_ms: u32,
    },
    /// The peer's media comes from there, and goes there from now on.
    Latched {
        /// The address.
        address: SocketAddr,
    },
    /// Nothing has come for half a minute from a peer that should send; said once a silence.
    Silent {
        /// For how long, milliseconds.
        for_ms: u64,
    },
    /// What was played has come to its end.
    Finished {
        /// Its name.
        cue: Cue,
    },
    /// What was played was ended by [`Command::Stop`] or by another [`Command::Play`].
    Stopped {
        /// Its name.
        cue: Cue,
        /// How far it had come from the program's beginning, milliseconds.
        at_ms: u64,
    },
    /// The room is full; this leg did not get in.
    Full {
        /// The leg.
        leg: Leg,
    },
    /// A recording hears somebody speak, for the first time or after [`Event::Quiet`].
    Speaking {
        /// Which recording.
        tape: Tape,
    },
    /// A recording has heard nobody for as long as was asked for; said once a silence.
    Quiet {
        /// Which recording.
        tape: Tape,
    },
    /// A recording is over: it was ended, or reached its limit, or whom it recorded is gone. The last of it is in
    /// [`crate::Graph::poll_recorded`].
    Recorded {
        /// Which.
        tape: Tape,
        /// How long it is, milliseconds.
        duration_ms: u64,
        /// How much of that was dropped because nobody fetched it, milliseconds.
        dropped_ms: u64,
    },
    /// The leg is closed; this is what it was like.
    Closed(Statistics),
}

/// A stretch of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Which recording.
    pub tape: Tape,
    /// Samples of the recording before this; where it is more than has come, something was dropped.
    pub from: u64,
    /// The sound, at [`crate::program::RATE`].
    pub samples: Vec<i16>,
}

/// Which of a leg's two ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The RTP port.
    Rtp,
    /// The RTCP port.
    Rtcp,
}

/// A packet to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit<'a> {
    /// From which leg's port.
    pub leg: Leg,
    /// Which of its ports.
    pub channel: Channel,
    /// Where to.
    pub to: SocketAddr,
    /// The octets.
    pub packet: &'a [u8],
}
