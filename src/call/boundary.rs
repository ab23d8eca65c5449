//! What goes in and out: events of legs, effects on legs, and questions to policy.

use model::{CallId, Cause, ContactId, DeviceId, LegId, LegQuality, RecordingId, TrunkId, UserId};
use std::time::Duration;

/// Where an outgoing leg goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// One contact of a user's device.
    Contact {
        /// Whose.
        user: UserId,
        /// Which device.
        device: DeviceId,
        /// Which of its contacts.
        contact: ContactId,
    },
    /// One host of a trunk, by its place in the trunk's list.
    Trunk {
        /// Which trunk.
        trunk: TrunkId,
        /// Which of its hosts.
        host: usize,
    },
}

/// Who the called party sees.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Caller {
    /// Number or extension to show; none shows an anonymous caller.
    pub number: Option<String>,
    /// Name to show.
    pub name: Option<String>,
    /// Number asserted to a trusted peer, also when none is shown (RFC 3325).
    pub asserted: Option<String>,
    /// Who sent the call on, in that order.
    pub diverted: Vec<Diverted>,
}

/// One forwarding of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diverted {
    /// The number that was called.
    pub by: String,
    /// Why it sent the call on.
    pub why: Diversion,
}

/// Why a call was sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Diversion {
    /// Always.
    Always,
    /// Busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// No phone could be reached.
    Unreachable,
    /// The phone itself sent it on.
    Deflected,
}

/// An outgoing leg to be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Where to.
    pub destination: Destination,
    /// Who calls.
    pub caller: Caller,
    /// The number or extension called, as the destination expects it.
    pub called: String,
    /// The leg it will talk to: its codecs are preferred.
    pub parent: LegId,
    /// Must whoever answers press 1 to take the call? Then no machine can take it, such as a mobile's own voicemail.
    pub confirm: bool,
    /// Is the phone asked to answer by itself, as an intercom?
    pub by_itself: bool,
}

/// Why a caller is turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For the record; the signalling layer turns it into its own code.
    pub cause: Cause,
    /// For people, in the trail.
    pub why: String,
}

/// Why a leg is hung up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangUp {
    /// The other side hung up, or gave up.
    Normal,
    /// Another device answered.
    AnsweredElsewhere,
    /// It rang long enough.
    TimeUp,
    /// An emergency call needs the channel.
    Preempted,
    /// The box is stopping, or the leg has no use any more.
    Released,
}

/// Something the box lets a leg hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Music, for as long as it takes.
    Music,
    /// What was asked for is done; a short tone, played once.
    Done,
    /// What was asked for is not done; a tone, played once.
    Refused,
    /// Somebody has come into the room; played once.
    Joined,
    /// Somebody has left the room; played once.
    Left,
    /// Digits are awaited; until stopped.
    Dial,
    /// Press 1 to take the call; until stopped.
    Accept,
    /// Words, played once: policy keeps them for the leg until they are asked for.
    Speech,
}

/// A set of legs that all hear each other, as policy numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomKey(pub u64);

/// A party's wish to connect the one it talks to with somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    /// With whom: what stands in the request, escapes resolved, otherwise as it arrived.
    pub to: String,
    /// The party's own other leg, whose place the one it talks to is to take (RFC 3891).
    pub replaces: Option<LegId>,
}

/// Who ended an established leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The party itself.
    Party,
    /// The party vanished: no answer to anything any more.
    Vanished,
    /// The box, as asked by [`Effect::HangUp`].
    Us,
}

/// What happens on a leg.
#[derive(Clone, Debug, PartialEq)]
pub enum LegEvent {
    /// Outgoing: the peer is alive and works on it.
    Trying,
    /// Outgoing: it rings.
    Ringing,
    /// Outgoing: the peer sends sound before it answers.
    Early,
    /// Outgoing: the peer answered; sound is agreed.
    Answered,
    /// Outgoing: it will not be a conversation.
    Failed {
        /// The peer's meaning.
        cause: Cause,
        /// What it said, for the trail: `503 Service Unavailable`.
        said: String,
    },
    /// Outgoing: the peer does not take it and says who should.
    Moved {
        /// The number it gives, as it arrived.
        to: String,
        /// What it said, for the trail: `302 Moved Temporarily`.
        said: String,
    },
    /// Incoming: the caller gave up before the answer. Any: an established leg is over.
    Ended(EndedBy),
    /// The party put us on hold.
    Held,
    /// The party took us back.
    Resumed,
    /// No sound came from the party for a while although it should.
    Silent,
    /// The party pressed a key: `0`–`9`, `*`, `#`, `A`–`D`.
    Digit(char),
    /// What was played to the party has come to its end.
    Played,
    /// The party is recorded, and has said nothing for a while.
    Quiet,
    /// The party asks for the one it talks to to be connected with somebody else (RFC 3515).
    Referred(Box<Referral>),
    /// Its sound is closed; this is the last event of every leg. None where no sound was ever agreed.
    Closed(Option<Box<LegQuality>>),
}

