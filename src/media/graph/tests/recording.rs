use super::super::{Command, Event, Leg, Role, Room, Take, Tape, Watch, Whom};
use super::peer::{AMPLITUDE, agreed, level};
use super::world::{Network, World};
use crate::codec::Codec;
use crate::program::RATE;
use std::time::Duration;

const TAPE: Tape = Tape(5);

fn record(take: Take) -> Command {
    Command::Record { tape: TAPE, take, watch: Watch::default() }
}

/// All of a recording, put together as a file would be.
fn sound(world: &World) -> Vec<i16> {
    let mut samples = Vec::new();
    for stretch in world.recorded.iter().filter(|stretch| stretch.tape == TAPE) {
        assert_eq!(stretch.from, samples.len() as u64, "nothing is missing");
        samples.extend_from_slice(&stretch.samples);
    }
    samples
}

fn share(samples: &[i16], frequency: f32) -> f32 {
    level(&samples[RATE as usize / 5..], RATE, frequency) / AMPLITUDE
}

#[test]
fn a_call_is_recorded_while_its_packets_pass_as_they_are() {
    for (a, b) in [(Codec::Pcma, Codec::Pcma), (Codec::Opus, Codec::Opus), (Codec::G722, Codec::Pcmu)] {
        let mut world = World::call(agreed(1, a, 20), agreed(2, b, 20));
        world.run(300);
        let before = world.peer(1).arrived.len();
        world.command(record(Take::Call(Leg(1), Leg(2))));
        world.run(2000);
        world.command(Command::EndRecord { tape: TAPE });
        let samples = sound(&world);
        assert_eq!(samples.len(), 2 * RATE as usize);
        let ended = Event::Recorded { tape: TAPE, duration_ms: 2000, dropped_ms: 0 };
        assert!(world.events.contains(&(Leg(1).into(), ended)));
        for leg in [1, 2] {
            let tone = world.peer(leg).frequency;
            assert!(share(&samples, tone) > 0.8, "{a:?} {b:?} {leg}: {}", share(&samples, tone));
            world.peer(leg).assert_continuous();
        }
        assert!(world.peer(1).arrived.len() - before >= 99);
        assert!(world.graph.lines.iter().flatten().all(|line| line.hearing.is_none()));
    }
}

#[test]
fn a_message_is_what_one_party_says_and_its_silence_is_told() {
    let mut world = World::new([agreed(1, Codec::Pcma, 20)]);
    world.peer(1).talks = false;
    let watch = Watch { quiet_ms: 1000, limit_ms: 6000 };
    world.command(Command::Record { tape: TAPE, take: Take::Leg(Leg(1)), watch });
    let told =
        |world: &World, wanted: &Event| world.events.iter().filter(|(_, event)| event == wanted).count();
    let (speaking, quiet) = (Event::Speaking { tape: TAPE }, Event::Quiet { tape: TAPE });
    world.run(500);
    assert_eq!(told(&world, &speaking), 0);
    world.peer(1).talks = true;
    world.run(1000);
    assert_eq!((told(&world, &speaking), told(&world, &quiet)), (1, 0));
    world.peer(1).talks = false;
    world.run(2500);
    assert_eq!((told(&world, &speaking), told(&world, &quiet)), (1, 1));
    world.peer(1).talks = true;
    world.run(2500);
    assert_eq!(told(&world, &speaking), 2);
    let ended = Event::Recorded { tape: TAPE, duration_ms: 6000, dropped_ms: 0 };
    assert_eq!(told(&world, &ended), 1, "the limit");
    let samples = sound(&world);
    let kept = crate::activity::trimmed(&samples);
    assert!((2_500..6_500).contains(&kept.start), "{kept:?}");
    assert!((90_000..=96_000).contains(&kept.end), "{kept:?}");
    assert!(crate::activity::trimmed(&[3; 32_000]).is_empty());
}

#[test]
fn a_room_is_recorded_with_all_who_are_heard_and_ends_with_it() {
    let mut world = World::new((1..=3).map(|leg| agreed(leg, Codec::G722, 20)));
    world.network = Network { jitter_ms: 15, ..Network::default() };
    for leg in 1..=3 {
        world.command(Command::Join { room: Room(1), leg: Leg(leg), role: Role::MEMBER });
    }
    world.command(record(Take::Room(Room(1))));
    world.run(1500);
    for leg in 1..=3 {
        world.command(Command::Close { leg: Leg(leg) });
    }
    let samples = sound(&world);
    let tones = world.peers.iter().map(|peer| peer.frequency);
    assert!(tones.into_iter().all(|tone| share(&samples, tone) > 0.7));
    let over = |(whom, event): &(Whom, Event)| {
        *whom == Room(1).into() && matches!(event, Event::Recorded { duration_ms: 1500, .. })
    };
    assert!(world.events.iter().any(over));
}

#[test]
fn a_recording_of_nobody_is_over_at_once() {
    let mut world = World::new([agreed(1, Codec::Pcma, 20)]);
    world.command(record(Take::Leg(Leg(9))));
    assert!(matches!(world.events[..], [(_, Event::Recorded { duration_ms: 0, .. })]));
}

#[test]
fn what_nobody_fetches_is_dropped_and_counted_and_the_call_goes_on() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 20));
    for tape in 0..20 {
        let take = Take::Leg(Leg(1 + tape % 2));
        let watch = Watch::default();
        world.graph.handle_command(world.now, Command::Record { tape: Tape(tape), take, watch });
    }
    for _ in 0..500 {
        let packet = world.peer(1).speak();
        let from = world.peer(1).address;
        world.graph.handle_rtp(world.now, Leg(1), from, &packet);
        world.graph.handle_tick(world.now);
        let sent = std::iter::from_fn(|| world.graph.poll_transmit().map(|transmit| transmit.leg)).count();
        assert!(sent >= 1, "every packet is passed on");
        world.now += Duration::from_millis(20);
    }
    for tape in 0..20 {
        world.graph.handle_command(world.now, Command::EndRecord { tape: Tape(tape) });
    }
    let waiting = std::iter::from_fn(|| world.graph.poll_recorded()).count() as u64;
    let dropped = std::iter::from_fn(|| world.graph.poll_event()).filter_map(|(_, event)| match event {
        Event::Recorded { duration_ms, dropped_ms, .. } => {
            assert_eq!(duration_ms, 10_000);
            Some(dropped_ms)
        }
        _ => None,
    });
    let dropped: u64 = dropped.sum();
    assert!(dropped > 0 && waiting <= 1_000);
    assert!((200_000 - waiting * 100).abs_diff(dropped) <= 2_000, "{waiting} {dropped}");
}
