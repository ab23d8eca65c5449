//! What real phones do with a call beyond talking: connect it, park it, pick it up, confer. Who hears whom is taken
//! from what they recorded.

use super::daemon_company::{bo, company, phone, records};
use crate::world::daemon::Daemon;
use crate::world::phone::baresip::{Baresip, Phone};
use crate::world::phone::hearing::Recording;
use crate::world::phone::linphone::Linphone;
use anyhow::{Context, Result, ensure};

/// What Anna, Bo and Cia speak, hertz.
const ANNA: f64 = 440.0;
const BO: f64 = 700.0;
const CIA: f64 = 1_000.0;
/// A voice that is heard has this part of the power, also where two speak at once.
const HEARD: f64 = 0.25;

fn cia(daemon: &Daemon) -> Phone {
    Phone { tone: 1_000, answers: true, ..phone(daemon, "cia-bord") }
}

fn answering(phone: Phone) -> Phone {
    Phone { answers: true, ..phone }
}

/// Which of the three tones are heard in the second that follows now.
fn hears(phone: &Baresip) -> Result<Vec<f64>> {
    let begun = phone.hear(0.0)?.seconds();
    let heard = phone.hear(begun + 1.5)?.between(begun + 0.5, begun + 1.5);
    let loud = heard.loudness() > 300.0;
    Ok([ANNA, BO, CIA].into_iter().filter(|tone| loud && heard.best_share(*tone) > HEARD).collect())
}

/// Waits until a phone hears just these.
fn must_hear(phone: &Baresip, tones: &[f64]) -> Result<()> {
    let mut heard = Vec::new();
    for _ in 0..5 {
        heard = hears(phone)?;
        if heard == tones {
            return Ok(());
        }
    }
    ensure!(heard == tones, "{heard:?} are heard, not {tones:?}: {}", phone.words());
    Ok(())
}

/// Anna has called Bo and they talk.
fn talk(daemon: &Daemon) -> Result<(Baresip, Baresip)> {
    let mut bo = answering(bo(daemon)).start()?;
    let mut anna = phone(daemon, "anna-bord").start()?;
    anna.dial("202")?;
    anna.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    bo.wait_for("CALL_ESTABLISHED")?;
    Ok((anna, bo))
}

#[test]
fn a_phone_connects_its_party_with_a_colleague_and_is_out_of_it() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let (mut anna, mut bo) = talk(&daemon)?;
    let mut cia = cia(&daemon).start()?;
    anna.say("transfer", "203")?;
    cia.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    anna.wait_for("CALL_CLOSED").with_context(|| anna.words())?;
    must_hear(&bo, &[CIA])?;
    must_hear(&cia, &[BO])?;
    bo.hang_up()?;
    cia.wait_for("CALL_CLOSED")?;
    let record = &records(&daemon, 1)?[0];
    assert_eq!((&record["from"], &record["to"]), (&"201".into(), &"202".into()), "{record:#}");
    Ok(())
}

#[test]
fn a_phone_that_asks_first_connects_the_two_it_talks_to() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut anna = answering(phone(&daemon, "anna-bord")).start()?;
    let mut cia = cia(&daemon).start()?;
    // A Linphone, for baresip 1.0 knows no Replaces.
    let mut bo = Linphone::at(daemon.sip(), "bo-bord", "bo-bord-hemlighet").start()?;
    bo.dial("201")?;
    anna.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    bo.wait_until_talking(1)?;
    bo.say("pause")?;
    bo.dial("203")?;
    cia.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    bo.wait_until_talking(2)?;
    bo.say("transfer 1 --to-call 2")?;
    must_hear(&anna, &[CIA]).with_context(|| bo.signalling())?;
    must_hear(&cia, &[ANNA])?;
    cia.hang_up()?;
    anna.wait_for("CALL_CLOSED")?;
    let causes: Vec<_> = records(&daemon, 2)?.iter().map(|record| record["cause"].clone()).collect();
    assert!(causes.contains(&"transferred".into()) && causes.contains(&"answered".into()), "{causes:?}");
    Ok(())
}

#[test]
fn a_parked_call_hears_music_and_is_taken_from_another_phone() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let (mut anna, mut bo) = talk(&daemon)?;
    anna.hold()?;
    anna.dial("*51")?;
    anna.wait_for("CALL_CLOSED").with_context(|| anna.words())?;
    let begun = bo.hear(0.0)?.seconds();
    let music = bo.hear(begun + 2.0)?.between(begun + 1.0, begun + 2.0);
    assert!(music.loudness() > 100.0 && !music.has_tone(ANNA), "music, not Anna: {}", music.loudness());
    let mut cia = cia(&daemon).start()?;
    cia.dial("*51")?;
    cia.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    must_hear(&bo, &[CIA])?;
    must_hear(&cia, &[BO])?;
    bo.hang_up()?;
    cia.wait_for("CALL_CLOSED")?;
    Ok(())
}

#[test]
fn a_colleagues_ringing_call_is_picked_up_from_another_phone() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut bo = bo(&daemon).start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    let mut cia = cia(&daemon).start()?;
    anna.dial("202")?;
    bo.wait_for("CALL_INCOMING")?;
    cia.dial("*8202")?;
    cia.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    anna.wait_for("CALL_ESTABLISHED")?;
    bo.wait_for("CALL_CLOSED")?;
    must_hear(&anna, &[CIA])?;
    must_hear(&cia, &[ANNA])?;
    anna.hang_up()?;
    cia.wait_for("CALL_CLOSED")?;
    Ok(())
}

#[test]
fn three_phones_meet_in_a_room_and_each_hears_the_others_and_not_itself() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let mut phones = Vec::new();
    for phone in [phone(&daemon, "anna-bord"), bo(&daemon), cia(&daemon)] {
        let mut phone = phone.start()?;
        phone.dial("600")?;
        phone.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
        phone.press("1234#")?;
        phones.push(phone);
    }
    for (phone, others) in phones.iter().zip([[BO, CIA], [ANNA, CIA], [ANNA, BO]]) {
        must_hear(phone, &others).with_context(|| daemon.log())?;
    }
    phones[0].hang_up()?;
    must_hear(&phones[1], &[CIA])?;
    must_hear(&phones[2], &[BO])?;
    phones[1].hang_up()?;
    phones[2].hang_up()?;
    records(&daemon, 3).map(drop)
}

#[test]
fn whoever_is_held_hears_the_customers_own_music_or_the_boxes_where_that_is_unusable() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let own = folder.path().join("own.wav");
    Recording::write_tone(&own, 1_300, 5)?;
    for (file, plays) in [(own, true), (folder.path().join("missing.wav"), false)] {
        let daemon = Daemon::start_with(&format!("[music]\non_hold = {file:?}\n"))?;
        daemon.apply(&company())?;
        let (mut anna, mut bo) = talk(&daemon)?;
        anna.hold()?;
        let begun = bo.hear(0.0)?.seconds();
        let heard = bo.hear(begun + 2.0)?.between(begun + 1.0, begun + 2.0);
        ensure!(heard.loudness() > 100.0 && heard.has_tone(1_300.0) == plays, "{}", bo.words());
        let alarms = daemon.ask(&["status"])?["alarms"].to_string();
        ensure!(alarms.contains("missing.wav") != plays, "{alarms}");
        bo.hang_up()?;
        anna.wait_for("CALL_CLOSED")?;
    }
    Ok(())
}
