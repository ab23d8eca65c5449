//! The subscriptions held, by id, by tag, and counted by source.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use super::Subscription;
use crate::endpoint::SubscriptionId;

/// All of them. When it is full, new ones are answered 503; so are those of a source that has its share.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    held: HashMap<SubscriptionId, Box<Subscription>>,
    by_tag: BTreeSet<(Arc<str>, SubscriptionId)>,
    of_source: HashMap<IpAddr, usize>,
    most: usize,
    most_of_source: usize,
}

impl Subscriptions {
    /// An empty table with room for so many.
    pub fn new(most: usize, most_of_source: usize) -> Self {
        Self {
            held: HashMap::new(),
            by_tag: BTreeSet::new(),
            of_source: HashMap::new(),
            most,
            most_of_source,
        }
    }

    /// True when this source may not have another.
    pub fn is_full_for(&self, source: IpAddr) -> bool {
        self.held.len() >= self.most
            || self.of_source.get(&source).is_some_and(|held| *held >= self.most_of_source)
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.by_tag.is_empty() && self.of_source.is_empty()
    }

    /// When this one wants to be woken.
    pub fn wake(&self, id: SubscriptionId) -> Option<Instant> {
        self.held.get(&id)?.wake
    }

    /// Adds a new one.
    pub fn add(&mut self, subscription: Box<Subscription>) {
        *self.of_source.entry(subscription.source).or_default() += 1;
        self.by_tag.insert((subscription.tag.clone(), subscription.id));
        self.held.insert(subscription.id, subscription);
    }

    /// Takes one out, to be put back or forgotten.
    pub fn take(&mut self, id: SubscriptionId) -> Option<Box<Subscription>> {
        self.held.remove(&id)
    }

    /// Puts one back.
    pub fn put(&mut self, subscription: Box<Subscription>) {
        self.held.insert(subscription.id, subscription);
    }

    /// Forgets one that was taken out.
    pub fn forget(&mut self, subscription: &Subscription) {
        self.by_tag.remove(&(subscription.tag.clone(), subscription.id));
        if let Some(held) = self.of_source.get_mut(&subscription.source) {
            *held -= 1;
            if *held == 0 {
                self.of_source.remove(&subscription.source);
            }
        }
    }

    /// Every one with this tag of ours, oldest first.
    pub fn tagged(&self, tag: &str) -> impl Iterator<Item = &Subscription> {
        let tag: Arc<str> = tag.into();
        let range = (tag.clone(), SubscriptionId(0))..=(tag, SubscriptionId(u64::MAX));
        self.by_tag.range(range).filter_map(|(_, id)| self.held.get(id).map(|held| &**held))
    }
}
