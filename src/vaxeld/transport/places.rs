//! Places for connections that were accepted: so many in all, so many from one place in the net.
//!
//! ```text
//!   accepted ─► unproven ──── a device or trunk showed who it is ───► proven
//!                  │ all taken: whoever has most gives up its oldest     never taken away
//!                  └─ an answer from the box puts it behind the others once
//! ```
//!
//! Connections that are opened and left half-said, or that only ever ask what anybody may ask, must not keep a phone
//! from calling, wherever they come from. An IPv6 address counts as its /64 ([`sip::guard::place`]).

use sip::guard::place;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// That have not shown who they are.
    pub unproven: usize,
    /// Of these, from one place.
    pub unproven_at_one: usize,
    /// That have.
    pub proven: usize,
    /// Of these, from one place.
    pub proven_at_one: usize,
}

impl Bounds {
    /// What a box that may open so many files can afford: calls need files, too.
    pub fn fitting(files: usize) -> Self {
        let proven = (files / 4).clamp(16, 4_096);
        let unproven = (files / 8).clamp(16, 2_048);
        Self { unproven, unproven_at_one: unproven / 4, proven, proven_at_one: proven / 2 }
    }
}

/// Hands out places; all clones share them.
#[derive(Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<Taken>>,
}

struct Taken {
    bounds: Bounds,
    /// In the order in which they came, or were answered.
    unproven: BTreeMap<u64, Unproven>,
    unproven_at: HashMap<IpAddr, usize>,
    proven: usize,
    proven_at: HashMap<IpAddr, usize>,
    next: u64,
}

struct Unproven {
    source: IpAddr,
    answered: bool,
    leave: oneshot::Sender<()>,
}

/// One place; given back when dropped.
pub(super) struct Place {
    standing: Arc<Standing>,
    leave: oneshot::Receiver<()>,
}

/// The part of a place that knows how its connection behaves.
pub(super) struct Standing {
    taken: Arc<Mutex<Taken>>,
    source: IpAddr,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    /// Under this number.
    Unproven(u64),
    Proven,
}

impl Standing {
    /// The box has answered something.
    pub fn answered(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Unproven(number) = *state else { return };
        if let Some(number) = locked(&self.taken).answered(number) {
            *state = State::Unproven(number);
        }
    }

    /// The other end has shown that it is one of ours. Tells whether there was room for one more such.
    pub fn proved(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Unproven(number) = *state else { return true };
        let kept = locked(&self.taken).prove(number, self.source);
        if kept {
            *state = State::Proven;
        }
        kept
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut taken = locked(&self.taken);
        match state {
            State::Unproven(number) => drop(taken.forget(*number)),
            State::Proven => {
                taken.proven -= 1;
                less(&mut taken.proven_at, self.source);
            }
        }
    }
}

