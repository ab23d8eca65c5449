//! The whole exchange killed, or cut from its power, at any moment of a working day: what it had said yes to is there
//! when it is back, and every call somebody heard of has one record.

#[allow(dead_code, reason = "the load program needs more of it")]
#[path = "../bench/load/digest.rs"]
mod digest;
mod ledger;
#[allow(dead_code, reason = "the load program needs more of it")]
#[path = "../bench/load/message.rs"]
mod message;
mod phones;

use crate::world::daemon::Daemon;
use crate::world::deadline::Deadline;
use crate::world::disk::{Cut, Disk};
use anyhow::{Context, Result, bail, ensure};
use ledger::Ledger;
use model::{CallId, Command, Reply};
use phones::{Day, Line};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::path::PathBuf;
use std::time::Duration;

/// Exchanges that suffer beside each other.
const EXCHANGES: u64 = 4;
/// How often they die in all, unless this says otherwise.
const DEATHS: u64 = 100;
const DEATHS_VARIABLE: &str = "VAXEL_ORDEAL";
/// A working day is over when so many messages have come at most, or after so long.
const DAY: u64 = 200;
const DAY_LONGEST: Duration = Duration::from_secs(5);

/// More changes than the disk sees at a first start.
const FIRST_OPERATIONS: u64 = 70;

/// How the day ends.
#[derive(Clone, Copy)]
enum End<'a> {
    /// `kill -9`.
    Kill,
    /// The power goes, and takes what this disk has not synchronised.
    PowerCut(&'a Disk),
}

/// What happened in all rounds, to show that they meant something.
#[derive(Debug, Default)]
struct Tally {
    registered: u64,
    applied: u64,
    answered: u64,
    lost: u64,
    /// Calls nobody had heard of when the box died.
    unheard: u64,
    /// Calls without a record that the exchange had said it was too hasty with.
    hasty: u64,
    /// The box died before it was ready.
    stillborn: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.registered += other.registered;
        self.applied += other.applied;
        self.answered += other.answered;
        self.lost += other.lost;
        self.unheard += other.unheard;
        self.hasty += other.hasty;
        self.stillborn += other.stillborn;
    }
}

/// One exchange through all its rounds.
fn suffer(seed: u64, rounds: u64, end: End<'_>) -> Result<Tally> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut daemon = match end {
        End::Kill => Daemon::start()?,
        End::PowerCut(disk) => Daemon::start_on(&state(disk))?,
    };
    let authority = match end {
        End::Kill => daemon.state(),
        End::PowerCut(disk) => state(disk),
    };
    let authority = authority.join("tls/authority.pem");
    let given = std::fs::read(&authority)?;
    let mut line = Line::new(daemon.sip())?;
    line.ask(&daemon.socket(), Command::SiteApply { document: phones::site(0) })?;
    line.register_all()?;
    let mut ledger = Ledger::default();
    let mut tally = Tally::default();
    for round in 0..rounds {
        let day = work(&mut daemon, &mut line, (&mut dice, end)).with_context(|| format!("round {round}"))?;
        tally.registered += day.registered as u64;
        tally.applied += day.applied as u64;
        ledger.close(&day);
        if let End::PowerCut(disk) = end {
            disk.power_cycle(if round.is_multiple_of(3) { Cut::Nothing } else { Cut::Half(dice.next_u64()) });
            if round % 4 == 1 {
                tally.stillborn += u64::from(cut_while_starting(&mut daemon, disk, &mut dice)?);
            }
        }
        daemon.start_again().with_context(|| format!("start after round {round}"))?;
        ensure!(std::fs::read(&authority)? == given, "phones were given another authority");
        let everything = round % 10 == 9;
        let kept = compare(&daemon, (&mut line, &mut ledger), (&day, everything));
        tally.add(&kept.with_context(|| {
            format!("after round {round} of seed {seed}; the box said:\n{}", daemon.log())
        })?);
    }
    Ok(tally)
}

/// Where an exchange keeps its state on a disk.
fn state(disk: &Disk) -> PathBuf {
    disk.path().join("state")
}

