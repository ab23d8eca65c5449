//! What a receiver knows of one source: sequence, loss and jitter, by the algorithms of RFC 3550 appendix A.

use std::time::{Duration, Instant};

use crate::rtcp::{NtpTime, ReportBlock};
use crate::rtp::Header;

/// Forward jumps below this are loss, above it a restarted sender (RFC 3550 appendix A.1).
const MAX_DROPOUT: u16 = 3_000;
/// Steps back below this are reordering or duplication.
const MAX_MISORDER: u16 = 100;

/// How a packet continued the sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The first of its source: the first of all, of a new SSRC, or of a restarted sequence.
    First,
    /// Ahead of all before it, `lost` packets missing in between as yet.
    Ahead {
        /// Sequence numbers jumped over.
        lost: u16,
    },
    /// Behind the highest: reordered or duplicated.
    Behind,
    /// Far outside the sequence, not counted; if the next one continues it, the sender has restarted.
    Stray,
}

/// Receiver statistics of one leg (RFC 3550 section 6.4.1, appendices A.1, A.3 and A.8). A new SSRC begins a new
/// report block, while [`Reception::received`] and [`Reception::lost`] go on counting over all of them.
#[derive(Clone, Debug)]
pub struct Reception {
    clock_rate: u32,
    source: Option<Source>,
    earlier_received: u64,
    earlier_lost: u64,
    max_jitter: u32,
}

#[derive(Clone, Debug)]
struct Source {
    ssrc: u32,
    base: u16,
    highest: u16,
    cycles: u32,
    bad: Option<u16>,
    received: u64,
    expected_prior: u64,
    received_prior: u64,
    began: Instant,
    transit: Option<(u32, u32)>,
    /// Sixteen times the jitter, in timestamp units.
    jitter: u32,
    sender_report: Option<(u32, Instant)>,
}

impl Reception {
    /// Counts nothing yet; `clock_rate` is that of the codec's RTP timestamps.
    pub const fn new(clock_rate: u32) -> Self {
        Self { clock_rate, source: None, earlier_received: 0, earlier_lost: 0, max_jitter: 0 }
    }

    /// Takes another clock rate, after the codec has changed; jitter is measured anew.
    pub fn set_clock_rate(&mut self, clock_rate: u32) {
        if self.clock_rate == clock_rate {
            return;
        }
        self.max_jitter =
            (u64::from(self.max_jitter) * u64::from(clock_rate) / u64::from(self.clock_rate.max(1))) as u32;
        self.clock_rate = clock_rate;
        if let Some(source) = &mut self.source {
            source.transit = None;
            source.jitter = 0;
        }
    }

    /// Counts a packet that arrived at `arrival`.
    pub fn handle(&mut self, header: &Header, arrival: Instant) -> Arrival {
        let known = self.source.as_ref().is_some_and(|source| source.ssrc == header.ssrc);
        if !known {
            self.begin(header, arrival);
            return Arrival::First;
        }
        let Some(source) = &mut self.source else { return Arrival::Stray };
        let outcome = source.advance(header.sequence);
        match outcome {
            Arrival::First => {
                self.begin(header, arrival);
                // The packet that announced the restart was not counted when it came.
                if let Some(source) = &mut self.source {
                    source.base = header.sequence.wrapping_sub(1);
                    source.received = 2;
                }
            }
            Arrival::Ahead { .. } | Arrival::Behind => {
                source.received += 1;
                source.measure(header, arrival, self.clock_rate);
                self.max_jitter = self.max_jitter.max(source.jitter >> 4);
            }
            Arrival::Stray => {}
        }
        outcome
    }

    /// Remembers when a sender report of the source arrived, for the next report block's round trip fields.
    pub fn handle_sender_report(&mut self, ssrc: u32, ntp: NtpTime, arrival: Instant) {
        if let Some(source) = &mut self.source
            && source.ssrc == ssrc
        {
            source.sender_report = Some((ntp.middle(), arrival));
        }
    }

