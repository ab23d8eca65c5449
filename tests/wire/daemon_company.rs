//! The demo company and its phones, as the daemon's stories use them.

use super::sipp::Scenario;
use crate::world::daemon::Daemon;
use crate::world::loopback;
use crate::world::phone::baresip::{Phone, Registrar};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

/// The product's own demo site, word for word.
pub(super) const DEMO: &str = include_str!("../../etc/demo.toml");
/// How long anything may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

const OPERATOR: &str = "\"127.0.0.1:5090\"";
const RESERVE: &str = "kind = \"register\"\nregistrar = \"127.0.0.1:5091\"\nusername = \"exempel\"\nsecret = \"trunk-hemlighet\"";

/// The demo company where nobody answers for its operators.
pub(super) fn company() -> String {
    let nowhere = SocketAddr::from((loopback::address(), 5090));
    company_with(nowhere, &format!("kind = \"peer\"\nhosts = [\"{nowhere}\"]"))
}

/// The demo company with its operator at an address and its reserve as written. Passwords, which nobody uses here
/// and which take time to hash, are left out.
pub(super) fn company_with(operator: SocketAddr, reserve: &str) -> String {
    assert!(DEMO.contains(OPERATOR) && DEMO.contains(RESERVE), "the demo site's trunks are as they were");
    let document = DEMO.replace(OPERATOR, &format!("\"{operator}\"")).replace(RESERVE, reserve);
    let lines = document.lines().filter(|line| !line.starts_with("password ="));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A reserve that is known by its address.
pub(super) fn peer(at: SocketAddr) -> String {
    format!("kind = \"peer\"\nhosts = [\"{at}\"]")
}

/// A device of the demo company as a phone over UDP; its secret is its name and `-hemlighet`.
pub(super) fn phone(daemon: &Daemon, device: &str) -> Phone {
    Phone::named(device).at(daemon.sip(), &format!("{device}-hemlighet"))
}

/// The same over another transport.
pub(super) fn phone_over(daemon: &Daemon, device: &str, transport: &'static str) -> Phone {
    let at = if transport == "tls" { daemon.sips() } else { daemon.sip() };
    let secret = format!("{device}-hemlighet");
    let registrar = Some(Registrar { at, transport, secret, expires_s: 60 });
    Phone { registrar, ..Phone::named(device) }
}

/// Bo's desk phone, which speaks 700 Hz.
pub(super) fn bo(daemon: &Daemon) -> Phone {
    Phone { tone: 700, ..phone(daemon, "bo-bord") }
}

/// Waits for the records of `count` calls and gives them, newest first: exactly one each, and none too many.
pub(super) fn records(daemon: &Daemon, count: usize) -> Result<Vec<Value>> {
    let log = daemon.ask_until(&["call-log"], |log| log.as_array().is_some_and(|log| log.len() >= count))?;
    daemon.ask_until(&["calls"], |calls| calls.as_array().is_some_and(Vec::is_empty))?;
    let log = log.as_array().context("a listing is an array")?.clone();
    ensure!(log.len() == count, "{count} calls left {} records: {log:#?}", log.len());
    Ok(log)
}

/// The trail of a call as text, for looking something up in it.
pub(super) fn trail(daemon: &Daemon, record: &Value) -> Result<String> {
    Ok(daemon.ask(&["call-log", "show", &record["id"].to_string()])?["trail"].to_string())
}

/// What the daemon answers to a datagram, as text.
pub(super) fn ask_by_datagram(daemon: &Daemon, request: &str) -> Result<String> {
    let socket = UdpSocket::bind((loopback::address(), 0))?;
    socket.connect(daemon.sip())?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.send(request.replace("[local]", &socket.local_addr()?.to_string()).as_bytes())?;
    let mut answer = [0; 4096];
    let length = socket.recv(&mut answer).context("no answer to a datagram")?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

/// A connection to the daemon's SIP port.
pub(super) fn connect(daemon: &Daemon) -> Result<TcpStream> {
    let stream = TcpStream::connect(daemon.sip())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// An OPTIONS request over `transport`; `[local]` stands for the sender.
pub(super) fn options(transport: &str, number: u32) -> String {
    format!(
        "OPTIONS sip:vaxel SIP/2.0\r\nVia: SIP/2.0/{transport} [local];branch=z9hG4bK-o-{number};rport\r\n\
         From: <sip:tester@example.se>;tag=t{number}\r\nTo: <sip:vaxel>\r\nCall-ID: o{number}@[local]\r\n\
         CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

/// The daemon lives and answers, on every front.
pub(super) fn must_answer(daemon: &Daemon) -> Result<()> {
    let answer = ask_by_datagram(daemon, &options("UDP", 1))?;
    ensure!(answer.starts_with("SIP/2.0 200"), "OPTIONS got {answer}");
    daemon.ask(&["status"]).map(drop)
}

/// A scenario by SIPp with `[field0]` as a device and `[field1]` as the secret it gives.
pub(super) fn as_device<'a>(xml: &'a str, daemon: &Daemon, fields: &'a str) -> Scenario<'a> {
    Scenario { target: Some(daemon.sip()), fields: Some(fields), ..Scenario::new(xml) }
}
