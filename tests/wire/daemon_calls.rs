//! Calls between real softphones: what they hear, how they end, and what is written about them.

use super::daemon_company::{bo, company, phone, records, trail};
use crate::world::daemon::Daemon;
use crate::world::phone::baresip::{Baresip, Phone};
use anyhow::{Context, Result};

/// Anna, who speaks 440 Hz, talks to Bo, who speaks 700 Hz.
fn talk(daemon: &Daemon, anna: Phone, bo: Phone) -> Result<(Baresip, Baresip)> {
    let mut bo = Phone { answers: true, ..bo }.start()?;
    let mut anna = anna.start()?;
    anna.dial("202")?;
    anna.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    bo.wait_for("CALL_ESTABLISHED")?;
    Ok((anna, bo))
}

fn must_hear_each_other(anna: &Baresip, bo: &Baresip) -> Result<()> {
    let (at_anna, at_bo) = (anna.hear(0.8)?, bo.hear(0.8)?);
    assert!(at_anna.has_tone(700.0), "anna does not hear bo: {}", anna.words());
    assert!(at_bo.has_tone(440.0), "bo does not hear anna: {}", bo.words());
    Ok(())
}

#[test]
fn two_colleagues_hear_each_other_and_one_record_tells_of_it() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let (mut anna, mut bo) = talk(&daemon, phone(&daemon, "anna-bord"), bo(&daemon))?;
    let calls = daemon.ask_until(&["calls"], |calls| calls[0]["state"] == "talking")?;
    assert_eq!((&calls[0]["from"], &calls[0]["to"]), (&"201".into(), &"202".into()), "{calls}");
    assert_eq!(calls[0]["legs"].as_array().map(Vec::len), Some(2), "{calls}");
    must_hear_each_other(&anna, &bo)?;
    bo.hang_up()?;
    anna.wait_for("CALL_CLOSED")?;
    let record = &records(&daemon, 1)?[0];
    for (key, value) in [
        ("direction", "internal"),
        ("from", "201"),
        ("to", "202"),
        ("cause", "answered"),
        ("answered_by", "bo"),
        ("answered_device", "bo-bord"),
    ] {
        assert_eq!(record[key], value, "{key}: {record:#}");
    }
    let times = ["began", "answered", "ended"].map(|key| record[key].as_str().unwrap_or_default().to_owned());
    assert!(times.is_sorted() && times.iter().all(|time| time.ends_with('Z')), "{times:?}");
    let quality = daemon.ask(&["call-log", "show", &record["id"].to_string()])?["quality"].clone();
    let mos = |leg: usize| quality[leg]["mos"].as_f64().unwrap_or_default();
    assert!(mos(0) > 3.5 && mos(1) > 3.5, "a call on one machine sounds well: {quality:#}");
    Ok(())
}

#[test]
fn callers_see_the_colleagues_name() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut bo = bo(&daemon).start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("+46812345202")?;
    let incoming = bo.wait_for("CALL_INCOMING")?;
    assert!(incoming["peeruri"].as_str().is_some_and(|uri| uri.starts_with("sip:201@")), "{incoming}");
    assert_eq!(incoming["peerdisplayname"], "Anna Andersson", "{incoming}");
    anna.hang_up()?;
    let record = &records(&daemon, 1)?[0];
    assert_eq!((&record["to"], &record["direction"]), (&"202".into(), &"internal".into()), "inside it stays");
    Ok(())
}

#[test]
fn phones_without_a_common_codec_are_transcoded() -> Result<()> {
    for (one, other) in [("PCMA", "opus/48000/2"), ("G722", "PCMU")] {
        let daemon = Daemon::with_site(&company())?;
        let anna = Phone { codecs: one, ..phone(&daemon, "anna-bord") };
        let (mut anna, bo) = talk(&daemon, anna, Phone { codecs: other, ..bo(&daemon) })?;
        must_hear_each_other(&anna, &bo).with_context(|| format!("{one} and {other}"))?;
        anna.hang_up()?;
        records(&daemon, 1)?;
    }
    Ok(())
}

