//! Trunks, with SIPp as the operator.

use super::daemon_company::{bo, company_with, peer, phone, records, trail};
use super::sipp::{Scenario, Sipp};
use crate::world::daemon::Daemon;
use crate::world::loopback;
use crate::world::phone::baresip::{Baresip, Phone};
use anyhow::{Context, Result};
use jiff::Timestamp;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const ANSWERS: &str = include_str!("../data/sipp/operator-answers.xml");
const REFUSES: &str = include_str!("../data/sipp/operator-refuses.xml");
const SILENT: &str = include_str!("../data/sipp/operator-silent.xml");
const EARLY: &str = include_str!("../data/sipp/operator-early.xml");
const REGISTRAR: &str = include_str!("../data/sipp/operator-registrar.xml");
const CALLS: &str = include_str!("../data/sipp/operator-calls.xml");
const UNKNOWN: &str = include_str!("../data/sipp/operator-unknown.xml");

/// How soon a call is on its next trunk.
const NEXT: Duration = Duration::from_secs(5);

/// An operator that waits for calls; health checks count as calls too.
fn operator(xml: &str, options: &[&str]) -> Result<Sipp> {
    let patience = Duration::from_secs(40);
    Scenario { calls: 10_000, patience, options, ..Scenario::new(xml) }.start()
}

/// The demo company with its operator and a reserve known by address, both up.
fn company_of(operator: &Sipp, reserve: &Sipp) -> Result<Daemon> {
    with_document(company_with(operator.at(), &peer(reserve.at())))
}

fn with_document(document: String) -> Result<Daemon> {
    let daemon = Daemon::with_site(&document)?;
    let up = |trunks: &serde_json::Value| {
        trunks.as_array().is_some_and(|trunks| {
            trunks
                .iter()
                .all(|trunk| trunk["hosts"][0]["said"].as_str().is_some_and(|said| said.starts_with("200")))
                || trunks.iter().all(|trunk| trunk["registered"] == true || trunk["up"] == true)
        })
    };
    daemon.ask_until(&["trunks"], up)?;
    Ok(daemon)
}

/// The first INVITE in what an operator saw.
fn invite(operator: &Sipp) -> Result<String> {
    operator.wait_for("INVITE sip:")?;
    let messages = operator.messages();
    let start = messages.find("INVITE sip:").context("an INVITE came")?;
    let rest = &messages[start..];
    Ok(rest[..rest.find("\r\n\r\n").or(rest.find("\n\n")).unwrap_or(rest.len())].to_owned())
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find(|line| line.to_lowercase().starts_with(&name.to_lowercase()));
    line.unwrap_or_default().trim_end()
}

fn why(closed: &serde_json::Value) -> &str {
    closed["param"].as_str().unwrap_or_default()
}

/// Anna calls a mobile outside and hangs up once she is through.
pub(super) fn must_get_through(daemon: &Daemon, anna: &mut Baresip) -> Result<()> {
    anna.dial("0701234567")?;
    anna.wait_for_within("CALL_ESTABLISHED", NEXT).with_context(|| daemon.log())?;
    anna.hang_up()?;
    anna.wait_for("CALL_CLOSED").map(drop)
}

#[test]
fn a_call_outside_shows_the_users_number_and_has_sound() -> Result<()> {
    let operator = operator(ANSWERS, &["-rtp_echo"])?;
    let daemon = company_of(&operator, &operator)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("070-1234567")?;
    anna.wait_for("CALL_ESTABLISHED")?;
    assert!(anna.hear(0.8)?.has_tone(440.0), "the operator echoes");
    anna.hang_up()?;
    let invite = invite(&operator)?;
    assert!(invite.starts_with("INVITE sip:+46701234567@"), "{invite}");
    assert!(header(&invite, "From:").contains("<sip:+46812345201@"), "{invite}");
    assert!(header(&invite, "P-Asserted-Identity:").contains("<sip:+46812345201@"), "{invite}");
    assert_eq!(header(&invite, "Privacy:"), "", "{invite}");
    for name in ["Via:", "Contact:"] {
        assert!(header(&invite, name).contains(&daemon.sip().to_string()), "{name} {invite}");
    }
    let record = &records(&daemon, 1)?[0];
    assert_eq!(
        (&record["direction"], &record["to"], &record["cause"]),
        (&"outbound".into(), &"+46701234567".into(), &"answered".into())
    );
    Ok(())
}

