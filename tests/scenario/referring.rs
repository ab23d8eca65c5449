//! Callers of people who are doing something else: what they hear, and where it leads.

use crate::world::simulated::{Dial, PeerId, State, World};
use model::{Cause, Command, Reply, Setting, What};

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
    world.run(60.0);
    assert!(world.peer(anna).calls.is_empty(), "her phone does not ring");
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
