//! Trunks behind names: NAPTR, SRV and addresses lead to servers on loopback, and the DNS changes its mind.

use super::daemon_company::{company_with, peer, phone, records};
use super::daemon_trunks::must_get_through;
use crate::world::daemon::Daemon;
use crate::world::dns::{Dns, Entry, Mood, Zone};
use crate::world::loopback;
use crate::world::operator::Operator;
use anyhow::{Context, Result};
use serde_json::Value;
use sip::Method;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

const UDP: &str = "transport = \"udp\"";

/// The demo company with its operator behind a name and its reserve at an address.
fn company_and(reserve: SocketAddr, transport: &str) -> String {
    let operator = SocketAddr::from((loopback::address(), 5090));
    let document = company_with(operator, &peer(reserve));
    let document = document.replace(&format!("\"{operator}\""), "\"operator.example\"");
    document.replacen("transport = \"udp\"", transport, 1)
}

/// The same with nobody at the reserve.
fn company(transport: &str) -> String {
    company_and((loopback::address(), 5090).into(), transport)
}

fn daemon(dns: &Dns, document: &str) -> Result<Daemon> {
    let daemon = Daemon::start_with(&dns.configuration())?;
    daemon.apply(document)?;
    Ok(daemon)
}

fn hosts(trunks: &Value) -> Vec<String> {
    let all = trunks[0]["hosts"].as_array().cloned().unwrap_or_default();
    all.iter().filter_map(|host| Some(host["address"].as_str()?.to_owned())).collect()
}

fn server(address: Ipv4Addr, port: u16) -> Result<Operator> {
    Operator::udp((address, port).into())
}

#[test]
fn naptr_srv_and_addresses_lead_to_the_servers_in_their_order_and_follow_the_dns() -> Result<()> {
    let [first, second, third, moved] = [0; 4].map(|_| loopback::address());
    let zone = |preferred: Ipv4Addr| -> Zone {
        vec![
            ("operator.example", Entry::Naptr(20, "SIP+D2U", "_sip._udp.operator.example")),
            ("operator.example", Entry::Naptr(10, "SIP+D2T", "_sip._tcp.operator.example")),
            ("_sip._tcp.operator.example", Entry::Srv(1, 0, 5080, "preferred.operator.example")),
            ("_sip._udp.operator.example", Entry::Srv(9, 0, 5082, "last.operator.example")),
            ("_sip._udp.operator.example", Entry::Srv(5, 0, 5081, "second.operator.example")),
            ("preferred.operator.example", Entry::A(preferred)),
            ("second.operator.example", Entry::A(second)),
            ("last.operator.example", Entry::A(third)),
        ]
    };
    let dns = Dns::start(Mood::Truthful, 5, zone(first))?;
    let by_tcp = Operator::tcp((first, 5080).into())?;
    let (by_udp, last) = (server(second, 5081)?, server(third, 5082)?);
    let after = Operator::tcp((moved, 5080).into())?;
    let daemon = daemon(&dns, &company(""))?;
    let trunks = daemon.ask_until(&["trunks"], |trunks| trunks[0]["hosts"][2]["up"] == true)?;
    let expected: Vec<String> = [by_tcp.at(), by_udp.at(), last.at()].map(|at| at.to_string()).into();
    assert_eq!(hosts(&trunks), expected, "{trunks:#}");

    // The first in order gets the call, which goes on while the DNS changes.
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("0701234567")?;
    anna.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    by_tcp.wait_for(&Method::Invite, 1)?;
    let asked = dns.asked();
    dns.writes(zone(moved));
    daemon.ask_until(&["trunks"], |trunks| {
        hosts(trunks).first() == Some(&after.at().to_string()) && trunks[0]["hosts"][0]["up"] == true
    })?;
    assert!(dns.asked() > asked);
    assert!(anna.hear(0.8)?.has_tone(440.0), "the call goes on");
    let mut bo = phone(&daemon, "bo-bord").start()?;
    must_get_through(&daemon, &mut bo)?;
    after.wait_for(&Method::Invite, 1)?;
    anna.hang_up()?;
    by_tcp.wait_for(&Method::Bye, 1).context("the old server still gets the BYE of its call")?;
    assert_eq!((by_tcp.requests(&Method::Invite).len(), by_udp.requests(&Method::Invite).len()), (1, 0));
    records(&daemon, 2).map(drop)
}

