//! The contacts, found by id, by device and by flow, and their timers.

use super::Limits;
use super::contact::{Contact, Line};
use crate::flow::{Flow, Transport};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Every contact.
#[derive(Debug, Default)]
pub(super) struct Table {
    contacts: BTreeMap<u64, Contact>,
    devices: HashMap<Arc<str>, Vec<u64>>,
    flows: HashMap<Flow, Vec<u64>>,
    expiries: BTreeSet<(Instant, u64)>,
    keepalives: BTreeSet<(Instant, u64)>,
    due: HashMap<u64, Instant>,
    last_id: u64,
}

impl Table {
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn len(&self) -> usize {
        self.contacts.len()
    }

    pub fn all(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.values()
    }

    pub fn contact(&self, id: u64) -> Option<&Contact> {
        self.contacts.get(&id)
    }

    pub fn of_device<'a>(&'a self, device: &str) -> impl Iterator<Item = &'a Contact> + use<'a> {
        let ids = self.devices.get(device).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| self.contacts.get(id))
    }

    /// Puts a contact in, in place of the one with its id. `keepalive_at` is when it gets its first keep-alive.
    pub fn insert(&mut self, contact: Contact, keepalive_at: Instant) -> u64 {
        let id = contact.id;
        let waiting = self.due.get(&id).copied().filter(|_| {
            // A refresh on the same flow does not put the next keep-alive off.
            self.contacts.get(&id).is_some_and(|old| old.flow == contact.flow)
        });
        self.remove(id);
        self.last_id = self.last_id.max(id);
        self.devices.entry(contact.device.clone()).or_default().push(id);
        self.flows.entry(contact.flow).or_default().push(id);
        self.expiries.insert((contact.expires_at, id));
        if contact.is_behind_nat() && contact.line == Line::Open {
            self.schedule(waiting.unwrap_or(keepalive_at), id);
        }
        self.contacts.insert(id, contact);
        id
    }

    pub fn remove(&mut self, id: u64) -> Option<Contact> {
        let contact = self.contacts.remove(&id)?;
        self.expiries.remove(&(contact.expires_at, id));
        self.unschedule(id);
        if let Some(ids) = self.devices.get_mut(&contact.device) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.devices.remove(&contact.device);
            }
        }
        if let Some(ids) = self.flows.get_mut(&contact.flow) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.flows.remove(&contact.flow);
            }
        }
        Some(contact)
    }

    pub fn lose(&mut self, flow: Flow) {
        if flow.transport == Transport::Udp {
            return;
        }
        for id in self.flows.get(&flow).cloned().unwrap_or_default() {
            if let Some(contact) = self.contacts.get_mut(&id) {
                contact.line = Line::Gone;
            }
            self.unschedule(id);
        }
    }

    pub fn next_timer(&self) -> Option<(Instant, &'static str)> {
        let expiry = self.expiries.first().map(|(at, _)| (*at, "contact expires"));
        let keepalive = self.keepalives.first().map(|(at, _)| (*at, "keep-alive to a phone behind NAT"));
        [expiry, keepalive].into_iter().flatten().min()
    }

    /// Takes out one contact whose time is over.
    pub fn next_expired(&mut self, now: Instant) -> Option<Contact> {
        let (at, id) = *self.expiries.first()?;
        if at > now { None } else { self.remove(id) }
    }

    /// One flow whose keep-alive is due; the next one for it is scheduled.
    pub fn next_keepalive(&mut self, now: Instant, limits: &Limits) -> Option<Flow> {
        let (at, id) = *self.keepalives.first()?;
        if at > now {
            return None;
        }
        self.unschedule(id);
        let flow = self.contacts.get(&id)?.flow;
        self.schedule(now + interval(flow, limits), id);
        Some(flow)
    }

    fn schedule(&mut self, at: Instant, id: u64) {
        self.due.insert(id, at);
        self.keepalives.insert((at, id));
    }

    fn unschedule(&mut self, id: u64) {
        if let Some(at) = self.due.remove(&id) {
            self.keepalives.remove(&(at, id));
        }
    }
}

/// Between keep-alives on this flow.
pub(super) fn interval(flow: Flow, limits: &Limits) -> Duration {
    match flow.transport {
        Transport::Udp => limits.keepalive_udp,
        Transport::Tcp | Transport::Tls => limits.keepalive_stream,
    }
}