#[test]
fn an_encrypted_phone_talks_to_a_plain_one() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let anna = Phone { encryption: "srtp-mand", ..phone(&daemon, "anna-bord") };
    let (mut anna, bo) = talk(&daemon, anna, bo(&daemon))?;
    must_hear_each_other(&anna, &bo)?;
    let lines = daemon.ask(&["trace", "1"])?.to_string();
    assert!(lines.contains("RTP/SAVP") && lines.contains("a=crypto:"), "the ladder shows the encryption");
    let key = key_in(&anna.words()).context("the phone sent a key")?;
    assert!(!lines.contains(&key), "the key is in the trace");
    anna.hang_up()?;
    records(&daemon, 1)?;
    Ok(())
}

/// The first SDES key in what a phone printed.
fn key_in(words: &str) -> Option<String> {
    let key = words.split("inline:").nth(1)?;
    Some(key.chars().take_while(|sign| !sign.is_whitespace() && *sign != '|').collect())
}

#[test]
fn a_call_is_held_and_the_sound_comes_back() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let (mut anna, mut bo) = talk(&daemon, phone(&daemon, "anna-bord"), bo(&daemon))?;
    must_hear_each_other(&anna, &bo)?;
    anna.hold()?;
    daemon.ask_until(&["calls"], |calls| calls[0]["state"] == "held").context("held")?;
    anna.resume()?;
    daemon.ask_until(&["calls"], |calls| calls[0]["state"] == "talking").context("resumed")?;
    // What was said before and during the hold is passed over. Anna's own ear is no witness: baresip's recorder
    // stops at the first re-INVITE.
    let before = bo.hear(0.0)?.seconds();
    let at_bo = bo.hear(before + 0.8)?;
    assert!(at_bo.between(before + 0.3, f64::MAX).has_tone(440.0), "bo hears anna again");
    bo.hang_up()?;
    let record = &records(&daemon, 1)?[0];
    let trail = trail(&daemon, record)?;
    assert!(trail.contains("\"held\"") && trail.contains("\"resumed\""), "{trail}");
    Ok(())
}

#[test]
fn digits_arrive_both_ways() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let anna = Phone { codecs: "PCMA", ..phone(&daemon, "anna-bord") };
    let (mut anna, mut bo) = talk(&daemon, anna, Phone { codecs: "G722", ..bo(&daemon) })?;
    must_hear_each_other(&anna, &bo)?;
    anna.press("4#")?;
    for digit in ["4", "#"] {
        assert_eq!(bo.wait_for("CALL_DTMF_START")?["param"], digit);
    }
    bo.press("*0")?;
    for digit in ["*", "0"] {
        assert_eq!(anna.wait_for("CALL_DTMF_START")?["param"], digit);
    }
    anna.hang_up()?;
    records(&daemon, 1)?;
    Ok(())
}

#[test]
fn each_way_to_miss_a_call_leaves_its_own_cause() -> Result<()> {
    let impatient = company().replace("after_s = 20, then = \"voicemail\"", "after_s = 2, then = \"busy\"");
    let daemon = Daemon::with_site(&impatient)?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    let mut bo = bo(&daemon).start()?;

    // Rejected by hand.
    anna.dial("202")?;
    bo.wait_for("CALL_INCOMING")?;
    bo.hang_up()?;
    anna.wait_for("CALL_CLOSED")?;
    bo.wait_for("CALL_CLOSED")?;
    let refused = records(&daemon, 1)?[0]["cause"].clone();
    assert!(refused == "busy" || refused == "rejected", "baresip says 486 when it is refused: {refused}");

    // The caller gives up.
    anna.dial("202")?;
    bo.wait_for("CALL_INCOMING")?;
    anna.wait_for("CALL_RINGING")?;
    anna.hang_up()?;
    bo.wait_for("CALL_CLOSED")?;
    anna.wait_for("CALL_CLOSED")?;
    assert_eq!(records(&daemon, 2)?[0]["cause"], "cancelled");

    // Nobody has the number.
    anna.dial("299")?;
    let closed = anna.wait_for("CALL_CLOSED")?;
    assert!(closed["param"].as_str().is_some_and(|why| why.contains("404")), "{closed}");
    assert_eq!(records(&daemon, 3)?[0]["cause"], "unknown-number");

    // Time is up, and the rule says busy.
    bo.dial("201")?;
    anna.wait_for("CALL_INCOMING")?;
    anna.wait_for("CALL_CLOSED")?;
    let closed = bo.wait_for("CALL_CLOSED")?;
    assert!(closed["param"].as_str().is_some_and(|why| why.contains("486")), "{closed}");
    let cause = records(&daemon, 4)?[0]["cause"].clone();
    assert!(cause == "busy" || cause == "no-answer", "{cause}");

    // Nobody is registered there.
    anna.dial("203")?;
    anna.wait_for("CALL_CLOSED")?;
    assert_eq!(records(&daemon, 5)?[0]["cause"], "no-answer");
    Ok(())
}

