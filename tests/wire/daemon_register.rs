//! Registering: foreign phones over every transport, restarts, and guesses.

use super::daemon_company::{PATIENCE, as_device, bo, company, must_answer, phone, phone_over, records};
use super::sipp::Scenario;
use crate::world::daemon::Daemon;
use crate::world::phone::baresip::{Baresip, Phone};
use anyhow::{Context, Result};
use serde_json::Value;
use std::process::{Command, Stdio};

const REGISTER: &str = include_str!("../data/sipp/register.xml");
const REGISTER_REFUSED: &str = include_str!("../data/sipp/register-refused.xml");
const REGISTER_GUESSES: &str = include_str!("../data/sipp/register-guesses.xml");
const REGISTER_BANNED: &str = include_str!("../data/sipp/register-banned.xml");

fn registrations(daemon: &Daemon, count: usize) -> Result<Vec<Value>> {
    let all =
        daemon.ask_until(&["registrations"], |all| all.as_array().is_some_and(|all| all.len() == count))?;
    all.as_array().cloned().context("a listing is an array")
}

/// Anna calls Bo's extension and one of Bo's phones is answered by itself.
fn must_reach_bo(anna: &mut Baresip) -> Result<()> {
    anna.dial("202")?;
    anna.wait_for("CALL_ESTABLISHED").context("bo cannot be reached")?;
    anna.hang_up()
}

#[test]
fn phones_register_over_udp_tcp_and_tls_and_are_listed() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let _udp = phone(&daemon, "anna-bord").start()?;
    let _tcp = phone_over(&daemon, "anna-dator", "tcp").start()?;
    let _tls = phone_over(&daemon, "bo-bord", "tls").start()?;
    let all = registrations(&daemon, 3)?;
    let column = |key: &str| -> Vec<&str> { all.iter().filter_map(|one| one[key].as_str()).collect() };
    assert_eq!(column("device"), ["anna-bord", "anna-dator", "bo-bord"]);
    assert_eq!(column("user"), ["anna", "anna", "bo"]);
    assert_eq!(column("transport"), ["udp", "tcp", "tls"]);
    assert!(column("agent").iter().all(|agent| agent.starts_with("baresip")), "{all:#?}");
    assert!(column("contact").iter().all(|contact| contact.starts_with("sip:")), "{all:#?}");
    assert!(column("expires").iter().all(|time| time.starts_with("20") && time.ends_with('Z')), "{all:#?}");
    Ok(())
}

#[test]
fn the_certificate_is_good_for_who_trusts_the_boxs_own_authority_and_for_nobody_else() -> Result<()> {
    let daemon = Daemon::start()?;
    let other = Daemon::start()?;
    let trusts = |authority: &Daemon| -> Result<bool> {
        let at = daemon.sips();
        let mut command = Command::new("openssl");
        command.args(["s_client", "-verify_return_error", "-connect", &at.to_string()]);
        command.args(["-verify_ip", &at.ip().to_string(), "-CAfile"]);
        command.arg(authority.state().join("tls/authority.pem")).stdin(Stdio::null());
        Ok(command.output().context("starting openssl")?.status.success())
    };
    assert!(trusts(&daemon)?);
    assert!(!trusts(&other)?);
    Ok(())
}

#[test]
fn a_call_between_transports_has_sound() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let _bo = Phone { answers: true, tone: 700, ..phone_over(&daemon, "bo-bord", "tcp") }.start()?;
    let mut anna = phone_over(&daemon, "anna-bord", "tls").start()?;
    anna.dial("202")?;
    anna.wait_for("CALL_ESTABLISHED")?;
    assert!(anna.hear(0.5)?.has_tone(700.0), "{}", anna.words());
    anna.hang_up()?;
    records(&daemon, 1)?;
    Ok(())
}

#[test]
fn several_contacts_of_a_device_all_ring() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut one = bo(&daemon).start()?;
    let mut other = bo(&daemon).start()?;
    registrations(&daemon, 2)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("202")?;
    one.wait_for("CALL_INCOMING")?;
    other.wait_for("CALL_INCOMING")?;
    other.answer()?;
    anna.wait_for("CALL_ESTABLISHED")?;
    one.wait_for("CALL_CLOSED").context("the answer on one stops the other")?;
    assert!(one.words().contains("Call completed elsewhere"), "{}", one.words());
    anna.hang_up()?;
    records(&daemon, 1)?;
    Ok(())
}

#[test]
fn registrations_survive_a_stop_and_a_crash() -> Result<()> {
    let mut daemon = Daemon::with_site(&company())?;
    let _bo = Phone { answers: true, ..bo(&daemon) }.start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    let before = registrations(&daemon, 2)?;
    assert!(daemon.stop()?.success());
    daemon.start_again()?;
    let keys = |all: &[Value]| -> Vec<(Value, Value)> {
        all.iter().map(|one| (one["device"].clone(), one["contact"].clone())).collect()
    };
    assert_eq!(keys(&registrations(&daemon, 2)?), keys(&before));
    must_reach_bo(&mut anna)?;
    daemon.kill()?;
    daemon.start_again()?;
    assert_eq!(keys(&registrations(&daemon, 2)?), keys(&before));
    must_reach_bo(&mut anna)
}

