//! Intercom (snabbtelefon): a colleague's phone answers by itself and speaks; with a group it is paging.

use crate::course::Stage;
use crate::pbx::Pbx;
use call::{Invite, Ring};
use model::site::Target;
use model::{CallId, Cause, Now};
use std::time::Duration;

/// A phone that answers by itself does so by then.
const PATIENCE: Duration = Duration::from_secs(10);

impl Pbx {
    /// A user speaks to a colleague's phone: one that is free and may be disturbed.
    pub(crate) fn intercom(&mut self, now: Now, id: CallId, number: &str) {
        let Some(site) = self.site.clone() else { return };
        let user = match site.target(&site.number(number)) {
            Some(Target::User(user)) => user,
            Some(Target::Group(group)) => {
                let Some(group) = site.group(group) else { return };
                return self.page(now, id, group);
            }
            _ => return self.refuse(now, id, Cause::UnknownNumber, "nobody has that extension"),
        };
        let Some(user) = site.user(user) else { return };
        if self.waiting_user(id).as_ref() == Some(&user.id) {
            return self.refuse(now, id, Cause::UnknownNumber, "that is the caller's own extension");
        }
        if self.calls.legs_of(&user.id) > 0 || self.personals.of(&user.id).do_not_disturb {
            self.decided(now, id, "intercom", format!("{} is busy or not to be disturbed", user.id));
            return self.refuse(now, id, Cause::Busy, "no intercom into a call or a disturbance");
        }
        let invites = self.invites(&site, id, user).into_iter();
        let invites: Vec<Invite> = invites.map(|invite| Invite { by_itself: true, ..invite }).collect();
        self.decided(now, id, "intercom", format!("{}'s phone is asked to answer by itself", user.id));
        self.set_stage(id, Stage::Starting);
        self.calls.ring(now, id, Ring { invites, patience: PATIENCE, silence: None });
    }
}
