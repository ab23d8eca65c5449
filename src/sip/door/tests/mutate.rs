//! No mutation of a real message makes the door panic, hang or answer what it must not.

use std::hint::black_box;

use super::*;
use crate::framer::{Frame, Framer};

/// A small generator (xorshift64*), so that a failure is found again by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below.max(1)
    }
}

/// What breaks parsers: separators, brackets, quotes, escapes, control bytes, multi-byte characters cut short.
const PIECES: [&[u8]; 22] = [
    b"\r\n",
    b"\r",
    b"\n",
    b"\0",
    b"\"",
    b"\\",
    b"<",
    b">",
    b";",
    b",",
    b":",
    b"@",
    b"[",
    b"]",
    b"%",
    b"?",
    b"=",
    b" ",
    b"\t",
    b"\xC3",
    b"99999999999999999999",
    b"-1",
];

fn mutate(dice: &mut Dice, seed: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len());
        let end = (at + 1 + dice.roll(24)).min(bytes.len());
        match dice.roll(7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            3 | 4 => drop(bytes.splice(at..at, PIECES[dice.roll(PIECES.len())].iter().copied())),
            5 => drop(bytes.splice(at..end, PIECES[dice.roll(PIECES.len())].iter().copied())),
            _ => bytes.get_mut(at).into_iter().for_each(|byte| *byte = dice.roll(256) as u8),
        }
    }
    bytes
}

fn corpus() -> Vec<Vec<u8>> {
    let torture = RFC4475.iter().map(|(name, _)| data("rfc4475", name));
    torture.chain(RFC5118.iter().map(|(name, _)| data("rfc5118", name))).collect()
}

/// How many of the values that are read lazily can be read.
fn read_all(headers: &Headers) -> usize {
    let lists = [headers.vias().is_ok(), headers.contacts().is_ok(), headers.replaces().is_ok()];
    let numbers = [headers.expires().is_ok(), headers.rseq().is_ok(), headers.min_se().is_ok()];
    let others = [headers.session_expires().is_ok(), headers.rack().is_ok(), headers.media_type().is_some()];
    let values = headers.iter().flat_map(|(name, _)| headers.values(name));
    let addresses = values.filter(|value| crate::address::NameAddr::parse(value).is_some());
    addresses.count() + [lists, numbers, others].concat().into_iter().filter(|read| *read).count()
}

/// Whether what is let in is looked at from all sides, too.
#[derive(PartialEq)]
enum Depth {
    Door,
    Whole,
}

fn assert_sound(bytes: &[u8], depth: Depth) {
    match judge(bytes) {
        Admitted::Message(_) if depth == Depth::Door => {}
        Admitted::Message(message) => {
            black_box(read_all(message.headers()));
            let printed = message.to_bytes();
            let again = Message::parse(&printed).expect("what was let in can be printed and read again");
            assert_eq!(again.body(), message.body());
            if let Message::Request(request) = &message {
                assert!(request.uri.is_equivalent(&request.uri));
                black_box((request.uri.with_param("x", Some("y;z")), request.uri.without_param("lr")));
                let response = Response::to(request, Status::OK).with_to_tag("t").to_bytes();
                assert!(Message::parse(&response).is_ok());
            }
        }
        Admitted::Answer(answer) => {
            assert!(!bytes.starts_with(b"ACK ") && !bytes.starts_with(b"SIP/2.0 "));
            assert!(matches!(Message::parse(&answer), Ok(Message::Response(_))), "{answer:?}");
            assert!(answer.len() < bytes.len() + 600, "an answer much larger than the question");
        }
        Admitted::Drop(_) | Admitted::Keepalive(_) => {}
    }
}

/// A hundred thousand mutations from one seed.
fn mutate_many(corpus: &[Vec<u8>], mut dice: Dice) {
    for round in 0..100_000 {
        let mut seed = &corpus[dice.roll(corpus.len())];
        if seed.len() > 2_000 && round % 16 != 0 {
            // The one long message costs as much as ten others and breaks in no other ways.
            seed = &corpus[0];
        }
        let depth = if round % 16 == 0 { Depth::Whole } else { Depth::Door };
        assert_sound(&mutate(&mut dice, seed), depth);
    }
}

#[test]
fn two_hundred_thousand_mutations_neither_panic_nor_get_a_wrong_answer() {
    let corpus = corpus();
    std::thread::scope(|threads| {
        threads.spawn(|| mutate_many(&corpus, Dice(0x5EED)));
        mutate_many(&corpus, Dice(0xBEEF));
    });
}

#[test]
fn mutated_streams_neither_panic_nor_grow() {
    let (corpus, mut dice) = (corpus(), Dice(0xF00D));
    for _ in 0..20_000 {
        let seed = &corpus[dice.roll(corpus.len())];
        let bytes = mutate(&mut dice, seed);
        let (mut framer, mut given) = (Framer::new(), 0);
        let step = 1 + dice.roll(700);
        for chunk in bytes.chunks(step) {
            framer.push(chunk);
            while let Some(Ok(frame)) = framer.next() {
                given += match frame {
                    Frame::Message(message) => message.len(),
                    Frame::Ping => 4,
                    Frame::Pong => 2,
                };
            }
        }
        assert!(given <= bytes.len());
    }
}
