use super::super::player::Player;
use super::super::{Command, Cue, Event, Leg, Whom};
use super::peer::{agreed, level};
use super::world::World;
use crate::codec::Codec;
use crate::program::{Clip, Piece, Program, Repeat};
use crate::sdp::Direction;
use crate::tone::Tone;
use std::sync::Arc;

fn finished(world: &World) -> usize {
    world
        .events
        .iter()
        .filter(|event| **event == (Whom::Leg(Leg(1)), Event::Finished { cue: Cue(1) }))
        .count()
}

fn play(leg: u64, program: Program) -> Command {
    Command::Play { to: Whom::Leg(Leg(leg)), cue: Cue(1), program }
}

fn tone(tone: Tone) -> Command {
    play(1, Program::tone(tone))
}

fn samples(rate: u32, ms: u32) -> Program {
    let count = rate / 1000 * ms;
    let samples: Vec<i16> = (0..count)
        .map(|at| ((at as f32 * 1000.0 * std::f32::consts::TAU / rate as f32).sin() * 8000.0) as i16)
        .collect();
    Program::clip(Clip::new(rate, &samples))
}

#[test]
fn a_ringing_tone_is_heard_until_it_is_stopped_and_then_the_peer() {
    for codec in Codec::ALL {
        let mut world = World::call(agreed(1, codec, 20), agreed(2, codec, 20));
        let peer = world.peer(2).frequency;
        world.command(tone(Tone::RINGING));
        world.run(900);
        assert!(world.peer(1).level(425.0) > 0.2, "{codec:?} {}", world.peer(1).level(425.0));
        assert!(world.peer(1).level(peer) < 0.05);
        world.command(Command::Stop { to: Whom::Leg(Leg(1)) });
        world.run(40);
        world.peer(1).assert_continuous();
        world.peer(1).forget();
        world.run(800);
        assert!(world.peer(1).level(peer) > 0.8);
        assert_eq!(finished(&world), 0);
    }
}

#[test]
fn a_cadence_repeats_or_ends() {
    let mut world = World::new([agreed(1, Codec::Pcma, 20)]);
    world.command(tone(Tone::BUSY));
    world.run(3000);
    let sound = world.peer(1).sound();
    let loud: Vec<bool> = sound.chunks(2000).map(|part| level(part, 8000, 425.0) > 1000.0).collect();
    assert_eq!(loud[..10], [true, false, true, false, true, false, true, false, true, false]);
    world.command(tone(Tone::BEEP));
    world.run(1000);
    assert_eq!(finished(&world), 1);
    let before = world.peer(1).arrived.len();
    world.run(500);
    assert_eq!(world.peer(1).arrived.len(), before, "nobody to hear, nothing to say");
}

#[test]
fn samples_of_any_rate_are_played_to_their_end() {
    for rate in [8000, 16_000, 48_000] {
        for (codec, ptime) in [(Codec::Pcma, 30), (Codec::G722, 20), (Codec::Opus, 60), (Codec::Pcmu, 10)] {
            let mut world = World::new([agreed(1, codec, ptime)]);
            world.command(play(1, samples(rate, 1000)));
            world.run(900);
            assert_eq!(finished(&world), 0);
            world.run(400);
            assert_eq!(finished(&world), 1, "{rate} {codec:?}");
            let milliseconds = world.peer(1).arrived.len() * usize::from(ptime);
            assert!((960..=1060).contains(&milliseconds), "{rate} {codec:?}: {milliseconds} ms");
            let heard = world.peer(1).level(1000.0) * super::peer::AMPLITUDE;
            assert!((6000.0..9000.0).contains(&heard), "{rate} {codec:?}: {heard}");
            world.peer(1).assert_continuous();
        }
    }
}

