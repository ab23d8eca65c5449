//! Sound between phones that speak differently.

use crate::world::simulated::World;
use media::Codec;
use model::Cause;

const ALL: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];

#[test]
fn any_two_codecs_hear_each_other() {
    for one in ALL {
        for other in ALL {
            let mut world = World::new();
            let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
            world.peer(anna).profile.codecs = vec![one];
            world.peer(bo).profile.codecs = vec![other];
            world.answers(bo, 0.2);
            world.dial(anna, "202");
            world.run(0.5);
            world.talk(anna, bo);
            world.hang_up(bo);
            world.settles();
            let codecs: Vec<&str> = world.record().quality.iter().map(|leg| leg.codec.as_str()).collect();
            assert_eq!(codecs, [one.name(), other.name()]);
            assert_eq!(world.record().cause, Cause::Answered);
        }
    }
}

#[test]
fn phones_with_a_codec_in_common_use_it_whatever_they_like_best() {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.peer(anna).profile.codecs = vec![Codec::Opus, Codec::G722, Codec::Pcma];
    world.peer(bo).profile.codecs = vec![Codec::Pcmu, Codec::G722];
    world.answers(bo, 0.2);
    world.dial(anna, "202");
    world.run(0.5);
    world.talk(anna, bo);
    world.hang_up(bo);
    world.settles();
    let codecs: Vec<&str> = world.record().quality.iter().map(|leg| leg.codec.as_str()).collect();
    assert_eq!(codecs, ["G722", "G722"], "nothing to transcode");
}
