//! Slowing down and shutting out whoever guesses passwords or floods, without harming anybody else.
//!
//! ```text
//!   a guess fails ──► pair (user, source):   the first few are free, then a wait that doubles up to an hour
//!                └──► source:                after 60 within an hour no stranger gets through from there,
//!                                            for ten minutes, then twice as long each time, up to a day
//!   (user, source) that registered lately:   no stranger; never waits longer than a minute, whoever guessed
//! ```
//!
//! Nobody is ever shut out by name alone: guesses from one place never cost the owner of a number his own telephone.
//! Behind one translator the guesser and the telephone have one address: whoever asks as a telephone does that is
//! registered now (from its very port, or with its Call-ID) is not to be put before the guard at all; only the registrar
//! can tell.
//! An IPv6 source is its /64. Everything is bounded; when a table is full, the entries touched longest ago go.

mod bucket;
mod table;

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use bucket::Bucket;
use table::Table;

/// How strict a [`Guard`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Wrong guesses of one user at one source that cost nothing.
    pub free_guesses: u32,
    /// The first wait after that; doubles with every further guess.
    pub first_wait: Duration,
    /// The longest wait for one user at one source.
    pub longest_wait: Duration,
    /// The same where the user has registered from that source lately.
    pub longest_known_wait: Duration,
    /// How long after its end a registration still counts as lately.
    pub lately: Duration,
    /// Wrong guesses from one source before it is shut out.
    pub source_guesses: u32,
    /// How long a source is shut out at first; doubles every time.
    pub first_ban: Duration,
    /// The longest a source is shut out at once.
    pub longest_ban: Duration,
    /// Without another wrong guess for this long, earlier ones are forgotten.
    pub memory: Duration,
    /// Requests without proof a source may send at once.
    pub burst: u32,
    /// Requests without proof a source may send a second in the long run.
    pub rate: u32,
    /// Pairs, sources and registrations remembered, each.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            free_guesses: 5,
            first_wait: Duration::from_secs(2),
            longest_wait: Duration::from_secs(3600),
            longest_known_wait: Duration::from_secs(60),
            lately: Duration::from_secs(7 * 86_400),
            source_guesses: 60,
            first_ban: Duration::from_secs(600),
            longest_ban: Duration::from_secs(86_400),
            memory: Duration::from_secs(3600),
            burst: 200,
            rate: 40,
            entries: 10_000,
        }
    }
}

/// Whether to look at a request at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Look at it.
    Allow,
    /// Refuse it without looking at its credentials.
    Refuse {
        /// How long from now it makes sense to try again.
        retry_after: Duration,
    },
}

/// Somebody shut out, for display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// From where; an IPv6 address stands for its /64.
    pub source: IpAddr,
    /// As whom; `None` when the whole source is.
    pub user: Option<String>,
    /// Until when.
    pub until: Instant,
    /// After how many wrong guesses.
    pub guesses: u32,
}

/// Remembers wrong guesses and request rates by source.
#[derive(Debug)]
pub struct Guard {
    limits: Limits,
    pairs: Table<(IpAddr, String), Record>,
    sources: Table<IpAddr, Record>,
    /// By source, and whether it is that of a connection, which nobody can pretend.
    buckets: Table<(IpAddr, Proximity), Bucket>,
    /// Who has registered from where, and until when that counts.
    registered: Table<(IpAddr, String), Instant>,
}

/// How sure a source address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proximity {
    /// A datagram's: anybody can write any.
    Claimed,
    /// A connection's.
    Connected,
}

/// Wrong guesses of a pair or a source.
#[derive(Debug, Clone, Copy)]
struct Record {
    guesses: u32,
    last: Instant,
    refused_until: Option<Instant>,
    /// How often it was shut out already.
    bans: u32,
}

impl Record {
    fn new(now: Instant) -> Record {
        Record { guesses: 0, last: now, refused_until: None, bans: 0 }
    }

    fn refused_until(&self, now: Instant) -> Option<Instant> {
        self.refused_until.filter(|until| *until > now)
    }

    /// Forgets what is long ago. How often it was shut out is remembered ten times as long.
    fn fade(&mut self, now: Instant, memory: Duration) {
        let quiet = now.saturating_duration_since(self.refused_until.unwrap_or(self.last).max(self.last));
        if quiet >= memory {
            self.guesses = 0;
        }
        if quiet >= memory * 10 {
            self.bans = 0;
        }
    }
}

impl Guard {
    /// A guard that remembers nothing yet.
    pub fn new(limits: Limits) -> Guard {
        let entries = limits.entries;
        Guard {
            limits,
            pairs: Table::new(entries),
            sources: Table::new(entries),
            buckets: Table::new(entries),
            registered: Table::new(entries),
        }
    }

