//! What was promised, and whether it was kept.

use super::phones::{self, Contact, Day};
use super::{NO_CALL, Tally};
use anyhow::{Result, ensure};
use model::{CallId, Cause, LogEntry, Registration};
use std::collections::BTreeMap;

/// What the exchange said before it died.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The site's version that is in force, and later ones that may be.
    company: Promise<u64>,
    /// Of each contact its newest REGISTER, none when it is gone.
    contacts: BTreeMap<Contact, Promise<Option<u64>>>,
    /// Every record seen so far.
    records: BTreeMap<CallId, LogEntry>,
    /// The newest of them.
    last: CallId,
}

/// A value that was promised, and others asked for without an answer.
#[derive(Clone, Debug, Default)]
struct Promise<T> {
    kept: T,
    maybe: Vec<T>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            company: Promise::default(),
            contacts: BTreeMap::new(),
            records: BTreeMap::new(),
            last: NO_CALL,
        }
    }
}

impl<T: PartialEq + Clone + std::fmt::Debug> Promise<T> {
    fn compare(&mut self, what: &str, found: &T) -> Result<()> {
        ensure!(
            *found == self.kept || self.maybe.contains(found),
            "{what} is {found:?}; promised was {:?}, asked for besides {:?}",
            self.kept,
            self.maybe
        );
        self.kept = found.clone();
        self.maybe.clear();
        Ok(())
    }
}

impl Ledger {
    /// Takes in what was promised and asked for on a day.
    pub fn close(&mut self, day: &Day) {
        for (version, promised) in &day.sites {
            match promised {
                true => self.company = Promise { kept: *version, maybe: Vec::new() },
                false => self.company.maybe.push(*version),
            }
        }
        for wish in &day.wishes {
            let promise = self.contacts.entry(wish.contact).or_default();
            match wish.promised {
                true => *promise = Promise { kept: wish.number, maybe: Vec::new() },
                false => promise.maybe.push(wish.number),
            }
        }
        self.records.extend(day.log.iter().map(|entry| (entry.id, entry.clone())));
    }

    /// Compares the site with the one in force now.
    pub fn compare_site(&mut self, company: Option<&str>) -> Result<()> {
        self.company.compare("the site", &phones::version(company))
    }

    /// Compares contacts with those the exchange has now.
    pub fn compare_contacts(&mut self, registrations: &[Registration]) -> Result<()> {
        let mut found = BTreeMap::new();
        for registration in registrations {
            if let Some((contact, number)) = phones::contact(registration) {
                ensure!(found.insert(contact, number).is_none(), "twice: {registration:?}");
            }
        }
        for contact in found.keys() {
            self.contacts.entry(*contact).or_default();
        }
        for (contact, promise) in &mut self.contacts {
            promise.compare(&format!("{contact:?}"), &found.get(contact).copied())?;
        }
        Ok(())
    }

    /// Compares records with those the exchange shows now, and counts the calls of a day.
    pub fn compare_calls(&mut self, log: &[LogEntry], day: &Day) -> Result<Tally> {
        let mut tally = Tally::default();
        let oldest = log.last().map_or(NO_CALL, |entry| entry.id);
        for (id, record) in self.records.range(oldest..) {
            let again: Vec<_> = log.iter().filter(|entry| entry.id == *id).collect();
            ensure!(again == [record], "{record:?} has become {again:?}");
        }
        let new: Vec<&LogEntry> = log.iter().filter(|entry| entry.id > self.last).collect();
        let mut matched = 0;
        let mut unrecorded = Vec::new();
        for attempt in &day.attempts {
            let of = |entry: &&&LogEntry| entry.from == attempt.from() && entry.to == attempt.to();
            let records: Vec<_> = new.iter().filter(of).collect();
            ensure!(records.len() <= 1, "a call with several records: {records:#?}");
            match (records.is_empty(), attempt.heard) {
                (true, true) => unrecorded.push(attempt),
                (true, false) => tally.unheard += 1,
                (false, _) => {}
            }
            matched += records.len();
            for record in records {
                let proper = match record.cause {
                    Cause::Answered => attempt.answered,
                    Cause::Lost => true,
                    _ => false,
                };
                ensure!(proper, "{attempt:?} has become {record:?}");
                tally.answered += u64::from(record.cause == Cause::Answered);
                tally.lost += u64::from(record.cause == Cause::Lost);
            }
        }
        ensure!(unrecorded.len() <= day.hasty, "calls without a record: {unrecorded:#?}, beside {new:#?}");
        tally.hasty += unrecorded.len() as u64;
        ensure!(matched == new.len(), "records of calls that nobody made: {new:#?}");
        self.records.extend(log.iter().map(|entry| (entry.id, entry.clone())));
        self.last = self.records.last_key_value().map_or(NO_CALL, |(id, _)| *id);
        Ok(tally)
    }
}
