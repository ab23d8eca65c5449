//! What watchers read: a lamp as dialog-info, presence or message summary, alone or as one of a list.

use call::Engaged;
use pbx::{Glow, Lamp};
use sip::Replaces;
use sip::body::dialog_info::{Dialog, DialogInfo, DialogState, Direction, Extent, Party, Rendering};
use sip::body::message_summary::MessageSummary;
use sip::body::presence::{Activity, Basic, Presence};
use sip::body::resource_list::{Resource, ResourceList, ResourceState};
use sip::endpoint::Body;

/// What a document is about.
pub(super) struct About<'a> {
    /// The user part that was asked for.
    pub name: &'a str,
    /// The host the phone calls the box by.
    pub host: &'a str,
    /// How many the watcher got before.
    pub version: u32,
}

impl About<'_> {
    fn uri(&self) -> String {
        uri(self.name, self.host)
    }
}

fn uri(name: &str, host: &str) -> String {
    // A parking place's name holds signs that an address may, and a `#` that it may not.
    format!("sip:{}@{host}", name.replace('#', "%23"))
}

/// The calls of an extension (RFC 4235). `place` gives what to say to take one that rings.
pub(super) fn dialogs(about: &About<'_>, lamp: &Lamp, place: impl Fn(&Glow) -> Option<Replaces>) -> Body {
    let mut dialogs: Vec<Dialog> = lamp
        .glows
        .iter()
        .map(|glow| Dialog {
            id: glow.call.0.to_string(),
            ids: place(glow).filter(|_| glow.state == Engaged::Ringing),
            direction: Some(if glow.called { Direction::Recipient } else { Direction::Initiator }),
            state: match glow.state {
                Engaged::Trying => DialogState::Trying,
                Engaged::Ringing => DialogState::Early,
                Engaged::Talking | Engaged::Holding => DialogState::Confirmed,
            },
            duration: None,
            local: Some(Party {
                identity: about.uri(),
                display: None,
                target: None,
                rendering: match glow.state {
                    Engaged::Holding => Some(Rendering::Held),
                    Engaged::Talking => Some(Rendering::Hearing),
                    Engaged::Trying | Engaged::Ringing => None,
                },
            }),
            remote: glow.number.as_ref().map(|number| Party {
                identity: uri(number, about.host),
                display: glow.name.clone(),
                target: None,
                rendering: None,
            }),
        })
        .collect();
    if dialogs.is_empty() {
        // Some phones put a lamp out only where they read that a call is over.
        let (ids, direction, duration, local, remote) = Default::default();
        let (id, state) = (about.name.to_owned(), DialogState::Terminated);
        dialogs.push(Dialog { id, ids, direction, state, duration, local, remote });
    }
    let (entity, version) = (about.uri(), about.version);
    DialogInfo { entity, version, extent: Extent::Full, dialogs }.to_body()
}

/// Whether somebody can be reached, and why not (RFC 3863, RFC 4480).
pub(super) fn presence(about: &About<'_>, lamp: &Lamp) -> Body {
    let engaged = lamp.glows.iter().any(|glow| glow.state > Engaged::Ringing);
    let (activities, note) = match (lamp.do_not_disturb, engaged) {
        (_, true) => (vec![Activity::OnThePhone], Some("On the phone")),
        (false, false) if lamp.away => (vec![Activity::Away], None),
        (true, false) => (vec![Activity::Busy], Some("Do not disturb")),
        (false, false) if !lamp.reachable => (vec![Activity::Away], Some("No phone is registered")),
        (false, false) => (Vec::new(), None),
    };
    // What they have chosen says more than what follows from it.
    let note = lamp.doing.as_deref().or(note);
    let open = lamp.reachable && !lamp.do_not_disturb && !lamp.away;
    Presence {
        entity: about.uri(),
        basic: if open { Basic::Open } else { Basic::Closed },
        contact: Some(about.uri()),
        activities,
        until: None,
        note: note.map(str::to_owned),
    }
    .to_body()
}

/// The messages that wait (RFC 3842).
pub(super) fn messages(about: &About<'_>, lamp: &Lamp) -> Body {
    mailbox_summary(about.host, lamp.messages)
}

/// New and heard messages of a mailbox, for a phone that calls the box by this host.
pub(in crate::exchange) fn mailbox_summary(host: &str, (new, old): (u32, u32)) -> Body {
    MessageSummary { account: Some(uri("133", host)), new, old, urgent_new: 0, urgent_old: 0 }.to_body()
}

/// A list and its members, each with a document of its own (RFC 4662).
pub(super) fn list<'a>(about: &About<'_>, members: impl Iterator<Item = (&'a str, &'a str, Body)>) -> Body {
    let resource = |(extension, name, body): (&str, &str, Body)| Resource {
        uri: uri(extension, about.host),
        name: Some(name.to_owned()),
        state: ResourceState::Active(body),
    };
    let (uri, version) = (about.uri(), about.version);
    ResourceList { uri, version, extent: Extent::Full, resources: members.map(resource).collect() }.to_body()
}