/// A day at work until the exchange dies.
fn work(daemon: &mut Daemon, line: &mut Line, (dice, end): (&mut ChaCha8Rng, End<'_>)) -> Result<Day> {
    line.connect(&daemon.socket())?;
    let mut day = Day::new();
    let enough = 1 + dice.next_u64() % DAY;
    let last = Deadline::after(DAY_LONGEST);
    if let End::PowerCut(disk) = end {
        // Most cuts are between two operations of the disk; the others at any moment.
        let after =
            if dice.next_u32().is_multiple_of(4) { u64::MAX } else { u64::from(dice.next_u32() % 60) };
        disk.cut_and_kill_after(after, daemon.id().context("it runs")?);
    }
    while day.taken < enough && !last.has_passed() && !daemon.has_ended() {
        line.act(&mut day, dice)?;
        line.listen(&mut day, Duration::from_millis(4))?;
    }
    daemon.kill()?;
    // What it said before it died has been said.
    line.listen(&mut day, Duration::ZERO)?;
    day.hasty = hasty(&daemon.log());
    Ok(day)
}

/// Calls that went on before they were written down, because the disk was slow: those may be unrecorded.
fn hasty(log: &str) -> usize {
    let lines = log.lines().filter(|line| line.contains("the disk is slow"));
    lines
        .filter_map(|line| line.split("calls=").nth(1)?.split_whitespace().next()?.parse::<usize>().ok())
        .sum()
}

/// Starts on a disk that stops in the middle of that.
fn cut_while_starting(daemon: &mut Daemon, disk: &Disk, dice: &mut ChaCha8Rng) -> Result<bool> {
    disk.cut_after(u64::from(dice.next_u32() % 80));
    let died = daemon.start_again().is_err();
    daemon.kill()?;
    disk.power_cycle(Cut::Half(dice.next_u64()));
    Ok(died)
}

/// Compares what the exchange holds with what it promised: of old records everything, or the newest.
fn compare(
    daemon: &Daemon,
    (line, ledger): (&mut Line, &mut Ledger),
    (day, everything): (&Day, bool),
) -> Result<Tally> {
    let socket = daemon.socket();
    let Reply::Status(status) = line.ask(&socket, Command::Status)? else { bail!("no status") };
    ensure!(status.alarms.iter().all(|alarm| alarm.alarm == "store-damaged"), "{:?}", status.alarms);
    ledger.compare_site(status.company.as_deref())?;
    let Reply::Registrations(registrations) = line.ask(&socket, Command::Registrations)? else {
        bail!("no registrations")
    };
    ledger.compare_contacts(&registrations)?;
    // Whoever is promised something now comes after the records of calls that were cut.
    line.register_anew()?;
    let limit = if everything { u32::MAX } else { 100 };
    let Reply::CallLog(log) = line.ask(&socket, Command::CallLog { limit })? else { bail!("no call log") };
    ledger.compare_calls(&log, day)
}

/// How often each exchange dies.
fn rounds() -> Result<u64> {
    let deaths = match std::env::var(DEATHS_VARIABLE) {
        Ok(deaths) => deaths.parse().with_context(|| format!("{DEATHS_VARIABLE}={deaths}"))?,
        Err(_) => DEATHS,
    };
    Ok(deaths.div_ceil(EXCHANGES))
}

/// All exchanges at once.
fn suffer_all(rounds: u64, end: impl Fn(u64) -> Result<Tally> + Sync) -> Result<()> {
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let end = &end;
        let all: Vec<_> = (0..EXCHANGES).map(|seed| scope.spawn(move || end(seed))).collect();
        all.into_iter().map(|one| one.join().expect("no panic")).collect::<Result<_>>()
    })?;
    let mut all = Tally::default();
    for tally in tallies {
        eprintln!("{tally:?}");
        all.add(&tally);
    }
    let deaths = rounds * EXCHANGES;
    ensure!(all.registered > 2 * deaths && all.applied > deaths / 4, "too little was promised: {all:?}");
    ensure!(all.answered > deaths / 4 && all.lost > deaths / 2, "too few calls: {all:?}");
    ensure!(all.hasty <= all.lost / 4, "too many calls were not written down: {all:?}");
    Ok(())
}

#[test]
fn kills_of_the_exchange_cost_nothing_it_promised_and_no_record() -> Result<()> {
    let rounds = rounds()?;
    suffer_all(rounds, |seed| suffer(100 + seed, rounds, End::Kill))
}

#[test]
fn power_cuts_of_the_exchange_cost_nothing_it_promised_and_no_record() -> Result<()> {
    let rounds = rounds()?;
    suffer_all(rounds, |seed| {
        let disk = Disk::mount(&format!("ordeal-{seed}"));
        suffer(200 + seed, rounds, End::PowerCut(&disk))
    })
}

#[test]
fn a_first_start_that_the_power_cuts_anywhere_is_followed_by_one_that_works() -> Result<()> {
    let disk = Disk::mount("ordeal-first");
    let mut daemon = Daemon::start_on(&state(&disk))?;
    let mut dice = ChaCha8Rng::seed_from_u64(300);
    daemon.kill()?;
    let mut died = 0;
    for operations in (0..FIRST_OPERATIONS).step_by(2) {
        std::fs::remove_dir_all(state(&disk))?;
        disk.cut_after(operations);
        died += u64::from(daemon.start_again().is_err());
        daemon.kill()?;
        disk.power_cycle(Cut::Half(dice.next_u64()));
        daemon.start_again().with_context(|| format!("after a cut after {operations} operations"))?;
        daemon.kill()?;
    }
    ensure!((FIRST_OPERATIONS / 4..FIRST_OPERATIONS / 2).contains(&died), "{died} first starts were cut");
    Ok(())
}

/// No call yet.
const NO_CALL: CallId = CallId(0);
