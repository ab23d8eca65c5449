//! Message-waiting for telephones that have not asked for it: a NOTIFY outside any subscription (RFC 3842), as many
//! telephones expect it whose makers never had them subscribe.
//!
//! Each is told when its counts change, and when it registers while messages wait. Who refuses is not told again before
//! its next registration.

use super::lamps::mailbox_summary;
use super::{Exchange, Network, names};
use model::{DeviceId, Now};
use sip::endpoint::{RequestFailed, RequestId};
use sip::{Headers, Method, Name, Response};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// Changes of one moment are told together.
const MOMENT: Duration = Duration::from_millis(100);

/// What telephones have been told unasked.
#[derive(Default)]
pub(crate) struct Waiting {
    /// New and heard messages.
    told: BTreeMap<DeviceId, (u32, u32)>,
    asked: HashMap<RequestId, DeviceId>,
    /// Who does not want to know.
    refuse: BTreeSet<DeviceId>,
    /// The state of all mailboxes and registrations that was last looked at.
    seen: u64,
    due: Option<Instant>,
}

impl Waiting {
    /// When to look, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.due.map(|due| (due, "telephones are told of messages"))
    }

    /// Something has happened in the core.
    pub fn touch(&mut self, now: Now, state: u64) {
        if self.seen != state {
            self.seen = state;
            self.due.get_or_insert(now.mono + MOMENT);
        }
    }
}

impl<N: Network> Exchange<N> {
    /// Tells every telephone what it does not know and has not subscribed to.
    pub(crate) fn waiting_timeout(&mut self, now: Now) {
        if self.waiting.due.is_none_or(|due| due > now.mono) {
            return;
        }
        self.waiting.due = None;
        let Some(site) = self.site.clone() else { return };
        for (user, device) in site.devices() {
            let contacts: Vec<u64> =
                self.registrar.reachable(device.id.as_str()).iter().map(|contact| contact.id).collect();
            if contacts.is_empty() {
                self.waiting.told.remove(&device.id);
                self.waiting.refuse.remove(&device.id);
                continue;
            }
            let counts = self.pbx.message_counts(&user.id);
            let known = self.waiting.told.get(&device.id).copied().unwrap_or_default();
            if known == counts || self.waiting.refuse.contains(&device.id) {
                continue;
            }
            self.waiting.told.insert(device.id.clone(), counts);
            if self.lamps.knows_its_mailbox(&device.id) {
                continue;
            }
            for contact in contacts {
                self.tell_of_messages(now, (&device.id, contact), (&user.extension.to_string(), counts));
            }
        }
        self.waiting.told.retain(|device, _| site.device(device.as_str()).is_some());
    }

    fn tell_of_messages(
        &mut self,
        now: Now,
        (device, contact): (&DeviceId, u64),
        (extension, counts): (&str, (u32, u32)),
    ) {
        let Some(way) = self.way_to_contact(contact, extension) else { return };
        let caller = call::Caller { number: Some(extension.to_owned()), ..call::Caller::default() };
        let Some(from) = names::from(&caller, &way.from_host) else { return };
        let mut headers = Headers::new();
        headers.push(Name::Event, "message-summary");
        headers.push(Name::SubscriptionState, "terminated");
        let body = mailbox_summary(&way.from_host.to_string(), counts);
        let request = way.request(Method::Notify, from, (&headers, body));
        let id = self.sip.request(now.mono, request);
        self.waiting.asked.insert(id, device.clone());
    }

    /// A telephone has answered what it was told. False where it was something else.
    pub(crate) fn waiting_answered(
        &mut self,
        id: RequestId,
        result: &Result<Box<Response>, RequestFailed>,
    ) -> bool {
        let Some(device) = self.waiting.asked.remove(&id) else { return false };
        if result.as_ref().is_ok_and(|response| !response.status.is_success()) {
            self.waiting.refuse.insert(device);
        }
        true
    }
}
