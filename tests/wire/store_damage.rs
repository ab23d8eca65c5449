//! Damaged files: the newest good state is restored, what is damaged is set aside, and nothing goes in silence.

use super::store_script::{Expected, batch, time};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::fs;
use std::path::{Path, PathBuf};
use store::{Opening, Store};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).expect("below it"));
        fs::create_dir_all(target.parent().expect("has a folder")).expect("room");
        fs::copy(&file, &target).expect("room");
    }
}

fn damage(path: &Path, dice: &mut ChaCha8Rng) -> &'static str {
    let mut bytes = fs::read(path).expect("readable");
    // Journals are made long before they are full: what is written in them is what can be lost.
    let Some(last) = bytes.iter().rposition(|byte| *byte != 0) else { return "left alone" };
    let at = dice.next_u32() as usize % (last + 1);
    let how = match dice.next_u32() % 4 {
        0 => {
            bytes[at] ^= 1 << (dice.next_u32() % 8);
            "flipped"
        }
        1 => {
            bytes.truncate(at);
            "cut short"
        }
        2 => {
            let end = (at + 4096).min(bytes.len());
            bytes[at..end].fill(0);
            "zeroed"
        }
        _ => {
            let end = (at + 600).min(bytes.len());
            dice.fill_bytes(&mut bytes[at..end]);
            "overwritten"
        }
    };
    fs::write(path, bytes).expect("room");
    how
}

/// A store of two generations, closed cleanly.
fn written(folder: &Path) -> Expected {
    let (store, ..) = Store::open(folder, time(0)).expect("an empty folder");
    let mut expected = Expected::default();
    for _ in 0..120 {
        expected.next();
        store.apply(&batch(expected.number)).expect("room");
        if expected.number.is_multiple_of(40) && expected.number < 120 {
            store.checkpoint().expect("room");
        }
    }
    store.records(None, 1).expect("the index is up");
    expected
}

#[test]
fn damage_anywhere_is_restored_or_said_aloud() {
    let original = tempfile::tempdir().expect("a temporary folder");
    let expected = written(original.path());
    let names = files(original.path());
    let mut dice = ChaCha8Rng::seed_from_u64(4);
    let (mut restored, mut announced) = (0, 0);
    for round in 0..15 * names.len() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(original.path(), folder.path());
        let name = names[round % names.len()].strip_prefix(original.path()).expect("below it");
        let how = damage(&folder.path().join(name), &mut dice);
        let said = format!("{} {how}, round {round}", name.display());

        let (store, snapshot, opening) = Store::open(folder.path(), time(1)).expect("damage is no error");
        let records = expected.has_records(&store).expect("the index is rebuilt");
        let mut recoveries = store.take_recoveries();
        if let Opening::Recovered(found) = opening {
            recoveries.extend(found);
        }
        if snapshot != expected.snapshot() || !records {
            assert!(recoveries.iter().any(|recovery| recovery.lost.is_some()), "{said}: lost in silence");
            announced += 1;
        } else {
            restored += usize::from(!recoveries.is_empty());
        }
        // What was restored is good from here on.
        store.checkpoint().expect("room");
        drop(store);
        let (again, second, opening) = Store::open(folder.path(), time(2)).expect("it opens again");
        assert_eq!(second, snapshot, "{said}");
        assert_eq!(opening, Opening::Clean, "{said}");
        assert_eq!(expected.has_records(&again).expect("readable"), records, "{said}");
    }
    println!("restored {restored}, loss announced {announced}, of {}", 15 * names.len());
    assert!(restored > 0 && announced > 0);
}

#[test]
fn a_damaged_newest_state_costs_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let expected = written(folder.path());
    let state = files(folder.path())
        .into_iter()
        .rfind(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("state.")))
        .expect("there is one");
    fs::write(&state, b"not a state").expect("room");
    let (store, snapshot, opening) = Store::open(folder.path(), time(1)).expect("it opens");
    assert_eq!(snapshot, expected.snapshot());
    assert!(expected.has_records(&store).expect("readable"));
    let Opening::Recovered(recoveries) = opening else { panic!("it was not said") };
    assert!(recoveries.iter().all(|recovery| recovery.lost.is_none() && recovery.set_aside.exists()));
}
