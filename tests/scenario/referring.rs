//! Callers of people who are doing something else: what they hear, and where it leads.

use crate::world::simulated::{Dial, Manner, PeerId, Side, State, World, pitch};
use model::{Cause, Command, MailboxEntry, MessageAction, RecordingId, Reply, Setting, What};

const CUSTOMER: &str = "+46701112233";
const ANNA: &str = "+46812345201";

fn at_lunch(until: &str) -> (World, [PeerId; 2]) {
    let mut world = World::new();
    let phones = ["anna-bord", "bo-bord"].map(|device| world.phone(device));
    set(&mut world, "anna", "lunch", Some(until));
    (world, phones)
}

fn set(world: &mut World, user: &str, activity: &str, until: Option<&str>) {
    let (activity, until) = (activity.into(), until.map(str::to_owned));
    let setting = Setting::Activity { activity, until, note: None, closed: None };
    let reply = world.ask(Command::Set { user: user.into(), setting });
    assert!(matches!(reply, Reply::Activity(_)), "{reply:?}");
}

fn calls(world: &mut World) {
    world.call(World::OPERATOR, Dial::to(ANNA).from(CUSTOMER));
}

/// The messages in a mailbox.
fn messages(world: &mut World, mailbox: &str) -> Vec<MailboxEntry> {
    match world.ask(Command::Voicemail { mailbox: mailbox.to_owned(), wish: None }) {
        Reply::Voicemail(entries) => entries,
        other => panic!("{other:?}"),
    }
}

/// What was spoken in the only call.
fn spoken(world: &World) -> Vec<String> {
    let ids = world.record().trail.iter().filter_map(|step| match &step.what {
        What::Spoken { ids, .. } => Some(ids.clone()),
        _ => None,
    });
    ids.flatten().collect()
}

#[test]
fn who_calls_somebody_at_lunch_hears_words_and_no_phone_rings() {
    let (mut world, [anna, _]) = at_lunch("13:15");
    calls(&mut world);
    world.run(2.0);
    assert_eq!(world.on(World::OPERATOR).state, State::Up);
    world.run(8.0);
    assert!(world.peer(anna).calls.is_empty(), "her phone does not ring");
    world.hang_up(World::OPERATOR);
    world.settles();
    let spoken = spoken(&world);
    assert_eq!(spoken[..5], ["ref.person.m", "act.lunch.c", "ref.back.m", "time.h13.m", "time.m15.e"]);
    assert_eq!(world.record().cause, Cause::Voicemail);
}

#[test]
fn the_caller_leaves_the_words_by_a_key_and_talks_to_a_colleague() {
    let (mut world, [_, bo]) = at_lunch("13:15");
    world.answers(bo, 1.0);
    calls(&mut world);
    world.run(3.0);
    world.press(World::OPERATOR, "1");
    world.run(8.0);
    assert_eq!(world.hears(bo), [World::OPERATOR]);
    assert_eq!(world.hears(World::OPERATOR), [bo]);
    world.hang_up(bo);
    world.settles();
    assert_eq!(world.record().answered_by, Some("bo".into()));
}

#[test]
fn an_activity_lasts_over_a_restart_and_is_over_when_its_time_has_passed() {
    let (mut world, [anna, _]) = at_lunch("13:15");
    world.restart();
    world.run(100.0);
    calls(&mut world);
    world.run(30.0);
    assert!(world.peer(anna).calls.is_empty());
    world.hang_up(World::OPERATOR);
    world.settles();
}

/// Whether the customer says anything.
fn talks(world: &mut World, talks: bool) {
    world.peer(World::OPERATOR).calls.last_mut().expect("a call").talks = talks;
}

/// The tone among those of all peers that is loudest in a sound.
fn loudest(sound: &[i16]) -> u32 {
    let strength = |hertz: u32| {
        let step = std::f64::consts::TAU * f64::from(hertz) / 16_000.0;
        let (mut sine, mut cosine) = (0.0, 0.0);
        for (at, sample) in sound.iter().enumerate() {
            let (sin, cos) = (at as f64 * step).sin_cos();
            sine += f64::from(*sample) * sin;
            cosine += f64::from(*sample) * cos;
        }
        sine.hypot(cosine)
    };
    let tones = (0..14).map(|peer| pitch(PeerId(peer)));
    tones.max_by(|a, b| strength(*a).total_cmp(&strength(*b))).expect("tones")
}

/// The customer waits for the tone and speaks for so many seconds.
fn leaves(world: &mut World, seconds: f64) {
    calls(world);
    world.run(1.0);
    talks(world, false);
    for _ in 0..60 {
        if !world.vaxel.memory.messages.is_empty() {
            break;
        }
        world.run(0.5);
    }
    talks(world, true);
    world.run(seconds);
}

#[test]
fn who_speaks_after_the_tone_leaves_what_was_spoken() {
    let (mut world, _) = at_lunch("13:15");
    leaves(&mut world, 6.0);
    assert!(messages(&mut world, "anna").is_empty(), "nobody sees it while it is spoken");
    world.hang_up(World::OPERATOR);
    world.settles();
    let left = messages(&mut world, "anna");
    let [message] = left.as_slice() else { panic!("one message: {left:?}") };
    assert!((5.5..7.0).contains(&message.duration_s), "{message:?}");
    assert_eq!((message.from.as_deref(), message.new, message.cut), (Some(CUSTOMER), true, false));
    let sound = &world.vaxel.memory.sounds[&message.id];
    assert_eq!(loudest(sound), pitch(World::OPERATOR), "the sound kept is the sound spoken");
    assert_eq!(world.record().cause, Cause::Voicemail);
    world.restart();
    world.run(1.0);
    assert_eq!(messages(&mut world, "anna"), left);
    let wish = Some((message.id, MessageAction::Delete));
    let reply = world.ask(Command::Voicemail { mailbox: "anna".to_owned(), wish });
    assert_eq!(reply, Reply::Voicemail(Vec::new()));
    assert!(world.vaxel.memory.sounds.is_empty());
}