#[test]
fn a_first_server_that_takes_no_calls_gives_way_to_the_next_within_four_seconds() -> Result<()> {
    let [first, second] = [0; 2].map(|_| loopback::address());
    let zone = vec![
        ("_sip._udp.operator.example", Entry::Srv(1, 0, 5080, "one.operator.example")),
        ("_sip._udp.operator.example", Entry::Srv(2, 0, 5080, "two.operator.example")),
        ("one.operator.example", Entry::A(first)),
        ("two.operator.example", Entry::A(second)),
    ];
    let dns = Dns::start(Mood::Truthful, 300, zone)?;
    let (one, two) = (server(first, 5080)?, server(second, 5080)?);
    one.deaf(true);
    let daemon = daemon(&dns, &company(UDP))?;
    daemon.ask_until(&["trunks"], |trunks| {
        trunks[0]["hosts"][0]["up"] == true && trunks[0]["hosts"][1]["up"] == true
    })?;
    must_get_through(&daemon, &mut phone(&daemon, "anna-bord").start()?)?;
    assert_eq!((one.requests(&Method::Invite).len(), two.requests(&Method::Invite).len()), (1, 1));
    Ok(())
}

#[test]
fn a_dns_that_is_down_at_the_start_is_asked_until_it_answers() -> Result<()> {
    let address = loopback::address();
    let dns = Dns::start(Mood::Silent, 300, vec![("operator.example", Entry::A(address))])?;
    let operator = server(address, 5060)?;
    let daemon = daemon(&dns, &company(UDP))?;
    let trunks = daemon.ask_until(&["trunks"], |trunks| {
        trunks[0]["hosts"][0]["said"]
            .as_str()
            .is_some_and(|said| said.contains("the DNS gave no usable answer"))
    })?;
    assert_eq!((&trunks[0]["up"], &trunks[0]["state"]), (&false.into(), &"down".into()));
    dns.becomes(Mood::Truthful);
    daemon.ask_until(&["trunks"], |trunks| trunks[0]["up"] == true)?;
    must_get_through(&daemon, &mut phone(&daemon, "anna-bord").start()?)?;
    operator.wait_for(&Method::Invite, 1).map(drop)
}

#[test]
fn rubbish_from_the_dns_costs_nothing_but_the_trunk() -> Result<()> {
    let address = loopback::address();
    let good: Zone = vec![("operator.example", Entry::A(address))];
    let dns = Dns::start(Mood::Rubbish, 300, good.clone())?;
    let operator = server(address, 5060)?;
    let daemon = daemon(&dns, &company(UDP))?;
    let down = |said: &'static str| {
        move |trunks: &Value| trunks[0]["hosts"][0]["said"].as_str().is_some_and(|given| given.contains(said))
    };
    daemon.ask_until(&["trunks"], down("no usable answer"))?;
    // Records that are well formed and make no sense: nowhere, no port, and a service that leads to itself.
    dns.writes(vec![
        ("operator.example", Entry::Naptr(1, "SIP+D2X", "operator.example")),
        ("_sip._udp.operator.example", Entry::Srv(1, 1, 0, "")),
    ]);
    dns.becomes(Mood::Truthful);
    daemon.ask_until(&["trunks"], down("offers no SIP"))?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("0701234567")?;
    let closed = anna.wait_for("CALL_CLOSED")?;
    assert!(closed["param"].as_str().is_some_and(|why| why.contains("503")), "{closed}");
    dns.writes(good);
    daemon.ask_until(&["trunks"], |trunks| trunks[0]["up"] == true)?;
    must_get_through(&daemon, &mut anna)?;
    operator.wait_for(&Method::Invite, 1).map(drop)
}

/// A name that never resolves must not slow calls by another trunk.
#[test]
fn a_silent_dns_does_not_hold_up_calls_by_other_trunks() -> Result<()> {
    let dns = Dns::start(Mood::Silent, 300, Vec::new())?;
    let reserve = server(loopback::address(), 5090)?;
    let daemon = daemon(&dns, &company_and(reserve.at(), UDP))?;
    daemon.ask_until(&["trunks"], |trunks| trunks[1]["up"] == true)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("0701234567")?;
    anna.wait_for_within("CALL_ESTABLISHED", Duration::from_secs(2)).with_context(|| daemon.log())?;
    anna.hang_up()?;
    records(&daemon, 1).map(drop)
}
