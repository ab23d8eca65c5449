//! A map that never grows beyond a bound.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Instant;

/// A bounded map. When full, the eighth of the entries touched longest ago goes at once, so that making room costs little
/// on average even while somebody fills it on purpose.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    entries: HashMap<K, (Instant, V)>,
    capacity: usize,
}

impl<K: Eq + Hash, V> Table<K, V> {
    pub(super) fn new(capacity: usize) -> Table<K, V> {
        Table { entries: HashMap::new(), capacity: capacity.max(8) }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// The entry for `key`, made when it is not there, touched in any case.
    pub(super) fn entry(&mut self, now: Instant, key: K, make: impl FnOnce() -> V) -> &mut V {
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&key) {
            self.make_room();
        }
        let (touched, value) = self.entries.entry(key).or_insert_with(|| (now, make()));
        *touched = now;
        value
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|(_, value)| value)
    }

    /// Keeps the entries `keep` wants; tells how many went.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) -> usize {
        let before = self.entries.len();
        self.entries.retain(|key, (_, value)| keep(key, value));
        before - self.entries.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, (_, value))| (key, value))
    }

    fn make_room(&mut self) {
        let mut touched: Vec<Instant> = self.entries.values().map(|(touched, _)| *touched).collect();
        let excess = touched.len() / 8;
        let (_, &mut limit, _) = touched.select_nth_unstable(excess);
        let mut left = excess + 1;
        self.entries.retain(|_, (touched, _)| {
            let goes = *touched <= limit && left > 0;
            left -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)] // one arbitrary instant to count from
    fn a_full_table_loses_what_was_touched_longest_ago() {
        let start = Instant::now();
        let at = |second: u64| start + Duration::from_secs(second);
        let mut table = Table::new(16);
        (0..16).for_each(|key| *table.entry(at(key), key, || 0) += 1);
        table.entry(at(100), 0, || 0);
        table.entry(at(101), 99, || 0);
        assert!(table.get(&0).is_some() && table.get(&99).is_some() && table.get(&1).is_none());
        (1000..3000).for_each(|key| *table.entry(at(200), key, || 0) += 1);
        assert!(table.iter().count() <= 16);
    }
}
