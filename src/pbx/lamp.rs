//! Lamps: what others may see of a user or a parking place. It is read from the state of the calls whenever somebody
//! wants to know, so that it cannot differ from them.

use crate::code::Code;
use crate::course::From;
use crate::pbx::Pbx;
use call::{Engaged, Engagement};
use model::site::Mailbox;
use model::site::Target;
use model::{CallId, LegId, Number, Party, UserId};

/// What can be watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Watched {
    /// The calls of a user's telephones.
    User(UserId),
    /// The same, and whether the user can be called at all.
    Presence(UserId),
    /// A parking place, 1 to 9.
    Place(u8),
    /// The messages that wait for a user.
    Mailbox(UserId),
}

/// How something is that is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lamp {
    /// The calls it has a part in, oldest first; none: it is dark.
    pub glows: Vec<Glow>,
    /// Of a presence: can the user be called, for a phone of theirs is registered?
    pub reachable: bool,
    /// Of a presence: what the user is doing, in the company's language, where they are not simply available.
    pub doing: Option<String>,
    /// Of a presence: what the user is doing stops calls.
    pub away: bool,
    /// Of a presence: the user does not want to be disturbed.
    pub do_not_disturb: bool,
    /// Of a mailbox: messages that nobody has heard, and those that were kept.
    pub messages: (u32, u32),
}

/// One call that makes a lamp glow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glow {
    /// The call.
    pub call: CallId,
    /// The leg that tells most of it.
    pub leg: LegId,
    /// How it goes.
    pub state: Engaged,
    /// Whether the watched one was called.
    pub called: bool,
    /// The other end's name.
    pub name: Option<String>,
    /// The other end's number or extension; none where it is withheld or unknown.
    pub number: Option<String>,
}

impl Pbx {
    /// What a number means to somebody who wants to watch it: an extension, a user's number, or a parking place.
    pub fn watchable(&self, number: &str) -> Option<Watched> {
        let site = self.site.as_deref()?;
        let number = site.number(number);
        match (&number, site.target(&number)) {
            (_, Some(Target::User(user))) => Some(Watched::User(user.clone())),
            (Number::Code(code), None) => match Code::read(code) {
                Some(Code::Park(place)) => Some(Watched::Place(place)),
                _ => None,
            },
            _ => None,
        }
    }

    /// How something is now; none where the site does not have it any more.
    pub fn lamp(&self, watched: &Watched) -> Option<Lamp> {
        let site = self.site.as_deref()?;
        match watched {
            Watched::User(id) => {
                site.user(id)?;
                Some(Lamp { glows: self.glows(id), ..Lamp::default() })
            }
            Watched::Presence(id) => {
                let user = site.user(id)?;
                let has_contact = |device: &model::site::Device| self.contacts.contains_key(&device.id);
                Some(Lamp {
                    glows: self.glows(id),
                    reachable: user.devices.iter().any(has_contact),
                    doing: self.doing_in_words(site, id),
                    away: self.is_away(site, id),
                    do_not_disturb: self.personals.of(id).do_not_disturb,
                    messages: (0, 0),
                })
            }
            Watched::Place(place) => {
                let glow = self.parked_at(*place).and_then(|call| self.parked_glow(call));
                Some(Lamp { glows: glow.into_iter().collect(), ..Lamp::default() })
            }
            Watched::Mailbox(id) => site.user(id).map(|user| {
                let messages = self.messages.counts(&Mailbox::User(user.id.clone()));
                Lamp { messages, ..Lamp::default() }
            }),
        }
    }

    /// Who waits at a parking place, seen as if they talked to the place.
    fn parked_glow(&self, call: CallId) -> Option<Glow> {
        let (leg, party) = self.calls.anchor(call)?;
        let (_, number) = self.calls.face(leg)?;
        let (name, number) = self.shown_of(call, &(party.clone(), number.to_owned()));
        Some(Glow { call, leg, state: Engaged::Talking, called: true, name, number })
    }

    fn glows(&self, user: &UserId) -> Vec<Glow> {
        self.calls.engagements(user).into_iter().map(|engagement| self.glow(engagement)).collect()
    }

    fn glow(&self, engagement: Engagement) -> Glow {
        let Engagement { call, leg, state, called, other } = engagement;
        let (name, number) = match &other {
            Some(other) => self.shown_of(call, other),
            None if called => (None, None),
            None => (None, self.calls.dialled(call).map(str::to_owned)),
        };
        Glow { call, leg, state, called, name, number }
    }

    /// The name and number of somebody in a call: a colleague's, or what somebody outside shows.
    fn shown_of(&self, call: CallId, (party, number): &(Party, String)) -> (Option<String>, Option<String>) {
        if let Party::Device { user, .. } = party {
            let user = self.site.as_deref().and_then(|site| site.user(user));
            let shown = user.map(|user| (user.name.clone(), user.extension.to_string()));
            return shown.map_or((None, None), |(name, extension)| (Some(name), Some(extension)));
        }
        let name = match self.courses.get(&call).map(|course| &course.from) {
            Some(From::Outside { number: Some(caller), name }) if caller.to_string() == *number => {
                name.clone()
            }
            _ => None,
        };
        (name, (!number.is_empty()).then(|| number.clone()))
    }
}
