//! Time passes: a subscription runs out, or a NOTIFY is due again.

use std::time::Instant;

use super::{Kind, Stage};
use crate::endpoint::{EndReason, Endpoint, Event, SubscriptionId, Unsubscribed};

impl Endpoint {
    /// The wake-up of a subscription.
    pub(crate) fn wake_subscription(&mut self, now: Instant, id: SubscriptionId) {
        self.with_subscription(id, |endpoint, subscription| {
            subscription.wake = None;
            let Stage::Active { kind, until, again } = &mut subscription.stage else { return };
            if now >= *until {
                if matches!(kind, Kind::Package | Kind::Fetch) {
                    let why = Unsubscribed::Expired;
                    endpoint.events.push_back(Event::Unsubscribed { subscription: id, why });
                }
                return endpoint.conclude(now, subscription, EndReason::Timeout, None);
            }
            if again.take_if(|again| now >= *again).is_some() && subscription.flight.is_none() {
                endpoint.say_waiting(now, subscription);
            }
            endpoint.watch(subscription);
        });
    }
}