#[test]
fn who_hangs_up_before_the_tone_or_says_nothing_leaves_nothing() {
    let (mut world, _) = at_lunch("13:15");
    calls(&mut world);
    world.run(4.0);
    world.hang_up(World::OPERATOR);
    world.settles();
    calls(&mut world);
    world.run(1.0);
    talks(&mut world, false);
    world.run(60.0);
    world.settles();
    assert!(messages(&mut world, "anna").is_empty());
    assert!(world.vaxel.memory.sounds.is_empty());
}

#[test]
fn who_ends_a_message_by_a_key_hears_it_speaks_anew_and_sends_it() {
    let (mut world, _) = at_lunch("13:15");
    leaves(&mut world, 3.0);
    world.press(World::OPERATOR, "#");
    world.run(1.0);
    world.press(World::OPERATOR, "2");
    world.run(1.5);
    assert_eq!(world.hears(World::OPERATOR), [World::OPERATOR], "the caller hears the own message");
    world.press(World::OPERATOR, "3");
    world.run(16.0);
    world.press(World::OPERATOR, "#");
    world.run(1.0);
    world.press(World::OPERATOR, "1");
    world.run(5.0);
    world.settles();
    let left = messages(&mut world, "anna");
    let [message] = left.as_slice() else { panic!("one message: {left:?}") };
    assert!(message.duration_s > 8.0, "the second: {message:?}");
    assert_eq!(world.vaxel.memory.sounds.len(), 1, "the first is gone with its sound");
    let spoken = spoken(&world);
    for id in ["vm.review", "@recording:1-1", "vm.again", "vm.thanks"] {
        assert!(spoken.iter().any(|said| said == id), "{id} in {spoken:?}");
    }
}

#[test]
fn a_message_that_the_box_dies_under_is_kept_as_far_as_it_came() {
    let (mut world, _) = at_lunch("13:15");
    leaves(&mut world, 5.0);
    // What the recorder has written by then is in its file; here the tape stands for it.
    let tape: Vec<(u64, Vec<i16>)> = world.vaxel.tapes();
    world
        .vaxel
        .memory
        .sounds
        .extend(tape.into_iter().map(|(key, samples)| (RecordingId::from_key(key), samples)));
    world.restart();
    world.run(1.0);
    let left = messages(&mut world, "anna");
    let [message] = left.as_slice() else { panic!("one message: {left:?}") };
    assert!(message.cut && message.new && message.duration_s > 4.0, "{message:?}");
}

#[test]
fn a_full_mailbox_and_a_full_disk_say_so_before_the_tone() {
    for (alarm, prompt) in [(Some("disk-full"), "err.disk"), (None, "vm.full")] {
        let (mut world, _) = at_lunch("13:15");
        match alarm {
            Some(alarm) => world.vaxel.exchange.handle_alarm(world.now, alarm, Some("no room".to_owned())),
            None => world.fill_mailbox("anna"),
        }
        let before = messages(&mut world, "anna").len();
        calls(&mut world);
        world.run(40.0);
        world.settles();
        let spoken = spoken(&world);
        assert!(spoken.iter().any(|said| said == prompt), "{spoken:?}");
        assert!(!spoken.iter().any(|said| said == "tone.record"), "{spoken:?}");
        assert_eq!(messages(&mut world, "anna").len(), before);
    }
}

#[test]
fn nobody_answers_and_the_mailbox_takes_the_call() {
    let mut world = World::new();
    let anna = world.phone("anna-bord");
    world.peer(anna).manner = Manner::Rings;
    calls(&mut world);
    world.run(21.0);
    talks(&mut world, false);
    world.run(12.0);
    talks(&mut world, true);
    world.run(3.0);
    world.hang_up(World::OPERATOR);
    world.settles();
    assert_eq!(messages(&mut world, "anna").len(), 1);
    assert_eq!(spoken(&world)[..2], ["ref.person.m", "vm.noanswer.e"]);
}

#[test]
fn telephones_are_told_of_messages_whether_they_have_asked_or_not() {
    let (mut world, [anna, _]) = at_lunch("13:15");
    let asked = world.watches("anna-dator", "anna-dator", "message-summary");
    assert!(world.watcher(asked).document().contains("Messages-Waiting: no"));
    let told = |world: &World| world.ladder.count(Side::Box, "NOTIFY");
    let before = told(&world);
    leaves(&mut world, 4.0);
    assert_eq!(told(&world), before, "nothing is told while it is spoken");
    world.hang_up(World::OPERATOR);
    world.run(0.5);
    let document = world.watcher(asked).document();
    assert!(document.contains("Voice-Message: 1/0"), "{document}");
    let unasked = world.peer(anna).notified.last().cloned().expect("her desk phone is told as well");
    assert!(unasked.contains("Voice-Message: 1/0") && unasked.contains("Messages-Waiting: yes"), "{unasked}");
    let id = messages(&mut world, "anna")[0].id;
    world.ask(Command::Voicemail { mailbox: "anna".to_owned(), wish: Some((id, MessageAction::Save)) });
    world.run(0.5);
    assert!(world.watcher(asked).document().contains("Messages-Waiting: no"));
    assert!(world.peer(anna).notified.last().is_some_and(|told| told.contains("Voice-Message: 0/1")));
    world.nobody_watches();
    world.settles();
}
