use super::super::{Command, Event, Leg, Role, Room};
use super::peer::{Arrived, Peer, agreed};
use super::world::{Network, World};
use crate::codec::{Codec, Decoder, Encoder};
use crate::dtmf::{self, Detector, EventReceiver, EventSender};
use crate::negotiation::Agreed;
use crate::rtp;

/// How a leg carries digits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Events,
    Sound,
}

fn leg(number: u64, codec: Codec, way: Way) -> Agreed {
    let agreed = agreed(number, codec, 20);
    match way {
        Way::Events => agreed,
        Way::Sound => Agreed { event_payload_type: None, event_receive_payload_type: None, ..agreed },
    }
}

/// The peer presses keys, as its leg carries them, while the world goes on.
fn dial(world: &mut World, leg: u64, digits: &str) {
    let index = world.peers.iter().position(|peer| peer.leg == Leg(leg)).unwrap();
    world.peers[index].talks = false;
    for digit in digits.chars() {
        let way =
            if world.peers[index].agreed.event_payload_type.is_some() { Way::Events } else { Way::Sound };
        match way {
            Way::Events => press(world, index, digit),
            Way::Sound => sing(world, index, digit),
        }
    }
    world.peers[index].talks = true;
    world.peers[index].next = world.now;
}

fn press(world: &mut World, index: usize, digit: char) {
    let rate = world.peers[index].agreed.event_clock_rate;
    let mut header = world.peers[index].header;
    header.payload_type = world.peers[index].agreed.event_receive_payload_type.unwrap();
    let sender = EventSender::new(digit, 120, rate, 20).unwrap();
    let length = sender.units();
    for event in sender {
        header.marker = event.marker;
        let mut packet = Vec::new();
        rtp::write(&header, &event.payload, &mut packet);
        world.send(index, packet);
        header.sequence = header.sequence.wrapping_add(1);
        world.run(20);
    }
    let peer = &mut world.peers[index];
    peer.header.sequence = header.sequence;
    let codec = peer.agreed.codec.clock_rate();
    peer.header.timestamp = header.timestamp.wrapping_add(length / (rate / 1000) * (codec / 1000));
    world.run(100);
    peer_time(&mut world.peers[index], 140);
}

/// The peer's clock goes on while it sends nothing.
fn peer_time(peer: &mut Peer, ms: u32) {
    peer.header.timestamp = peer.header.timestamp.wrapping_add(peer.agreed.codec.units(ms));
    peer.header.marker = true;
}

fn sing(world: &mut World, index: usize, digit: char) {
    let codec = world.peers[index].agreed.codec;
    let mut encoder = Encoder::new(codec);
    let mut generator = dtmf::Generator::new(digit, codec.sample_rate()).unwrap();
    for frame in 0..12 {
        let mut samples = Vec::new();
        match frame {
            0..6 => generator.generate(codec.samples(20), &mut samples),
            _ => samples.resize(codec.samples(20), 0),
        }
        let mut payload = Vec::new();
        encoder.encode(&samples, &mut payload);
        let peer = &mut world.peers[index];
        let mut packet = Vec::new();
        rtp::write(&peer.header, &payload, &mut packet);
        peer.header.sequence = peer.header.sequence.wrapping_add(1);
        peer.header.timestamp = peer.header.timestamp.wrapping_add(codec.units(20));
        world.send(index, packet);
        world.run(20);
    }
}

/// The digits that reached a peer as events.
fn events(peer: &Peer) -> String {
    let mut receiver = EventReceiver::new(peer.agreed.event_clock_rate);
    let is = |arrived: &&Arrived| Some(arrived.header.payload_type) == peer.agreed.event_payload_type;
    let digits = peer.arrived.iter().filter(is);
    digits.filter_map(|a| receiver.handle(a.at, &a.header, &a.payload)).map(|digit| digit.digit).collect()
}

/// The digits that reached a peer as sound.
fn sounds(peer: &Peer) -> String {
    let codec = peer.agreed.codec;
    let (mut decoder, mut detector) = (Decoder::new(codec), Detector::new(codec.sample_rate()));
    let mut digits = String::new();
    for arrived in peer.sounds() {
        let mut samples = Vec::new();
        decoder.decode(&arrived.payload, &mut samples);
        detector.handle(&samples);
        digits.extend(std::iter::from_fn(|| detector.poll_digit()).map(|digit| digit.digit));
    }
    digits
}

const DIALLED: &str = "112*4#90D";

