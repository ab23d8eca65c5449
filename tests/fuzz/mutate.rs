//! Inputs made out of a corpus, the same at every run.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Inputs grow no longer than this.
const LONGEST: usize = 16 << 10;
/// Pieces that mean something to one parser or another.
const PIECES: [&[u8]; 24] = [
    b"\r\n",
    b"\n",
    b" ",
    b"\"",
    b"<",
    b">",
    b";",
    b",",
    b"=",
    b":",
    b"\\",
    b"%",
    b"[",
    b"{",
    b"====\n",
    b"--\n",
    b"-1",
    b"0",
    b"65536",
    b"4294967295",
    b"99999999999999999999",
    b"\xff",
    b"\0",
    "\u{a0}".as_bytes(),
];

/// Makes inputs.
pub struct Mutator {
    corpus: Vec<Vec<u8>>,
    random: ChaCha8Rng,
}

impl Mutator {
    /// Another sequence for every name.
    pub fn new(name: &str, corpus: Vec<Vec<u8>>) -> Self {
        let mut seed = [0; 32];
        seed.iter_mut().zip(name.bytes()).for_each(|(octet, letter)| *octet = letter);
        Self { corpus, random: ChaCha8Rng::from_seed(seed) }
    }

    /// One of the corpus with one to four changes.
    pub fn next(&mut self) -> Vec<u8> {
        let at = self.below(self.corpus.len());
        let mut input = self.corpus[at].clone();
        for _ in 0..1 + self.below(4) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = at + self.below(1 + (input.len() - at).min(64));
        match self.below(7) {
            0 => input.iter_mut().skip(at).take(1).for_each(|octet| *octet = self.random.next_u32() as u8),
            1 => input
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|octet| *octet ^= 1 << (self.random.next_u32() % 8)),
            2 => drop(input.drain(at..end)),
            3 => {
                let again = input[at..end].to_vec();
                input.splice(at..at, again);
            }
            4 => {
                let other = self.below(self.corpus.len());
                let from = self.below(self.corpus[other].len() + 1);
                let piece: Vec<u8> = self.corpus[other][from..].iter().copied().take(200).collect();
                input.splice(at..end, piece);
            }
            5 => input.truncate(at),
            _ => {
                let piece = PIECES[self.below(PIECES.len())];
                input.splice(at..at, piece.iter().copied());
            }
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.random.next_u32() as usize % limit.max(1)
    }
}
