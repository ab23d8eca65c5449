//! Places for connections: so many in all, so many from one address.
//!
//! Where all are taken, whoever has not been answered anything yet makes room, the one that came first before others:
//! connections that are opened and left half-said must not keep a phone at the same address from calling.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

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
    /// Those that nothing was said to yet, in the order they came.
    silent: BTreeMap<u64, (IpAddr, oneshot::Sender<()>)>,
    next: u64,
}

/// One place; given back when dropped.
pub(super) struct Place {
    taken: Arc<Mutex<Taken>>,
    source: IpAddr,
    number: u64,
    leave: oneshot::Receiver<()>,
}

impl Place {
    /// The box has answered something: the place is kept.
    pub fn keep(&self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.silent.remove(&self.number);
    }

    /// Done when somebody else needs the place more; never once it is kept.
    pub async fn given_up(&mut self) {
        if self.leave.is_terminated() || (&mut self.leave).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Places {
    pub fn new(most: usize, most_per_source: usize) -> Self {
        Self { taken: Arc::default(), most, most_per_source }
    }

    /// A place for a connection from an address, if there is one.
    pub fn take(&self, source: IpAddr) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let here = taken.by_source.get(&source).copied().unwrap_or(0);
        let full = here >= self.most_per_source;
        if full || taken.all >= self.most {
            let fits = |one: &IpAddr| !full || *one == source;
            let first = taken.silent.iter().find(|(_, (one, _))| fits(one)).map(|(number, _)| *number)?;
            let (_, leave) = taken.silent.remove(&first)?;
            // An error means that it is leaving already.
            leave.send(()).ok();
        }
        taken.all += 1;
        *taken.by_source.entry(source).or_default() += 1;
        let number = taken.next;
        taken.next += 1;
        let (tell, leave) = oneshot::channel();
        taken.silent.insert(number, (source, tell));
        Some(Place { taken: Arc::clone(&self.taken), source, number, leave })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        taken.silent.remove(&self.number);
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
        let (first, second) = (places.take(one), places.take(one));
        [&first, &second].into_iter().flatten().for_each(Place::keep);
        assert!(places.take(one).is_none());
        let third = places.take(other);
        third.as_ref().unwrap().keep();
        assert!(places.take(other).is_none(), "three in all");
        drop(first);
        assert!(places.take(one).is_some());
    }
    #[test]
    fn who_was_never_answered_makes_room_and_who_was_stays() {
        let places = Places::new(3, 2);
        let one = "192.0.2.1".parse().unwrap();
        let (mut kept, mut silent) = (places.take(one).unwrap(), places.take(one).unwrap());
        kept.keep();
        let newcomer = places.take(one);
        assert!(newcomer.is_some());
        assert!(silent.leave.try_recv().is_ok());
        assert!(kept.leave.try_recv().is_err());
    }
}