#[test]
fn a_hidden_caller_is_anonymous_and_still_asserted() -> Result<()> {
    let operator = operator(ANSWERS, &[])?;
    let hidden = company_with(operator.at(), &peer(operator.at()));
    let hidden = hidden.replace("present = \"fixed\"", "present = \"hidden\"");
    let daemon = with_document(hidden)?;
    must_get_through(&daemon, &mut phone(&daemon, "anna-bord").start()?)?;
    let invite = invite(&operator)?;
    assert!(header(&invite, "From:").contains("<sip:anonymous@anonymous.invalid>"), "{invite}");
    assert_eq!(header(&invite, "Privacy:"), "Privacy: id");
    assert!(header(&invite, "P-Asserted-Identity:").contains("sip:+46812345201@"), "{invite}");
    assert!(
        !header(&invite, "From:").contains("Anna") && !header(&invite, "Contact:").contains("anna"),
        "{invite}"
    );
    Ok(())
}

#[test]
fn a_broken_operator_hands_over_to_the_reserve() -> Result<()> {
    let reserve = operator(ANSWERS, &[])?;
    let refuses = operator(&REFUSES.replace("[status]", "503 Service Unavailable"), &[])?;
    let daemon = company_of(&refuses, &reserve)?;
    must_get_through(&daemon, &mut phone(&daemon, "anna-bord").start()?)?;
    assert!(invite(&reserve)?.starts_with("INVITE sip:+46701234567@"));
    let record = &records(&daemon, 1)?[0];
    let trail = trail(&daemon, record)?;
    assert!(trail.contains("503") && trail.contains("reserv"), "{trail}");
    Ok(())
}

#[test]
fn an_operator_whose_port_is_refused_hands_over_at_once() -> Result<()> {
    let reserve = operator(ANSWERS, &[])?;
    let gone = operator(SILENT, &[])?;
    let daemon = company_of(&gone, &reserve)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    drop(gone);
    must_get_through(&daemon, &mut anna)?;
    invite(&reserve)?;
    Ok(())
}

#[test]
fn an_operator_that_says_nothing_hands_over_within_four_seconds() -> Result<()> {
    let reserve = operator(ANSWERS, &[])?;
    let silent = operator(SILENT, &[])?;
    let daemon = company_of(&silent, &reserve)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    must_get_through(&daemon, &mut anna)?;
    invite(&silent)?;
    invite(&reserve)?;
    let record = &records(&daemon, 1)?[0];
    let trail = daemon.ask(&["call-log", "show", &record["id"].to_string()])?["trail"].clone();
    let steps = trail.as_array().context("a trail is an array")?.iter();
    let invited: Vec<Timestamp> = steps
        .filter(|step| step["what"] == "invited")
        .filter_map(|step| step["time"].as_str()?.parse().ok())
        .collect();
    let between = invited[1].duration_since(invited[0]).unsigned_abs();
    assert!(
        between < Duration::from_millis(4_500),
        "4 s of silence, and what a busy machine adds: {trail:#}"
    );
    Ok(())
}

#[test]
fn a_wrong_number_and_a_busy_line_are_final() -> Result<()> {
    for (status, cause) in [("404 Not Found", "unknown-number"), ("486 Busy Here", "busy")] {
        let reserve = operator(ANSWERS, &[])?;
        let refuses = operator(&REFUSES.replace("[status]", status), &[])?;
        let daemon = company_of(&refuses, &reserve)?;
        let mut anna = phone(&daemon, "anna-bord").start()?;
        anna.dial("0701234567")?;
        let closed = anna.wait_for("CALL_CLOSED")?;
        assert!(why(&closed).contains(&status[..3]), "{closed}");
        assert_eq!(records(&daemon, 1)?[0]["cause"], cause);
        assert!(!reserve.messages().contains("INVITE sip:"), "the reserve is not tried");
    }
    Ok(())
}

