//! What callers of absent people hear, and what becomes of what they say, by real phones and by what they recorded.

use super::daemon_company::{bo, company, phone};
use crate::world::daemon::Daemon;
use crate::world::phone::hearing::Recording;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// What Bo speaks, hertz.
const BO: f64 = 700.0;
/// What the tone before a message is, hertz.
const RECORD: f64 = 1_000.0;
/// A clip is compared in pieces of so many samples, 0.4 s, the first three of it: where a phone adjusts its buffer, it
/// leaves out or repeats some of one piece.
const PIECE: usize = 3_200;
const PIECES: usize = 3;
/// Sound that came by telephone is this like the clip it was.
const LIKE: f64 = 0.8;

/// A prompt as it was built, at 8 kHz.
fn prompt(id: &str) -> Result<Vec<f64>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/prompts");
    let index = std::fs::read_to_string(folder.join("sv.index"))?;
    let line = index.lines().find(|line| line.split(' ').next() == Some(id)).context("it is spoken")?;
    let numbers: Vec<usize> = line.split(' ').skip(1).map(str::parse).collect::<Result<_, _>>()?;
    let all = std::fs::read(folder.join("sv.pcm"))?;
    let octets = &all[2 * numbers[0]..2 * (numbers[0] + numbers[1])];
    let samples: Vec<i16> =
        octets.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    Ok(narrow(&samples))
}

/// Samples of 16 kHz at 8 kHz.
fn narrow(samples: &[i16]) -> Vec<f64> {
    samples.chunks_exact(2).map(|pair| (f64::from(pair[0]) + f64::from(pair[1])) / 2.0).collect()
}

/// How like a clip the most similar place of a recording is, from 0 to 1, and where it is, in seconds: by the piece of the
/// clip that came through best.
fn likeness(heard: &Recording, clip: &[f64]) -> (f64, f64) {
    let pieces = clip.chunks(PIECE).take(PIECES).filter(|piece| piece.len() == PIECE || clip.len() < PIECE);
    let found = pieces.map(|piece| piece_likeness(heard, piece));
    found.max_by(|(a, _), (b, _)| a.total_cmp(b)).unwrap_or_default()
}

fn piece_likeness(heard: &Recording, clip: &[f64]) -> (f64, f64) {
    // Half the rate is enough for speech of the lower band, and takes a quarter of the time.
    let halved = |samples: &[f64]| -> Vec<f64> {
        samples.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect()
    };
    // Phones record at the rate of the codec.
    let samples = narrow(media::program::Clip::new(heard.rate, &heard.samples).samples());
    let (heard, clip) = (halved(&samples), halved(clip));
    let energy = |samples: &[f64]| samples.iter().map(|sample| sample * sample).sum::<f64>();
    let of_clip = energy(&clip);
    let mut of_window = energy(&heard[..clip.len().min(heard.len())]);
    let mut best = (0.0, 0.0);
    for (at, window) in heard.windows(clip.len()).enumerate() {
        let product: f64 = window.iter().zip(&clip).map(|(a, b)| a * b).sum();
        let both = (of_window.max(0.0) * of_clip).sqrt();
        of_window += heard.get(at + clip.len()).map_or(0.0, |next| next * next) - window[0] * window[0];
        if both > 0.0 && product / both > best.0 {
            best = (product / both, at as f64 / 4_000.0);
        }
    }
    best
}

fn messages(daemon: &Daemon, count: usize) -> Result<Vec<Value>> {
    let all = daemon.ask_until(&["voicemail", "list", "anna"], |all| {
        all.as_array().is_some_and(|all| all.len() == count)
    })?;
    all.as_array().cloned().context("a list")
}

/// Waits until a phone has heard a tone, and gives when.
fn hears_tone(phone: &crate::world::phone::baresip::Baresip, tone: f64) -> Result<f64> {
    let mut at = 0.0;
    loop {
        let heard = phone.hear(at + 0.3)?;
        let part = heard.between(at, at + 0.3);
        if part.loudness() > 300.0 && part.share(tone) > 0.6 {
            return Ok(at);
        }
        ensure!(at < 60.0, "no tone of {tone} Hz in a minute: {}", phone.words());
        at += 0.1;
    }
}

