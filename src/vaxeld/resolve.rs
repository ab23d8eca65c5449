//! Finds the servers of trunks: drives [`sip::locate`] with a real DNS, off the path of calls.
//!
//! One task owns the cache. [`Resolver::locate`] only puts a request into a bounded queue and never waits; what is
//! found comes back on a bounded channel, from the cache when it is fresh. When the DNS fails, what was known before is
//! given again, marked stale. Read [`Resolver`] and [`Found`] first.

mod cache;
mod dns;
#[cfg(test)]
mod tests;

use cache::Cache;
pub use dns::{Dns, Servers};
use sip::flow::Transport;
use sip::locate::{Candidate, Families, Locate, LocateError, Located, Place};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Requests waiting, at most; a trunk has few hosts and asks again later.
const QUEUE: usize = 64;
/// Searches at once, at most.
const AT_ONCE: usize = 16;
/// After a failed or incomplete search, ask again this soon.
const RETRY: Duration = Duration::from_secs(15);
/// Answers hold at least and at most this long, whatever the DNS says.
const SHORTEST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(3600);

/// A host to find.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// As configured.
    pub place: Place,
    /// As configured; without one the DNS chooses.
    pub transport: Option<Transport>,
}

/// What was found for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What was asked for.
    pub wanted: Wanted,
    /// In the order to try.
    pub candidates: Result<Arc<[Candidate]>, LocateError>,
    /// Ask again after this time.
    pub good_for: Duration,
    /// The DNS failed now; this is what it said before.
    pub stale: bool,
}

/// Why a request was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Too many are waiting; ask again later.
    #[error("too many hosts are being looked up")]
    Busy,
    /// The task has ended.
    #[error("the resolver has ended")]
    Ended,
}

/// How to look hosts up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which DNS servers to ask.
    pub servers: Servers,
    /// Which addresses the box can send to.
    pub families: Families,
    /// How long one question may take.
    pub patience: Duration,
    /// Decides among SRV weights.
    pub seed: [u8; 32],
}

impl Settings {
    /// The system's DNS servers, two seconds a question.
    pub fn new(families: Families, seed: [u8; 32]) -> Self {
        Self { servers: Servers::System, families, patience: Duration::from_secs(2), seed }
    }
}

/// A handle on the resolving task, which ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Resolver {
    requests: mpsc::Sender<Wanted>,
}

impl Resolver {
    /// Makes the task; the caller spawns it. When `found` is full the task waits: requests then fill the queue, and
    /// are refused when that is full as well.
    pub fn new(
        settings: Settings,
        found: mpsc::Sender<Found>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (requests, waiting) = mpsc::channel(QUEUE);
        let dns = Dns::new(settings.servers.clone(), settings.patience);
        let task = Task {
            settings,
            dns: Arc::new(dns),
            cache: Cache::default(),
            running: HashSet::new(),
            searches: 0,
        };
        (Self { requests }, task.run(waiting, found))
    }

    /// Asks for a host; the answer comes on the channel. Never waits.
    pub fn locate(&self, wanted: Wanted) -> Result<(), NotTaken> {
        self.requests.try_send(wanted).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotTaken::Busy,
            mpsc::error::TrySendError::Closed(_) => NotTaken::Ended,
        })
    }
}

type Search = (Wanted, Result<Located, LocateError>);

struct Task {
    settings: Settings,
    dns: Arc<Dns>,
    cache: Cache,
    /// One search for a host serves everybody who asks meanwhile.
    running: HashSet<Wanted>,
    searches: u64,
}

impl Task {
    async fn run(mut self, mut requests: mpsc::Receiver<Wanted>, found: mpsc::Sender<Found>) {
        let mut searching: JoinSet<Search> = JoinSet::new();
        loop {
            let answer = tokio::select! {
                request = requests.recv(), if searching.len() < AT_ONCE => match request {
                    Some(wanted) => self.begin(wanted, &mut searching),
                    None => return,
                },
                Some(ended) = searching.join_next() => match ended {
                    Ok((wanted, outcome)) => Some(self.finish(wanted, outcome)),
                    Err(error) => {
                        tracing::error!(%error, "a search in the DNS broke off");
                        self.running.clear();
                        None
                    }
                },
            };
            if let Some(answer) = answer
                && found.send(answer).await.is_err()
            {
                return;
            }
        }
    }

    /// Answers from the cache, or begins a search.
    fn begin(&mut self, wanted: Wanted, searching: &mut JoinSet<Search>) -> Option<Found> {
        let now = Instant::now().into_std();
        if let Some((candidates, good_for)) = self.cache.fresh(now, &wanted) {
            return Some(Found { wanted, candidates: Ok(candidates), good_for, stale: false });
        }
        if self.running.insert(wanted.clone()) {
            self.searches += 1;
            let mut seed = self.settings.seed;
            for (byte, count) in seed.iter_mut().zip(self.searches.to_le_bytes()) {
                *byte ^= count;
            }
            let machine = Locate::new(wanted.place.clone(), wanted.transport, self.settings.families, seed);
            let dns = Arc::clone(&self.dns);
            searching.spawn(async move { (wanted, search(machine, dns).await) });
        }
        None
    }

    fn finish(&mut self, wanted: Wanted, outcome: Result<Located, LocateError>) -> Found {
        self.running.remove(&wanted);
        let now = Instant::now().into_std();
        let better = |complete: bool| if complete { None } else { self.cache.stale(now, &wanted) };
        let (candidates, good_for, stale) = match outcome {
            Ok(located) => match better(located.complete) {
                Some(before) => (Ok(before), RETRY, true),
                None => {
                    let candidates: Arc<[Candidate]> = located.candidates.into();
                    let ttl = located.ttl.clamp(SHORTEST, LONGEST);
                    let good_for = if located.complete { ttl } else { ttl.min(RETRY) };
                    self.cache.keep(now, wanted.clone(), Arc::clone(&candidates), good_for);
                    (Ok(candidates), good_for, false)
                }
            },
            Err(error) => match better(!matches!(error, LocateError::NoAnswer { .. })) {
                Some(before) => (Ok(before), RETRY, true),
                None => (Err(error), RETRY, false),
            },
        };
        match &candidates {
            Ok(list) => tracing::debug!(host = %wanted.place, found = list.len(), stale, "host looked up"),
            Err(error) => tracing::warn!(host = %wanted.place, %error, "host not found"),
        }
        Found { wanted, candidates, good_for, stale }
    }
}

/// Asks what the machine wants to know, all that it wants at once at the same time, until it has an outcome.
async fn search(mut machine: Locate, dns: Arc<Dns>) -> Result<Located, LocateError> {
    let mut asking = JoinSet::new();
    loop {
        while let Some(question) = machine.poll_question() {
            let dns = Arc::clone(&dns);
            asking.spawn(async move {
                let answer = dns.ask(&question).await;
                (question, answer)
            });
        }
        if let Some(outcome) = machine.poll_outcome() {
            return outcome;
        }
        match asking.join_next().await {
            Some(Ok((question, answer))) => machine.handle_answer(&question, answer),
            // A question broke off: its answer will never come, so neither will an outcome.
            Some(Err(_)) | None => return Err(LocateError::NoAnswer { host: machine.host() }),
        }
    }
}
