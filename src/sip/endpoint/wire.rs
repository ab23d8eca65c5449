//! The way out: queued transmits, the trace, names that must not be guessed.

use std::collections::VecDeque;
use std::fmt::Write;
use std::time::Instant;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::trace::Trace;
use crate::BRANCH_MAGIC;
use crate::flow::{Hop, SendToken, Transmit};

/// What leaves, and the randomness that goes into it.
#[derive(Debug)]
pub(crate) struct Wire {
    queue: VecDeque<Transmit>,
    pub trace: Trace,
    random: ChaCha8Rng,
}

impl Wire {
    /// An empty queue and a generator.
    pub fn new(traced: usize, seed: [u8; 32]) -> Self {
        Self { queue: VecDeque::new(), trace: Trace::new(traced), random: ChaCha8Rng::from_seed(seed) }
    }

    /// Queues one message.
    pub fn send(&mut self, now: Instant, to: Hop, payload: Vec<u8>, token: SendToken) {
        self.trace.record(now, true, to.flow(), &payload);
        self.queue.push_back(Transmit { to, payload, token });
    }

    /// Queues one keep-alive, which is no message worth tracing.
    pub fn send_keepalive(&mut self, to: Hop, payload: &[u8]) {
        self.queue.push_back(Transmit { to, payload: payload.to_vec(), token: SendToken::UNTRACKED });
    }

    /// Takes back a message that has not left yet; tells whether it was still there.
    pub fn take_back(&mut self, to: &Hop, payload: &[u8]) -> bool {
        let found = self.queue.iter().rposition(|one| one.to == *to && one.payload == payload);
        let taken = found.and_then(|at| self.queue.remove(at)).is_some();
        if taken {
            self.trace.take_back(payload);
        }
        taken
    }

    /// The next to leave.
    pub fn poll(&mut self) -> Option<Transmit> {
        self.queue.pop_front()
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// 64 random bits as text: tags.
    pub fn tag(&mut self) -> String {
        format!("{:016x}", self.random.next_u64())
    }

    /// A Call-ID nobody guesses.
    pub fn call_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.random.next_u64(), self.random.next_u64())
    }

    /// A branch (RFC 3261 8.1.1.7).
    pub fn branch(&mut self) -> String {
        let mut branch = String::with_capacity(BRANCH_MAGIC.len() + 16);
        branch.push_str(BRANCH_MAGIC);
        let written = write!(branch, "{:016x}", self.random.next_u64());
        debug_assert!(written.is_ok());
        branch
    }

    /// A number from `low` up to, not including, `high`.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.random.next_u32() % (high - low).max(1)
    }
}
