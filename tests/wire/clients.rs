//! The foreign clients themselves, without us: what the wire suite stands on.

use super::sipp::Scenario;
use super::tshark::Capture;
use crate::world::phone::baresip::{Baresip, Phone};
use anyhow::Result;
use std::time::Duration;

fn pair(caller: Phone, called: Phone) -> Result<(Baresip, Baresip)> {
    let mut called = Phone { answers: true, tone: 700, ..called }.start()?;
    let mut caller = caller.start()?;
    caller.dial(&called.uri())?;
    caller.wait_for("CALL_ESTABLISHED")?;
    called.wait_for("CALL_ESTABLISHED")?;
    Ok((caller, called))
}

#[test]
fn two_softphones_hear_each_other_in_every_codec() -> Result<()> {
    for codecs in ["PCMA", "PCMU", "G722", "opus/48000/2"] {
        let phone = |user| Phone { codecs, ..Phone::named(user) };
        let (mut caller, mut called) = pair(phone("anna"), phone("bo"))?;
        assert!(called.hear(1.0)?.has_tone(440.0), "{codecs}: {}", called.words());
        assert!(caller.hear(1.0)?.has_tone(700.0), "{codecs}: {}", caller.words());
        caller.hang_up()?;
        called.wait_for("CALL_CLOSED")?;
    }
    Ok(())
}

#[test]
fn softphones_hold_press_digits_and_encrypt() -> Result<()> {
    let phone = |user| Phone { encryption: "srtp-mand", codecs: "PCMA", ..Phone::named(user) };
    let (mut caller, mut called) = pair(phone("anna"), phone("bo"))?;
    assert!(called.hear(1.0)?.has_tone(440.0));
    assert!(called.words().contains("RTP/SAVP"));
    caller.press("4#")?;
    assert_eq!(called.wait_for("CALL_DTMF_START")?["param"], "4");
    assert_eq!(called.wait_for("CALL_DTMF_START")?["param"], "#");
    caller.hold()?;
    called.wait_for("CALL_REMOTE_SDP")?;
    caller.resume()?;
    called.hang_up()?;
    caller.wait_for("CALL_CLOSED")?;
    Ok(())
}

#[test]
fn a_softphone_is_answered_by_hand_and_refuses() -> Result<()> {
    let mut called = Phone::named("bo").start()?;
    let mut caller = Phone::named("anna").start()?;
    caller.dial(&called.uri())?;
    caller.wait_for("CALL_RINGING")?;
    called.wait_for("CALL_INCOMING")?;
    called.answer()?;
    caller.wait_for("CALL_ESTABLISHED")?;
    caller.hang_up()?;
    called.wait_for("CALL_CLOSED")?;
    caller.wait_for("CALL_CLOSED")?;

    caller.dial(&called.uri())?;
    called.wait_for("CALL_INCOMING")?;
    called.hang_up()?;
    caller.wait_for("CALL_CLOSED")?;
    assert!(caller.ask("listcalls", "")?.contains("(0)"));
    assert!(caller.unseen().iter().all(|event| event["type"] != "CALL_ESTABLISHED"));
    Ok(())
}

#[test]
fn a_softphone_that_vanishes_says_nothing() -> Result<()> {
    let (mut caller, called) = pair(Phone::named("anna"), Phone::named("bo"))?;
    called.vanish();
    assert!(caller.wait_for_within("CALL_CLOSED", Duration::from_millis(300)).is_err());
    Ok(())
}

#[test]
fn a_scripted_caller_reaches_a_scripted_callee_and_the_witness_sees_it() -> Result<()> {
    let callee = Scenario::new(CALLEE).start()?;
    let capture = Capture::start(&format!("udp and host {}", callee.at().ip()))?;
    let caller = Scenario { target: Some(callee.at()), service: "202", ..Scenario::new(CALLER) };
    caller.run()?;
    assert!(callee.messages().contains("INVITE sip:202@"));
    callee.finish()?;
    let seen = capture.stop()?;
    let methods = seen.fields("sip.Method", &["sip.Method", "sip.r-uri.user"])?;
    let names: Vec<&str> = methods.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["INVITE", "ACK", "BYE"]);
    assert_eq!(methods[0][1], "202");
    assert_eq!(seen.count("sip.Status-Code == 200")?, 2);
    Ok(())
}

#[test]
fn a_scenario_that_goes_otherwise_fails() -> Result<()> {
    let callee = Scenario::new(CALLEE).start()?;
    let other = CALLER.replace("response=\"180\" optional=\"true\"", "response=\"183\"");
    let caller =
        Scenario { target: Some(callee.at()), patience: Duration::from_secs(3), ..Scenario::new(&other) };
    assert!(caller.run().is_err());
    Ok(())
}

/// Calls, talks not a word, hangs up.
const CALLER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
  <send retrans="500"><![CDATA[
    INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:caller@[local_ip]>;tag=[call_number]
    To: <sip:[service]@[remote_ip]>
    Call-ID: [call_id]
    CSeq: 1 INVITE
    Contact: <sip:caller@[local_ip]:[local_port]>
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200" rrs="true"/>
  <send><![CDATA[
    ACK [next_url] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:caller@[local_ip]>;tag=[call_number]
    To: <sip:[service]@[remote_ip]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 1 ACK
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <send retrans="500"><![CDATA[
    BYE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:caller@[local_ip]>;tag=[call_number]
    To: <sip:[service]@[remote_ip]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 2 BYE
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <recv response="200"/>
</scenario>"#;

/// Rings, answers, and waits for the caller to hang up.
const CALLEE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="callee">
  <recv request="INVITE"/>
  <send><![CDATA[
    SIP/2.0 180 Ringing
    [last_Via:]
    [last_From:]
    [last_To:];tag=[call_number]
    [last_Call-ID:]
    [last_CSeq:]
    Contact: <sip:callee@[local_ip]:[local_port]>
    Content-Length: 0

  ]]></send>
  <send retrans="500"><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:];tag=[call_number]
    [last_Call-ID:]
    [last_CSeq:]
    Contact: <sip:callee@[local_ip]:[local_port]>
    Content-Length: 0

  ]]></send>
  <recv request="ACK"/>
  <recv request="BYE"/>
  <send><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]
    Content-Length: 0

  ]]></send>
</scenario>"#;
