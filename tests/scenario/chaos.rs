//! Random busy hours: people call, answer, hold, give up and hang up as the dice say, in any weather, while sites are
//! applied and the box is restarted. Whatever they do, everything comes to rest with one record a call.

use crate::world::simulated::{Dial, Manner, PeerId, Weather, World, secs, site};
use media::Codec;
use model::Cause;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use sip::Status;

const NUMBERS: [&str; 10] =
    ["201", "202", "203", "300", "299", "0701234567", "0812345201", "+46812345202", "112", "09001234567"];
const STATUSES: [Status; 5] = [
    Status::BUSY_HERE,
    Status::DECLINE,
    Status::TEMPORARILY_UNAVAILABLE,
    Status::SERVICE_UNAVAILABLE,
    Status::NOT_FOUND,
];
const CODECS: [Codec; 4] = [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus];

/// Things that happen in a story.
const HAPPENINGS: u32 = 40;

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, sides: u32) -> u32 {
        self.0.next_u32() % sides
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u32) as usize]
    }

    fn seconds(&mut self, most: f64) -> f64 {
        f64::from(self.below(1_000)) / 1_000.0 * most
    }
}

fn manner(dice: &mut Dice) -> Manner {
    match dice.below(10) {
        0 => Manner::Rings,
        1 => Manner::Refuses(dice.one_of(&STATUSES)),
        2 => Manner::RefusesAfter(secs(dice.seconds(4.0)), dice.one_of(&STATUSES)),
        3 => Manner::Early(Some(secs(dice.seconds(5.0)))),
        4 => Manner::Early(None),
        5 => Manner::Ponders,
        _ => Manner::Answers(secs(dice.seconds(3.0))),
    }
}

/// One thing that happens.
fn happens(world: &mut World, dice: &mut Dice, (phones, holds): (&[PeerId], bool)) {
    let who = dice.one_of(phones);
    world.peer(who).manner = manner(dice);
    world.peer(who).profile.codecs = vec![dice.one_of(&CODECS), Codec::Pcma];
    let busy = world.peer(who).is_busy();
    match dice.below(8) {
        _ if !busy && who == World::OPERATOR => {
            let to =
                dice.one_of(&["+46812345201", "0046812345202", "0812345230", "+46812345299", "+46700000000"]);
            let from = dice.one_of(&["+46700000001", "+46700000666", "0812345201", "anonymous"]);
            world.call(who, Dial::to(to).from(from));
        }
        _ if !busy => {
            let dial = Dial::to(dice.one_of(&NUMBERS));
            world.call(who, if dice.below(4) == 0 { dial.offerless() } else { dial });
        }
        0 | 1 if holds && world.is_up(who) => world.hold(who),
        2 | 3 if holds && world.is_up(who) => world.resume(who),
        4 | 5 => world.hang_up(who),
        _ => {}
    }
}

/// What breaks in the middle of the hour.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Nothing,
    /// The box loses its power and comes back.
    Box,
    /// A phone loses its power for good. Nobody holds anybody: who is held is not missed for half an hour.
    Phone,
}

fn hour(seed: u64, weather: Weather, breaks: Breaks) -> World {
    let mut world = World::seeded(seed);
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let mut phones: Vec<PeerId> =
        ["anna-bord", "anna-dator", "bo-bord", "cia-bord"].iter().map(|device| world.phone(device)).collect();
    phones.push(World::OPERATOR);
    world.network.weather = weather;
    let document = site::demo();
    for number in 0..HAPPENINGS {
        happens(&mut world, &mut dice, (&phones, breaks != Breaks::Phone));
        world.run(dice.seconds(1.5));
        if number % 13 == 12 {
            world.apply(document.replace("Exempel AB", &format!("Exempel {number} AB")));
        }
        match breaks {
            Breaks::Box if number == HAPPENINGS / 2 => world.restart(),
            Breaks::Phone if number == HAPPENINGS / 2 => {
                let gone = phones.remove(dice.below(4) as usize);
                world.vanishes(gone);
            }
            Breaks::Nothing | Breaks::Box | Breaks::Phone => {}
        }
    }
    world.all_hang_up();
    world.settles();
    world
}

#[test]
fn busy_hours_come_to_rest_in_good_weather() {
    for seed in 0..12 {
        let world = hour(seed, Weather::CALM, Breaks::Nothing);
        assert!(world.vaxel.memory.records.len() > 5, "seed {seed}: {}", world.vaxel.memory.records.len());
        assert!(world.vaxel.memory.records.iter().all(|record| record.cause != Cause::Lost));
    }
}

#[test]
fn busy_hours_come_to_rest_in_a_storm() {
    for seed in 100..112 {
        drop(hour(seed, Weather::STORM, Breaks::Nothing));
    }
}

#[test]
fn busy_hours_come_to_rest_when_the_box_is_restarted_in_between() {
    for seed in 200..208 {
        drop(hour(seed, if seed % 2 == 0 { Weather::CALM } else { Weather::STORM }, Breaks::Box));
    }
}

#[test]
fn busy_hours_come_to_rest_when_a_phone_loses_its_power_in_between() {
    for seed in 300..308 {
        drop(hour(seed, if seed % 2 == 0 { Weather::CALM } else { Weather::STORM }, Breaks::Phone));
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in [7, 8] {
        let [one, other] = [(); 2].map(|()| hour(seed, Weather::STORM, Breaks::Box).ladder.to_string());
        let differs = one.lines().zip(other.lines()).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(one.len(), other.len());
    }
}
