//! The store on a real folder: what is kept, what repeats, what is refused.

use super::*;
use model::{
    Binding, Callers, Cause, DeviceId, Direction, Doing, Forward, Party, Personal, Step, UserId, What, When,
};
use std::path::PathBuf;

/// A folder of the test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("vaxel-store-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        Self(path)
    }

    fn open(&self) -> (Store, Snapshot, Opening) {
        Store::open(&self.0, Timestamp::UNIX_EPOCH).expect("a good folder opens")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn second(count: u64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + i64::try_from(count).expect("small")).expect("in range")
}

fn open_call(id: u64) -> OpenCall {
    OpenCall {
        id: CallId(id),
        direction: Direction::Inbound,
        from: "+46701234567".into(),
        to: "100".into(),
        began: second(id),
    }
}

fn record(id: u64) -> CallRecord {
    let party = Party::Device { user: UserId::new("anna"), device: DeviceId::new("anna-desk") };
    CallRecord {
        call: open_call(id),
        answered: Some(second(id + 5)),
        ended: second(id + 60),
        cause: Cause::Answered,
        answered_by: Some(UserId::new("anna")),
        answered_device: Some(DeviceId::new("anna-desk")),
        trail: vec![Step { time: second(id), what: What::Rang { party } }],
        quality: Vec::new(),
    }
}

fn binding(device: &str, cseq: u32) -> Binding {
    Binding {
        device: DeviceId::new(device),
        key: "sip:a@10.0.0.5".into(),
        contact: "<sip:a@10.0.0.5>".into(),
        path: vec!["<sip:edge;lr>".into()],
        source: "udp:10.0.0.5:5060".into(),
        local: "udp:10.0.0.1:5060".into(),
        call_id: "x".into(),
        cseq,
        expires: second(600),
        agent: None,
    }
}

fn personal(number: &str) -> Personal {
    let doing = Doing {
        activity: "lunch".into(),
        until: Some(second(900)),
        whole_day: false,
        note: Some("på torget".into()),
        closed: Some(true),
    };
    let mut personal = Personal {
        do_not_disturb: true,
        call_waiting: Some(false),
        doing: Some(doing),
        ..Personal::default()
    };
    let (when, callers) = (When::NoAnswer, Callers::External);
    let number = number.to_owned();
    personal.put(Forward { when, callers, number, on: false, after_s: Some(30), accept: Some(true) });
    personal
}

fn set(user: &str, personal: Personal) -> Change {
    Change::Personal { user: UserId::new(user), personal }
}

fn ids(records: &[CallRecord]) -> Vec<u64> {
    records.iter().map(|record| record.call.id.0).collect()
}

#[test]
fn what_was_applied_is_there_after_reopening() {
    let folder = Folder::new("reopen");
    let (store, snapshot, opening) = folder.open();
    assert_eq!((snapshot, opening), (Snapshot::default(), Opening::Fresh));
    store.apply(&[Change::Site("name = 'x'".into()), Change::Bound(binding("a", 1))]).expect("kept");
    store.apply(&[Change::Bound(binding("a", 2)), Change::Bound(binding("b", 1))]).expect("kept");
    store.apply(&[Change::CallBegan(open_call(7)), Change::CallBegan(open_call(8))]).expect("kept");
    store.apply(&[Change::CallEnded(record(7))]).expect("kept");
    store.apply(&[Change::Unbound { device: DeviceId::new("b"), key: binding("b", 1).key }]).expect("kept");
    drop(store);
    let (store, snapshot, opening) = folder.open();
    assert_eq!(opening, Opening::Clean);
    assert_eq!(snapshot.site.as_deref(), Some("name = 'x'"));
    assert_eq!(snapshot.bindings, vec![binding("a", 2)]);
    assert_eq!(snapshot.open_calls, vec![open_call(8)]);
    assert_eq!(snapshot.next_call, Some(CallId(9)));
    assert_eq!(store.record(CallId(7)).expect("readable"), Some(record(7)));
    assert_eq!(store.record(CallId(8)).expect("readable"), None);
}

