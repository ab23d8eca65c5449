//! Stores that earlier versions wrote open as they were. One folder of `data/store` for each version.

use super::store_script::{Expected, batch, time};
use model::Snapshot;
use std::fs;
use std::path::Path;
use store::{Opening, Store};

/// What the fixtures hold: two checkpoints and a journal.
const BATCHES: u64 = 12;

/// Writes the fixture of the present version; its folder is moved to `data/store` by hand, once a version.
#[test]
#[ignore = "makes a fixture"]
fn writes_the_fixture() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("store-fixture");
    drop(fs::remove_dir_all(&folder));
    let (store, ..) = Store::open(&folder, time(0)).expect("an empty folder");
    for number in 1..=BATCHES {
        store.apply(&batch(number)).expect("room");
        if number == 4 || number == 8 {
            store.checkpoint().expect("room");
        }
    }
    println!("{}", folder.display());
}

#[test]
fn a_store_of_version_1_opens_as_it_was() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/store/v1");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for entry in fs::read_dir(fixture).expect("the fixture") {
        let path = entry.expect("readable").path();
        fs::copy(&path, folder.path().join(path.file_name().expect("named"))).expect("room");
    }
    let (store, snapshot, opening) = Store::open(folder.path(), time(0)).expect("it opens");
    let expected = Expected::after(BATCHES);
    assert_eq!(opening, Opening::Clean);
    // Users' own settings and what they called at cost came later.
    let (personals, spent) = (Vec::new(), Vec::new());
    assert_eq!(snapshot, Snapshot { personals, spent, ..expected.snapshot() });
    assert!(expected.has_records(&store).expect("readable"));
}
