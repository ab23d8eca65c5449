//! Places for connections: so many in all, so many from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Hands out places; all clones share them.
#[derive(Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<Taken>>,
    most: usize,
    most_per_source: usize,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// One place; given back when dropped.
pub(super) struct Place {
    taken: Arc<Mutex<Taken>>,
    source: IpAddr,
}

impl Places {
    pub fn new(most: usize, most_per_source: usize) -> Self {
        Self { taken: Arc::default(), most, most_per_source }
    }

    /// A place for a connection from an address, if there is one.
    pub fn take(&self, source: IpAddr) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let here = taken.by_source.get(&source).copied().unwrap_or(0);
        if taken.all >= self.most || here >= self.most_per_source {
            return None;
        }
        taken.all += 1;
        taken.by_source.insert(source, here + 1);
        Some(Place { taken: Arc::clone(&self.taken), source })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(here) = taken.by_source.get_mut(&self.source) {
            *here -= 1;
            if *here == 0 {
                taken.by_source.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_the_places_of_others() {
        let places = Places::new(3, 2);
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let (first, _second) = (places.take(one), places.take(one));
        assert!(places.take(one).is_none());
        let third = places.take(other);
        assert!(third.is_some());
        assert!(places.take(other).is_none(), "three in all");
        drop(first);
        assert!(places.take(one).is_some());
    }
}
