//! sled on a thread of its own, asked with patience and given up for good when it does not answer.
//!
//! What can hang in sled 0.34.7, seen in stack traces and read in its source:
//!
//! - `apply_batch` keeps a reservation open over its writes. A buffer that fills meanwhile is written when the
//!   reservation ends, and an I/O error of *that* write wakes nobody: `flush`, and with it dropping the database, waits
//!   for ever. So there are no batches here; all other writes wake whoever waits.
//! - `apply_batch` and transactions take a lock that is one for the process, which every `flush` holds as a reader: one
//!   that hangs stops the batches of every other database. Without batches nobody ever asks for that lock.
//! - Its pool of writing threads is one for the process. A panic there ends its thread, and whoever waits for it waits
//!   for ever.
//!
//! The first two cannot happen any more, the third might. So every wait has an end, and the first that runs out ends
//! sled for this process ([`Health`]): nobody asks it or waits for it again.

use crate::index::Trouble;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long one request may take. The largest writes some 300 kB and has them flushed, which a worn memory card does
/// in a second.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long opening may take: it reads the whole log, 0.1 s for 100,000 records and ten times that on a small box.
const OPENING: Duration = Duration::from_secs(15);
/// Memory for pages.
const CACHE: u64 = 16 << 20;

type Job = Box<dyn FnOnce(&sled::Db) + Send>;

/// Whether sled can be used in this process.
#[derive(Debug, Default)]
pub(crate) struct Health {
    stuck: AtomicBool,
}

/// That of this process: sled's threads and locks are shared by all its databases.
pub(crate) static PROCESS: Health = Health { stuck: AtomicBool::new(false) };

impl Health {
    /// It hung once, and is not asked again.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Acquire)
    }

    fn silence(&self, error: RecvTimeoutError) -> Trouble {
        match error {
            RecvTimeoutError::Timeout => {
                self.stuck.store(true, Ordering::Release);
                Trouble::Stuck
            }
            RecvTimeoutError::Disconnected => Trouble::Damaged("it panicked".to_owned()),
        }
    }
}

/// An open database on its thread. Dropping it closes it, unless it is stuck: then thread, memory and files are left
/// behind until the process ends.
#[derive(Debug)]
pub(crate) struct Alone {
    /// One request at a time: whose turn it is waits for nobody else's.
    jobs: Mutex<Option<SyncSender<Job>>>,
    closed: Mutex<Receiver<()>>,
    health: &'static Health,
}

impl Alone {
    /// Opens or makes the database in a folder.
    pub(crate) fn open(path: &Path, health: &'static Health) -> Result<Self, Trouble> {
        if health.is_stuck() {
            return Err(Trouble::Stuck);
        }
        let (jobs, queue) = sync_channel::<Job>(1);
        let (close, closed) = sync_channel::<()>(1);
        let (ready, opened) = sync_channel(1);
        let folder = path.to_owned();
        let run = move || {
            // Dropped when the thread ends however it ends, after the database.
            let _close = close;
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let config = sled::Config::new().path(folder).cache_capacity(CACHE).flush_every_ms(None);
                match config.open() {
                    Ok(db) => {
                        if ready.send(Ok(())).is_ok() {
                            serve(&db, &queue);
                        }
                    }
                    Err(error) => drop(ready.send(Err(Trouble::from(error)))),
                }
            }));
            // The panic hook has said it; whoever asked sees its channel closed.
            drop(outcome);
        };
        std::thread::Builder::new()
            .name("store-index".to_owned())
            .spawn(run)
            .map_err(|error| Trouble::Disk(error.to_string()))?;
        match opened.recv_timeout(OPENING) {
            Ok(outcome) => {
                outcome.map(|()| Self { jobs: Mutex::new(Some(jobs)), closed: Mutex::new(closed), health })
            }
            Err(error) => Err(health.silence(error)),
        }
    }

    /// Runs one request on the thread.
    pub(crate) fn ask<R: Send + 'static>(
        &self,
        request: impl FnOnce(&sled::Db) -> sled::Result<R> + Send + 'static,
    ) -> Result<R, Trouble> {
        self.ask_for(PATIENCE, request)
    }

    fn ask_for<R: Send + 'static>(
        &self,
        patience: Duration,
        request: impl FnOnce(&sled::Db) -> sled::Result<R> + Send + 'static,
    ) -> Result<R, Trouble> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if self.health.is_stuck() {
            return Err(Trouble::Stuck);
        }
        let (answer, answered) = sync_channel(1);
        let job: Job = Box::new(move |db| {
            // Nobody waits any more when the asker's patience ended.
            drop(answer.send(request(db)));
        });
        let sent = jobs.as_ref().map(|jobs| jobs.send(job));
        if !matches!(sent, Some(Ok(()))) {
            return Err(Trouble::Damaged("it panicked".to_owned()));
        }
        Ok(answered.recv_timeout(patience).map_err(|error| self.health.silence(error))??)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        drop(self.jobs.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        if self.health.is_stuck() {
            return;
        }
        let closed = self.closed.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = closed.recv_timeout(PATIENCE) {
            // Disconnected is what a thread leaves that has let go of the database.
            drop(self.health.silence(error));
        }
    }
}

fn serve(db: &sled::Db, queue: &Receiver<Job>) {
    while let Ok(job) = queue.recv() {
        job(db);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A health that is not the process's, so that other tests go on.
    fn health() -> &'static Health {
        Box::leak(Box::default())
    }

    fn folder(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("vaxel-alone-{}-{name}", std::process::id()))
    }

    #[test]
    fn one_that_does_not_answer_is_waited_for_once_and_never_again() {
        let (folder, health) = (folder("stuck"), health());
        let alone = Alone::open(&folder, health).expect("an empty folder");
        let (release, held) = sync_channel::<()>(1);
        let hang = move |_: &sled::Db| {
            held.recv().unwrap_or_default();
            Ok(())
        };
        let silent = alone.ask_for(Duration::from_millis(20), hang);
        assert!(matches!(silent, Err(Trouble::Stuck)) && health.is_stuck());
        // Each of these would wait for ever if it waited at all.
        assert!(matches!(alone.ask_for(Duration::MAX, |_| Ok(())), Err(Trouble::Stuck)));
        assert!(matches!(Alone::open(&folder, health), Err(Trouble::Stuck)));
        drop(alone);
        drop(release);
        drop(std::fs::remove_dir_all(folder));
    }

    #[test]
    fn a_panic_is_said_and_ends_this_database_only() {
        let (folder, health) = (folder("panic"), health());
        let alone = Alone::open(&folder, health).expect("an empty folder");
        let panicked = alone.ask(|_| -> sled::Result<()> { panic!("on purpose") });
        assert!(matches!(panicked, Err(Trouble::Damaged(_))));
        assert!(matches!(alone.ask(|_| Ok(())), Err(Trouble::Damaged(_))));
        drop(alone);
        assert!(!health.is_stuck());
        Alone::open(&folder, health).expect("it opens again").ask(|_| Ok(())).expect("it answers");
        drop(std::fs::remove_dir_all(folder));
    }
}