/// What is to be done with a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Set up an outgoing leg.
    Invite {
        /// The new leg.
        leg: LegId,
        /// Where to and how.
        invite: Box<Invite>,
    },
    /// Tell a leg that it rings: by signalling before its answer, by a tone afterwards.
    Ring {
        /// The leg that waits.
        leg: LegId,
    },
    /// Let a leg hear what another sends before that one answers.
    Early {
        /// The leg that waits.
        leg: LegId,
        /// The leg to hear.
        from: LegId,
    },
    /// Let two legs hear each other; one that came in and has no answer yet is answered.
    Join {
        /// One leg.
        leg: LegId,
        /// The leg it talks to.
        with: LegId,
    },
    /// Answer a leg that came in; it hears the box.
    Answer {
        /// Which.
        leg: LegId,
    },
    /// Let a leg hear the box instead of the leg it is joined with.
    Play {
        /// Which.
        leg: LegId,
        /// What.
        program: Program,
    },
    /// End what the box plays to a leg; it hears the leg it is joined with again.
    Stop {
        /// Which.
        leg: LegId,
    },
    /// Put a leg among those who all hear each other.
    Enter {
        /// Which.
        leg: LegId,
        /// Among whom.
        room: RoomKey,
    },
    /// Say whether a leg's sound is kept from the others in its room.
    Mute {
        /// Which.
        leg: LegId,
        /// Is it kept from them?
        on: bool,
    },
    /// Take a leg out of its room.
    Leave {
        /// Which.
        leg: LegId,
    },
    /// Say what became of a party's wish to connect the other with somebody else.
    Refer {
        /// Whose wish.
        leg: LegId,
        /// What became of it: done, or why not.
        result: Result<(), Cause>,
    },
    /// Turn a leg away that waits: by signalling before its answer, by hanging up afterwards.
    Reject {
        /// The leg that waits.
        leg: LegId,
        /// Why.
        refusal: Refusal,
    },
    /// End a leg, whatever its state.
    HangUp {
        /// Which.
        leg: LegId,
        /// Why.
        why: HangUp,
    },
    /// Record what a leg's party says.
    Record {
        /// Which.
        leg: LegId,
        /// The name of the recording.
        recording: RecordingId,
        /// No longer than this.
        limit: Duration,
        /// [`LegEvent::Quiet`] is said after so much silence.
        quiet: Duration,
    },
    /// End a recording.
    EndRecord {
        /// Of which leg.
        leg: LegId,
        /// Which.
        recording: RecordingId,
    },
    /// Ask an established leg whether it is still there.
    Probe {
        /// Which.
        leg: LegId,
    },
}

impl Effect {
    /// The leg it is about.
    pub fn leg(&self) -> LegId {
        match self {
            Self::Invite { leg, .. }
            | Self::Ring { leg }
            | Self::Early { leg, .. }
            | Self::Join { leg, .. }
            | Self::Answer { leg }
            | Self::Play { leg, .. }
            | Self::Stop { leg }
            | Self::Enter { leg, .. }
            | Self::Mute { leg, .. }
            | Self::Leave { leg }
            | Self::Refer { leg, .. }
            | Self::Reject { leg, .. }
            | Self::HangUp { leg, .. }
            | Self::Record { leg, .. }
            | Self::EndRecord { leg, .. }
            | Self::Probe { leg } => *leg,
        }
    }
}

/// A call that waits for policy, or one that is over.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Nobody took it: policy decides what is next. `cause` is the best of what the legs said.
    Unanswered {
        /// Which call.
        call: CallId,
        /// What the legs' refusals come to.
        cause: Cause,
        /// The number that one of them said should be called instead, the first to say so.
        moved: Option<String>,
    },
    /// It is over and has its record.
    Ended(Box<model::CallRecord>),
    /// A party of it wants something.
    Asked {
        /// Which call.
        call: CallId,
        /// Whose leg.
        leg: LegId,
        /// What.
        wish: Wish,
    },
    /// The party that the box served has gone; the record follows when its sound is closed.
    Gone {
        /// Which call.
        call: CallId,
    },
    /// Somebody whom the box has called has answered, and waits for policy.
    Summoned {
        /// Which call.
        call: CallId,
        /// Whose leg, its anchor from now on.
        leg: LegId,
    },
    /// The time that policy gave a call with the box is up.
    TimeUp {
        /// Which call.
        call: CallId,
    },
}

/// What a party wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It pressed a key.
    Digit(char),
    /// What was played to it has come to its end: it waits for what comes next.
    Played,
    /// It is recorded, and has said nothing for a while.
    Quiet,
    /// It wants to connect the other with somebody else.
    Refer(Box<Referral>),
}
