//! What goes in and out: events of legs, effects on legs, and questions to policy.

use model::{CallId, Cause, ContactId, DeviceId, LegId, LegQuality, TrunkId, UserId};

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
    /// Incoming: the caller gave up before the answer. Any: an established leg is over.
    Ended(EndedBy),
    /// The party put us on hold.
    Held,
    /// The party took us back.
    Resumed,
    /// No sound came from the party for a while although it should.
    Silent,
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
    /// Tell the caller that it rings.
    Ring {
        /// The caller's leg.
        leg: LegId,
    },
    /// Let the caller hear what another leg sends before it answers.
    Early {
        /// The caller's leg.
        leg: LegId,
        /// The leg to hear.
        from: LegId,
    },
    /// Answer the caller and join its sound with another leg's.
    Answer {
        /// The caller's leg.
        leg: LegId,
        /// The leg it talks to.
        with: LegId,
    },
    /// Turn the caller away.
    Reject {
        /// The caller's leg.
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
    /// Ask an established leg whether it is still there.
    Probe {
        /// Which.
        leg: LegId,
    },
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
    },
    /// It is over and has its record.
    Ended(Box<model::CallRecord>),
}
