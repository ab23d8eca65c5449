//! A fax between two legs: UDPTL datagrams passed on octet by octet (ITU-T T.38 section 9).
//!
//! Who is listened to is decided as for sound. One machine sends and the other listens for minutes, so a datagram of
//! either is a sign of life of both.

use super::latch::Verdict;
use super::{Channel, Event, Graph, Leg, tell};
use crate::{rtp, udptl};
use std::net::SocketAddr;
use std::time::Instant;

/// A leg's fax.
#[derive(Debug, Default)]
pub(super) struct Fax {
    /// Whether datagrams are passed on now, in place of sound.
    pub(super) on: bool,
    /// Datagrams that have come from its peer and were passed on.
    pub(super) received: u64,
    /// Datagrams that were passed on to its peer.
    pub(super) sent: u64,
}

impl Graph {
    pub(super) fn fax(&mut self, now: Instant, leg: Leg, remote: SocketAddr) {
        let Some(&at) = self.index.get(&leg) else { return };
        let Some(line) = self.lines[at].as_deref_mut() else { return };
        line.fax.on = true;
        line.cut();
        line.ingress.await_at(now, remote);
        line.settle(now, &mut self.pins);
        if let Some(peer) = line.peer.and_then(|peer| self.line(peer)) {
            peer.cut();
        }
    }

    /// Takes a datagram of a leg that faxes. Before its peer faxes as well it goes nowhere.
    pub(super) fn pass(&mut self, now: Instant, at: usize, (from, datagram): (SocketAddr, &[u8])) {
        let Some(line) = self.lines[at].as_deref_mut() else { return };
        let verdict = line.ingress.latch.judge(now, from);
        if verdict == Verdict::Refuse {
            line.ingress.refused.elsewhere += 1;
            return;
        }
        let source = line.ingress.reception.ssrc();
        if !udptl::is_whole(datagram) || source.is_some_and(|source| is_of(source, datagram)) {
            line.ingress.refused.unagreed += 1;
            return;
        }
        let latched = line.ingress.latch.heard(now, from, verdict);
        line.ingress.live(now);
        let (leg, peer) = (line.leg, line.peer);
        if !std::mem::replace(&mut line.ingress.flowing, true) {
            tell(&mut self.events, leg, Event::Flowing);
        }
        if latched {
            tell(&mut self.events, leg, Event::Latched { address: from });
        }
        let Some(&beyond) = peer.and_then(|peer| self.index.get(&peer)) else { return };
        let Some(other) = self.lines[beyond].as_deref_mut().filter(|other| other.fax.on) else { return };
        other.ingress.live(now);
        let Some(to) = other.ingress.latch.destination() else { return };
        let passed = self.out.push((other.leg, Channel::Rtp), to, |buffer| {
            buffer.extend_from_slice(datagram);
            true
        });
        if passed {
            other.fax.sent += 1;
            if let Some(line) = self.lines[at].as_deref_mut() {
                line.fax.received += 1;
            }
        }
    }
}

/// Whether a datagram is a packet of a stream of sound, or a report about it, that was on its way when the fax began.
fn is_of(source: u32, datagram: &[u8]) -> bool {
    let sound = rtp::parse_header(datagram).is_some_and(|(header, _)| header.ssrc == source);
    let report = rtp::is_rtcp(datagram) && datagram.get(4..8) == Some(&source.to_be_bytes());
    sound || report
}
