//! What may be typed, and what is asked of the daemon for it.

use super::fake::{Daemon, vaxel};
use model::{CallId, Callers, Command, MessageAction, RecordingId, Reply, RoomAction, Setting, When};
use std::path::PathBuf;

#[test]
fn every_command_asks_its_question() {
    let show = |id| Command::CallLogShow { id: CallId(id) };
    let document = || "[company]\n".to_owned();
    let room = |action| Command::Room { room: "stora".into(), action };
    let set = |setting| Command::Set { user: "bo".into(), setting };
    let forward = |when, callers, after_s, accept| {
        set(Setting::Forward { when, callers, number: "070-123 45 67".into(), after_s, accept })
    };
    let clear = |when, callers| set(Setting::ForwardClear { when, callers });
    const NUMBER: &str = "070-123 45 67";
    let table: Vec<(&[&str], Command)> = vec![
        (&["status"], Command::Status),
        (&["--json", "status"], Command::Status),
        (&["status", "--json"], Command::Status),
        (&["site", "export"], Command::SiteExport),
        (&["site", "diff", "-"], Command::SiteDiff { document: document() }),
        (&["site", "apply", "-", "--json"], Command::SiteApply { document: document() }),
        (&["registrations"], Command::Registrations),
        (&["calls"], Command::Calls),
        (&["call-log"], Command::CallLog { limit: 50 }),
        (&["call-log", "--limit", "3"], Command::CallLog { limit: 3 }),
        (&["call-log", "--json"], Command::CallLog { limit: u32::MAX }),
        (&["call-log", "show", "7"], show(7)),
        (&["call-log", "--json", "show", "7"], show(7)),
        (&["call-log", "show", "7", "--json"], show(7)),
        (&["trace", "7"], Command::Trace { id: CallId(7) }),
        (&["trace", "7", "--full"], Command::Trace { id: CallId(7) }),
        (&["trunks"], Command::Trunks),
        (&["rooms"], Command::Rooms),
        (&["room", "stora", "mute"], room(RoomAction::Mute { call: None })),
        (&["room", "stora", "mute", "7"], room(RoomAction::Mute { call: Some(CallId(7)) })),
        (&["room", "stora", "unmute", "7"], room(RoomAction::Unmute { call: Some(CallId(7)) })),
        (&["room", "stora", "kick", "7"], room(RoomAction::Kick { call: CallId(7) })),
        (&["room", "stora", "lock"], room(RoomAction::Lock)),
        (&["room", "stora", "unlock"], room(RoomAction::Unlock)),
        (&["log"], Command::Log { limit: 100 }),
        (&["log", "--limit=5"], Command::Log { limit: 5 }),
        (&["forward", "show", "bo"], Command::Personal { user: "bo".into() }),
        (&["forward", "set", "bo", "always", NUMBER], forward(When::Always, None, None, None)),
        (
            &["forward", "set", "bo", "no-answer", NUMBER, "--after", "20", "--from", "internal"],
            forward(When::NoAnswer, Some(Callers::Internal), Some(20), None),
        ),
        (
            &["forward", "set", "bo", "busy", NUMBER, "--from=external", "--accept", "no", "--json"],
            forward(When::Busy, Some(Callers::External), None, Some(false)),
        ),
        (&["forward", "clear", "bo"], clear(None, None)),
        (
            &["forward", "clear", "bo", "unreachable", "--from", "internal"],
            clear(Some(When::Unreachable), Some(Callers::Internal)),
        ),
        (&["do-not-disturb", "set", "bo"], set(Setting::DoNotDisturb { on: true })),
        (&["do-not-disturb", "clear", "bo"], set(Setting::DoNotDisturb { on: false })),
        (&["call-waiting", "set", "bo"], set(Setting::CallWaiting { on: Some(true) })),
        (&["call-waiting", "default", "bo"], set(Setting::CallWaiting { on: None })),
        (&["refuse-anonymous", "set", "bo"], set(Setting::RefuseAnonymous { on: true })),
        (&["hide-number", "clear", "bo"], set(Setting::HideNumber { on: Some(false) })),
        (&["-c", "call-log show 7 --json"], show(7)),
        (&["-c", "vaxel status"], Command::Status),
    ];
    asks(table);
}

/// Asks the daemon for each command what is expected of it.
fn asks(table: Vec<(&[&str], Command)>) {
    for (arguments, command) in table {
        // Done answers none of them but an apply; which question arrives is all that counts here.
        let daemon = Daemon::replies(vec![Reply::Done]);
        let line = [&["vaxel"], arguments].concat();
        vaxel(daemon.socket(), &line, "[company]\n");
        assert_eq!(daemon.asked()[0].command, command, "{arguments:?}");
    }
}

