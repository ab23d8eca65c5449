//! Connecting further (koppla): blind, with inquiry, and back to whoever did it when nobody takes the call.

use crate::code::Code;
use crate::course::Stage;
use crate::pbx::Pbx;
use call::{Effect, HangUp, Referral, Ring, Wish};
use model::site::{Site, Target, User};
use model::{CallId, Cause, LegId, Now, Number, Party, UserId};
use std::time::Duration;

/// How long the phone of whoever connected a call further rings when it comes back.
const RETURN_PATIENCE: Duration = Duration::from_secs(30);

/// Where a call may be connected to.
enum Goal {
    /// A number of the company.
    Inside(Target),
    /// A number outside that the user may call.
    Outside(Number),
    /// A parking place.
    Place(u8),
}

impl Pbx {
    /// A party of a call wants something.
    pub(crate) fn asked(&mut self, now: Now, (call, leg): (CallId, LegId), wish: Wish) {
        match wish {
            Wish::Refer(referral) => self.refer(now, (call, leg), &referral),
            Wish::Digit(digit) => self.pressed(now, (call, leg), digit),
            Wish::Played => self.played(now, (call, leg)),
            Wish::Quiet => self.visitor_quiet(now, (call, leg)),
        }
    }

    fn refer(&mut self, now: Now, (call, leg): (CallId, LegId), referral: &Referral) {
        let done = match referral.replaces {
            Some(other) => self.connect_with_inquiry(now, leg, other),
            None => self.connect_blind(now, (call, leg), &referral.to),
        };
        if let Err((cause, why)) = done {
            self.decided(now, call, "transfer", why);
            self.calls.perform(Effect::Refer { leg, result: Err(cause) });
        }
    }

    /// The party has asked first, on another leg of its own: the two others talk to each other from now on.
    fn connect_with_inquiry(&mut self, now: Now, leg: LegId, other: LegId) -> Result<(), Failure> {
        let user = self.user_of(leg).ok_or(NOT_ONE_OF_US)?;
        if self.user_of(other) != Some(user) || !self.calls.can_merge(leg, other) {
            return Err((Cause::UnknownNumber, "there is no such call to connect with".to_owned()));
        }
        let by = self.calls.face(leg).map(|(party, _)| party.clone());
        self.calls.perform(Effect::Refer { leg, result: Ok(()) });
        let Some(merged) = self.calls.merge(now, leg, other) else { return Ok(()) };
        self.spending.moved(merged.gone, merged.kept);
        if merged.rings
            && let Some(course) = self.courses.remove(&merged.gone)
        {
            let hear = self.calls.anchor(merged.kept).map(|(leg, _)| leg);
            self.courses.insert(merged.kept, course);
            if let Some(leg) = hear {
                self.set_anchor(merged.kept, leg);
            }
            if let Some(course) = self.courses.get_mut(&merged.kept) {
                course.referrer = by;
            }
        } else if let Some((leg, _)) = self.calls.anchor(merged.kept) {
            self.set_anchor(merged.kept, leg);
        }
        Ok(())
    }

    /// The party lets go of the other, who is to be connected with a number.
    fn connect_blind(&mut self, now: Now, (call, leg): (CallId, LegId), to: &str) -> Result<(), Failure> {
        let by = self.calls.face(leg).map(|(party, _)| party.clone()).ok_or(NOT_ONE_OF_US)?;
        let user = self.user_of(leg).ok_or(NOT_ONE_OF_US)?;
        let site = self.site.clone().ok_or(NOT_ONE_OF_US)?;
        let owner = site.user(&user).ok_or(NOT_ONE_OF_US)?;
        if self.calls.opposite(leg).is_none() {
            return Err((Cause::UnknownNumber, "there is nobody to connect".to_owned()));
        }
        let goal = self.goal(&site, owner, to)?;
        self.calls.perform(Effect::Refer { leg, result: Ok(()) });
        let Some((id, other)) = self.calls.leave(leg, HangUp::Normal) else { return Ok(()) };
        debug_assert_eq!(id, call, "a leg leaves its own call");
        self.set_anchor(id, other);
        self.decided(now, id, "transfer", format!("{user} connects the call with {to}"));
        if let Some(course) = self.courses.get_mut(&id) {
            course.stage = Stage::Starting;
            course.forwarders.clear();
            course.payer = Some(user);
            course.referrer = Some(by.clone());
        }
        match goal {
            Goal::Inside(target) => self.enter(now, id, &target),
            Goal::Outside(number) => self.outside(now, id, &number, None),
            Goal::Place(place) => self.park(now, id, (place, by)),
        }
        Ok(())
    }

    /// May the user connect somebody with this number, and what is it?
    fn goal(&self, site: &Site, user: &User, to: &str) -> Result<Goal, Failure> {
        let number = site.number(to);
        if let Some(target) = site.target(&number) {
            return Ok(Goal::Inside(target.clone()));
        }
        if let Number::Code(code) = &number {
            return match Code::read(code) {
                Some(Code::Park(place)) if self.parking.is_free(place) => Ok(Goal::Place(place)),
                Some(Code::Park(_)) => Err((Cause::Busy, "the parking place is taken".to_owned())),
                _ => Err((Cause::UnknownNumber, "calls cannot be connected with that code".to_owned())),
            };
        }
        let class = number.class().ok_or((Cause::UnknownNumber, "there is no such number".to_owned()))?;
        if site.barred(user).contains(class) || site.outbound(class).is_empty() {
            return Err((Cause::Barred, format!("{} may not connect calls with {class} numbers", user.id)));
        }
        Ok(Goal::Outside(number))
    }

    /// A call that was connected further and that nobody took rings where it came from. False where it did not come
    /// from anybody, or that phone cannot be reached.
    pub(crate) fn give_back(&mut self, now: Now, id: CallId, why: &str) -> bool {
        let referrer = self.courses.get_mut(&id).and_then(|course| course.referrer.take());
        let (Some(Party::Device { user, device }), Some(site)) = (referrer, self.site.clone()) else {
            return false;
        };
        let Some(owner) = site.user(&user) else { return false };
        let mut invites = self.invites(&site, id, owner);
        let is_same = |invite: &call::Invite| matches!(&invite.destination, call::Destination::Contact { device: of, .. } if *of == device);
        // The phone it was connected from, or any other of theirs where that one has gone.
        if invites.iter().any(is_same) {
            invites.retain(is_same);
        }
        if invites.is_empty() {
            return false;
        }
        self.decided(now, id, "transfer", format!("{why}; the call goes back to {user}"));
        self.set_stage(id, Stage::Returning);
        self.calls.ring(now, id, Ring { invites, patience: RETURN_PATIENCE, silence: None });
        true
    }

    /// The user whose leg it is, if it is one of the company's.
    pub(crate) fn user_of(&self, leg: LegId) -> Option<UserId> {
        match self.calls.face(leg)? {
            (Party::Device { user, .. }, _) => Some(user.clone()),
            (Party::Trunk(_), _) => None,
        }
    }
}

/// Why somebody is not connected, for the phone and for the trail.
type Failure = (Cause, String);

/// Only the company's own users connect calls: an operator that could would run up their bill.
const NOT_ONE_OF_US: Failure = (Cause::Barred, String::new());