#[test]
fn nothing_is_played_to_a_leg_that_holds_the_box_but_time_goes_on() {
    let held = crate::Agreed { direction: Direction::ReceiveOnly, ..agreed(1, Codec::Pcma, 20) };
    let mut world = World::new([held]);
    world.command(play(1, samples(8000, 500)));
    world.run(1000);
    assert!(world.peer(1).arrived.is_empty());
    assert_eq!(finished(&world), 1);
}

#[test]
fn a_tone_goes_on_through_a_change_of_codec() {
    let mut world = World::new([agreed(1, Codec::Pcma, 20)]);
    world.command(tone(Tone::DIAL));
    world.run(500);
    world.reconfigure(1, agreed(1, Codec::Opus, 20));
    world.peer(1).forget();
    world.run(800);
    assert!(world.peer(1).level(425.0) > 0.2);
    world.peer(1).assert_continuous();
}

#[test]
fn what_is_played_before_an_agreement_is_heard_after_it() {
    let mut world = World::new([agreed(1, Codec::Pcma, 20)]);
    world.command(Command::Open { leg: Leg(7) });
    world.command(play(7, samples(8000, 300)));
    world.run(500);
    assert_eq!(finished(&world), 0);
    let mut peer = super::peer::Peer::new(7, world.now, agreed(7, Codec::Pcma, 20));
    peer.talks = false;
    world.peers.push(peer);
    world.command(Command::Configure { leg: Leg(7), agreed: Box::new(agreed(7, Codec::Pcma, 20)) });
    world.run(500);
    assert_eq!(world.peer(7).arrived.len(), 15);
}

fn steady(value: i16, ms: usize) -> Piece {
    Piece::Clip(Clip::new(16_000, &vec![value; 16 * ms]))
}

fn sine(hertz: f32, ms: usize) -> Piece {
    let wave = |at: usize| ((at as f32 * hertz * std::f32::consts::TAU / 16_000.0).sin() * 8000.0) as i16;
    Piece::Clip(Clip::new(16_000, &(0..16 * ms).map(wave).collect::<Vec<i16>>()))
}

fn made(program: Program, ms: usize) -> Vec<i16> {
    let mut player = Player::new(program);
    let mut samples = Vec::new();
    for _ in 0..ms / 10 {
        player.read(160, &mut samples);
    }
    samples
}

#[test]
fn pieces_follow_each_other_with_a_crossfade() {
    let program =
        Program::new([steady(8000, 100), steady(-8000, 100), Piece::Silence { ms: 50 }, steady(8000, 100)]);
    let samples = made(program, 400);
    let step = samples.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap();
    assert!(step <= 210, "{step}");
    let at = |ms: usize| samples[16 * ms];
    assert_eq!([at(50), at(150), at(220), at(300), at(370)], [8000, -8000, 0, 8000, 0]);
    // Each overlap takes 5 ms: the last sample is at 340 ms.
    let last = samples.iter().rposition(|sample| *sample != 0).unwrap();
    assert!((16 * 339..16 * 341).contains(&last), "{last}");
}

#[test]
fn a_program_begins_where_it_is_told_as_loud_as_it_is_told_and_goes_round() {
    let pieces: Arc<[Piece]> = [sine(600.0, 1000), sine(1500.0, 1000)].into();
    let tones = |program: Program, from: usize| {
        let samples = &made(program, 4000)[16 * from..16 * (from + 400)];
        [600.0, 1500.0].map(|hertz| (level(samples, 16_000, hertz) / 80.0).round() as i32)
    };
    let program = Program::new(Arc::clone(&pieces));
    assert_eq!(tones(program.clone(), 200), [100, 0]);
    assert_eq!(tones(program.clone().from(800), 300), [0, 100]);
    assert_eq!(tones(program.clone(), 2100), [0, 0]);
    let round = program.repeated(Repeat::Forever);
    assert_eq!(tones(round.clone(), 2100), [100, 0]);
    assert_eq!(tones(round.clone().from(1800 + 20_000), 300), [100, 0]);
    assert_eq!(tones(round.clone().gain(-6), 200), [50, 0]);
    assert!(made(Program::new([]).repeated(Repeat::Forever), 100).iter().all(|sample| *sample == 0));
}

