//! The registrar (RFC 3261 section 10.3): where each device can be called, who may replace whom, and for how long.
//!
//! ```text
//!  REGISTER ─► request::read ─► plan: match, order, replace, limit ─► table ─► 200 with the contacts
//!  (authenticated)  │                  │ any part refused: nothing changes
//!                   └── 400 420 423 ───┴── 403 439 500 503
//! ```
//!
//! It lacks on purpose: authentication (the caller has done it and names the device), sockets, and the calling itself.
//! Read [`Registrar`] and [`Contact`] first; the rule which contacts are the same phone is in `registrar/replace.rs`.

mod answer;
mod contact;
mod plan;
mod replace;
mod request;
mod restore;
mod table;
#[cfg(test)]
mod tests;

use crate::flow::Flow;
use crate::header::HeaderError;
use crate::message::{Request, Response};
pub use contact::{Contact, Line, Reach};
pub use restore::{Restore, RestoreError, read_flow};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use table::Table;

/// What the registrar allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// When the phone asks for no time; seconds.
    pub default_expires: u32,
    /// Shorter is refused with 423; seconds, at most 3600 (RFC 3261 10.3).
    pub min_expires: u32,
    /// Longer is shortened; seconds.
    pub max_expires: u32,
    /// Contacts of one device.
    pub per_device: usize,
    /// Contacts in all.
    pub total: usize,
    /// Between keep-alives to a phone behind NAT over UDP; many NATs forget after 30 s (RFC 4787 REQ-5).
    pub keepalive_udp: Duration,
    /// The same over TCP and TLS.
    pub keepalive_stream: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            default_expires: 3600,
            min_expires: 60,
            max_expires: 7200,
            per_device: 10,
            total: 20_000,
            keepalive_udp: Duration::from_secs(25),
            keepalive_stream: Duration::from_secs(90),
        }
    }
}

/// What a REGISTER led to.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing changed.
    Refuse {
        /// To send.
        response: Response,
        /// For the log.
        why: Refusal,
    },
    /// Taken; a query changes nothing.
    Accept {
        /// To send once the changes are durable.
        response: Response,
        /// To be kept, in this order.
        changes: Vec<BindingChange>,
    },
}

/// One change of what is kept.
#[derive(Debug, Clone)]
pub enum BindingChange {
    /// A contact is new or refreshed; replaces what was kept under the same device and key.
    Bound(Box<Contact>),
    /// A contact is gone.
    Unbound {
        /// Whose.
        device: Arc<str>,
        /// Which, by [`Contact::key`].
        key: Arc<str>,
    },
}

/// Something that happened without a request.
#[derive(Debug, Clone)]
pub enum Event {
    /// A contact was not refreshed in time and is gone.
    Expired(Box<Contact>),
}

/// Why a REGISTER was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A header cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A Contact that nobody could be called at.
    #[error("unusable Contact: {0}")]
    Contact(&'static str),
    /// `*` beside other contacts or without `Expires: 0`.
    #[error("Contact * needs Expires: 0 and no other Contact")]
    Star,
    /// Extensions are required that the registrar does not have.
    #[error("unsupported extensions required: {0}")]
    Extension(String),
    /// A shorter time than allowed.
    #[error("shortest time to register is {min} s")]
    TooBrief {
        /// Seconds.
        min: u32,
    },
    /// An older request than the one that made the binding.
    #[error("CSeq out of order")]
    OutOfOrder,
    /// The device has all the contacts it may.
    #[error("too many contacts for one device")]
    TooMany,
    /// The registrar has all the contacts it can hold.
    #[error("no room for more contacts")]
    Full,
    /// Outbound asked for through a proxy that does not do it (RFC 5626 6).
    #[error("the first hop lacks outbound support")]
    FirstHop,
}

/// Every contact of every device.
#[derive(Debug)]
pub struct Registrar {
    limits: Limits,
    table: Table,
    events: VecDeque<Event>,
    keepalives: VecDeque<Flow>,
}

impl Registrar {
    /// A registrar without contacts.
    pub fn new(limits: Limits) -> Self {
        Self { limits, table: Table::default(), events: VecDeque::new(), keepalives: VecDeque::new() }
    }

    /// Takes a REGISTER that `device` has authenticated and that arrived on `flow`: all of it or nothing
    /// (RFC 3261 10.3). The response has no To tag; the endpoint adds one.
    pub fn register(&mut self, now: Instant, request: &Request, device: &str, flow: Flow) -> Outcome {
        self.expire(now);
        let read = request::read(request, &self.limits);
        let planned = read.and_then(|wish| {
            let plan = plan::make(&self.table, &self.limits, now, plan::Asker { wish: &wish, device, flow })?;
            Ok((wish, plan))
        });
        match planned {
            Ok((wish, plan)) => {
                let changes = self.carry_out(now, plan);
                let contacts = self.table.of_device(device);
                Outcome::Accept { response: answer::accept(now, request, &wish, contacts), changes }
            }
            Err(why) => Outcome::Refuse { response: answer::refuse(request, &why), why },
        }
    }

