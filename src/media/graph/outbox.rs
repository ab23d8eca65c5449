//! Packets waiting to be fetched. Their buffers are kept and used again: relaying allocates nothing.

use super::{Channel, Leg, Transmit};
use std::net::SocketAddr;

/// The most packets waiting. The driver drains after each input, so this is only reached by a driver that does not;
/// the newest are dropped then.
const CAPACITY: usize = 8192;
/// Buffers kept when nothing waits.
const KEPT: usize = 256;

#[derive(Debug)]
struct Slot {
    leg: Leg,
    channel: Channel,
    to: SocketAddr,
    packet: Vec<u8>,
}

/// A queue that is filled and drained in turns.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    slots: Vec<Slot>,
    filled: usize,
    fetched: usize,
}

impl Outbox {
    /// Room for one packet; `build` fills it and says whether it is to be sent.
    pub(super) fn push(
        &mut self,
        (leg, channel): (Leg, Channel),
        to: SocketAddr,
        build: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> bool {
        if self.filled == CAPACITY {
            return false;
        }
        if self.filled == self.slots.len() {
            self.slots.push(Slot { leg, channel, to, packet: Vec::with_capacity(256) });
        }
        let slot = &mut self.slots[self.filled];
        (slot.leg, slot.channel, slot.to) = (leg, channel, to);
        slot.packet.clear();
        let good = build(&mut slot.packet);
        self.filled += usize::from(good);
        good
    }

    pub(super) fn poll(&mut self) -> Option<Transmit<'_>> {
        if self.fetched == self.filled {
            self.fetched = 0;
            self.filled = 0;
            self.slots.truncate(KEPT);
            return None;
        }
        let slot = &self.slots[self.fetched];
        self.fetched += 1;
        Some(Transmit { leg: slot.leg, channel: slot.channel, to: slot.to, packet: &slot.packet })
    }
}
