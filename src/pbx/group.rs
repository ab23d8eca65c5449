//! Group numbers: who of a group rings, round by round, and what follows when nobody takes the call.

use crate::course::Stage;
use crate::forwarding::Onward;
use crate::pbx::Pbx;
use crate::route::seconds;
use call::{Diversion, Invite, Ring};
use model::site::{Group, GroupStrategy, Target, Then};
use model::{CallId, Cause, GroupId, Now, UserId};
use std::collections::VecDeque;
use std::time::Duration;

/// A member of a linear group rings at least so long.
const MEMBER_MIN: Duration = Duration::from_secs(5);

impl Pbx {
    /// A call reaches a group.
    pub(crate) fn enter_group(&mut self, now: Now, id: CallId, group: &Group) {
        let rounds = match group.strategy {
            GroupStrategy::All => VecDeque::from([group.members.clone()]),
            GroupStrategy::Linear | GroupStrategy::Rotate => {
                group.members.iter().map(|member| vec![member.clone()]).collect()
            }
        };
        self.decided(now, id, "group", format!("{} rings its members", group.id));
        self.group_round(now, id, group.id.clone(), rounds);
    }

    /// The next members ring; after the last the group's rule follows.
    pub(crate) fn group_round(
        &mut self,
        now: Now,
        id: CallId,
        name: GroupId,
        mut rounds: VecDeque<Vec<UserId>>,
    ) {
        let Some(site) = self.site.clone() else { return };
        let Some(group) = site.group(&name) else {
            self.refuse(now, id, Cause::UnknownNumber, "the group has gone");
            return;
        };
        while let Some(members) = rounds.pop_front() {
            let users = members.iter().filter_map(|member| site.user(member));
            let invites: Vec<Invite> = users.flat_map(|user| self.member_invites(&site, id, user)).collect();
            if invites.is_empty() {
                continue;
            }
            let patience = match group.strategy {
                GroupStrategy::All => seconds(group.no_answer.after_s),
                GroupStrategy::Linear | GroupStrategy::Rotate => {
                    (seconds(group.no_answer.after_s) / small(group.members.len())).max(MEMBER_MIN)
                }
            };
            self.set_stage(id, Stage::Group { group: name, rounds });
            self.calls.ring(now, id, Ring { invites, patience, silence: None });
            return;
        }
        match &group.no_answer.then {
            Some(Then::Forward(number)) => {
                self.decided(now, id, "forward", format!("{name} forwards to {number}"));
                let (by, why) = (Target::Group(name), Diversion::NoAnswer);
                self.send_on(now, id, Onward { by, why, to: number, accept: None, cause: Cause::NoAnswer });
            }
            Some(Then::Busy) => self.refuse(now, id, Cause::Busy, "the group's rule says busy"),
            Some(Then::Voicemail(_) | Then::Announce(_)) | None => {
                self.refuse(now, id, Cause::NoAnswer, "no member of the group took the call");
            }
        }
    }
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).max(1)
}
