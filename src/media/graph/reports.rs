//! A leg's RTCP: reports about every five seconds, and what the peer's reports say (RFC 3550 section 6).

use super::egress::Egress;
use super::ingress::Ingress;
use super::outbox::Outbox;
use super::protection::Protection;
use super::{Channel, Leg};
use crate::negotiation::Agreed;
use crate::rtcp::{self, Compound, NtpClock, Packet, ReportBlock, SenderInfo};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The interval of RFC 3550 section 6.2; each one is drawn between half and one and a half of it.
const INTERVAL_MS: u64 = 5000;

/// A point in time, on both clocks.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Instant,
    pub(super) clock: NtpClock,
}

/// The rest of a leg that reports.
pub(super) struct Party<'a> {
    pub(super) leg: Leg,
    pub(super) agreed: &'a Agreed,
    pub(super) ingress: &'a mut Ingress,
    pub(super) egress: &'a Egress,
    pub(super) protection: &'a mut Protection,
}

/// A leg's reports.
pub(super) struct Reports {
    next: Option<Instant>,
    /// Where the peer's reports come from.
    source: Option<SocketAddr>,
    /// Packets sent when the last two reports were written.
    sent: [u64; 2],
    name: u64,
    /// Packets the peer reports as lost; none before its first report.
    pub(super) lost_remote: Option<u64>,
    /// The round trip measured last.
    pub(super) round_trip: Option<Duration>,
}

impl Reports {
    pub(super) fn new(random: &mut ChaCha20Rng) -> Self {
        Self {
            next: None,
            source: None,
            sent: [0; 2],
            // A short-term persistent name of random bits (RFC 7022 section 4.2).
            name: random.next_u64(),
            lost_remote: None,
            round_trip: None,
        }
    }

    /// Starts reporting, if it has not begun.
    pub(super) fn start(&mut self, now: Instant, random: &mut ChaCha20Rng) {
        self.next.get_or_insert_with(|| now + interval(random));
    }

    /// Whether a report is due; if so the next one is drawn.
    pub(super) fn is_due(&mut self, now: Instant, random: &mut ChaCha20Rng) -> bool {
        let due = self.next.is_some_and(|next| next <= now);
        if due {
            self.next = Some(now + interval(random));
        }
        due
    }

    /// Writes a report, or a farewell.
    pub(super) fn send(&mut self, moment: &Moment, party: Party<'_>, farewell: Farewell, out: &mut Outbox) {
        let Party { leg, agreed, ingress, egress, protection } = party;
        let Some(to) = self.destination(agreed, ingress) else { return };
        let channel = if agreed.rtcp_mux { Channel::Rtp } else { Channel::Rtcp };
        let sender = (egress.sent > self.sent[0]).then(|| SenderInfo {
            ntp: moment.clock.at(moment.now),
            rtp_timestamp: egress.timestamp_at(moment.now, agreed.codec.clock_rate()),
            packets: egress.sent as u32,
            octets: egress.octets as u32,
        });
        self.sent = [self.sent[1], egress.sent];
        let cname = format!("{:016x}", self.name);
        let compound = Compound {
            ssrc: egress.ssrc,
            sender,
            report: ingress.reception.report(moment.now),
            cname: &cname,
            goodbye: farewell == Farewell::Yes,
        };
        out.push((leg, channel), to, |packet| {
            rtcp::write(&compound, packet);
            protection.protect_rtcp(packet)
        });
    }

    /// Reads the peer's reports; whether they were good.
    pub(super) fn receive(
        &mut self,
        moment: &Moment,
        party: Party<'_>,
        (from, packet): (SocketAddr, &mut Vec<u8>),
    ) -> bool {
        let Party { agreed, ingress, egress, protection, .. } = party;
        let known = from == agreed.remote_rtcp
            || ingress.latch.destination().is_some_and(|media| media.ip() == from.ip());
        if !known || !protection.unprotect_rtcp(packet) {
            return false;
        }
        let Some(packets) = rtcp::parse(packet) else { return false };
        self.source = Some(from);
        for packet in packets {
            match packet {
                Packet::SenderReport { ssrc, info, reports } => {
                    ingress.reception.handle_sender_report(ssrc, info.ntp, moment.now);
                    self.learn(moment, egress.ssrc, &reports);
                }
                Packet::ReceiverReport { reports, .. } => self.learn(moment, egress.ssrc, &reports),
                Packet::Cname { .. } | Packet::Goodbye { .. } => {}
            }
        }
        true
    }

    fn learn(&mut self, moment: &Moment, ssrc: u32, reports: &[ReportBlock]) {
        for report in reports.iter().filter(|report| report.ssrc == ssrc) {
            self.lost_remote = Some(u64::try_from(report.cumulative_lost).unwrap_or(0));
            self.round_trip = report.round_trip(moment.clock.at(moment.now)).or(self.round_trip);
        }
    }

    /// Where reports go: to where the peer's come from; before its first one to where it said, unless its media comes
    /// from another address, behind which the next port is the best guess.
    fn destination(&self, agreed: &Agreed, ingress: &Ingress) -> Option<SocketAddr> {
        let media = ingress.latch.destination();
        if agreed.rtcp_mux {
            return media;
        }
        let declared = agreed.remote_rtcp;
        let translated = media.filter(|media| media.ip() != agreed.remote_rtp.ip());
        self.source
            .filter(|source| media.is_none_or(|media| media.ip() == source.ip()) || *source == declared)
            .or_else(|| translated.map(|media| SocketAddr::new(media.ip(), media.port().saturating_add(1))))
            .or((!declared.ip().is_unspecified() && declared.port() != 0).then_some(declared))
    }
}

/// Whether a report ends the stream (RFC 3550 section 6.6).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Farewell {
    /// With BYE.
    Yes,
    /// Without.
    No,
}

fn interval(random: &mut ChaCha20Rng) -> Duration {
    Duration::from_millis(INTERVAL_MS / 2 + u64::from(random.next_u32()) % INTERVAL_MS)
}