#[test]
fn what_is_stopped_or_replaced_says_how_far_it_came_and_fades() {
    let mut world = World::new([agreed(1, Codec::G722, 20)]);
    world.command(Command::Play {
        to: Leg(1).into(),
        cue: Cue(1),
        program: Program::new([sine(500.0, 5000)]),
    });
    world.run(500);
    world.command(Command::Play {
        to: Leg(1).into(),
        cue: Cue(2),
        program: Program::new([sine(500.0, 5000)]).from(2000),
    });
    world.run(300);
    world.command(Command::Stop { to: Leg(1).into() });
    world.command(Command::Stop { to: Leg(1).into() });
    world.run(500);
    let is = |event: &&Event| matches!(event, Event::Stopped { .. });
    let stopped: Vec<&Event> = world.events.iter().map(|(_, event)| event).filter(is).collect();
    let (first, second) =
        (Event::Stopped { cue: Cue(1), at_ms: 500 }, Event::Stopped { cue: Cue(2), at_ms: 2300 });
    assert_eq!(stopped, [&first, &second]);
    // 500 Hz at this level rises by 1571 a sample at most; a click would be as high as the wave.
    let sound = world.peer(1).sound();
    let step = sound.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap();
    assert!(step < 2600, "{step}");
    assert_eq!(world.peer(1).arrived.len(), 41, "and one frame for the fade");
}

#[test]
fn a_hundred_held_legs_hear_one_music_encoded_once_for_each_codec() {
    let codec = |leg: u64| [Codec::Pcma, Codec::G722, Codec::Opus, Codec::Pcmu][leg as usize % 4];
    let mut world = World::new((1..=100).map(|leg| agreed(leg, codec(leg), 20)));
    world.peers.iter_mut().for_each(|peer| peer.talks = false);
    let music = Program::new([sine(800.0, 900)]).repeated(Repeat::Together);
    for leg in 1..=100 {
        world.command(Command::Play { to: Leg(leg).into(), cue: Cue(leg), program: music.clone() });
        if leg % 10 == 0 {
            world.run(20);
        }
    }
    world.run(200);
    world.peers.iter_mut().for_each(|peer| peer.forget());
    world.run(1000);
    let stations: Vec<_> = world.graph.stations.iter().map(|station| station.groups()).collect();
    assert_eq!(stations, [4]);
    for leg in 5..=100 {
        let like = 1 + (leg - 1) % 4;
        let one: Vec<Vec<u8>> =
            world.peer(like).arrived.iter().map(|arrived| arrived.payload.clone()).collect();
        let other: Vec<Vec<u8>> =
            world.peer(leg).arrived.iter().map(|arrived| arrived.payload.clone()).collect();
        assert_eq!(one, other, "{leg}");
        assert_eq!(one.len(), 50);
        world.peer(leg).assert_continuous();
    }
    assert!((1..=4).all(|leg| world.peer(leg).level(800.0) > 0.6));
    for leg in 1..=100 {
        world.command(Command::Stop { to: Leg(leg).into() });
    }
    world.run(40);
    assert!(world.graph.stations.is_empty());
}

#[test]
fn a_digit_goes_before_the_music_and_the_music_goes_on() {
    let mut world = World::new([agreed(1, Codec::Pcma, 20)]);
    let music = Program::new([sine(800.0, 900)]).repeated(Repeat::Together);
    world.command(Command::Play { to: Leg(1).into(), cue: Cue(1), program: music });
    world.run(300);
    world.command(Command::SendDigit { leg: Leg(1), digit: '5', ms: 100 });
    world.run(300);
    assert!(world.peer(1).arrived.len() > world.peer(1).sounds().count(), "the digit");
    world.peer(1).forget();
    world.run(600);
    assert!(world.peer(1).level(800.0) > 0.6);
    world.peer(1).assert_numbered();
}
