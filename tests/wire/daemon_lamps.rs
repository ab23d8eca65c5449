//! A key with a lamp, as SIPp says it: what it is told through a call between real phones, read by another's reader.

use super::daemon_company::{as_device, bo, company, phone, records};
use super::sipp::{Scenario, Sipp};
use crate::world::daemon::Daemon;
use crate::world::deadline::wait_for;
use anyhow::{Context, Result, ensure};
use std::process::Command;
use std::time::Duration;

const WATCH: &str = include_str!("../data/sipp/watch.xml");
const TAKE: &str = include_str!("../data/sipp/take.xml");
/// Cia's phone, as SIPp proves itself.
const CIA: &str = "SEQUENTIAL\ncia-bord;[authentication username=cia-bord password=cia-bord-hemlighet]\n";

/// The documents that SIPp was told, in order.
fn documents(watcher: &Sipp) -> Vec<String> {
    let messages = watcher.messages();
    let documents = messages.split("<?xml").skip(1);
    let whole = documents
        .filter_map(|rest| Some(format!("<?xml{}</dialog-info>", rest.split_once("</dialog-info>")?.0)));
    let mut all: Vec<String> = whole.collect();
    // A NOTIFY that was sent again is the same document.
    all.dedup();
    all
}

/// Entity, and the state of each dialog, by Python's reader of XML.
fn read(document: &str) -> Result<String> {
    const PROGRAM: &str = "import sys, xml.etree.ElementTree as tree\n\
         root = tree.fromstring(sys.argv[1])\n\
         name = '{urn:ietf:params:xml:ns:dialog-info}'\n\
         assert root.tag == name + 'dialog-info' and root.get('state') == 'full'\n\
         states = [dialog.find(name + 'state').text for dialog in root.findall(name + 'dialog')]\n\
         print(root.get('entity'), *states)\n";
    let output = Command::new("python3").args(["-c", PROGRAM, document]).output().context("python3")?;
    ensure!(output.status.success(), "{document}\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Waits until the newest document says so.
fn must_show(watcher: &Sipp, state: &str) -> Result<()> {
    let seen = wait_for(state, Duration::from_secs(10), || {
        let newest = documents(watcher).pop()?;
        newest.contains(&format!("<state>{state}</state>")).then_some(())
    });
    seen.with_context(|| format!("{}\n{}", watcher.messages(), watcher.errors()))
}

/// Cia's phone does something about Bo's extension.
fn cia(xml: &str, daemon: &Daemon) -> Result<Sipp> {
    // SIPp would prove itself for the host alone.
    let uri = format!("202@{}", daemon.sip().ip());
    let scenario = Scenario {
        service: "202",
        options: &["-auth_uri", &uri],
        patience: Duration::from_secs(60),
        ..as_device(xml, daemon, CIA)
    };
    scenario.start()
}

/// What stands in an attribute.
fn attribute<'a>(document: &'a str, name: &str) -> Result<&'a str> {
    let (_, rest) =
        document.split_once(&format!(" {name}=\"")).with_context(|| format!("{name}: {document}"))?;
    Ok(rest.split('"').next().unwrap_or_default())
}

#[test]
fn a_call_that_a_lamp_shows_ringing_is_taken_by_its_key() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let watcher = cia(WATCH, &daemon)?;
    must_show(&watcher, "terminated")?;
    let mut bo = bo(&daemon).start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("202")?;
    bo.wait_for("CALL_INCOMING")?;
    must_show(&watcher, "early")?;
    let document = documents(&watcher).pop().context("a document")?;
    let (call, to, from) = (
        attribute(&document, "call-id")?,
        attribute(&document, "local-tag")?,
        attribute(&document, "remote-tag")?,
    );
    let replaces = format!("{call};to-tag={to};from-tag={from};early-only");
    let key = cia(&TAKE.replace("REPLACES", &replaces), &daemon)?;
    anna.wait_for("CALL_ESTABLISHED").with_context(|| format!("{}\n{}", daemon.log(), key.messages()))?;
    bo.wait_for("CALL_CLOSED")?;
    key.finish()?;
    anna.wait_for("CALL_CLOSED")?;
    let records = records(&daemon, 2)?;
    let answered = records.iter().find(|record| record["cause"] == "answered").context("an answered call")?;
    assert_eq!((&answered["from"], &answered["answered_by"]), (&"201".into(), &"cia".into()), "{answered:#}");
    must_show(&watcher, "terminated")
}

#[test]
fn a_lamp_by_sipp_follows_a_call_between_real_phones() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let watcher = cia(WATCH, &daemon)?;
    must_show(&watcher, "terminated")?;
    let mut bo = bo(&daemon).start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("202")?;
    bo.wait_for("CALL_INCOMING")?;
    must_show(&watcher, "early")?;
    bo.answer()?;
    anna.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    must_show(&watcher, "confirmed")?;
    bo.hang_up()?;
    must_show(&watcher, "terminated")?;
    let told: Vec<String> =
        documents(&watcher).iter().map(|document| read(document)).collect::<Result<_>>()?;
    let entity = format!("sip:202@{}", daemon.sip().ip());
    let expected =
        ["terminated", "early", "confirmed", "terminated"].map(|state| format!("{entity} {state}"));
    // "trying" may stand between, where a lamp was looked at just then.
    let told: Vec<&String> = told.iter().filter(|told| !told.ends_with(" trying")).collect();
    ensure!(told.iter().copied().eq(expected.iter()), "{told:?}");
    Ok(())
}