#[test]
fn full_channels_hand_over_to_the_reserve_and_then_refuse() -> Result<()> {
    let operator = operator(ANSWERS, &[])?;
    let reserve = self::operator(ANSWERS, &[])?;
    let narrow = company_with(operator.at(), &peer(reserve.at())).replace("channels = 30", "channels = 1");
    let daemon = with_document(narrow)?;
    let mut phones = Vec::new();
    for device in ["anna-bord", "bo-bord", "cia-bord"] {
        let mut phone = phone(&daemon, device).start()?;
        phone.dial("0701234567")?;
        phone.wait_for("CALL_ESTABLISHED")?;
        phones.push(phone);
    }
    let trunks = daemon.ask(&["trunks"])?;
    assert_eq!(
        (&trunks[0]["channels_used"], &trunks[1]["channels_used"]),
        (&1.into(), &2.into()),
        "{trunks:#}"
    );
    let mut fourth = phone(&daemon, "anna-dator").start()?;
    fourth.dial("0701234567")?;
    let closed = fourth.wait_for("CALL_CLOSED")?;
    assert!(why(&closed).contains("503"), "{closed}");
    for phone in &mut phones {
        phone.hang_up()?;
    }
    let log = records(&daemon, 4)?;
    assert_eq!(log.iter().filter(|record| record["cause"] == "trunk-failed").count(), 1, "{log:#?}");
    assert_eq!(invites(&reserve), 2);
    Ok(())
}

fn invites(operator: &Sipp) -> usize {
    let messages = operator.messages();
    let mut calls: Vec<&str> =
        messages.split("INVITE sip:").skip(1).map(|message| header(message, "Call-ID:")).collect();
    calls.sort_unstable();
    calls.dedup();
    calls.len()
}

#[test]
fn help_is_called_with_the_sites_number_and_takes_a_channel() -> Result<()> {
    let operator = operator(ANSWERS, &[])?;
    let nowhere = SocketAddr::from((loopback::address(), 5090));
    let narrow = company_with(operator.at(), &peer(nowhere)).replace("channels = 30", "channels = 1");
    let daemon = Daemon::with_site(&narrow)?;
    daemon.ask_until(&["trunks"], |trunks| trunks[0]["up"] == true && trunks[1]["up"] == false)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    let mut bo = bo(&daemon).start()?;
    anna.dial("0701234567")?;
    anna.wait_for("CALL_ESTABLISHED")?;
    bo.dial("112")?;
    bo.wait_for("CALL_ESTABLISHED").context("help answers")?;
    anna.wait_for("CALL_CLOSED").context("another call makes room")?;
    bo.hang_up()?;
    records(&daemon, 2)?;
    let messages = operator.messages();
    let start = messages.find("INVITE sip:112@").context("112 leaves unchanged")?;
    let invite = &messages[start..];
    assert!(header(invite, "From:").contains("<sip:+46812345200@"), "{invite}");
    assert!(header(invite, "P-Asserted-Identity:").contains("<sip:+46812345200@"), "{invite}");
    Ok(())
}

#[test]
fn calls_from_outside_find_a_number_in_every_spelling() -> Result<()> {
    let at: IpAddr = loopback::address().into();
    let own = SocketAddr::from((at, 5060));
    let daemon = Daemon::with_site(&company_with(own, &peer(own)))?;
    let mut bo = Phone { answers: true, ..bo(&daemon) }.start()?;
    let spellings = ["+46812345202", "0046812345202", "0812345202", "46812345202", "08-12345202"];
    for called in spellings {
        let fields = format!("SEQUENTIAL\n{called};+46701112233;\n");
        let call = Scenario {
            target: Some(daemon.sip()),
            fields: Some(&fields),
            address: Some(at),
            ..Scenario::new(CALLS)
        };
        call.run().with_context(|| format!("{called}: {}", daemon.log()))?;
        let taken = bo.wait_for("CALL_ESTABLISHED")?;
        assert!(taken["peeruri"].as_str().is_some_and(|uri| uri.contains("+46701112233")), "{taken}");
    }
    let log = records(&daemon, spellings.len())?;
    for record in &log {
        assert_eq!(
            (&record["direction"], &record["to"], &record["from"], &record["answered_by"]),
            (&"inbound".into(), &"+46812345202".into(), &"+46701112233".into(), &"bo".into())
        );
    }
    Ok(())
}

