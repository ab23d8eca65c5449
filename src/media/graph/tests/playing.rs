use super::super::{Command, Cue, Event, Leg, Whom};
use super::peer::{agreed, level};
use super::world::World;
use crate::codec::Codec;
use crate::program::{Clip, Program};
use crate::sdp::Direction;
use crate::tone::Tone;

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