#[test]
fn what_is_no_command_is_a_usage_error() {
    let table: &[&[&str]] = &[
        &["frobnicate"],
        &["status", "now"],
        &["call-log", "show"],
        &["call-log", "show", "seven"],
        &["call-log", "--limit", "-1"],
        &["trace"],
        &["trace", "-7"],
        &["site"],
        &["site", "apply"],
        &["log", "--limit", "many"],
        &["forward"],
        &["forward", "set", "bo", "sometimes", "202"],
        &["forward", "set", "bo", "always"],
        &["forward", "set", "bo", "always", "202", "--from", "mars"],
        &["do-not-disturb", "bo"],
        &["-c", "frobnicate"],
        &["-c", "site apply 'half"],
        &["--socket"],
    ];
    for arguments in table {
        let line = [&["vaxel"], *arguments].concat();
        let ran = vaxel(PathBuf::from("/nonexistent"), &line, "");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!ran.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_misspelt_command_is_told_what_was_meant() {
    let ran = vaxel(PathBuf::from("/nonexistent"), &["vaxel", "regstrations"], "");
    assert!(ran.err.contains("registrations"), "{}", ran.err);
}

#[test]
fn help_and_version_are_answers() {
    for flag in ["--help", "--version", "help"] {
        let ran = vaxel(PathBuf::from("/nonexistent"), &["vaxel", flag], "");
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(ran.out.contains("vaxel"), "{}", ran.out);
    }
}

#[test]
fn the_socket_given_last_wins_over_the_environment() {
    let daemon = Daemon::replies(vec![Reply::Calls(Vec::new())]);
    let socket = daemon.socket();
    let ran = vaxel("/nonexistent".into(), &["vaxel", "calls", "--socket", socket.to_str().unwrap()], "");
    assert_eq!((ran.code, ran.out.as_str()), (0, "No call is in progress.\n"));
}

#[test]
fn a_login_shell_runs_the_lines_it_is_given() {
    let daemon = Daemon::replies(vec![Reply::Calls(Vec::new()), Reply::Trunks(Vec::new())]);
    let ran = vaxel(daemon.socket(), &["-vaxel"], "\n  calls\nhelp trace\ntrunks --json\nexit\nstatus\n");
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("No call is in progress.\n"), "{}", ran.out);
    assert!(ran.out.contains("The SIP messages of a call"), "{}", ran.out);
    assert!(ran.out.ends_with("\n[]\n"), "{}", ran.out);
    assert_eq!(daemon.asked().len(), 2);
}

#[test]
fn a_piped_shell_ends_as_its_last_command_did() {
    let ran = vaxel("/nonexistent".into(), &["vaxel"], "calls\n");
    assert_eq!(ran.code, 1);
    assert_eq!(vaxel("/nonexistent".into(), &["vaxel"], "calls\nhelp\n").code, 0);
    assert_eq!(vaxel("/nonexistent".into(), &["vaxel"], "").code, 0);
}

#[test]
fn an_activity_has_an_end_a_note_and_may_be_open_or_closed() {
    let set = |setting| Command::Set { user: "bo".into(), setting };
    let activity = |until: Option<&str>, note: Option<&str>, closed| {
        let (until, note) = (until.map(str::to_owned), note.map(str::to_owned));
        set(Setting::Activity { activity: "lunch".into(), until, note, closed })
    };
    let mailbox = |action: Option<MessageAction>| {
        let id = RecordingId { call: CallId(7), number: 1 };
        Command::Voicemail { mailbox: "salj".to_owned(), wish: action.map(|action| (id, action)) }
    };
    let table: Vec<(&[&str], Command)> = vec![
        (&["activity", "show", "bo"], Command::Activity { user: "bo".into() }),
        (&["activity", "set", "bo", "lunch"], activity(None, None, None)),
        (
            &["activity", "set", "bo", "lunch", "--until", "13:15", "--open"],
            activity(Some("13:15"), None, Some(false)),
        ),
        (
            &["activity", "set", "bo", "lunch", "--note", "på torget", "--closed"],
            activity(None, Some("på torget"), Some(true)),
        ),
        (&["activity", "clear", "bo"], set(Setting::ActivityClear)),
        (&["voicemail", "list", "salj"], mailbox(None)),
        (&["voicemail", "delete", "salj", "7-1"], mailbox(Some(MessageAction::Delete))),
        (&["voicemail", "save", "salj", "7-1"], mailbox(Some(MessageAction::Save))),
        (&["voicemail", "unread", "salj", "7-1"], mailbox(Some(MessageAction::Unread))),
    ];
    asks(table);
}