#[test]
fn calls_from_outside_reach_nobody_but_the_company() -> Result<()> {
    let at: IpAddr = loopback::address().into();
    let own = SocketAddr::from((at, 5060));
    let daemon = Daemon::with_site(&company_with(own, &peer(own)))?;
    let outside = ["+46812345299", "0701234567", "112", "0046701234567"];
    for called in outside {
        let fields = format!("SEQUENTIAL\n{called};+46701112233;\n");
        let call = Scenario {
            target: Some(daemon.sip()),
            fields: Some(&fields),
            address: Some(at),
            ..Scenario::new(UNKNOWN)
        };
        call.run().with_context(|| called.to_owned())?;
    }
    let log = records(&daemon, outside.len())?;
    assert!(log.iter().all(|record| record["cause"] == "unknown-number"), "{log:#?}");
    Ok(())
}

#[test]
fn the_caller_hears_what_the_operator_says_before_the_answer() -> Result<()> {
    let operator = operator(EARLY, &["-rtp_echo"])?;
    let daemon = company_of(&operator, &operator)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("0701234567")?;
    anna.wait_for("CALL_PROGRESS")?;
    assert!(anna.hear(0.6)?.has_tone(440.0), "{}", anna.words());
    anna.hang_up()?;
    let record = &records(&daemon, 1)?[0];
    assert_eq!((&record["cause"], record["answered"].is_null()), (&"cancelled".into(), true));
    operator.wait_for("CANCEL sip:")?;
    Ok(())
}

#[test]
fn a_trunk_registers_with_its_operator_and_proves_its_calls() -> Result<()> {
    let registrar = operator(REGISTRAR, &[])?;
    let nowhere = SocketAddr::from((loopback::address(), 5090));
    let reserve = format!(
        "kind = \"register\"\nregistrar = \"{}\"\nusername = \"exempel\"\nsecret = \"trunk-hemlighet\"",
        registrar.at()
    );
    let daemon = Daemon::with_site(&company_with(nowhere, &reserve))?;
    daemon
        .ask_until(&["trunks"], |trunks| trunks[1]["registered"] == true && trunks[0]["up"] == false)
        .with_context(|| registrar.messages())?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    must_get_through(&daemon, &mut anna)?;
    let messages = registrar.messages();
    assert!(messages.contains("Authorization: Digest username=\"exempel\""), "{messages}");
    assert!(!messages.contains("trunk-hemlighet") && !messages.contains("403 Forbidden"), "{messages}");

    // The operator calls the contact that was registered; the number is in To.
    let contact = messages.split("Contact: <sip:").nth(1).and_then(|rest| rest.split('@').next());
    let contact = contact.context("a contact was registered")?.to_owned();
    let _bo = Phone { answers: true, ..bo(&daemon) }.start()?;
    let called = CALLS.replace("INVITE sip:[field0]@", &format!("INVITE sip:{contact}@"));
    let fields = "SEQUENTIAL\n+46812345202;+46701112233;\n";
    let call = Scenario {
        target: Some(daemon.sip()),
        fields: Some(fields),
        address: Some(registrar.at().ip()),
        port: 5070,
        options: &["-mp", "7000"],
        ..Scenario::new(&called)
    };
    call.run().with_context(|| daemon.log())?;
    assert_eq!(records(&daemon, 2)?[0]["answered_by"], "bo");
    Ok(())
}