#[test]
fn what_users_set_for_themselves_survives_with_and_without_a_checkpoint() {
    let folder = Folder::new("personal");
    let (store, ..) = folder.open();
    store.apply(&[set("anna", personal("202")), set("bo", personal("203"))]).expect("kept");
    store.apply(&[set("anna", personal("+46701234501"))]).expect("kept");
    drop(store);
    let expected =
        vec![(UserId::new("anna"), personal("+46701234501")), (UserId::new("bo"), personal("203"))];
    let (store, snapshot, _) = folder.open();
    assert_eq!(snapshot.personals, expected);
    store.checkpoint().expect("room");
    store.apply(&[set("bo", Personal::default())]).expect("kept");
    drop(store);
    let (_store, snapshot, opening) = folder.open();
    assert_eq!((snapshot.personals, opening), (expected[..1].to_vec(), Opening::Clean));
}

#[test]
fn records_come_newest_first_from_memory_and_index_alike() {
    let folder = Folder::new("pages");
    let (store, ..) = folder.open();
    for id in 1..=30 {
        store.apply(&[Change::CallEnded(record(id))]).expect("kept");
        if id % 10 == 0 && id < 30 {
            store.checkpoint().expect("room");
        }
    }
    assert_eq!(ids(&store.records(None, 12).expect("readable")), (19..=30).rev().collect::<Vec<_>>());
    let page = store.records(Some(CallId(19)), 100).expect("readable");
    assert_eq!(ids(&page), (1..19).rev().collect::<Vec<_>>());
    assert_eq!(store.take_recoveries(), vec![]);
}

#[test]
fn a_repeated_batch_changes_nothing() {
    let folder = Folder::new("repeat");
    let (store, ..) = folder.open();
    let batch = [Change::CallBegan(open_call(1)), Change::CallEnded(record(1))];
    store.apply(&batch).expect("kept");
    store.checkpoint().expect("room");
    store.apply(&batch).expect("kept");
    assert_eq!(store.open_calls(), vec![]);
    store.apply(&batch[..1]).expect("kept");
    assert_eq!(store.open_calls(), vec![]);
    assert_eq!(store.records(None, 10).expect("readable"), vec![record(1)]);
}

#[test]
fn pruned_records_stay_away_and_their_ids_are_not_used_again() {
    let folder = Folder::new("prune");
    let (store, ..) = folder.open();
    for id in 1..=20 {
        store.apply(&[Change::CallEnded(record(id))]).expect("kept");
    }
    store.checkpoint().expect("room");
    assert_eq!(store.prune_records(second(60 + 11)).expect("pruned"), 10);
    assert_eq!(ids(&store.records(None, 100).expect("readable")), (11..=20).rev().collect::<Vec<_>>());
    store.prune_records(second(1000)).expect("pruned");
    drop(store);
    let (store, snapshot, opening) = folder.open();
    assert_eq!(opening, Opening::Clean);
    assert_eq!(snapshot.next_call, Some(CallId(21)));
    assert_eq!(store.records(None, 100).expect("readable"), vec![]);
    assert_eq!(store.record(CallId(20)).expect("readable"), None);
    store.checkpoint().expect("room");
    store.apply(&[Change::Site(String::new())]).expect("kept");
    store.checkpoint().expect("room");
    assert_eq!(disk::numbers(&folder.0, archive::KIND).expect("readable"), Vec::<u64>::new());
}

#[test]
fn a_second_process_is_kept_out() {
    let folder = Folder::new("lock");
    let (_store, ..) = folder.open();
    assert!(matches!(Store::open(&folder.0, Timestamp::UNIX_EPOCH), Err(StoreError::Locked { .. })));
}

#[test]
fn checkpoints_keep_two_generations_and_no_more() {
    let folder = Folder::new("generations");
    let (store, ..) = folder.open();
    for id in 1..=5 {
        store.apply(&[Change::CallEnded(record(id))]).expect("kept");
        store.checkpoint().expect("room");
    }
    assert_eq!(disk::numbers(&folder.0, state::KIND).expect("readable"), vec![5, 6]);
    assert_eq!(disk::numbers(&folder.0, journal::KIND).expect("readable"), vec![5, 6]);
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let folder = Folder::new("newer");
    drop(folder.open());
    let path = disk::numbered(&folder.0, state::KIND, 1);
    let mut bytes = Vec::new();
    frame::push(&mut bytes, 0, row::VERSION + 1, b"{}");
    fs::write(&path, &bytes).expect("written");
    let refused = Store::open(&folder.0, Timestamp::UNIX_EPOCH);
    assert!(matches!(refused, Err(StoreError::Newer { version: 2, .. })));
    assert_eq!(fs::read(&path).expect("there"), bytes);
}
