//! The network between the box and everybody else: what is sent comes later, twice, in another order, or never.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use sip::flow::Transport;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How the network behaves. Datagrams only: streams lose nothing and keep their order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// Of a hundred datagrams so many are lost.
    pub loss: u32,
    /// Of a hundred datagrams so many come twice.
    pub doubled: u32,
    /// The shortest way, milliseconds.
    pub delay_ms: u32,
    /// A datagram may take so much longer, milliseconds; later ones overtake it.
    pub jitter_ms: u32,
}

impl Weather {
    /// An office network: two milliseconds, nothing lost.
    pub const CALM: Self = Self { loss: 0, doubled: 0, delay_ms: 2, jitter_ms: 0 };
    /// A bad mobile network: one of seven lost, some doubled, many overtaken.
    pub const STORM: Self = Self { loss: 15, doubled: 5, delay_ms: 20, jitter_ms: 40 };
}

/// What flies.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub transport: Transport,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub payload: Vec<u8>,
}

/// The network.
pub(crate) struct Network {
    pub weather: Weather,
    flying: BTreeMap<(Instant, u64), Packet>,
    random: ChaCha8Rng,
    count: u64,
}

impl Network {
    pub fn new(seed: u64) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Self { weather: Weather::CALM, flying: BTreeMap::new(), random, count: 0 }
    }

    /// Takes a packet on its way.
    pub fn send(&mut self, now: Instant, packet: Packet) {
        if packet.transport != Transport::Udp {
            self.fly(now + Duration::from_millis(u64::from(self.weather.delay_ms)), packet);
            return;
        }
        if self.one_of_hundred(self.weather.loss) {
            return;
        }
        if self.one_of_hundred(self.weather.doubled) {
            let at = now + self.way();
            self.fly(at, packet.clone());
        }
        let at = now + self.way();
        self.fly(at, packet);
    }

    /// When the next arrives.
    pub fn next(&self) -> Option<Instant> {
        self.flying.keys().next().map(|(at, _)| *at)
    }

    /// What has arrived by now, one at a time.
    pub fn arrived(&mut self, now: Instant) -> Option<Packet> {
        let entry = self.flying.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    fn fly(&mut self, at: Instant, packet: Packet) {
        self.count += 1;
        self.flying.insert((at, self.count), packet);
    }

    fn one_of_hundred(&mut self, percent: u32) -> bool {
        percent > 0 && self.random.next_u32() % 100 < percent
    }

    fn way(&mut self) -> Duration {
        let Weather { delay_ms, jitter_ms, .. } = self.weather;
        let extra = if jitter_ms == 0 { 0 } else { self.random.next_u32() % (jitter_ms + 1) };
        Duration::from_millis(u64::from(delay_ms + extra))
    }
}
