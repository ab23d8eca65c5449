//! What was decided about a call so far, and what comes next when a round of ringing ends without an answer.

use crate::outbound::Way;
use crate::parking::Returned;
use crate::pbx::Pbx;
use call::{Diversion, RoomKey};
use model::site::Target;
use model::{CallId, DeviceId, E164, GroupId, LegId, Party, UserId};
use std::collections::VecDeque;
use std::net::IpAddr;

/// Forwards one call may make.
const FORWARDS_MAX: usize = 5;

/// Who calls, as policy sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// One of the company's users on a device.
    User { user: UserId, device: DeviceId },
    /// Somebody outside; the number is none where withheld.
    Outside { number: Option<E164>, name: Option<String> },
}

/// What was decided about a call so far.
#[derive(Debug)]
pub(crate) struct Course {
    /// The leg that waits while others ring: the call's anchor.
    pub leg: LegId,
    /// Whose it is.
    pub from: From,
    pub source: IpAddr,
    pub stage: Stage,
    /// The user whose rights and account the call uses outside: the caller, or who connected it further.
    pub payer: Option<UserId>,
    /// Who connected the call further and gets it back when nobody takes it.
    pub referrer: Option<Party>,
    /// Who sent the call on, in that order: their numbers, where they have one, and why.
    pub diverted: Vec<(Option<E164>, Diversion)>,
    /// The announcement it is to hear.
    pub page: Option<RoomKey>,
    /// Where it was parked before it went back.
    pub returned: Option<Returned>,
    /// Whose rules have sent it on, in order.
    pub forwarders: Vec<Target>,
}

/// What rings now, and what that means when it does not answer.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Nothing yet.
    Starting,
    /// A user's devices.
    User(UserId),
    /// A group's members, round by round.
    Group { group: GroupId, rounds: VecDeque<Vec<UserId>> },
    /// A number outside, by one trunk after the other.
    Outside(Way),
    /// The phone of whoever connected the call further.
    Returning,
}

impl Course {
    pub fn new(leg: LegId, from: From, source: IpAddr) -> Self {
        let payer = match &from {
            From::User { user, .. } => Some(user.clone()),
            From::Outside { .. } => None,
        };
        Self {
            leg,
            from,
            source,
            stage: Stage::Starting,
            payer,
            referrer: None,
            diverted: Vec::new(),
            page: None,
            returned: None,
            forwarders: Vec::new(),
        }
    }

    /// A rule sends the call on; not where the rules make a loop, or a chain that looks like one.
    pub fn send_on(&mut self, by: &Target, to: Option<&Target>) -> Result<(), String> {
        let back = to.filter(|to| *to == by || self.forwarders.contains(to));
        let why = if back.is_some() || self.forwarders.contains(by) {
            "the rules make a loop"
        } else if self.forwarders.len() >= FORWARDS_MAX {
            "forwarded too many times"
        } else {
            self.forwarders.push(by.clone());
            return Ok(());
        };
        let chain: Vec<&str> = self.forwarders.iter().chain([by]).chain(back).map(name).collect();
        Err(format!("{why}: {}", chain.join(", ")))
    }
}

fn name(target: &Target) -> &str {
    match target {
        Target::User(id) => id.as_str(),
        Target::Group(id) => id.as_str(),
        Target::Queue(id) => id.as_str(),
        Target::Menu(id) => id.as_str(),
        Target::Room(id) => id.as_str(),
        Target::OwnMailbox => "a mailbox",
    }
}

impl Pbx {
    /// The user on a call's waiting leg, if it is one of the company's.
    pub(crate) fn waiting_user(&self, id: CallId) -> Option<UserId> {
        match &self.courses.get(&id)?.from {
            From::User { user, .. } => Some(user.clone()),
            From::Outside { .. } => None,
        }
    }

    /// Notes who sends the call on, for those who are called next.
    pub(crate) fn sent_on(&mut self, id: CallId, by: Option<E164>, why: Diversion) {
        if let Some(course) = self.courses.get_mut(&id).filter(|course| course.diverted.len() <= FORWARDS_MAX)
        {
            course.diverted.push((by, why));
        }
    }

    /// The call begins anew with a leg that waits: what is known of who calls follows, and whoever connected it here
    /// before has nothing more to do with it.
    pub(crate) fn set_anchor(&mut self, id: CallId, leg: LegId) {
        let known =
            self.courses.get(&id).filter(|course| course.leg == leg).map(|course| course.from.clone());
        let Some(from) = known.or_else(|| self.known_by(leg)) else { return };
        if let Some(course) = self.courses.get_mut(&id) {
            course.leg = leg;
            course.from = from;
            course.referrer = None;
        }
    }

    /// Who somebody is who did not call but was called.
    fn known_by(&self, leg: LegId) -> Option<From> {
        match self.calls.face(leg)? {
            (Party::Device { user, device }, _) => {
                Some(From::User { user: user.clone(), device: device.clone() })
            }
            (Party::Trunk(_), number) => {
                let numbering = self.site.as_ref().map(|site| site.company().numbering);
                Some(From::Outside { number: numbering.and_then(|plan| plan.caller(number)), name: None })
            }
        }
    }
}
