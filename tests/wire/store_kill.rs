//! `kill -9` while changes are written: what was acknowledged is there, and nothing else.

use super::store_script::{Expected, batch, time};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use store::{Opening, Store};

const FOLDER: &str = "VAXEL_TEST_STORE_FOLDER";
const FROM: &str = "VAXEL_TEST_STORE_FROM";

/// The process that is killed: it writes from a number on and says each number after its batch was acknowledged.
#[test]
#[ignore = "started by the test below"]
fn writer_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let from: u64 = std::env::var(FROM).expect("set with the folder").parse().expect("a number");
    let (store, ..) = Store::open(Path::new(&folder), time(from)).expect("the store opens");
    std::thread::scope(|scope| {
        for number in from.. {
            store.apply(&batch(number)).expect("the disk has room");
            let mut out = std::io::stdout().lock();
            writeln!(out, "kept {number}").and_then(|()| out.flush()).expect("the parent reads");
            if number.is_multiple_of(9) {
                // Beside the commits, as in the daemon.
                scope.spawn(|| store.checkpoint().expect("the disk has room"));
            }
        }
    });
}

fn start(folder: &Path, from: u64) -> Child {
    Command::new(std::env::current_exe().expect("a test has a path"))
        .args(["--exact", "wire::store_kill::writer_that_is_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(FROM, from.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the test binary starts again")
}

/// Kills the writer after so many acknowledgements and some turns more, and returns the last number acknowledged.
fn kill_after(mut writer: Child, acknowledgements: u32, turns: u32) -> Option<u64> {
    let mut lines = BufReader::new(writer.stdout.take().expect("piped")).lines();
    let mut next = || lines.next().map(|line| line.expect("readable"));
    let kept = |line: &str| line.rsplit_once("kept ").and_then(|(_, number)| number.parse::<u64>().ok());
    let mut last = None;
    let mut seen = 0;
    while seen < acknowledgements {
        let Some(number) = next().map(|line| kept(&line)) else { panic!("the writer ended by itself") };
        last = number.or(last);
        seen += u32::from(number.is_some());
    }
    for _ in 0..turns {
        std::hint::spin_loop();
    }
    kill(Pid::from_raw(i32::try_from(writer.id()).expect("a pid")), Signal::SIGKILL).expect("it runs");
    while let Some(line) = next() {
        last = kept(&line).or(last);
    }
    writer.wait().expect("it was killed");
    last
}

#[test]
fn two_hundred_kills_lose_nothing_acknowledged_and_invent_nothing() {
    let mut folder = tempfile::tempdir().expect("a temporary folder");
    let mut dice = ChaCha8Rng::seed_from_u64(9);
    let mut expected = Expected::default();
    let mut written = 0;
    for round in 0..200_u64 {
        if round.is_multiple_of(25) {
            folder = tempfile::tempdir().expect("a temporary folder");
            written += expected.number;
            expected = Expected::default();
        }
        let writer = start(folder.path(), expected.number + 1);
        let last = kill_after(writer, dice.next_u32() % 12, dice.next_u32() % 60_000);
        while expected.number < last.unwrap_or(0) {
            expected.next();
        }
        let (store, snapshot, opening) = Store::open(folder.path(), time(0)).expect("it opens again");
        if snapshot != expected.snapshot() {
            // The one batch under way may have been kept whole.
            expected.next();
        }
        assert_eq!(snapshot, expected.snapshot(), "round {round}");
        assert!(matches!(opening, Opening::Clean | Opening::Fresh), "round {round}: {opening:?}");
        assert!(expected.has_records(&store).expect("readable"), "round {round}: records differ");
        assert_eq!(store.take_recoveries(), vec![], "round {round}");
    }
    assert!(written > 500, "too little was written to mean anything: {written}");
}
