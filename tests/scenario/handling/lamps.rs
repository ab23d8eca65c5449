//! Lamps: what a key on a colleague's phone shows, through everything that happens to a call.

use super::three;
use crate::world::simulated::secs;
use crate::world::simulated::{Dial, Light, Manner, State, World};
use sip::{Name, Status};

#[test]
fn a_lamp_rings_glows_and_goes_out_with_the_calls_of_an_extension() {
    let mut world = World::new();
    let [anna, bo, _] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    let annas = world.watches("cia-bord", "201", "dialog");
    let bos = world.watches("cia-bord", "202", "dialog");
    assert_eq!(world.lights([annas, bos]), [Light::Dark, Light::Dark]);
    world.dial(anna, "202");
    world.run(0.5);
    assert_eq!(world.lights([annas, bos]), [Light::Ringing, Light::Ringing]);
    let (ringing, calling) = (world.watcher(bos).document(), world.watcher(annas).document());
    assert!(
        ringing.contains("direction=\"recipient\"") && ringing.contains("sip:201@127.0.0.1"),
        "{ringing}"
    );
    assert!(calling.contains("direction=\"initiator\""), "{calling}");
    world.pick_up(bo);
    world.run(0.5);
    assert_eq!(world.lights([annas, bos]), [Light::Busy, Light::Busy]);
    world.hold(bo);
    assert_eq!(world.lights([annas, bos]), [Light::Busy, Light::Held]);
    world.resume(bo);
    assert_eq!(world.lights([annas, bos]), [Light::Busy, Light::Busy]);
    world.hang_up(bo);
    assert_eq!(world.lights([annas, bos]), [Light::Dark, Light::Dark]);
    let versions: Vec<String> = world
        .watcher(bos)
        .told
        .iter()
        .map(|(_, notify)| String::from_utf8_lossy(&notify.body).into_owned())
        .map(|body| body.split("version=\"").nth(2).expect("a version").split('"').next().unwrap().to_owned())
        .collect();
    let counted: Vec<String> = (0..versions.len()).map(|version| version.to_string()).collect();
    assert_eq!(versions, counted, "each document is one more than the last");
    world.nobody_watches();
    world.settles();
}

#[test]
fn a_call_to_several_phones_is_one_glow_and_who_calls_from_outside_is_shown_if_they_like() {
    for (from, shown) in [("+46705556677", true), ("anonymous", false)] {
        let mut world = World::new();
        let [desk, soft] = ["anna-bord", "anna-dator"].map(|device| world.phone(device));
        let lamp = world.watches("bo-bord", "201", "dialog");
        world.peer(desk).manner = Manner::Rings;
        world.call(World::OPERATOR, Dial::to("+46812345201").from(from));
        world.run(1.0);
        assert_eq!(world.light(lamp), Light::Ringing);
        let document = world.watcher(lamp).document();
        assert_eq!(document.matches("<dialog ").count(), 1, "{document}");
        assert_eq!(document.contains("46705556677"), shown, "{document}");
        world.pick_up(soft);
        world.run(0.5);
        assert_eq!(world.light(lamp), Light::Busy);
        world.hang_up(soft);
        assert_eq!(world.lights([lamp]), [Light::Dark]);
        world.nobody_watches();
        world.settles();
    }
}

#[test]
fn lamps_follow_a_call_that_is_connected_further() {
    let (mut world, [_, bo, cia]) = three();
    let lamps = ["201", "202", "203"].map(|number| world.watches("anna-dator", number, "dialog"));
    world.answers(cia, 1.0);
    world.connect_with(bo, "203");
    world.run(0.5);
    assert_eq!(world.lights(lamps)[1..], [Light::Dark, Light::Ringing]);
    world.run(2.0);
    assert_eq!(world.lights(lamps), [Light::Busy, Light::Dark, Light::Busy]);
    let with = world.watcher(lamps[0]).document();
    assert!(with.contains("sip:203@127.0.0.1"), "Anna talks to Cia now: {with}");
    world.hang_up(cia);
    assert_eq!(world.lights(lamps), [Light::Dark; 3]);
    world.nobody_watches();
    world.settles();
}