#[test]
fn a_caller_hears_why_and_until_when_and_leaves_a_message_that_is_heard_and_exported() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    let set = daemon.ask(&["activity", "set", "anna", "lunch"])?;
    ensure!(set["closed"] == true && set["until"].is_string(), "{set}");
    let mut bo = bo(&daemon).start()?;
    let mut anna = phone(&daemon, "anna-bord").start()?;
    bo.dial("201")?;
    bo.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    let tone = hears_tone(&bo, RECORD).with_context(|| daemon.log())?;
    let heard = bo.hear(tone + 5.0)?;
    bo.hang_up()?;
    let mut before = 0.0;
    for id in ["ref.person.m", "act.lunch.c", "ref.back.m", "vm.leaveor"] {
        let (like, at) = likeness(&heard.between(0.0, tone), &prompt(id)?);
        ensure!(like > LIKE, "{id} is heard at {at} s with a likeness of {like:.2} only: {}", bo.words());
        ensure!(at > before, "{id} comes at {at} s, after what came at {before} s");
        before = at;
    }
    ensure!(anna.unseen().iter().all(|event| event["type"] != "CALL_INCOMING"), "her phone does not ring");
    let left = messages(&daemon, 1)?;
    let seconds = left[0]["duration_s"].as_f64().context("a length")?;
    ensure!((3.0..7.0).contains(&seconds), "{left:?}");
    ensure!(left[0]["from"] == "202" && left[0]["new"] == true && left[0]["cut"] == false, "{left:?}");

    let folder = tempfile::tempdir()?;
    let id = left[0]["id"].as_str().context("an id")?;
    let exported = daemon.ask(&["voicemail", "export", "anna", id, &folder.path().display().to_string()])?;
    let file = exported["file"].as_str().context("a file")?;
    ensure!(file.ends_with("Z 202.wav"), "{file}");
    let sound = Recording::read(Path::new(file))?;
    ensure!(sound.rate == 16_000 && sound.has_tone(BO), "the sound kept is the sound spoken");
    ensure!((sound.seconds() - seconds).abs() < 0.1, "{} s", sound.seconds());

    anna.dial("133")?;
    anna.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    hears_tone(&anna, BO).with_context(|| daemon.log())?;
    anna.wait_for_within("CALL_CLOSED", Duration::from_secs(90))?;
    let left = messages(&daemon, 1)?;
    ensure!(left[0]["new"] == false, "it has been heard: {left:?}");
    Ok(())
}

#[test]
fn a_message_under_which_the_box_is_killed_is_kept_as_far_as_it_came() -> Result<()> {
    let mut daemon = Daemon::with_site(&company())?;
    daemon.ask(&["activity", "set", "anna", "holiday"])?;
    let mut bo = bo(&daemon).start()?;
    bo.dial("201")?;
    bo.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    let tone = hears_tone(&bo, RECORD).with_context(|| daemon.log())?;
    bo.hear(tone + 5.0)?;
    daemon.kill()?;
    daemon.start_again()?;
    let left = messages(&daemon, 1)?;
    ensure!(left[0]["cut"] == true && left[0]["new"] == true, "{left:?}");
    let seconds = left[0]["duration_s"].as_f64().context("a length")?;
    ensure!((2.0..7.0).contains(&seconds), "{left:?}");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("cut.wav");
    let id = left[0]["id"].as_str().context("an id")?;
    daemon.ask(&["voicemail", "export", "anna", id, &file.display().to_string()])?;
    ensure!(Recording::read(&file)?.has_tone(BO));
    let activity = daemon.ask(&["activity", "show", "anna"])?;
    ensure!(activity["activity"] == "holiday", "{activity}");
    Ok(())
}

#[test]
fn what_the_company_has_written_is_spoken_by_the_engine() -> Result<()> {
    let daemon = Daemon::with_site(&company())?;
    daemon.ask(&["activity", "set", "anna", "kundbesok"])?;
    let spoken = daemon.state().join("spoken/sv/say.kundbesok.e.wav");
    daemon.ask_until(&["status"], |_| spoken.exists())?;
    let words = Recording::read(&spoken)?;
    ensure!(words.seconds() > 0.5, "{} s", words.seconds());
    let mut bo = bo(&daemon).start()?;
    bo.dial("201")?;
    bo.wait_for("CALL_ESTABLISHED").with_context(|| daemon.log())?;
    let tone = hears_tone(&bo, RECORD).with_context(|| daemon.log())?;
    let (like, at) = likeness(&bo.hear(tone)?.between(0.0, tone), &narrow(&words.samples));
    ensure!(like > LIKE, "heard at {at} s with a likeness of {like:.2}");
    bo.hang_up()?;
    Ok(())
}
