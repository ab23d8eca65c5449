//! Lamps in a company of 250, each watched by 20: how long they take when many calls begin and end at once.

use crate::world::simulated::{Light, PeerId, WatcherId, World, secs, site};

/// Who has lamps.
const USERS: usize = 250;
/// How many watch each.
const WATCHERS: usize = 20;
/// The most a lamp may be late.
const LATEST: f64 = 0.5;

/// The demo company with so many further colleagues that there are 250; the extensions of the new ones.
fn large() -> (String, Vec<String>) {
    let known = site::read(&site::demo());
    let is_free = |extension: &String| known.target(&known.number(extension)).is_none();
    let all = (210..700).map(|number: u32| number.to_string()).filter(is_free);
    let extensions: Vec<String> = all.take(USERS - known.users().count()).collect();
    let users = extensions.iter().map(|extension| {
        format!(
            "\n[[users]]\nid = \"u{extension}\"\nname = \"User {extension}\"\nextension = \"{extension}\"\nplan = \
             \"business\"\n[[users.devices]]\nid = \"d{extension}\"\nsecret = \"d{extension}-hemlighet\"\nkind = \
             \"desk\"\n"
        )
    });
    (site::demo() + &users.collect::<String>(), extensions)
}

#[test]
fn twenty_lamps_each_of_everybody_follow_ten_calls_within_half_a_second() {
    let (document, extensions) = large();
    let mut world = World::with_site(1, document);
    let watching: Vec<String> = extensions.iter().take(WATCHERS).map(|it| format!("d{it}")).collect();
    let mut lamps: Vec<Vec<WatcherId>> = Vec::new();
    for extension in &extensions {
        lamps.push(watching.iter().map(|device| world.watches(device, extension, "dialog")).collect());
    }
    let phones: Vec<PeerId> = extensions[100..120].iter().map(|it| world.phone(&format!("d{it}"))).collect();
    world.run(1.0);
    let began = world.now.mono;
    for (number, pair) in phones.chunks(2).enumerate() {
        world.answers(pair[1], 0.0);
        world.dial(pair[0], &extensions[100 + 2 * number + 1]);
    }
    world.run(LATEST);
    for (number, watchers) in lamps.iter().enumerate() {
        let light = if (100..120).contains(&number) { Light::Busy } else { Light::Dark };
        for watcher in watchers {
            assert_eq!(world.light(*watcher), light, "the lamp of {}", extensions[number]);
            let late = world.watcher(*watcher).told.last().map(|(at, _)| at.saturating_duration_since(began));
            assert!(late.expect("told") <= secs(LATEST));
        }
    }
    for pair in phones.chunks(2) {
        world.hang_up(pair[0]);
    }
    world.run(LATEST);
    for watcher in lamps.iter().flatten() {
        assert_eq!(world.light(*watcher), Light::Dark);
    }
    world.nobody_watches();
    world.settles();
}