#[test]
fn a_parking_place_glows_while_somebody_waits_there() {
    let (mut world, [anna, bo, cia]) = three();
    let place = world.watches("cia-bord", "*51", "dialog");
    let bos = world.watches("cia-bord", "202", "dialog");
    assert_eq!(world.lights([place, bos]), [Light::Dark, Light::Busy]);
    world.hold(anna);
    world.dial(anna, "*51");
    world.run(3.0);
    assert_eq!(world.lights([place, bos]), [Light::Busy, Light::Busy]);
    let parked = world.watcher(place).document();
    assert!(parked.contains("Bo Berg"), "who waits there: {parked}");
    world.dial(cia, "*51");
    world.run(1.0);
    world.talk(bo, cia);
    assert_eq!(world.lights([place, bos]), [Light::Dark, Light::Busy]);
    world.hang_up(bo);
    world.nobody_watches();
    world.settles();
}

#[test]
fn a_conference_keeps_the_lamps_of_those_who_are_in_it() {
    let (mut world, [anna, bo, cia]) = three();
    let lamps = ["201", "202", "203"].map(|number| world.watches("anna-dator", number, "dialog"));
    world.answers(cia, 0.5);
    world.hold(anna);
    world.dial(anna, "203");
    world.run(2.0);
    world.hold(anna);
    world.dial(anna, "*3");
    world.run(2.0);
    assert_eq!(world.lights(lamps), [Light::Busy; 3], "{}", world.ladder);
    world.leave(anna);
    world.run(0.5);
    assert_eq!(world.lights(lamps), [Light::Dark, Light::Busy, Light::Busy]);
    world.hang_up(bo);
    world.hang_up(cia);
    world.run(1.0);
    assert_eq!(world.lights(lamps), [Light::Dark; 3]);
    world.nobody_watches();
    world.settles();
}

#[test]
fn the_key_of_a_ringing_colleague_takes_the_call() {
    let mut world = World::new();
    let [anna, bo, cia] = ["anna-bord", "bo-bord", "cia-bord"].map(|device| world.phone(device));
    let lamp = world.watches("cia-bord", "202", "dialog");
    world.dial(anna, "202");
    world.run(1.0);
    let document = world.watcher(lamp).document();
    let value = |name: &str| {
        let rest =
            document.split(&format!("{name}=\"")).nth(1).unwrap_or_else(|| panic!("{name} in {document}"));
        rest.split('"').next().expect("a value").to_owned()
    };
    let replaces =
        format!("{};to-tag={};from-tag={}", value("call-id"), value("local-tag"), value("remote-tag"));
    let mut dial = Dial::to("202");
    dial.extra.push(Name::Replaces, replaces);
    world.call(cia, dial);
    world.run(1.0);
    world.talk(anna, cia);
    assert!(matches!(world.on(bo).state, State::Over(_)));
    assert_eq!(world.lights([lamp]), [Light::Dark]);
    world.hang_up(cia);
    world.nobody_watches();
    world.settles();
}

#[test]
fn who_is_no_device_and_what_is_no_extension_is_refused() {
    let mut world = World::new();
    let _ = world.phone("bo-bord");
    for (resource, package, status) in [
        ("299", "dialog", Status::NOT_FOUND),
        ("0701234567", "dialog", Status::NOT_FOUND),
        ("*99", "dialog", Status::NOT_FOUND),
        ("201", "message-summary", Status::NOT_FOUND),
        ("202", "conference", Status::BAD_EVENT),
    ] {
        assert_eq!(world.would_watch("bo-bord", resource, package).1, status, "{resource} {package}");
    }
    let (_, status) = world.would_watch("nobody", "202", "dialog");
    assert!(status == Status::UNAUTHORIZED || status == Status::FORBIDDEN, "{status}");
    let lamp = world.watches("bo-bord", "201", "dialog");
    assert_eq!(world.subscribes(lamp, 5), Status::INTERVAL_TOO_BRIEF);
    world.nobody_watches();
    world.settles();
}

#[test]
fn a_subscription_is_renewed_told_again_and_runs_out() {
    let mut world = World::new();
    let lamp = world.watches("bo-bord", "201", "dialog");
    world.run(300.0);
    let told = world.watcher(lamp).told.len();
    assert_eq!(world.subscribes(lamp, 600), Status::OK);
    world.run(1.0);
    assert_eq!(world.watcher(lamp).told.len(), told + 1, "everything, once");
    world.run(700.0);
    let (_, last) = world.watcher(lamp).told.last().expect("something");
    let state = last.headers.get(&Name::SubscriptionState).unwrap_or_default().to_owned();
    assert!(state.starts_with("terminated"), "{state}");
    world.settles();
}

