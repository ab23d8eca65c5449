//! Trunks over connections: who the operator says it is, and what a lost connection costs.

use super::daemon_company::{bo, company_with, phone, records};
use crate::world::certificates::CertificateAuthority;
use crate::world::daemon::Daemon;
use crate::world::loopback;
use crate::world::operator::Operator;
use crate::world::phone::baresip::Phone;
use anyhow::{Context, Result};
use rustls::ServerConfig;
use sip::{Method, Name};
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;

/// The demo company with its operator over a transport; its reserve as written.
fn company(operator: SocketAddr, transport: &str, reserve: Option<&str>) -> String {
    let nowhere = SocketAddr::from((loopback::address(), 5090));
    let nobody = format!("kind = \"peer\"\nhosts = [\"{nowhere}\"]");
    let document = company_with(operator, reserve.unwrap_or(&nobody));
    document.replacen("transport = \"udp\"", &format!("transport = \"{transport}\""), 1)
}

/// A box that trusts an authority.
fn trusting(authority: &CertificateAuthority, folder: &TempDir) -> Result<Daemon> {
    let path = authority.write(folder.path())?;
    Daemon::start_trusting(&path)
}

#[test]
fn a_trunk_over_tls_is_spoken_to_when_its_certificate_is_right() -> Result<()> {
    let (authority, folder) = (CertificateAuthority::new()?, tempfile::tempdir()?);
    let at = SocketAddr::from((loopback::address(), 5061));
    let operator = Operator::tls(at, authority.signs(&at.ip().to_string())?)?;
    let daemon = trusting(&authority, &folder)?;
    daemon.apply(&company(at, "tls", None))?;
    daemon.ask_until(&["trunks"], |trunks| trunks[0]["up"] == true)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("0701234567")?;
    anna.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    let (_, invite) = operator.wait_for(&Method::Invite, 1)?;
    let contact = invite.headers.get(&Name::Contact).unwrap_or_default();
    assert!(contact.contains("transport=tls"), "{contact}");
    assert!(anna.hear(0.8)?.has_tone(440.0), "the operator echoes");
    assert_eq!(operator.connections(), 1, "one connection for everything");

    // The connection breaks: the sound goes on, the trunk comes back, and the BYE goes by a new connection.
    operator.cut();
    let begun = operator.requests(&Method::Options).len();
    operator.wait_for(&Method::Options, begun + 1).context("it is asked by a new connection")?;
    assert!(anna.hear(0.8)?.has_tone(440.0), "the sound does not need the connection");
    anna.hang_up()?;
    let (bye, _) = operator.wait_for(&Method::Bye, 1)?;
    assert!(bye.connection >= 2, "{bye:?}");
    let trunks = daemon.ask_until(&["trunks"], |trunks| trunks[0]["up"] == true)?;
    assert_eq!(trunks[0]["channels_used"], 0);
    assert_eq!(records(&daemon, 1)?[0]["cause"], "answered");
    Ok(())
}

#[test]
fn a_trunk_whose_certificate_is_wrong_is_down_and_says_why() -> Result<()> {
    let (authority, stranger) = (CertificateAuthority::new()?, CertificateAuthority::new()?);
    let folder = tempfile::tempdir()?;
    let daemon = trusting(&authority, &folder)?;
    let ip = loopback::address().to_string();
    let cases: [(Arc<ServerConfig>, &str); 3] = [
        (authority.signed_once(&ip)?, "its certificate has expired"),
        (authority.signs("other.example")?, "its certificate is not for"),
        (stranger.signs(&ip)?, "an authority that the box does not trust"),
    ];
    for (at, (identity, said)) in cases.into_iter().enumerate() {
        let at = SocketAddr::new(ip.parse()?, 5061 + u16::try_from(at)?);
        let operator = Operator::tls(at, identity)?;
        daemon.apply(&company(at, "tls", None))?;
        let why = |trunks: &serde_json::Value| {
            trunks[0]["hosts"][0]["said"].as_str().is_some_and(|given| given.contains(said))
        };
        let trunks = daemon.ask_until(&["trunks"], why).with_context(|| daemon.log())?;
        assert_eq!((&trunks[0]["up"], &trunks[0]["state"]), (&false.into(), &"down".into()), "{trunks:#}");
        assert!(operator.requests(&Method::Options).is_empty(), "nothing was said to it");
        // People see it as well.
        let text = String::from_utf8(daemon.vaxel(&["trunks"])?.stdout)?;
        assert!(text.contains(said), "{text}");
    }
    Ok(())
}

#[test]
fn a_registration_over_a_connection_is_made_again_when_the_connection_is_lost() -> Result<()> {
    let registrar = Operator::tcp((loopback::address(), 5060).into())?;
    let nowhere = SocketAddr::from((loopback::address(), 5090));
    let reserve = format!(
        "kind = \"register\"\nregistrar = \"{}\"\nusername = \"exempel\"\nsecret = \"trunk-hemlighet\"\n\
         transport = \"tcp\"",
        registrar.at()
    );
    let daemon = Daemon::with_site(&company(nowhere, "udp", Some(&reserve)))?;
    daemon.ask_until(&["trunks"], |trunks| trunks[1]["registered"] == true && trunks[1]["up"] == true)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("0701234567")?;
    anna.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    let before = registrar.requests(&Method::Register).len();
    registrar.cut();
    let (again, request) = registrar.wait_for(&Method::Register, before + 1)?;
    assert!(again.connection >= 2 && request.headers.contains(&Name::Contact), "{again:?}");
    assert!(anna.hear(0.8)?.has_tone(440.0), "the call goes on");
    anna.hang_up()?;
    registrar.wait_for(&Method::Bye, 1)?;
    assert_eq!(records(&daemon, 1)?[0]["cause"], "answered");
    Ok(())
}

#[test]
fn a_call_in_over_a_connection_that_is_lost_is_hung_up_by_a_new_one() -> Result<()> {
    let operator = Operator::tcp((loopback::address(), 5060).into())?;
    let daemon = Daemon::with_site(&company(operator.at(), "tcp", None))?;
    daemon.ask_until(&["trunks"], |trunks| trunks[0]["up"] == true)?;
    let mut bo = Phone { answers: true, ..bo(&daemon) }.start()?;
    let response = operator.call_back(&format!("sip:+46812345202@{}", daemon.sip()), "+46812345202")?;
    assert_eq!(response.status.code(), 200, "{response:?}");
    bo.wait_for("CALL_ESTABLISHED")?;
    operator.cut();
    bo.hang_up()?;
    operator.wait_for(&Method::Bye, 1).with_context(|| daemon.log())?;
    assert_eq!(records(&daemon, 1)?[0]["cause"], "answered");
    Ok(())
}
