//! A box behind real NAT, which nobody has told its outside address: calls out and in have sound both ways.

use super::daemon_company::{bo, company_with, phone, records};
use crate::world::daemon::Daemon;
use crate::world::loopback;
use crate::world::nat::{self, INSIDE, Nat, ROUTER};
use crate::world::operator::Operator;
use crate::world::phone::baresip::Phone;
use anyhow::{Context, Result};
use sip::{Method, Name, Request};
use std::net::SocketAddr;

/// A daemon that listens on the inside and for its phones, with the document in force.
fn start(document: &str) -> Result<Daemon> {
    let daemon = Daemon::start_with_sip(&[(INSIDE, 5060).into()])?;
    daemon.apply(document)?;
    Ok(daemon)
}

/// Everything that a peer outside would use to reach us is the outside's.
fn must_be_public(request: &Request) {
    let via = request.headers.via().expect("a Via").sent_by().to_string();
    let contact = request.headers.get(&Name::Contact).unwrap_or(&via);
    let body = String::from_utf8_lossy(&request.body);
    let router = ROUTER.to_string();
    assert!(via.starts_with(&router) && contact.contains(&router), "{request:?}");
    assert!(body.is_empty() || body.contains(&format!("c=IN IP4 {router}")), "{body}");
    assert!(!body.contains(&INSIDE.to_string()), "{body}");
}

#[test]
fn a_box_behind_nat_registers_what_is_seen_of_it_and_calls_pass_both_ways() -> Result<()> {
    let Some(nat) = Nat::new()? else { return Ok(()) };
    let registrar = nat.outside(|| Operator::udp(nat::outside(5060)))?;
    nat.inside(|| {
        let nowhere = SocketAddr::from((loopback::address(), 5090));
        let reserve = format!(
            "kind = \"register\"\nregistrar = \"{}\"\nusername = \"exempel\"\nsecret = \"trunk-hemlighet\"",
            registrar.at()
        );
        let daemon = start(&company_with(nowhere, &reserve))?;
        daemon.ask_until(&["trunks"], |trunks| trunks[1]["registered"] == true)?;
        // The contact is the outside's address and port, whatever port the router chose.
        let seen = |request: &(crate::world::operator::Heard, Request)| {
            let contact = request.1.headers.get(&Name::Contact).unwrap_or_default().to_owned();
            (contact.contains(&format!("@{}", request.0.from)), contact)
        };
        crate::world::deadline::wait_for("a public contact", std::time::Duration::from_secs(10), || {
            registrar.requests(&Method::Register).last().filter(|last| seen(last).0).map(drop)
        })
        .with_context(|| {
            format!("{:?}", registrar.requests(&Method::Register).iter().map(seen).collect::<Vec<_>>())
        })?;
        let (heard, register) = registrar.requests(&Method::Register).pop().context("a REGISTER")?;
        assert_eq!(heard.from.ip(), ROUTER);
        must_be_public(&register);

        // Out: the echo comes back through the hole that our own sound made.
        let mut anna = phone(&daemon, "anna-bord").start()?;
        anna.dial("0701234567")?;
        anna.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
        must_be_public(&registrar.wait_for(&Method::Invite, 1)?.1);
        assert!(anna.hear(1.0)?.has_tone(440.0), "{}", daemon.log());
        anna.hang_up()?;
        registrar.wait_for(&Method::Bye, 1)?;

        // In: to the registered contact, through the hole that the registration keeps open.
        let mut bo = Phone { answers: true, ..bo(&daemon) }.start()?;
        let contact = register.headers.contacts()?.first().context("a contact")?.uri.as_str().to_owned();
        let response = registrar.call(heard.from, &contact, "+46812345202")?;
        assert_eq!(response.status.code(), 200, "{response:?}");
        bo.wait_for("CALL_ESTABLISHED")?;
        assert!(bo.hear(1.0)?.has_tone(700.0), "what Bo says comes back from outside");
        bo.hang_up()?;
        let (_, bye) = registrar.wait_for(&Method::Bye, 2)?;
        must_be_public(&bye);
        records(&daemon, 2).map(drop)
    })
}

#[test]
fn a_peer_that_is_only_asked_for_life_teaches_the_box_its_outside_address_too() -> Result<()> {
    let Some(nat) = Nat::new()? else { return Ok(()) };
    let operator = nat.outside(|| Operator::udp(nat::outside(5090)))?;
    nat.inside(|| {
        let nowhere = SocketAddr::from((loopback::address(), 5090));
        let reserve = format!("kind = \"peer\"\nhosts = [\"{nowhere}\"]");
        let daemon = start(&company_with(operator.at(), &reserve))?;
        daemon.ask_until(&["trunks"], |trunks| trunks[0]["up"] == true)?;
        let mut anna = phone(&daemon, "anna-bord").start()?;
        anna.dial("0701234567")?;
        anna.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
        let (heard, invite) = operator.wait_for(&Method::Invite, 1)?;
        must_be_public(&invite);
        let contact = invite.headers.get(&Name::Contact).unwrap_or_default();
        assert!(contact.contains(&format!("@{}", heard.from)), "{contact} but seen at {}", heard.from);
        assert!(anna.hear(1.0)?.has_tone(440.0), "{}", daemon.log());
        anna.hang_up()?;
        operator.wait_for(&Method::Bye, 1)?;
        assert_eq!(records(&daemon, 1)?[0]["cause"], "answered");
        Ok(())
    })
}