#[test]
fn a_watcher_that_vanished_is_forgotten_and_the_others_are_told() {
    let (mut world, [anna, bo, _]) = three();
    let [gone, there] = ["cia-bord", "anna-dator"].map(|device| world.watches(device, "202", "dialog"));
    world.watcher(gone).deaf = true;
    world.hang_up(anna);
    assert_eq!(world.lights([there]), [Light::Dark]);
    world.run(40.0);
    let _ = bo;
    world.nobody_watches();
    world.settles();
}

#[test]
fn presence_says_who_can_be_reached_and_who_is_on_the_phone() {
    let mut world = World::new();
    let [anna, bo] = ["anna-bord", "bo-bord"].map(|device| world.phone(device));
    let [annas, cias] = ["201", "203"].map(|number| world.watches("bo-bord", number, "presence"));
    assert!(world.watcher(annas).document().contains("<basic>open</basic>"));
    assert!(world.watcher(cias).document().contains("<basic>closed</basic>"), "no phone is there");
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(2.0);
    assert!(world.watcher(annas).document().contains("on-the-phone"));
    world.hang_up(anna);
    world.run(1.0);
    assert!(!world.watcher(annas).document().contains("on-the-phone"));
    world.phone("cia-bord");
    world.run(1.0);
    assert!(world.watcher(cias).document().contains("<basic>open</basic>"), "she has come");
    world.nobody_watches();
    world.settles();
}

#[test]
fn one_subscription_shows_everybody_as_a_list() {
    let (mut world, [_, bo, _]) = three();
    let all = world.watches("cia-bord", "alla", "dialog");
    let (_, notify) = world.watcher(all).told.last().expect("told");
    assert_eq!(notify.headers.get(&Name::Require), Some("eventlist"));
    let list = world.watcher(all).document();
    assert!(list.contains("rlmi") && list.contains("sip:201@") && list.contains("sip:202@"), "{list}");
    assert!(!list.contains("entity=\"sip:203@"), "not the watcher: {list}");
    assert_eq!(list.matches("<state>confirmed</state>").count(), 2, "{list}");
    world.hang_up(bo);
    world.run(0.5);
    let list = world.watcher(all).document();
    assert_eq!(list.matches("<state>terminated</state>").count(), 2, "{list}");
    world.nobody_watches();
    world.settles();
}

#[test]
fn lamps_change_within_half_a_second_and_not_once_for_every_step() {
    let mut world = World::new();
    let [anna, bo] = ["anna-bord", "bo-bord"].map(|device| world.phone(device));
    let lamps: Vec<_> = (0..20).map(|_| world.watches("cia-bord", "202", "dialog")).collect();
    world.answers(bo, 0.0);
    let began = world.now.mono;
    world.dial(anna, "202");
    world.run(2.0);
    for lamp in &lamps {
        let told = &world.watcher(*lamp).told;
        let (at, _) = *told.get(1).as_ref().expect("it was told");
        assert!(at.saturating_duration_since(began) < secs(0.5));
        assert!(told.len() <= 3, "told {} times of a call that was answered at once", told.len());
        assert_eq!(world.light(*lamp), Light::Busy);
    }
    world.hang_up(anna);
    assert_eq!(world.lights([lamps[0]]), [Light::Dark]);
    world.nobody_watches();
    world.settles();
}

#[test]
fn renewals_are_shortened_too_and_a_box_that_stops_sends_its_watchers_away() {
    let mut world = World::new();
    let lamp = world.watches("bo-bord", "201", "dialog");
    assert_eq!(world.subscribes(lamp, 3600), Status::OK);
    world.run(1.0);
    let state = |world: &mut World| {
        let (_, last) = world.watcher(lamp).told.last().expect("something");
        last.headers.get(&Name::SubscriptionState).unwrap_or_default().to_owned()
    };
    assert_eq!(state(&mut world), "active;expires=900");
    let now = world.now;
    world.vaxel.exchange.stop(now);
    world.run(1.0);
    assert_eq!(state(&mut world), "terminated;reason=deactivated");
    world.settles();
}

#[test]
fn a_device_that_watches_too_much_is_put_off_and_the_others_go_on() {
    let mut world = World::new();
    for _ in 0..500 {
        world.watches("cia-bord", "202", "dialog");
    }
    assert_eq!(world.would_watch("cia-bord", "202", "dialog").1, Status::SERVICE_UNAVAILABLE);
    world.watches("bo-bord", "201", "dialog");
    world.nobody_watches();
    world.settles();
}
