//! Power cuts, a full disk and a slow one, on a mounted disk that forgets what was not synced.

use super::store_script::{Expected, batch, record, time};
use crate::world::deadline::Deadline;
use crate::world::disk::{Cut, Disk};
use model::{CallId, Change};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use store::{Opening, Store, StoreError};

/// Writes until the power goes.
fn write_until_cut(store: &Store, expected: &mut Expected, dice: &mut ChaCha8Rng) {
    std::thread::scope(|scope| {
        loop {
            if store.apply(&batch(expected.number + 1)).is_err() {
                return;
            }
            expected.next();
            match dice.next_u32() % 24 {
                // Beside the commits, as in the daemon; the cut may fall into it.
                0 => drop(scope.spawn(|| drop(store.checkpoint()))),
                1 => drop(store.checkpoint()),
                _ => {}
            }
        }
    });
}

#[test]
fn two_hundred_power_cuts_lose_nothing_acknowledged_and_invent_nothing() {
    let disk = Disk::mount("power");
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let mut expected = Expected::default();
    let mut rebuilt = 0;
    let mut folder = disk.path().join("store-0");
    for round in 0..200_u64 {
        if round.is_multiple_of(20) {
            folder = disk.path().join(format!("store-{round}"));
            expected = Expected::default();
        }
        disk.cut_after(u64::from(dice.next_u32() % 400));
        if let Ok((store, snapshot, _)) = Store::open(&folder, time(round)) {
            assert_eq!(snapshot, expected.snapshot(), "round {round}, before the cut");
            write_until_cut(&store, &mut expected, &mut dice);
        }
        disk.power_cycle(if round.is_multiple_of(4) { Cut::Nothing } else { Cut::Half(round) });

        let (store, snapshot, opening) = Store::open(&folder, time(round)).expect("it opens again");
        if snapshot != expected.snapshot() {
            // The one batch under way may have been kept whole.
            expected.next();
        }
        assert_eq!(snapshot, expected.snapshot(), "round {round}");
        assert!(matches!(opening, Opening::Clean | Opening::Fresh), "round {round}: {opening:?}");
        assert!(expected.has_records(&store).expect("readable"), "round {round}: records differ");
        for recovery in store.take_recoveries() {
            assert_eq!(recovery.lost, None, "round {round}: {recovery:?}");
            assert!(!recovery.found.contains("stuck"), "round {round}: {recovery:?}");
            rebuilt += 1;
        }
    }
    println!("the index had to be rebuilt {rebuilt} times in 200 cuts");
}

#[test]
fn a_commit_costs_one_sync() {
    let disk = Disk::mount("syncs");
    let (store, ..) = Store::open(&disk.path().join("store"), time(0)).expect("an empty disk");
    // The index opens behind; its syncs are not the commits'.
    store.records(None, 1).expect("the index is up");
    let before = disk.syncs();
    for number in 1..=100 {
        store.apply(&batch(number)).expect("room");
    }
    let after = disk.syncs();
    assert_eq!((after.0 - before.0, after.1 - before.1), (100, 0));
}

/// Applies batches until one is refused for want of room.
fn fill(store: &Store, expected: &mut Expected) {
    loop {
        match store.apply(&batch(expected.number + 1)) {
            Ok(()) => expected.next(),
            Err(StoreError::Full { .. }) => return,
            Err(other) => panic!("batch {}: {other}", expected.number + 1),
        }
        if expected.number.is_multiple_of(50) {
            drop(store.checkpoint());
        }
    }
}

#[test]
fn a_full_disk_refuses_whole_batches_and_goes_on_when_there_is_room() {
    let disk = Disk::mount("full");
    let folder = disk.path().join("store");
    let (store, ..) = Store::open(&folder, time(0)).expect("an empty disk");
    let mut expected = Expected::default();
    for round in 1..=5 {
        store.checkpoint().expect("room");
        store.records(None, 1).expect("the index is up");
        disk.set_size(disk.used() + 150_000 * round);
        fill(&store, &mut expected);
        // A checkpoint may fail half-way, in the index as well; or give room back, for a while.
        drop(store.checkpoint());
        fill(&store, &mut expected);
        disk.set_size(u64::MAX);
        store.apply(&batch(expected.number + 1)).expect("room again");
        expected.next();
        store.checkpoint().expect("room again");
        assert!(expected.has_records(&store).expect("readable again"), "round {round}: records differ");
    }
    drop(store);
    let (_store, snapshot, opening) = Store::open(&folder, time(1)).expect("it opens again");
    assert_eq!((snapshot, opening), (expected.snapshot(), Opening::Clean));
}

