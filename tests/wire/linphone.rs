//! A second maker's phone: linphonec beside baresip.

use super::daemon_company::{company, phone, records};
use crate::world::daemon::Daemon;
use crate::world::phone::baresip::Phone;
use crate::world::phone::linphone::Linphone;
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Bo's desk phone is a Linphone, which speaks 900 Hz.
fn linphone(daemon: &Daemon) -> Linphone {
    Linphone::at(daemon.sip(), "bo-bord", "bo-bord-hemlighet")
}

/// The linphone calls Anna's baresip, they hear each other, and Anna calls back. Gives what was noted of both calls.
fn call_both_ways(daemon: &Daemon, bo: Linphone, anna: Phone) -> Result<Vec<Value>> {
    let mut bo = Linphone { answers: true, ..bo }.start()?;
    let mut anna = Phone { answers: true, ..anna }.start()?;
    for (calls, by_linphone) in [(1, true), (2, false)] {
        if by_linphone {
            bo.dial("201")?;
        } else {
            anna.dial("202")?;
        }
        anna.wait_for("CALL_ESTABLISHED").with_context(|| bo.words())?;
        bo.wait_until_talking(calls)?;
        ensure!(anna.hear(2.0)?.has_tone(900.0), "the baresip does not hear the linphone: {}", bo.words());
        if by_linphone {
            bo.hang_up()?;
        } else {
            anna.hang_up()?;
        }
        ensure!(bo.heard()?.has_tone(440.0), "the linphone does not hear the baresip: {}", bo.words());
        records(daemon, calls)?;
    }
    let quality = |record: &Value| -> Result<Value> {
        Ok(daemon.ask(&["call-log", "show", &record["id"].to_string()])?["quality"].clone())
    };
    records(daemon, 2)?.iter().map(quality).collect()
}

fn codecs(quality: &Value) -> Vec<&str> {
    quality
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter_map(|leg| leg["codec"].as_str())
        .collect()
}

#[test]
fn a_linphone_and_a_baresip_call_each_other() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let bo = Linphone { codecs: vec![Linphone::PCMA], ..linphone(&daemon) };
    let calls = call_both_ways(&daemon, bo, Phone { codecs: "PCMA", ..phone(&daemon, "anna-bord") })?;
    for quality in &calls {
        assert_eq!(codecs(quality), ["PCMA", "PCMA"]);
    }
    Ok(())
}

#[test]
fn a_linphone_with_opus_and_a_baresip_with_g711_hear_each_other() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let bo = Linphone { codecs: vec![Linphone::OPUS], ..linphone(&daemon) };
    let calls = call_both_ways(&daemon, bo, Phone { codecs: "PCMA", ..phone(&daemon, "anna-bord") })?;
    for quality in &calls {
        let mut codecs = codecs(quality);
        codecs.sort_unstable();
        assert_eq!(codecs, ["PCMA", "opus"]);
    }
    Ok(())
}

#[test]
fn a_linphone_that_insists_on_encryption_and_a_plain_baresip_call_each_other() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let bo = Linphone { encryption: "srtp", codecs: vec![Linphone::PCMA], ..linphone(&daemon) };
    call_both_ways(&daemon, bo, Phone { codecs: "PCMA", ..phone(&daemon, "anna-bord") })?;
    for call in ["1", "2"] {
        let answer = answer_of(&daemon, call, "linphone")?;
        assert!(answer.contains("a=crypto:"), "call {call}: {answer}");
    }
    Ok(())
}

#[test]
fn a_linphone_calls_over_tcp_and_over_tls() -> Result<()> {
    for transport in ["tcp", "tls"] {
        let daemon = Daemon::with_site(&company())?;
        let registrar = if transport == "tls" { daemon.sips() } else { daemon.sip() };
        let bo = Linphone { transport, registrar, ..linphone(&daemon) };
        call_both_ways(&daemon, bo, phone(&daemon, "anna-bord")).context(transport)?;
    }
    Ok(())
}

/// The answer with a description that a call's phone of this maker gave or got.
fn answer_of(daemon: &Daemon, call: &str, maker: &str) -> Result<String> {
    let lines = daemon.ask(&["trace", call])?;
    let lines = lines.as_array().context("a listing is an array")?;
    let message =
        |line: &&Value| line["message"].as_str().is_some_and(|text| text.to_lowercase().contains(maker));
    let peer = lines.iter().find(message).context("a message of it")?["peer"].clone();
    let accepts =
        |line: &&Value| line["summary"].as_str().is_some_and(|text| text.starts_with("SIP/2.0 200"));
    let answers = lines.iter().filter(|line| line["peer"] == peer).filter(accepts);
    let texts = answers.filter_map(|line| line["message"].as_str());
    let mut answers = texts.filter(|text| text.contains("m=audio"));
    Ok(answers.next().with_context(|| format!("{lines:#?}"))?.to_owned())
}