    /// Whether `user` at `source` may try. Ask before looking at credentials.
    pub fn check(&self, now: Instant, source: IpAddr, user: &str) -> Check {
        let source = place(source);
        let pair = (source, user.to_owned());
        let shut_out = |record: &Record| record.refused_until(now);
        let pair_until = self.pairs.get(&pair).and_then(shut_out);
        let source_until =
            if self.is_known(now, &pair) { None } else { self.sources.get(&source).and_then(shut_out) };
        match pair_until.max(source_until) {
            Some(until) => Check::Refuse { retry_after: until - now },
            None => Check::Allow,
        }
    }

    fn is_known(&self, now: Instant, pair: &(IpAddr, String)) -> bool {
        self.registered.get(pair).is_some_and(|until| *until > now)
    }

    /// Whether one more request without proof may be looked at from `source`. Takes it from its allowance, unless it is
    /// from a `user` who has registered there lately: what others send from there, or in its name, must not cost it its
    /// next call.
    pub fn request(&mut self, now: Instant, (source, proximity): (IpAddr, Proximity), user: &str) -> Check {
        let source = place(source);
        if self.is_known(now, &(source, user.to_owned())) {
            return Check::Allow;
        }
        let (rate, burst) = (self.limits.rate, self.limits.burst);
        let bucket = self.buckets.entry(now, (source, proximity), || Bucket::full(now, burst));
        match bucket.take(now, (rate, burst)) {
            Ok(()) => Check::Allow,
            Err(retry_after) => Check::Refuse { retry_after },
        }
    }

    /// `user` at `source` guessed wrong.
    pub fn failed(&mut self, now: Instant, source: IpAddr, user: &str) {
        let source = place(source);
        let pair = (source, user.to_owned());
        let known = self.is_known(now, &pair);
        let limits = &self.limits;
        let longest = if known { limits.longest_known_wait } else { limits.longest_wait };
        let record = self.pairs.entry(now, pair, || Record::new(now));
        record.fade(now, limits.memory);
        record.last = now;
        record.guesses += 1;
        if let Some(beyond) = record.guesses.checked_sub(limits.free_guesses + 1) {
            record.refused_until = Some(now + doubled(limits.first_wait, beyond, longest));
        }
        if known {
            // A registered telephone with a mistyped second line must not get its whole office shut out.
            return;
        }
        let record = self.sources.entry(now, source, || Record::new(now));
        record.fade(now, limits.memory);
        record.last = now;
        record.guesses += 1;
        if record.guesses >= limits.source_guesses {
            record.refused_until = Some(now + doubled(limits.first_ban, record.bans, limits.longest_ban));
            record.bans = record.bans.saturating_add(1);
            record.guesses = 0;
        }
    }

    /// `user` at `source` proved who it is: its own wrong guesses are forgiven, others' from there are not.
    pub fn succeeded(&mut self, _now: Instant, source: IpAddr, user: &str) {
        let source = place(source);
        let Some(record) = self.pairs.remove(&(source, user.to_owned())) else { return };
        if let Some(others) = self.sources.get_mut(&source) {
            others.guesses = others.guesses.saturating_sub(record.guesses);
        }
    }

    /// `user` is registered from `source` until then, and no stranger there for a while longer.
    pub fn registered(&mut self, now: Instant, (source, user): (IpAddr, &str), until: Instant) {
        let until = until + self.limits.lately;
        *self.registered.entry(now, (place(source), user.to_owned()), || until) = until;
    }

    /// Forgives a source everything, at the wish of an administrator; tells whether there was anything.
    pub fn pardon(&mut self, source: IpAddr) -> bool {
        let source = place(source);
        let users = self.pairs.retain(|(place, _), _| *place != source);
        let whole = self.sources.remove(&source).is_some();
        self.buckets.retain(|(place, _), _| *place != source);
        users > 0 || whole
    }

    /// Everybody shut out now: whole sources first, each ordered by address.
    pub fn bans(&self, now: Instant) -> Vec<Ban> {
        let sources = self.sources.iter().map(|(source, record)| (*source, None, record));
        let pairs = self.pairs.iter().map(|((source, user), record)| (*source, Some(user.clone()), record));
        let mut bans: Vec<Ban> = sources
            .chain(pairs)
            .filter_map(|(source, user, record)| {
                let guesses = if user.is_none() { self.limits.source_guesses } else { record.guesses };
                Some(Ban { source, user, until: record.refused_until(now)?, guesses })
            })
            .collect();
        bans.sort_by(|one, two| {
            (one.user.is_some(), one.source, &one.user).cmp(&(two.user.is_some(), two.source, &two.user))
        });
        bans
    }
}

/// `first` doubled `times` times, at most `longest`.
fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    1_u32
        .checked_shl(times)
        .and_then(|factor| first.checked_mul(factor))
        .map_or(longest, |wait| wait.min(longest))
}

/// Where an address is, as far as anybody can choose it freely: IPv4 as it is, IPv6 by its /64.
pub fn place(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests;