#[test]
fn a_slow_disk_holds_up_commits_but_not_readers() {
    let disk = Disk::mount("slow");
    let (store, ..) = Store::open(&disk.path().join("store"), time(0)).expect("an empty disk");
    store.apply(&[Change::CallEnded(record(1))]).expect("room");
    store.records(None, 1).expect("the index is up");
    disk.hold_syncs();
    std::thread::scope(|scope| {
        let commit = scope.spawn(|| store.apply(&[Change::CallEnded(record(2))]));
        disk.wait_for_held_sync();
        // These would wait for ever behind the commit if they shared its lock.
        assert_eq!(store.record(CallId(1)).expect("readable"), Some(record(1)));
        assert_eq!(store.record(CallId(2)).expect("readable"), None);
        assert_eq!(store.open_calls(), vec![]);
        assert!(!commit.is_finished());
        disk.release_syncs();
        commit.join().expect("no panic").expect("kept");
    });
    assert_eq!(store.record(CallId(2)).expect("readable"), Some(record(2)));
}

/// In a process of its own: an index that is stuck is stuck for all of its process.
#[test]
#[ignore = "started by the test below"]
fn store_whose_index_gets_stuck() {
    if std::env::var_os(STUCK).is_none() {
        return;
    }
    let disk = Disk::mount("stuck");
    let folder = disk.path().join("store");
    let (store, ..) = Store::open(&folder, time(0)).expect("an empty disk");
    let mut expected = Expected::default();
    for part in 1..=3 {
        for _ in 0..20 {
            expected.next();
            store.apply(&batch(expected.number)).expect("room");
        }
        if part == 2 {
            // From here on the index's writes never end.
            disk.hold_writes_to("db");
        }
        store.checkpoint().expect("a checkpoint does without the index");
    }
    assert!(disk.held_writes() > 0, "the index was never stuck");

    let found: Vec<String> = store.take_recoveries().into_iter().map(|recovery| recovery.found).collect();
    assert!(found.len() == 1 && found[0].contains("stuck"), "said once: {found:?}");
    let deadline = Deadline::after(Duration::from_secs(2));
    assert!(expected.has_records(&store).expect("from the archives"));
    expected.next();
    store.apply(&batch(expected.number)).expect("commits go on");
    drop(store);
    assert!(!deadline.has_passed(), "it was waited for again");
    let (store, snapshot, opening) = Store::open(&folder, time(1)).expect("it opens without its index");
    assert_eq!((snapshot, opening), (expected.snapshot(), Opening::Clean));
    assert!(expected.has_records(&store).expect("from the archives"));
    drop(store);
    assert!(!deadline.has_passed(), "it was waited for again");

    // What the next process finds.
    disk.release_writes();
    let copy = PathBuf::from(std::env::var_os(STUCK).expect("set"));
    for entry in std::fs::read_dir(&folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_file() {
            std::fs::copy(&path, copy.join(path.file_name().expect("named"))).expect("room");
        }
    }
}

const STUCK: &str = "VAXEL_TEST_STORE_STUCK";

#[test]
fn a_stuck_index_is_given_up_at_once_and_costs_no_record() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let child = Command::new(std::env::current_exe().expect("a test has a path"))
        .args(["--exact", "wire::store_power::store_whose_index_gets_stuck", "--ignored", "--nocapture"])
        .env(STUCK, folder.path())
        .output()
        .expect("the test binary starts again");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    let (store, snapshot, opening) = Store::open(folder.path(), time(2)).expect("it opens");
    let expected = Expected::after(61);
    assert_eq!((snapshot, opening), (expected.snapshot(), Opening::Clean));
    assert!(expected.has_records(&store).expect("the index is rebuilt"));
    assert_eq!(store.take_recoveries(), vec![]);
}
