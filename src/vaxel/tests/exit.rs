//! Exit codes, and what standard error says.

use super::fake::{Daemon, Ran, vaxel};
use crate::client::Client;
use crate::error::Error;
use model::{Command, Difference, Refusal, RefusalCode, Reply};
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::time::Duration;

fn status(says: &str) -> Ran {
    vaxel(Daemon::says(vec![says.to_owned()]).socket(), &["vaxel", "status"], "")
}

#[test]
fn a_refusal_is_one_and_every_mistake_a_line() {
    let refusal = Refusal {
        code: RefusalCode::Invalid,
        messages: vec!["users.anna: extension is 3 digits".into(), "menus.vaxel: no queue support".into()],
    };
    let daemon = Daemon::replies(vec![Reply::Refused(refusal)]);
    let ran = vaxel(daemon.socket(), &["vaxel", "site", "apply", "-"], "x = 1");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(ran.err, "users.anna: extension is 3 digits\nmenus.vaxel: no queue support\n");
}

#[test]
fn a_daemon_that_is_not_there_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("control.sock");
    let ran = vaxel(socket.clone(), &["vaxel", "status"], "");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("not running") && ran.err.contains(socket.to_str().unwrap()), "{}", ran.err);
    assert!(ran.err.contains("systemctl start vaxel"), "{}", ran.err);

    drop(UnixListener::bind(&socket).unwrap());
    assert_eq!(vaxel(socket, &["vaxel", "status"], "").err, ran.err, "a stale socket reads the same");
}

#[test]
fn a_missing_document_changes_nothing_and_asks_nobody() {
    for verb in ["diff", "apply"] {
        let ran = vaxel("/nonexistent".into(), &["vaxel", "site", verb, "/no/such/site.toml"], "");
        assert_eq!(ran.code, 1);
        assert!(
            ran.err.contains("/no/such/site.toml") && ran.err.contains("Nothing was changed"),
            "{}",
            ran.err
        );
    }
}

#[test]
fn a_document_that_is_none_is_refused_before_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.toml");
    let apply = || vaxel("/nonexistent".into(), &["vaxel", "site", "apply", path.to_str().unwrap()], "");
    std::fs::write(&path, b"name = \"\xff\"").unwrap();
    assert!(apply().err.contains("not text in UTF-8 (byte 8)"));
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(1 << 30).unwrap();
    assert!(apply().err.contains("larger than 4 MiB"));
}

#[test]
fn a_document_from_a_file_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.toml");
    let document = "# räksmörgås\n".repeat(100_000);
    std::fs::File::create(&path).unwrap().write_all(document.as_bytes()).unwrap();
    let daemon = Daemon::replies(vec![Reply::Differences(Vec::<Difference>::new())]);
    let ran = vaxel(daemon.socket(), &["vaxel", "site", "diff", path.to_str().unwrap()], "");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    assert_eq!(daemon.asked()[0].command, Command::SiteDiff { document });
}

#[test]
fn an_answer_nobody_understands_is_an_error() {
    for says in ["", "\n", "{}\n", "{\"reply\":\"cake\"}\n", "half a lin", "{\"reply\":\"done\"}\n"] {
        let ran = status(says);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{says:?}");
        assert!(ran.err.contains("vaxeld"), "{says:?}: {}", ran.err);
    }
}

#[test]
fn a_daemon_that_says_nothing_is_not_waited_for_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("control.sock");
    let _silent = UnixListener::bind(&socket).unwrap();
    let client = Client::new(socket).with_patience(Duration::from_millis(50));
    assert!(matches!(client.ask(Command::Status), Err(Error::TooSlow)));
}

#[test]
fn an_answer_without_end_is_cut_off() {
    let ran = status(&"x".repeat((64 << 20) + 1));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("larger than 64 MiB"), "{}", ran.err);
}
