use super::super::{Command, Leg};
use super::peer::agreed;
use super::world::World;
use crate::codec::Codec;
use crate::sdp::Direction;

#[test]
fn a_leg_keeps_its_numbers_through_connect_disconnect_and_connect() {
    let mut world = World::new([1, 2, 3].map(|leg| agreed(leg, Codec::Pcma, 20)));
    world.connect(1, 2);
    world.run(500);
    world.connect(1, 3);
    world.run(500);
    world.command(Command::Disconnect { leg: Leg(1) });
    world.run(700);
    world.connect(2, 1);
    world.run(500);
    for leg in [1, 2, 3] {
        world.peer(leg).assert_continuous();
    }
    let frequency = world.peer(2).frequency;
    world.peer(1).forget();
    world.run(500);
    assert!(world.peer(1).level(frequency) > 0.8);
}

#[test]
fn a_held_leg_is_sent_nothing_and_goes_on_where_it_stopped() {
    for other in [Codec::Pcma, Codec::Opus] {
        let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, other, 20));
        world.run(500);
        let held = |direction| crate::Agreed { direction, ..agreed(1, Codec::Pcma, 20) };
        world.reconfigure(1, held(Direction::ReceiveOnly));
        let before = world.peer(1).arrived.len();
        world.run(2000);
        assert_eq!(world.peer(1).arrived.len(), before);
        world.reconfigure(1, held(Direction::SendReceive));
        world.run(500);
        assert!(world.peer(1).arrived.len() > before + 20);
        world.peer(1).assert_continuous();
        world.peer(2).assert_continuous();
    }
}

#[test]
fn a_codec_may_change_in_the_middle() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 20));
    world.run(500);
    world.reconfigure(2, agreed(2, Codec::Pcmu, 20));
    world.run(500);
    world.reconfigure(1, agreed(1, Codec::Pcmu, 30));
    world.run(500);
    for leg in [1, 2] {
        world.peer(leg).assert_continuous();
    }
}

#[test]
fn an_agreement_that_changes_nothing_disturbs_nothing() {
    let mut world = World::call(agreed(1, Codec::G722, 20), agreed(2, Codec::G722, 20));
    world.run(500);
    world.peer(1).forget();
    world.command(Command::Configure { leg: Leg(1), agreed: Box::new(agreed(1, Codec::G722, 20)) });
    world.run(500);
    assert!(world.peer(1).arrived.iter().all(|arrived| !arrived.header.marker));
    world.peer(1).assert_continuous();
}

#[test]
fn a_source_that_starts_anew_is_followed_without_a_gap() {
    let mut world = World::call(agreed(1, Codec::Pcma, 20), agreed(2, Codec::Pcma, 20));
    world.run(500);
    world.peer(1).header.ssrc = 99;
    world.peer(1).header.sequence = 20_000;
    world.peer(1).header.timestamp = 5;
    world.run(500);
    world.peer(2).assert_continuous();
    assert!(world.peer(2).arrived.len() > 45);
}

#[test]
fn a_peer_may_switch_to_another_codec_it_agreed_on() {
    let also = crate::Agreed { also_receive: vec![(0, Codec::Pcmu)], ..agreed(1, Codec::Pcma, 20) };
    let mut world = World::call(also, agreed(2, Codec::Pcma, 20));
    world.run(500);
    world.peer(1).agree(agreed(1, Codec::Pcmu, 20));
    world.run(1000);
    let frequency = world.peer(1).frequency;
    world.peer(2).assert_continuous();
    assert!(world.peer(2).level(frequency) > 0.8);
}
