//! Starting and stopping: what a service manager and an administrator rely on.

use super::daemon_company::{ask_by_datagram, options};
use crate::world::daemon::Daemon;
use anyhow::Result;

#[test]
fn a_box_without_a_site_is_ready_when_its_control_socket_is_there_and_answers_sip() -> Result<()> {
    let mut daemon = Daemon::start()?;
    let answer = ask_by_datagram(&daemon, &options("UDP", 1))?;
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    assert!(answer.contains("\r\nAllow: ") && answer.contains("INVITE"), "{answer}");
    let status = daemon.ask(&["status"])?;
    assert!(status["company"].is_null() && status["calls"] == 0 && status["registrations"] == 0, "{status}");
    assert_eq!(daemon.ask(&["registrations"])?, serde_json::json!([]));
    assert_eq!(daemon.ask(&["call-log"])?, serde_json::json!([]));
    assert!(daemon.stop()?.success());
    assert!(!daemon.socket().exists(), "a stopped box leaves no socket behind");
    Ok(())
}

#[test]
fn a_box_starts_again_on_what_a_crash_left() -> Result<()> {
    let mut daemon = Daemon::start()?;
    let authority = std::fs::read(daemon.state().join("tls/authority.pem"))?;
    daemon.kill()?;
    daemon.start_again()?;
    assert_eq!(std::fs::read(daemon.state().join("tls/authority.pem"))?, authority, "phones trust it");
    assert!(daemon.stop()?.success());
    Ok(())
}

#[test]
fn a_wrong_key_is_refused_with_its_place_and_what_was_meant() -> Result<()> {
    let wrong = [
        ("[sip]\nudp = [\"127.0.0.1:5060\"]\nudpp = []\n", 3, "udp"),
        ("[media]\nports = \"30000-20000\"\n", 2, "20000-29999"),
        ("\n\n[sip]\ntcp = [\"127.0.0.1\"]\n", 4, "192.0.2.1:5060"),
        ("[log]\nlevel = 3\n", 2, "string"),
    ];
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("vaxel.toml");
    for (text, line, meant) in wrong {
        std::fs::write(&path, text)?;
        let output = Daemon::refuse(&path)?;
        assert_eq!(output.status.code(), Some(2), "{text}");
        let said = String::from_utf8(output.stderr)?;
        let place = format!("{}:{line}: ", path.display());
        assert!(said.contains(&place), "{said:?} names no {place}");
        assert!(said.contains(meant), "{said:?} does not say what was meant: {meant}");
    }
    let output = Daemon::refuse(&folder.path().join("nowhere.toml"))?;
    assert_eq!(output.status.code(), Some(2), "a file that was named must be there");
    assert!(String::from_utf8(output.stderr)?.contains("nowhere.toml"));
    Ok(())
}

#[test]
fn a_second_box_does_not_take_over_a_running_ones_socket() -> Result<()> {
    let daemon = Daemon::start()?;
    let output = Daemon::refuse(&daemon.configuration())?;
    assert_eq!(output.status.code(), Some(1));
    daemon.ask(&["status"])?;
    Ok(())
}
