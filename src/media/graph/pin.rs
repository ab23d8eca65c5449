//! Sources that are alone in being listened to: a driver may let its system refuse all others, which spares the graph
//! their packets and the system looking up the way to them.

use super::Leg;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// The most changes waiting; one that finds no room is said at a later tick.
const CAPACITY: usize = 8192;

/// From where a leg's RTP port is listened to from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The leg.
    pub leg: Leg,
    /// This source and no other; none: whoever sends is judged.
    pub source: Option<SocketAddr>,
}

/// Changes waiting to be fetched.
#[derive(Debug, Default)]
pub(super) struct Pins(VecDeque<Pin>);

impl Pins {
    /// Notes where a leg listens, if that is not what was said last.
    pub(super) fn note(&mut self, leg: Leg, said: &mut Option<SocketAddr>, source: Option<SocketAddr>) {
        if *said != source && self.0.len() < CAPACITY {
            *said = source;
            self.0.push_back(Pin { leg, source });
        }
    }

    pub(super) fn poll(&mut self) -> Option<Pin> {
        self.0.pop_front()
    }
}
