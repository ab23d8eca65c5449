//! Every message of RFC 4475 and RFC 5118, sent to the daemon by datagram: `world/torture.rs` says what each gets.

use super::daemon_company::{company_with, must_answer, options, peer};
use crate::world::daemon::Daemon;
use crate::world::deadline::Deadline;
use crate::world::loopback;
use crate::world::torture::{self, SILENCE};
use anyhow::{Context, Result, ensure};
use sip::{Message, Name};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// Where the messages' Vias want their answers, on the host they come from.
const PORTS: [u16; 3] = [5060, 6050, 19_823];
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Somebody who sends torture messages.
struct Torturer {
    /// On each of [`PORTS`]; the first one sends.
    sockets: Vec<UdpSocket>,
    sent: u32,
    /// What has come so far. It acknowledges nothing, so answers to its INVITEs come again and again.
    known: BTreeSet<Vec<u8>>,
}

impl Torturer {
    fn at(address: Ipv4Addr) -> Result<Self> {
        let socket = |port| -> Result<UdpSocket> {
            let socket = UdpSocket::bind((address, port))?;
            socket.set_read_timeout(Some(Duration::from_millis(2)))?;
            Ok(socket)
        };
        Ok(Self {
            sockets: PORTS.into_iter().map(socket).collect::<Result<_>>()?,
            sent: 0,
            known: BTreeSet::new(),
        })
    }

    /// Everything new that has come, or comes within a few milliseconds.
    fn heard(&mut self) -> Vec<Message> {
        let mut all = Vec::new();
        let mut buffer = [0; 65_536];
        for socket in &self.sockets {
            while let Ok(length) = socket.recv(&mut buffer) {
                if self.known.insert(buffer[..length].to_vec()) {
                    all.extend(Message::parse(&buffer[..length]).ok());
                }
            }
        }
        all
    }

    /// The final status of the answer to a message; silence, when what was asked after it is answered first.
    fn ask(&mut self, daemon: &Daemon, message: &[u8], wanted: u16) -> Result<u16> {
        self.sent += 1;
        let at = self.sockets[0].local_addr()?.to_string();
        let ping = options("UDP", 90_000 + self.sent).replace("[local]", &at);
        let ping_id = format!("o{}@{at}", 90_000 + self.sent);
        self.sockets[0].send_to(message, daemon.sip())?;
        self.sockets[0].send_to(ping.as_bytes(), daemon.sip())?;
        let deadline = Deadline::after(PATIENCE);
        let (mut got, mut pinged) = (SILENCE, false);
        while !deadline.has_passed() {
            for heard in self.heard() {
                let Message::Response(response) = heard else { continue };
                if response.headers.get(&Name::CallId) == Some(&ping_id) {
                    pinged = true;
                } else if response.status.is_final() {
                    got = response.status.code();
                }
            }
            if pinged && (got != SILENCE || wanted == SILENCE) {
                return Ok(got);
            }
        }
        ensure!(pinged, "the box does not answer any more");
        Ok(got)
    }
}

/// The sent-by and branch of a message, roughly: what makes it a retransmission of another one.
fn transaction(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let via =
        text.lines().find(|line| line.to_ascii_lowercase().starts_with("via") || line.starts_with("v:"));
    via.unwrap_or_default().to_owned()
}

/// Sends all messages from an address to a box whose operator is at another, and compares the answers.
fn torture_from(from: Ipv4Addr, operator: Ipv4Addr, wanted: impl Fn([u16; 2]) -> u16) -> Result<()> {
    let document = company_with(SocketAddr::from((operator, PORTS[0])), &peer((operator, 5091).into()));
    let mut torturer = Torturer::at(from)?;
    let mut daemon = Daemon::with_site(&document)?;
    // Some messages share their transaction, and would be taken for each other: the box is another one for those.
    let mut known = BTreeSet::new();
    for (rfc, (section, file, both, why)) in torture::all() {
        let (message, wanted) = (torture::message(rfc, file), wanted(both));
        if !known.insert(transaction(&message)) {
            must_answer(&daemon)?;
            daemon = Daemon::with_site(&document)?;
            known = BTreeSet::from([transaction(&message)]);
        }
        let got = torturer.ask(&daemon, &message, wanted).with_context(|| format!("{rfc} {file}"))?;
        ensure!(got == wanted, "{rfc} {section} {file} ({why}) got {got}, not {wanted}");
        ensure!(!daemon.log().contains("panicked"), "{}", daemon.log());
    }
    must_answer(&daemon)?;
    assert_eq!(daemon.ask(&["calls"])?, serde_json::json!([]), "none of them is a call");
    Ok(())
}

#[test]
fn each_torture_message_of_a_stranger_gets_what_its_rfc_prescribes_by_datagram() -> Result<()> {
    torture_from(loopback::address(), loopback::address(), |[stranger, _]| stranger)
}

#[test]
fn each_torture_message_of_an_operator_gets_what_its_rfc_prescribes_by_datagram() -> Result<()> {
    let operator = loopback::address();
    torture_from(operator, operator, |[_, operator]| operator)
}