#[test]
fn a_registration_over_ipv6_reaches_a_phone_there() -> Result<()> {
    let port = crate::world::loopback::port("::1".parse()?);
    let mut daemon = Daemon::start_with_sip(&[port])?;
    daemon.apply(&company())?;
    let scenario = Scenario {
        target: Some(port),
        fields: Some("SEQUENTIAL\nbo-bord;[authentication username=bo-bord password=bo-bord-hemlighet];\n"),
        address: Some("::1".parse()?),
        options: &["-auth_uri", "[::1]"],
        ..Scenario::new(REGISTER)
    };
    scenario.run()?;
    let all = registrations(&daemon, 1)?;
    assert!(all[0]["contact"].as_str().is_some_and(|contact| contact.contains("[::1]")), "{all:#?}");
    assert!(daemon.stop()?.success());
    daemon.start_again()?;
    registrations(&daemon, 1)?;
    Ok(())
}

#[test]
fn a_wrong_secret_and_an_unknown_user_are_asked_and_then_refused() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let who = [("bo-bord", "gissning"), ("nobody", "bo-bord-hemlighet")];
    for (user, secret) in who {
        let fields = format!("SEQUENTIAL\n{user};[authentication username={user} password={secret}];\n");
        as_device(REGISTER_REFUSED, &daemon, &fields).run().with_context(|| format!("{user} {secret}"))?;
    }
    registrations(&daemon, 0)?;
    Ok(())
}

#[test]
fn after_sixty_guesses_the_right_secret_is_refused_there_and_registered_phones_go_on() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut bo = Phone { answers: true, ..bo(&daemon) }.start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    let guesser = crate::world::loopback::address().into();
    // Many names, so that the source is what is shut out, and no name waits by itself.
    let mut fields = String::from("SEQUENTIAL\n");
    for number in 0..60 {
        fields.push_str(&format!("u{number};[authentication username=u{number} password=gissning];\n"));
    }
    let guesses = Scenario {
        calls: 60,
        rate: 100,
        address: Some(guesser),
        ..as_device(REGISTER_GUESSES, &daemon, &fields)
    };
    guesses.run()?;
    let right = "SEQUENTIAL\ncia-bord;[authentication username=cia-bord password=cia-bord-hemlighet];\n";
    Scenario { address: Some(guesser), ..as_device(REGISTER_BANNED, &daemon, right) }.run()?;
    as_device(REGISTER, &daemon, right).run().context("from elsewhere the right secret helps")?;

    must_reach_bo(&mut anna)?;
    bo.wait_for("CALL_CLOSED")?;
    must_answer(&daemon)
}

#[test]
fn guesses_at_a_registered_phones_own_address_do_not_cost_it_its_calls() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut bo = Phone { answers: true, ..bo(&daemon) }.start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    let at = anna.address().into();
    let mut fields = String::from("SEQUENTIAL\n");
    for number in 0..60 {
        fields.push_str(&format!("u{number};[authentication username=u{number} password=gissning];\n"));
    }
    let guesses = as_device(REGISTER_GUESSES, &daemon, &fields);
    Scenario { calls: 60, rate: 100, address: Some(at), port: 5070, ..guesses }.run()?;
    must_reach_bo(&mut anna).context("its own calls")?;
    bo.wait_for("CALL_CLOSED")?;
    anna.say("reginfo", "")?;
    bo.dial("201")?;
    anna.wait_for_within("CALL_INCOMING", PATIENCE).context("calls to it")?;
    bo.hang_up()
}

#[test]
fn a_device_that_registers_again_from_a_new_port_is_called_there() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let at = crate::world::loopback::address().into();
    let fields = "SEQUENTIAL\nbo-bord;[authentication username=bo-bord password=bo-bord-hemlighet];\n";
    // A phone that was restarted: its user part is its own, its port and Call-ID are new.
    for port in [5070, 5080] {
        Scenario { address: Some(at), port, ..as_device(REGISTER, &daemon, fields) }.run()?;
    }
    let phone = Scenario { address: Some(at), port: 5080, ..Scenario::new(RING) }.start()?;
    let mut anna = phone_over(&daemon, "anna-bord", "tcp").start()?;
    anna.dial("202")?;
    phone.wait_for("INVITE sip:")?;
    phone.finish()?;
    anna.wait_for("CALL_CLOSED")?;
    assert_eq!(records(&daemon, 1)?[0]["cause"], "busy");
    Ok(())
}

const RING: &str = include_str!("../data/sipp/busy.xml");