    /// Every contact of a device, the earliest first.
    pub fn contacts<'a>(&'a self, device: &str) -> impl Iterator<Item = &'a Contact> + use<'a> {
        self.table.of_device(device)
    }

    /// The contacts of a device to ring: only those that can be reached now, best q first, and of several flows to
    /// one phone the newest (RFC 5626 5.3).
    pub fn reachable(&self, device: &str) -> Vec<&Contact> {
        let mut newest: Vec<&Contact> = self.table.of_device(device).collect();
        newest.sort_by_key(|contact| std::cmp::Reverse((contact.registered_at, contact.id)));
        let mut chosen: Vec<&Contact> = Vec::new();
        for contact in newest {
            let twin = |other: &&Contact| other.instance.is_some() && other.instance == contact.instance;
            if contact.reach() != Reach::Nowhere && !chosen.iter().any(twin) {
                chosen.push(contact);
            }
        }
        chosen.sort_by_key(|contact| (std::cmp::Reverse(contact.q), contact.id));
        chosen
    }

    /// A contact by its id.
    pub fn contact(&self, id: u64) -> Option<&Contact> {
        self.table.contact(id)
    }

    /// The contact that a GRUU names: its `gr` parameter is the instance, without angle brackets (RFC 5627 3.2).
    pub fn by_instance(&self, device: &str, instance: &str) -> Option<&Contact> {
        let of_instance = |contact: &&Contact| contact.instance.as_deref() == Some(instance);
        self.table.of_device(device).filter(of_instance).max_by_key(|contact| contact.registered_at)
    }

    /// Every contact, in the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = &Contact> {
        self.table.all()
    }

    /// How many contacts there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    /// Puts a kept contact back after a restart; gives its id. A UDP flow is usable at once; a connection is gone
    /// until the phone opens a new one.
    pub fn restore(&mut self, now: Instant, kept: Restore<'_>) -> Result<u64, RestoreError> {
        if self.table.len() >= self.limits.total {
            return Err(RestoreError::Full);
        }
        let contact = restore::read(now, kept, self.table.next_id())?;
        // Spread over the interval, so that a restart is no burst.
        let keepalive_at =
            now + table::interval(contact.flow, &self.limits) * (contact.id % 100) as u32 / 100;
        Ok(self.table.insert(contact, keepalive_at))
    }

    /// Drops all contacts of a device that no longer exists, or whose secret changed.
    pub fn forget(&mut self, device: &str) -> Vec<BindingChange> {
        let ids: Vec<u64> = self.table.of_device(device).map(|contact| contact.id).collect();
        ids.into_iter().filter_map(|id| self.unbind(id)).collect()
    }

    /// Takes back contacts of a device that could not be kept, by [`Contact::key`].
    pub fn withdraw(&mut self, device: &str, keys: &[Arc<str>]) {
        let fits = |contact: &&Contact| keys.contains(&contact.key);
        let ids: Vec<u64> = self.table.of_device(device).filter(fits).map(|contact| contact.id).collect();
        for id in ids {
            self.unbind(id);
        }
    }

    /// A connection closed: its contacts can be reached only by opening a new one. UDP flows cannot be lost.
    pub fn flow_lost(&mut self, flow: Flow) {
        self.table.lose(flow);
    }

    /// The next flow that a keep-alive (CRLF CRLF, RFC 5626 4.4.1) should be sent on now.
    pub fn poll_keepalive(&mut self) -> Option<Flow> {
        self.keepalives.pop_front()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`Registrar::handle_timeout`] next, and what for.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.table.next_timer()
    }

    /// Expires contacts and finds the keep-alives that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.expire(now);
        while let Some(flow) = self.table.next_keepalive(now, &self.limits) {
            self.keepalives.push_back(flow);
        }
    }

    fn expire(&mut self, now: Instant) {
        while let Some(contact) = self.table.next_expired(now) {
            self.events.push_back(Event::Expired(Box::new(contact)));
        }
    }

    fn carry_out(&mut self, now: Instant, plan: plan::Plan) -> Vec<BindingChange> {
        let mut changes: Vec<BindingChange> = Vec::new();
        for id in plan.remove {
            changes.extend(self.unbind(id));
        }
        for mut contact in plan.bind {
            contact.registered_at = now;
            if contact.id == 0 {
                contact.id = self.table.next_id();
            }
            let keepalive_at = now + table::interval(contact.flow, &self.limits);
            let id = self.table.insert(contact, keepalive_at);
            changes.extend(
                self.table.contact(id).cloned().map(|contact| BindingChange::Bound(Box::new(contact))),
            );
        }
        changes
    }

    fn unbind(&mut self, id: u64) -> Option<BindingChange> {
        let Contact { device, key, .. } = self.table.remove(id)?;
        Some(BindingChange::Unbound { device, key })
    }
}