    /// The report block about the present source, `None` before its first packet. Each call closes the interval over
    /// which the fraction lost is taken (RFC 3550 appendix A.3).
    pub fn report(&mut self, now: Instant) -> Option<ReportBlock> {
        let source = self.source.as_mut()?;
        let expected = source.expected();
        let lost = expected as i64 - source.received as i64;
        let expected_interval = expected.saturating_sub(source.expected_prior);
        let received_interval = source.received.saturating_sub(source.received_prior);
        source.expected_prior = expected;
        source.received_prior = source.received;
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction = (lost_interval << 8).checked_div(expected_interval).unwrap_or(0).min(255) as u8;
        let (last, delay) = source
            .sender_report
            .map_or((0, 0), |(middle, at)| (middle, units(now.saturating_duration_since(at), 65_536).max(1)));
        Some(ReportBlock {
            ssrc: source.ssrc,
            fraction_lost: fraction,
            cumulative_lost: lost.clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence: source.cycles.wrapping_shl(16) | u32::from(source.highest),
            jitter: source.jitter >> 4,
            last_sender_report: last,
            delay_since_sender_report: delay,
        })
    }

    /// The source heard at present.
    pub fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// Packets received from all sources, duplicates included.
    pub fn received(&self) -> u64 {
        self.earlier_received + self.source.as_ref().map_or(0, |source| source.received)
    }

    /// Packets lost from all sources.
    pub fn lost(&self) -> u64 {
        self.earlier_lost + self.source.as_ref().map_or(0, Source::lost)
    }

    /// Interarrival jitter at present, in milliseconds.
    pub fn jitter_ms(&self) -> f32 {
        let jitter = self.source.as_ref().map_or(0, |source| source.jitter);
        jitter as f32 / 16.0 * 1_000.0 / self.clock_rate.max(1) as f32
    }

    /// The highest interarrival jitter there was, in milliseconds.
    pub fn max_jitter_ms(&self) -> f32 {
        self.max_jitter as f32 * 1_000.0 / self.clock_rate.max(1) as f32
    }

    fn begin(&mut self, header: &Header, arrival: Instant) {
        if let Some(source) = self.source.take() {
            self.earlier_received += source.received;
            self.earlier_lost += source.lost();
        }
        let mut source = Source {
            ssrc: header.ssrc,
            base: header.sequence,
            highest: header.sequence,
            cycles: 0,
            bad: None,
            received: 1,
            expected_prior: 0,
            received_prior: 0,
            began: arrival,
            transit: None,
            jitter: 0,
            sender_report: None,
        };
        source.measure(header, arrival, self.clock_rate);
        self.source = Some(source);
    }
}

impl Source {
    /// RFC 3550 appendix A.1, `update_seq`, without probation: the latch has judged the source already.
    fn advance(&mut self, sequence: u16) -> Arrival {
        let ahead = sequence.wrapping_sub(self.highest);
        if ahead != 0 && ahead < MAX_DROPOUT {
            if sequence < self.highest {
                self.cycles = self.cycles.wrapping_add(1);
            }
            self.highest = sequence;
            self.bad = None;
            Arrival::Ahead { lost: ahead - 1 }
        } else if ahead == 0 || ahead > u16::MAX - MAX_MISORDER {
            Arrival::Behind
        } else if self.bad == Some(sequence) {
            Arrival::First
        } else {
            self.bad = Some(sequence.wrapping_add(1));
            Arrival::Stray
        }
    }

    /// RFC 3550 appendix A.8. Packets that repeat a timestamp (telephone events) and jumps of more than a second (a
    /// new timeline) say nothing about the network and are passed over.
    fn measure(&mut self, header: &Header, arrival: Instant, clock_rate: u32) {
        let arrived = units(arrival.saturating_duration_since(self.began), clock_rate);
        let transit = arrived.wrapping_sub(header.timestamp);
        if let Some((last, timestamp)) = self.transit {
            if timestamp == header.timestamp {
                return;
            }
            let difference = (transit.wrapping_sub(last) as i32).unsigned_abs();
            if difference <= clock_rate {
                self.jitter = self.jitter.wrapping_add(difference).wrapping_sub((self.jitter + 8) >> 4);
            }
        }
        self.transit = Some((transit, header.timestamp));
    }

    fn expected(&self) -> u64 {
        ((u64::from(self.cycles) << 16) + u64::from(self.highest)).saturating_sub(u64::from(self.base)) + 1
    }

    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }
}

fn units(duration: Duration, rate: u32) -> u32 {
    (duration.as_nanos() * u128::from(rate) / 1_000_000_000) as u32
}

#[cfg(test)]
mod tests;
