//! A full disk under a running exchange: calls go on, new promises are refused, nothing promised is lost.

use super::daemon_company::{bo, company, phone, records};
use crate::world::daemon::Daemon;
use crate::world::disk::{Cut, Disk};
use anyhow::{Context, Result};
use serde_json::Value;

/// More than the exchange ever writes here.
const PLENTY: u64 = 1 << 30;

/// Applying this many large documents fills any room taken in advance.
const APPLIES_MAX: u32 = 60;

/// The document with a further name and much to say.
fn large(document: &str, number: u32) -> String {
    let mut large = document.replace("Exempel AB", &format!("Exempel {number} AB"));
    for announcement in 0..400 {
        let text = "Växeln är stängd för dagen. ".repeat(35);
        large +=
            &format!("[[announcements]]\nid = \"besked-{announcement}\"\ntext = {{ sv = \"{text}\" }}\n");
    }
    large
}

fn alarms(status: &Value) -> Vec<&str> {
    let all = status["alarms"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|alarm| alarm["alarm"].as_str()).collect()
}

#[test]
fn on_a_full_disk_calls_go_on_and_new_promises_are_refused_until_there_is_room() -> Result<()> {
    let disk = Disk::mount("daemon-full");
    disk.set_size(PLENTY);
    let mut daemon = Daemon::start_on(&disk.path().join("state"))?;
    let document = company();
    daemon.apply(&document)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    let mut bo = bo(&daemon).start()?;
    disk.set_size(disk.used());

    // Room that was taken in advance is used up first.
    let refusal = (0..APPLIES_MAX).find_map(|number| daemon.apply(&large(&document, number)).err());
    let refusal = refusal.context("nothing more can be kept")?;
    assert!(refusal.to_string().contains("disk is full"), "{refusal:#}");
    daemon.ask_until(&["status"], |status| alarms(status) == ["disk-full"])?;
    let company = daemon.ask(&["status"])?["company"].clone();

    anna.dial("202")?;
    bo.wait_for("CALL_INCOMING").context("calls go on")?;
    bo.answer()?;
    anna.wait_for("CALL_ESTABLISHED").context("calls go on")?;
    bo.wait_for("CALL_ESTABLISHED")?;
    anna.hang_up()?;
    daemon.ask_until(&["calls"], |calls| calls.as_array().is_some_and(Vec::is_empty))?;

    disk.set_size(PLENTY);
    daemon.ask_until(&["status"], |status| alarms(status).is_empty())?;
    let kept = records(&daemon, 1)?;
    assert_eq!(kept[0]["cause"], "answered");
    assert_eq!(daemon.ask(&["status"])?["company"], company, "what was refused did not come later");
    daemon.apply(&document.replace("Exempel AB", "Annat AB"))?;

    // What was promised since survives a power cut.
    daemon.kill()?;
    disk.power_cycle(Cut::Nothing);
    daemon.start_again()?;
    assert_eq!(daemon.ask(&["status"])?["company"], "Annat AB");
    assert_eq!(records(&daemon, 1)?, kept);
    Ok(())
}
