//! REFER: a party wants the other connected with somebody else (RFC 3515, RFC 5589).

use super::leg::Signalling;
use super::{Exchange, Network, admission, causes};
use call::LegEvent;
use model::{Cause, LegId, Now};
use pbx::Input;
use sip::endpoint::{Referral, SessionId, SubscriptionId};
use sip::{Headers, Status};

impl<N: Network> Exchange<N> {
    /// A REFER came. Only who talks to somebody by the box can connect them: its leg asks the core.
    pub(crate) fn referred(
        &mut self,
        now: Now,
        (subscription, session): (SubscriptionId, Option<SessionId>),
        referral: &Referral,
    ) {
        let leg = session.and_then(|session| self.sessions.get(&session).copied());
        let up =
            |leg: &LegId| matches!(self.legs.get(leg).map(|leg| leg.signalling), Some(Signalling::Up(_)));
        let leg = leg.filter(up);
        let replaces = referral.replaces.and_then(|session| self.sessions.get(&session).copied());
        let to = admission::number_in(&referral.to.uri);
        let refused = match (leg, &to) {
            (None, _) => Some(Status::FORBIDDEN),
            (_, None) => Some(Status::NOT_FOUND),
            // The call it names is not one of ours, or has just ended.
            _ if referral.to.replaces.is_some() && replaces.is_none() => Some(Status::NO_CALL),
            _ => None,
        };
        if let Some(status) = refused {
            return self.sip.refuse_refer(now.mono, subscription, status, &Headers::new());
        }
        let (Some(leg), Some(to)) = (leg, to) else { return };
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.referral = Some(subscription);
        }
        let referral = Box::new(call::Referral { to, replaces });
        self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Referred(referral) });
    }

    /// The core has decided on a wish: the phone is told that it is done, or keeps its call.
    pub(crate) fn answer_referral(&mut self, now: Now, leg: LegId, result: Result<(), Cause>) {
        let Some(subscription) = self.legs.get_mut(&leg).and_then(|leg| leg.referral.take()) else { return };
        match result {
            Ok(()) => self.sip.conclude_refer(now.mono, subscription, Status::OK),
            Err(cause) => {
                let status = Status::new(causes::status(cause)).unwrap_or(Status::DECLINE);
                self.sip.refuse_refer(now.mono, subscription, status, &Headers::new());
            }
        }
    }
}
