//! Phones that do anything in any order: what is kept always equals what is held, and nothing is left at the end.

use super::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

fn pick<T: Copy>(random: &mut ChaCha8Rng, of: &[T]) -> T {
    of[random.next_u32() as usize % of.len()]
}

fn anything(random: &mut ChaCha8Rng) -> Phone {
    let device = pick(random, &["anna", "bertil"]);
    let sources =
        ["udp:10.0.0.5:5060", "udp:10.0.0.6:5060", "udp:198.51.100.7:1001", "udp:198.51.100.7:1002"];
    let streams =
        ["tcp:10.0.0.5:49152", "tls:198.51.100.7:2001", "tls:203.0.113.9:2001", "udp:203.0.113.9:1001"];
    let from =
        if random.next_u32().is_multiple_of(2) { pick(random, &sources) } else { pick(random, &streams) };
    let user = pick(random, &["anna", "bertil", "k3j2h1g0", "x"]);
    let host =
        pick(random, &["10.0.0.5:5060", "10.0.0.6", "192.168.1.20:5060", "192.168.1.20:6000", "z.invalid"]);
    let more = pick(
        random,
        &["", ";expires=0", ";expires=90", ";expires=30", ";q=0.2", ";+sip.instance=\"<urn:uuid:1>\""],
    );
    let flow = pick(
        random,
        &["", ";reg-id=1;+sip.instance=\"<urn:uuid:2>\"", ";reg-id=2;+sip.instance=\"<urn:uuid:2>\""],
    );
    let mut phone = Phone::new(device, from, &format!("<sip:{user}@{host}>{more}{flow}"));
    phone.call_id = pick(random, &["one", "two", "three"]).into();
    phone.cseq = random.next_u32() % 50;
    if random.next_u32().is_multiple_of(4) {
        phone.contacts.push(format!("<sip:{user}@10.0.0.{}>", random.next_u32() % 20));
    }
    if random.next_u32().is_multiple_of(40) {
        phone.contacts = vec!["*".into()];
    }
    phone.header(pick(random, &["Expires: 0", "Expires: 100", "Supported: outbound", "Subject: none"]))
}

#[test]
fn whatever_phones_do_the_books_balance() {
    let (mut accepted, mut most) = (0, 0);
    for round in 0..20u8 {
        let mut random = ChaCha8Rng::from_seed([round; 32]);
        let mut world = World::with(Limits { per_device: 4, ..Limits::default() });
        for _ in 0..200 {
            let phone = anything(&mut random);
            match random.next_u32() % 10 {
                0 => world.pass(f64::from(random.next_u32() % 80)),
                1 => world.registrar.flow_lost(flow(phone.from)),
                _ => accepted += u32::from(world.code(&phone) == 200),
            }
            for device in ["anna", "bertil"] {
                most = most.max(world.uris(device).len());
                assert!(world.uris(device).len() <= 4);
            }
            while world.registrar.poll_keepalive().is_some() {}
        }
        world.pass(8000.0);
        assert!(world.registrar.is_empty() && world.registrar.poll_timeout().is_none());
    }
    assert!(
        accepted > 1000 && most == 4,
        "the dice are loaded: {accepted} accepted, at most {most} contacts"
    );
}
