//! Recorded calls played to the box again, with messages changed, lost, doubled and moved on the way. The people of the
//! recording do not react: whatever the box makes of it, it comes to rest with nothing left and a record for each call.

use crate::world::simulated::{Dial, Manner, Side, World, secs, site};
use model::Cause;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sip::Status;
use sip::flow::Transport;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How often each recording is played.
const TIMES: u64 = 250;

/// What was sent to the box, and when.
#[derive(Clone)]
struct Letter {
    after: Duration,
    from: SocketAddr,
    payload: Vec<u8>,
}

/// Everything that was said to the box in a story.
fn record(story: fn(&mut World)) -> Vec<Letter> {
    let mut world = World::new();
    story(&mut world);
    let lines = std::mem::take(&mut world.ladder.lines);
    let letters = lines.into_iter().filter(|line| line.to == Side::Box).filter_map(|line| {
        let from = match line.from {
            Side::Peer(peer) => world.peer(peer).address,
            Side::Stranger(address) => address,
            Side::Box => return None,
        };
        Some(Letter { after: line.at - world.began(), from, payload: line.message.to_bytes() })
    });
    letters.collect()
}

/// A box like the recorded one, which hears these letters.
fn play(letters: &[Letter]) -> World {
    let mut world = World::bare(1, site::demo());
    let began: Instant = world.began();
    for letter in letters {
        let wait = (began + letter.after).saturating_duration_since(world.now.mono);
        if !wait.is_zero() {
            world.run(wait.as_secs_f64());
        }
        world.tell((Transport::Udp, letter.from), letter.payload.clone());
    }
    world.run(1.0);
    // So that the box finds its trunks again, and stops asking for them.
    world.operator_at("operator", "127.0.0.1:5090");
    world.registrar_at("reserv", "127.0.0.1:5091", ("exempel", "trunk-hemlighet"));
    world.peer(World::OPERATOR).manner = Manner::Refuses(Status::BUSY_HERE);
    world
}

fn answered(world: &mut World) {
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 0.5);
    world.dial(anna, "202");
    world.run(2.0);
    world.hang_up(bo);
    world.run(1.0);
}

fn held_and_cancelled(world: &mut World) {
    let (anna, bo) = (world.phone("anna-bord"), world.phone("bo-bord"));
    world.answers(bo, 0.2);
    world.call(World::OPERATOR, Dial::to("+46812345202").from("+46700000001"));
    world.run(1.0);
    world.hold(bo);
    world.run(0.5);
    world.resume(bo);
    world.run(0.5);
    world.dial(anna, "203");
    world.run(0.5);
    world.hang_up(anna);
    world.hang_up(bo);
    world.run(1.0);
}

fn outbound(world: &mut World) {
    let anna = world.phone("anna-bord");
    world.answers(World::OPERATOR, 0.5);
    world.dial(anna, "0701234567");
    world.run(2.0);
    world.hang_up(anna);
    world.run(1.0);
}

#[test]
fn a_recording_played_unchanged_is_the_same_call() {
    for story in [answered, outbound] {
        let mut world = play(&record(story));
        world.settles();
        assert_eq!(world.record().cause, Cause::Answered, "{}", world.ladder);
    }
}

#[test]
fn whatever_is_done_to_a_recording_the_box_comes_to_rest() {
    let (mut answered_so_often, mut calls) = (0, 0);
    for (number, story) in [answered, held_and_cancelled, outbound].into_iter().enumerate() {
        let recording = record(story);
        for seed in 0..TIMES {
            let mut tamper = Tamper(ChaCha8Rng::seed_from_u64(number as u64 * 1_000_000 + seed));
            let mut world = play(&tamper.with(&recording));
            // A phone that nobody answers for rings until its time is up.
            world.run(200.0);
            world.settles();
            let records = &world.vaxel.memory.records;
            calls += records.len();
            answered_so_often += records.iter().filter(|record| record.cause == Cause::Answered).count();
        }
    }
    // Otherwise the changes are so coarse that nothing past the first message is ever reached.
    assert!(
        calls > TIMES as usize && answered_so_often > TIMES as usize / 4,
        "{answered_so_often} of {calls}"
    );
}

/// Changes recordings by the throw of dice.
struct Tamper(ChaCha8Rng);

impl Tamper {
    fn with(&mut self, recording: &[Letter]) -> Vec<Letter> {
        // Most changes come late: a call must have begun for them to mean anything.
        let every = 2 + self.below(12);
        let mut letters = Vec::new();
        for letter in recording {
            if self.below(every) == 0 {
                self.change(letter.clone(), &mut letters);
            } else {
                letters.push(letter.clone());
            }
        }
        letters.sort_by_key(|letter| letter.after);
        letters
    }

    fn change(&mut self, mut letter: Letter, out: &mut Vec<Letter>) {
        match self.below(14) {
            0 => return,
            1 => out.push(letter.clone()),
            2 => letter.after += secs(self.below(4_000) as f64 / 1_000.0),
            3 => {
                let mut again = letter.clone();
                again.after += secs(self.below(60_000) as f64 / 1_000.0);
                out.push(again);
            }
            4 => letter.from.set_port(letter.from.port() ^ 2),
            5 => letter.payload.truncate(self.below(letter.payload.len())),
            6 => {
                let at = self.below(letter.payload.len());
                letter.payload[at] ^= 1 << self.below(8);
            }
            7 => self.lines(&mut letter, |dice, lines| {
                let at = 1 + dice.below(lines.len() - 1);
                lines.remove(at);
            }),
            8 => self.lines(&mut letter, |dice, lines| {
                let at = dice.below(lines.len());
                lines.insert(at, lines[at].clone());
            }),
            9 => self.lines(&mut letter, |dice, lines| {
                let (one, two) = (dice.below(lines.len()), dice.below(lines.len()));
                lines.swap(one, two);
            }),
            10 => self.replace(&mut letter, ";tag=", ";tag=x"),
            11 => self.replace(&mut letter, "branch=z9hG4bK", "branch=z9hG4bKx"),
            12 => self.replace(&mut letter, "CSeq: ", "CSeq: 9"),
            _ => {
                const WORDS: [&str; 13] = [
                    "INVITE",
                    "ACK",
                    "BYE",
                    "CANCEL",
                    "UPDATE",
                    "PRACK",
                    "INFO",
                    "OPTIONS",
                    "REGISTER",
                    "SIP/2.0 200",
                    "SIP/2.0 180",
                    "SIP/2.0 487",
                    "SIP/2.0 491",
                ];
                let (from, to) = (WORDS[self.below(WORDS.len())], WORDS[self.below(WORDS.len())]);
                self.replace(&mut letter, from, to);
            }
        }
        out.push(letter);
    }

    fn lines(&mut self, letter: &mut Letter, act: impl FnOnce(&mut Self, &mut Vec<String>)) {
        let text = String::from_utf8_lossy(&letter.payload).into_owned();
        let mut lines: Vec<String> = text.split("\r\n").map(str::to_owned).collect();
        act(self, &mut lines);
        letter.payload = lines.join("\r\n").into_bytes();
    }

    fn replace(&mut self, letter: &mut Letter, from: &str, to: &str) {
        let text = String::from_utf8_lossy(&letter.payload).into_owned();
        let times = 1 + self.below(2);
        letter.payload = text.replacen(from, to, times).into_bytes();
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0.next_u32() as usize % limit.max(1)
    }
}