#[test]
fn digits_get_through_whatever_the_legs_codecs_and_ways_are() {
    use Codec::{G722, Opus, Pcma, Pcmu};
    for (a, b) in [(Pcma, Pcma), (Pcma, Pcmu), (Opus, Opus), (Opus, Pcma), (Pcma, Opus), (G722, Opus)] {
        for from in [Way::Events, Way::Sound] {
            for to in [Way::Events, Way::Sound] {
                let what = format!("{a:?} {from:?} to {b:?} {to:?}");
                let mut world = World::call(leg(1, a, from), leg(2, b, to));
                world.run(300);
                dial(&mut world, 1, DIALLED);
                world.run(2500);
                assert_eq!(world.digits(1), DIALLED, "{what}: told");
                let peer = world.peer(2);
                let (as_events, as_sound) = (events(peer), sounds(peer));
                match to {
                    Way::Events => assert_eq!(as_events, DIALLED, "{what}"),
                    Way::Sound => assert_eq!(as_sound, DIALLED, "{what}"),
                }
                if (from, to) == (Way::Events, Way::Events) {
                    assert_eq!(as_sound, "", "{what}: not twice");
                }
                world.peer(1).talks = true;
                world.peer(2).forget();
                world.run(800);
                let frequency = world.peer(1).frequency;
                let heard = world.peer(2).level(frequency);
                assert!(heard > 0.8, "{what}: {heard} afterwards");
            }
        }
    }
}

#[test]
fn events_between_other_packet_times_get_through() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 30));
    world.run(300);
    dial(&mut world, 1, DIALLED);
    world.run(2500);
    assert_eq!(events(world.peer(2)), DIALLED);
    world.peer(2).assert_numbered();
}

#[test]
fn a_removed_event_leaves_no_gap_in_the_sequence() {
    let mut world = World::call(leg(1, Codec::Pcma, Way::Events), leg(2, Codec::Pcma, Way::Sound));
    world.run(300);
    dial(&mut world, 1, "5");
    world.run(1000);
    world.peer(2).assert_numbered();
    assert_eq!(sounds(world.peer(2)), "5");
}

#[test]
fn an_event_that_is_no_digit_is_taken_out_without_a_trace() {
    let mut world = World::call(leg(1, Codec::Pcma, Way::Events), leg(2, Codec::Pcma, Way::Sound));
    world.run(300);
    // A hook flash, event 16 of RFC 4733, between two packets of sound.
    for duration in [160u16, 320, 480] {
        let mut header = world.peer(1).header;
        header.payload_type = world.peer(1).agreed.event_receive_payload_type.unwrap();
        world.peer(1).header.sequence = header.sequence.wrapping_add(1);
        let [high, low] = duration.to_be_bytes();
        let mut packet = Vec::new();
        rtp::write(&header, &[16, 10, high, low], &mut packet);
        world.inject(1, "10.0.0.1:4002", &packet);
    }
    world.run(300);
    world.peer(2).assert_continuous();
    assert_eq!(world.digits(1), "");
    assert!(world.peer(2).arrived.len() >= 29);
}

#[test]
fn digits_get_through_a_bad_network_once_each() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcmu, 20));
    world.network = Network { loss: 10, jitter_ms: 30, doubled: 10 };
    world.run(300);
    dial(&mut world, 1, "0123456789*#");
    world.run(3000);
    assert_eq!(world.digits(1), "0123456789*#");
    assert_eq!(events(world.peer(2)), "0123456789*#");
}

#[test]
fn the_box_sends_digits_itself_one_after_the_other() {
    for way in [Way::Events, Way::Sound] {
        for codec in Codec::ALL {
            let mut world = World::call(leg(1, codec, way), leg(2, codec, way));
            world.run(300);
            for digit in "07#".chars() {
                world.command(Command::SendDigit { leg: Leg(1), digit, ms: 100 });
            }
            world.command(Command::SendDigit { leg: Leg(1), digit: 'x', ms: 100 });
            world.run(1500);
            let peer = world.peer(1);
            let heard = if way == Way::Events { events(peer) } else { sounds(peer) };
            assert_eq!(heard, "07#", "{way:?} {codec:?}");
            peer.assert_numbered();
            assert!(!world.events.iter().any(|(_, event)| matches!(event, Event::Digit { .. })));
        }
    }
}

#[test]
fn speech_is_no_digit() {
    let mut world = World::call(leg(1, Codec::Pcma, Way::Sound), leg(2, Codec::Pcma, Way::Events));
    world.run(5000);
    assert_eq!(world.digits(1), "");
}

#[test]
fn digits_in_a_room_are_told_and_nobody_hears_them() {
    for way in [Way::Events, Way::Sound] {
        let mut world = World::new((1..=3).map(|number| leg(number, Codec::Pcma, way)));
        for leg in 1..=3 {
            world.command(Command::Join { room: Room(1), leg: Leg(leg), role: Role::MEMBER });
            world.peer(leg).talks = leg == 1;
        }
        world.run(500);
        dial(&mut world, 1, DIALLED);
        world.run(500);
        assert_eq!(world.digits(1), DIALLED, "{way:?}");
        assert_eq!((sounds(world.peer(2)), events(world.peer(2))), (String::new(), String::new()), "{way:?}");
        world.peer(2).forget();
        world.run(800);
        let tone = world.peer(1).frequency;
        assert!(world.peer(2).level(tone) > 0.7, "{way:?}: heard again afterwards");
    }
}
