//! Calls that the box begins: to call somebody back, and to speak to many phones.

use crate::course::{Course, From};
use crate::pbx::Pbx;
use call::{Caller, Destination, Invite, Ring, RoomKey};
use model::site::User;
use model::{CallId, Cause, DeviceId, Direction, LegId, Now, OpenCall};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// A call to a user that nobody has placed.
pub(crate) struct Summons<'a> {
    /// Whose phones ring.
    pub user: &'a User,
    /// Who they show.
    pub caller: Caller,
    /// For the record: who is said to call, and whom.
    pub ends: (String, String),
    /// How long they ring.
    pub patience: Duration,
    /// The announcement they are to hear, answering by themselves; none rings as any call does.
    pub page: Option<RoomKey>,
}

impl Pbx {
    /// Rings a user. What becomes of it is told by [`Pbx::summoned`] or as of any call.
    pub(crate) fn summon(&mut self, now: Now, summons: Summons<'_>) -> CallId {
        let Summons { user, caller, ends: (from, to), patience, page } = summons;
        let id = self.next_call();
        let open = OpenCall { id, direction: Direction::Internal, from, to, began: now.wall };
        let mut invites = Vec::new();
        for device in &user.devices {
            for contact in self.contacts.get(&device.id).into_iter().flatten() {
                let (of, device) = (user.id.clone(), device.id.clone());
                invites.push(Invite {
                    destination: Destination::Contact { user: of, device, contact: *contact },
                    caller: caller.clone(),
                    called: user.extension.to_string(),
                    // Nobody is there yet whom it will talk to.
                    parent: LegId(0),
                    confirm: false,
                    by_itself: page.is_some(),
                });
            }
        }
        let leg = self.calls.summon(now, open, Ring { invites, patience, silence: None });
        let from = From::User { user: user.id.clone(), device: DeviceId::new(user.id.as_str()) };
        let course = Course { page, ..Course::new(leg, from, IpAddr::V4(Ipv4Addr::UNSPECIFIED)) };
        self.courses.insert(id, course);
        id
    }

    /// Whom the box has called has answered: they hear an announcement, or the call goes on as if they had placed it.
    pub(crate) fn summoned(&mut self, now: Now, id: CallId, leg: LegId) {
        self.set_anchor(id, leg);
        if let Some(page) = self.courses.get(&id).and_then(|course| course.page) {
            return self.listen(now, id, page);
        }
        let Some(site) = self.site.clone() else { return };
        let to = self.calls.dialled(id).map(|number| site.number(number));
        match to.and_then(|number| site.target(&number).cloned()) {
            Some(target) => self.enter(now, id, &target),
            None => self.refuse(now, id, Cause::UnknownNumber, "nobody has that number any more"),
        }
    }
}
