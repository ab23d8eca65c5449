//! REGISTER: answered when what it changed is durable.

use super::{Exchange, Network, Output, Receipt};
use model::site::Site;
use model::{Binding, Change, ContactId, DeviceId, Now, Snapshot};
use pbx::Input;
use sip::endpoint::IncomingId;
use sip::flow::Flow;
use sip::registrar::{BindingChange, Contact, Event, Outcome, Restore, read_flow};
use sip::{Name, Request, Response, Status};
use std::sync::Arc;
use std::time::Duration;

/// A REGISTER whose changes are being written.
pub(crate) struct Waiting {
    id: IncomingId,
    response: Response,
    request: Request,
    device: DeviceId,
    /// Keys of contacts that were not known before.
    new: Vec<Arc<str>>,
}

/// REGISTERs being written at once; more are asked to come back.
const WAITING_MAX: usize = 5_000;

impl<N: Network> Exchange<N> {
    /// A REGISTER came.
    pub(crate) fn register(&mut self, now: Now, id: IncomingId, flow: Flow, request: &Request) {
        let device = match self.authenticate(now, flow, request) {
            Ok(device) => device,
            Err((status, headers)) => {
                let mut response = Response::to(request, status);
                response.headers.extend(&headers);
                self.sip.respond_once(now.mono, id, response);
                return;
            }
        };
        if self.registering.len() >= WAITING_MAX {
            let response = Response::to(request, Status::SERVICE_UNAVAILABLE).with(Name::RetryAfter, 5);
            self.sip.respond(now.mono, id, response);
            return;
        }
        let before: Vec<Arc<str>> =
            self.registrar.contacts(device.as_str()).map(|contact| Arc::clone(&contact.key)).collect();
        match self.registrar.register(now.mono, request, device.as_str(), flow) {
            Outcome::Refuse { response, why } => {
                tracing::debug!(%device, %why, "a registration is refused");
                self.sip.respond(now.mono, id, response);
            }
            Outcome::Accept { response, changes } if changes.is_empty() => {
                self.sip.respond(now.mono, id, response);
            }
            Outcome::Accept { response, changes } => {
                let unknown = |change: &BindingChange| match change {
                    BindingChange::Bound(contact) => {
                        (!before.contains(&contact.key)).then(|| Arc::clone(&contact.key))
                    }
                    BindingChange::Unbound { .. } => None,
                };
                let new = changes.iter().filter_map(unknown).collect();
                let changes = changes.iter().map(|change| self.kept(now, change)).collect();
                let receipt = self.next_receipt;
                self.next_receipt += 1;
                let request = request.clone();
                let waiting = Waiting { id, response, request, device: device.clone(), new };
                self.registering.insert(receipt, waiting);
                self.outputs.push_back(Output::Commit { receipt: Some(Receipt::Register(receipt)), changes });
                self.tell_contacts(now, &device);
            }
        }
    }

    /// The changes of a REGISTER are durable, or could not be kept. On a full disk a phone that was known stays
    /// known and is told so; a new one is forgotten and asked to come back.
    pub(crate) fn register_committed(&mut self, now: Now, receipt: u64, result: Result<(), String>) {
        let Some(Waiting { id, response, request, device, new }) = self.registering.remove(&receipt) else {
            return;
        };
        let response = match result {
            Ok(()) => response,
            Err(_) if new.is_empty() => response,
            Err(why) => {
                tracing::warn!(why, "a registration could not be kept");
                self.registrar.withdraw(device.as_str(), &new);
                self.tell_contacts(now, &device);
                Response::to(&request, Status::SERVICE_UNAVAILABLE).with(Name::RetryAfter, 60)
            }
        };
        self.sip.respond(now.mono, id, response);
    }

    /// A contact's time is over.
    pub(crate) fn registration_ended(&mut self, now: Now, event: Event) {
        let Event::Expired(contact) = event;
        let device = DeviceId::new(&*contact.device);
        let changes = vec![Change::Unbound { device: device.clone(), key: contact.key.to_string() }];
        self.outputs.push_back(Output::Commit { receipt: None, changes });
        self.tell_contacts(now, &device);
    }

    /// Puts back the contacts that were kept.
    pub(crate) fn restore(&mut self, now: Now, snapshot: &Snapshot) {
        let Some(site) = self.site.clone() else { return };
        let mut devices = std::collections::BTreeSet::new();
        for binding in &snapshot.bindings {
            if site.device(binding.device.as_str()).is_none() {
                continue;
            }
            let Some(flow) = read_flow(&binding.source, &binding.local) else { continue };
            let remaining = Duration::try_from(binding.expires.duration_since(now.wall)).unwrap_or_default();
            let kept = Restore {
                device: binding.device.as_str(),
                contact: &binding.contact,
                path: &binding.path,
                flow,
                call_id: &binding.call_id,
                cseq: binding.cseq,
                remaining,
                agent: binding.agent.as_deref(),
            };
            match self.registrar.restore(now.mono, kept) {
                Ok(_) => {
                    devices.insert(binding.device.clone());
                }
                Err(why) => tracing::debug!(device = %binding.device, %why, "a contact is not put back"),
            }
        }
        for device in devices {
            self.tell_contacts(now, &device);
        }
    }

    /// Devices that the site no longer has, or whose secret changed, lose their contacts.
    pub(crate) fn forget_devices(&mut self, now: Now, site: &Site) {
        let gone: std::collections::BTreeSet<Arc<str>> = self
            .registrar
            .all()
            .map(|contact| Arc::clone(&contact.device))
            .filter(|device| site.device(device).is_none())
            .collect();
        for device in gone {
            let changes = self.registrar.forget(&device);
            let changes = changes.iter().map(|change| self.kept(now, change)).collect();
            self.outputs.push_back(Output::Commit { receipt: None, changes });
            self.tell_contacts(now, &DeviceId::new(&*device));
        }
    }

    fn tell_contacts(&mut self, now: Now, device: &DeviceId) {
        for contact in self.registrar.contacts(device.as_str()) {
            let source = contact.flow.remote.ip();
            self.guard.registered(now.mono, (source, device.as_str()), contact.expires_at);
        }
        let contacts = self.registrar.reachable(device.as_str());
        let contacts = contacts.iter().map(|contact| ContactId(contact.id)).collect();
        self.pbx.handle_input(now, Input::Contacts { device: device.clone(), contacts });
    }

    fn kept(&self, now: Now, change: &BindingChange) -> Change {
        match change {
            BindingChange::Bound(contact) => Change::Bound(binding(now, contact)),
            BindingChange::Unbound { device, key } => {
                Change::Unbound { device: DeviceId::new(&**device), key: key.to_string() }
            }
        }
    }
}

fn binding(now: Now, contact: &Contact) -> Binding {
    Binding {
        device: DeviceId::new(&*contact.device),
        key: contact.key.to_string(),
        contact: contact.header(),
        path: contact.path.clone(),
        source: contact.flow.to_string(),
        local: contact.flow.local.to_string(),
        call_id: contact.call_id.to_string(),
        cseq: contact.cseq,
        expires: now.after(contact.remaining(now.mono)).wall,
        agent: contact.agent.as_deref().map(str::to_owned),
    }
}
