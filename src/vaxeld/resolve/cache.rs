//! What was found, for as long as it holds, and a while longer for when the DNS fails.

use super::Wanted;
use sip::locate::Candidate;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Hosts remembered, at most; the one that was found longest ago makes room.
const ROOM: usize = 256;
/// How long an answer serves a failing DNS (RFC 8767 suggests one to three days).
const STALE: Duration = Duration::from_secs(24 * 3600);

/// Hosts and their servers.
#[derive(Debug, Default)]
pub(super) struct Cache(HashMap<Wanted, Entry>);

#[derive(Debug)]
struct Entry {
    candidates: Arc<[Candidate]>,
    found_at: Instant,
    good_for: Duration,
}

impl Cache {
    /// What still holds, and for how long.
    pub fn fresh(&self, now: Instant, wanted: &Wanted) -> Option<(Arc<[Candidate]>, Duration)> {
        let entry = self.0.get(wanted)?;
        let left = entry.good_for.checked_sub(now.saturating_duration_since(entry.found_at))?;
        (!left.is_zero()).then(|| (Arc::clone(&entry.candidates), left))
    }

    /// What held within the last day.
    pub fn stale(&self, now: Instant, wanted: &Wanted) -> Option<Arc<[Candidate]>> {
        let entry = self.0.get(wanted)?;
        let young = now.saturating_duration_since(entry.found_at) < STALE;
        young.then(|| Arc::clone(&entry.candidates))
    }

    /// Remembers what was found.
    pub fn keep(&mut self, now: Instant, wanted: Wanted, candidates: Arc<[Candidate]>, good_for: Duration) {
        if self.0.len() >= ROOM && !self.0.contains_key(&wanted) {
            let oldest =
                self.0.iter().min_by_key(|(_, entry)| entry.found_at).map(|(wanted, _)| wanted.clone());
            if let Some(oldest) = oldest {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(wanted, Entry { candidates, found_at: now, good_for });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip::flow::Transport;

    fn wanted(n: usize) -> Wanted {
        Wanted { place: format!("h{n}.example:5060").parse().unwrap(), transport: None }
    }

    fn one() -> Arc<[Candidate]> {
        [Candidate { transport: Transport::Udp, addr: "192.0.2.1:5060".parse().unwrap(), tls_name: None }]
            .into()
    }

    #[allow(clippy::disallowed_methods)]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn an_answer_is_fresh_then_stale_then_forgotten() {
        let (mut cache, now) = (Cache::default(), start());
        cache.keep(now, wanted(1), one(), Duration::from_secs(60));
        let after = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(cache.fresh(after(20), &wanted(1)), Some((one(), Duration::from_secs(40))));
        assert_eq!(cache.fresh(after(60), &wanted(1)), None);
        assert_eq!(cache.stale(after(3600), &wanted(1)), Some(one()));
        assert_eq!(cache.stale(after(25 * 3600), &wanted(1)), None);
        assert_eq!(cache.fresh(now, &wanted(2)), None);
    }

    #[test]
    fn the_oldest_makes_room_when_it_is_full() {
        let (mut cache, now) = (Cache::default(), start());
        for n in 0..1000 {
            cache.keep(now + Duration::from_millis(n as u64), wanted(n), one(), Duration::from_secs(60));
        }
        assert_eq!(cache.0.len(), ROOM);
        assert!(cache.fresh(now, &wanted(999)).is_some() && cache.fresh(now, &wanted(0)).is_none());
    }
}