#[test]
fn a_barred_number_is_refused_and_the_record_says_so() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    anna.dial("0900123456")?;
    let closed = anna.wait_for("CALL_CLOSED")?;
    assert!(closed["param"].as_str().is_some_and(|why| why.contains("403")), "{closed}");
    assert_eq!(records(&daemon, 1)?[0]["cause"], "barred");
    Ok(())
}

#[test]
fn the_trace_is_the_whole_ladder_and_holds_no_secret() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let (mut anna, bo) = talk(&daemon, phone(&daemon, "anna-bord"), bo(&daemon))?;
    anna.hang_up()?;
    let id = records(&daemon, 1)?[0]["id"].to_string();
    let lines = daemon.ask_until(&["trace", &id], |lines| lines.to_string().contains("BYE"))?;
    let lines = lines.as_array().context("a listing is an array")?;
    let rungs: Vec<&str> = lines.iter().filter_map(|line| line["summary"].as_str()).collect();
    for part in ["INVITE sip:202@", "401 ", "100 Trying", "200 OK", "ACK ", "BYE "] {
        assert!(rungs.iter().any(|rung| rung.contains(part)), "{part} is missing from {rungs:#?}");
    }
    let whole = lines.iter().filter_map(|line| line["message"].as_str()).collect::<String>();
    let words = anna.words() + &bo.words();
    let mut secrets = 0;
    for key in ["response=\"", "cnonce=\""] {
        for value in words.split(key).skip(1).filter_map(|rest| rest.split('"').next()) {
            secrets += 1;
            assert!(!whole.contains(value), "{key}{value} is in the trace");
        }
    }
    assert!(secrets > 0, "the phones did prove themselves: {words}");
    assert!(whole.contains("Authorization: "), "that there was a proof is no secret");
    assert!(!whole.contains("hemlighet"));
    let text = String::from_utf8(daemon.vaxel(&["trace", &id])?.stdout)?;
    assert!(text.contains("INVITE sip:202@") && text.contains("-->") && text.contains("<--"), "{text}");
    Ok(())
}

#[test]
fn a_call_cut_by_a_crash_leaves_one_record_that_says_lost() -> Result<()> {
    let mut daemon = Daemon::with_site(&company())?;
    let (anna, bo) = talk(&daemon, phone(&daemon, "anna-bord"), bo(&daemon))?;
    daemon.kill()?;
    daemon.start_again()?;
    let log = records(&daemon, 1)?;
    assert_eq!(log[0]["cause"], "lost", "{log:#?}");
    drop((anna, bo));
    Ok(())
}

#[test]
fn stopping_the_box_says_goodbye_to_calls() -> Result<()> {
    let mut daemon = Daemon::with_site(&company())?;
    let (mut anna, mut bo) = talk(&daemon, phone(&daemon, "anna-bord"), bo(&daemon))?;
    assert!(daemon.stop()?.success());
    anna.wait_for("CALL_CLOSED")?;
    bo.wait_for("CALL_CLOSED")?;
    daemon.start_again()?;
    let log = records(&daemon, 1)?;
    assert_eq!(log[0]["cause"], "answered", "{log:#?}");
    Ok(())
}
