//! Encrypted sound with keys from the description (SDES): between phones, to plain ones, and gone wrong.

use crate::world::simulated::{Dial, Over, PeerId, State, World};
use media::Encryption;
use model::Cause;

/// Anna and Bo, with what each of them wants.
fn phones(anna_wants: Encryption, bo_wants: Encryption) -> (World, PeerId, PeerId) {
    let mut world = World::new();
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.peer(anna).profile.encryption = anna_wants;
    world.peer(bo).profile.encryption = bo_wants;
    world.answers(bo, 0.5);
    (world, anna, bo)
}

fn is_encrypted(world: &World, peer: PeerId) -> bool {
    world.on(peer).agreed.as_ref().is_some_and(|agreed| agreed.srtp.is_some())
}

#[test]
fn every_pair_of_wishes_about_encryption_talks() {
    use Encryption::{None, Offered, Required};
    for one in [None, Offered, Required] {
        for other in [None, Offered, Required] {
            let (mut world, anna, bo) = phones(one, other);
            world.dial(anna, "202");
            world.run(1.0);
            world.talk(anna, bo);
            let got = (is_encrypted(&world, anna), is_encrypted(&world, bo));
            assert_eq!(got, (one != None, other != None), "{one:?} and {other:?}");
            assert_eq!((world.on(anna).ear.garbled, world.on(bo).ear.garbled), (0, 0));
            world.hang_up(bo);
            world.settles();
            assert_eq!(world.record().cause, Cause::Answered);
        }
    }
}

#[test]
fn an_encrypted_call_is_held_and_goes_on() {
    let (mut world, anna, bo) = phones(Encryption::Required, Encryption::Required);
    world.dial(anna, "202");
    world.run(1.0);
    world.talk(anna, bo);
    world.hold(bo);
    world.run(3.0);
    assert!(world.hears(anna).is_empty() && world.hears(bo).is_empty());
    world.resume(bo);
    world.talk(anna, bo);
    world.hang_up(anna);
    world.settles();
    assert_eq!(world.on(anna).ear.garbled + world.on(bo).ear.garbled, 0);
}

#[test]
fn a_phone_that_changes_its_key_in_the_call_is_heard_with_the_new_one() {
    let (mut world, anna, bo) = phones(Encryption::Required, Encryption::None);
    world.dial(anna, "202");
    world.run(1.0);
    world.talk(anna, bo);
    let before = world.on(anna).agreed.clone().and_then(|agreed| agreed.srtp);
    world.peer(anna).changes_key();
    world.resume(anna);
    world.talk(anna, bo);
    let after = world.on(anna).agreed.clone().and_then(|agreed| agreed.srtp);
    assert_ne!(before, after, "the key is another");
    world.hang_up(bo);
    world.settles();
}

#[test]
fn a_phone_that_encrypts_with_another_key_than_it_said_is_not_heard() {
    let (mut world, anna, bo) = phones(Encryption::Required, Encryption::None);
    world.peer(anna).lies_about_its_key = true;
    world.dial(anna, "202");
    world.run(3.0);
    assert!(world.is_up(anna) && world.is_up(bo));
    assert!(world.hears(bo).is_empty(), "noise is kept from Bo");
    assert_eq!(world.on(bo).ear.count, 0);
    world.hang_up(anna);
    world.settles();
    assert_eq!(world.record().quality[0].received, 0, "what cannot be read was not received");
}

#[test]
fn a_key_that_is_none_is_refused_and_no_call_is_left() {
    const OFFER: &str = "v=0\no=- 1 1 IN IP4 127.0.0.13\ns=-\nc=IN IP4 127.0.0.13\nt=0 0\nm=audio 5000 RTP/SAVP 8\n\
                         a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=\n";
    let (mut world, anna, bo) = phones(Encryption::Required, Encryption::None);
    world.call(anna, Dial::to("202").describing(OFFER));
    world.run(2.0);
    assert!(matches!(world.on(anna).state, State::Over(Over::Refused(Some(status))) if status.code() == 488));
    assert!(world.peer(bo).calls.is_empty(), "nobody's phone rings for it");
    world.settles();
}