impl Place {
    /// What can be said of the connection from elsewhere.
    pub fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// Done when somebody else needs the place more; never once the connection has proved itself.
    pub async fn given_up(&mut self) {
        if self.leave.is_terminated() || (&mut self.leave).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Places {
    pub fn new(bounds: Bounds) -> Self {
        let taken = Taken {
            bounds,
            unproven: BTreeMap::new(),
            unproven_at: HashMap::new(),
            proven: 0,
            proven_at: HashMap::new(),
            next: 0,
        };
        Self { taken: Arc::new(Mutex::new(taken)) }
    }

    /// A place for a connection from an address. Somebody else may lose it for this one.
    pub fn take(&self, source: IpAddr) -> Place {
        let source = place(source);
        let (number, leave) = locked(&self.taken).take(source);
        let state = Mutex::new(State::Unproven(number));
        Place { standing: Arc::new(Standing { taken: Arc::clone(&self.taken), source, state }), leave }
    }
}

impl Taken {
    fn take(&mut self, source: IpAddr) -> (u64, oneshot::Receiver<()>) {
        let here = self.unproven_at.get(&source).copied().unwrap_or(0);
        let leaving = if here >= self.bounds.unproven_at_one {
            self.unproven.iter().find(|(_, one)| one.source == source).map(|(number, _)| *number)
        } else if self.unproven.len() >= self.bounds.unproven {
            self.oldest_of_the_most()
        } else {
            None
        };
        if let Some(one) = leaving.and_then(|number| self.forget(number)) {
            // An error means that it is leaving already.
            one.leave.send(()).ok();
        }
        let (tell, leave) = oneshot::channel();
        *self.unproven_at.entry(source).or_default() += 1;
        (self.insert(Unproven { source, answered: false, leave: tell }), leave)
    }

    /// Whoever has most loses first, so that one flood does not wash away what others are about to say.
    fn oldest_of_the_most(&self) -> Option<u64> {
        let held = |one: &Unproven| self.unproven_at.get(&one.source).copied().unwrap_or(0);
        let most = self.unproven_at.values().copied().max()?;
        self.unproven.iter().find(|(_, one)| held(one) == most).map(|(number, _)| *number)
    }

    fn insert(&mut self, one: Unproven) -> u64 {
        self.next += 1;
        self.unproven.insert(self.next, one);
        self.next
    }

    fn forget(&mut self, number: u64) -> Option<Unproven> {
        let one = self.unproven.remove(&number)?;
        less(&mut self.unproven_at, one.source);
        Some(one)
    }

    /// Puts it behind the others, once: gives its new number.
    fn answered(&mut self, number: u64) -> Option<u64> {
        let mut one = self.unproven.remove(&number)?;
        if one.answered {
            self.unproven.insert(number, one);
            return None;
        }
        one.answered = true;
        Some(self.insert(one))
    }

    fn prove(&mut self, number: u64, source: IpAddr) -> bool {
        let here = self.proven_at.get(&source).copied().unwrap_or(0);
        if self.proven >= self.bounds.proven || here >= self.bounds.proven_at_one {
            return false;
        }
        // One that was told to leave a moment ago leaves all the same.
        if self.forget(number).is_none() {
            return false;
        }
        self.proven += 1;
        *self.proven_at.entry(source).or_default() += 1;
        true
    }
}

fn locked(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

fn less(counts: &mut HashMap<IpAddr, usize>, source: IpAddr) {
    if let Some(count) = counts.get_mut(&source) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(unproven: usize, unproven_at_one: usize) -> Places {
        Places::new(Bounds { unproven, unproven_at_one, proven: 3, proven_at_one: 2 })
    }

    fn at(host: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, host])
    }

    fn stays(place: &mut Place) -> bool {
        place.leave.try_recv().is_err()
    }

    #[test]
    fn whoever_has_most_gives_up_its_oldest() {
        let places = places(4, 3);
        let (mut early, mut first, mut second) = (places.take(at(1)), places.take(at(2)), places.take(at(2)));
        let mut third = places.take(at(2));
        let mut newcomer = places.take(at(3));
        assert!(!stays(&mut first), "of three from one address the oldest");
        let mut own = [places.take(at(2)), places.take(at(2))];
        assert!(!stays(&mut second) && !stays(&mut third), "from then on it pays for itself");
        assert!(stays(&mut early) && stays(&mut newcomer) && own.iter_mut().all(stays));
    }

    #[test]
    fn among_equals_the_one_answered_longest_ago_goes() {
        let places = places(3, 3);
        let (mut phone, mut first, mut second) = (places.take(at(1)), places.take(at(2)), places.take(at(3)));
        phone.standing().answered();
        let _newcomers = [places.take(at(4)), places.take(at(5))];
        assert!(stays(&mut phone) && !stays(&mut first) && !stays(&mut second));
        phone.standing().answered();
        let _newcomers = [places.take(at(6)), places.take(at(7)), places.take(at(8))];
        assert!(!stays(&mut phone), "answers help once");
    }

    #[test]
    fn who_has_proved_itself_stays_whatever_comes() {
        let places = places(2, 2);
        let mut phone = places.take(at(1));
        assert!(phone.standing().proved());
        let mut flood: Vec<Place> = (0..100).map(|number| places.take(at(number))).collect();
        assert!(stays(&mut phone));
        assert_eq!(flood.iter_mut().filter_map(|place| stays(place).then_some(())).count(), 2);
    }

    #[test]
    fn nobody_takes_all_places_of_the_proven() {
        let places = places(8, 8);
        let all: Vec<Place> = [1, 1, 1, 2, 3].map(|host| places.take(at(host))).into();
        let proved: Vec<bool> = all.iter().map(|place| place.standing().proved()).collect();
        assert_eq!(proved, [true, true, false, true, false]);
        drop(all);
        let taken = locked(&places.taken);
        assert!(taken.proven == 0 && taken.proven_at.is_empty());
        assert!(taken.unproven.is_empty() && taken.unproven_at.is_empty());
    }

    #[test]
    fn the_addresses_of_one_network_count_as_one() {
        let places = places(10, 2);
        let ip = |text: &str| text.parse().expect("an address");
        let mut all = ["2001:db8::1", "2001:db8::2", "2001:db8::3"].map(|text| places.take(ip(text)));
        assert!(!stays(&mut all[0]) && stays(&mut all[1]) && stays(&mut all[2]));
        let mut mapped = ["::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"].map(|text| places.take(ip(text)));
        assert!(!stays(&mut mapped[0]));
    }
}
