//! RTCP (RFC 3550 section 6): compound packets of sender and receiver reports, CNAME and goodbye, built and parsed.
//!
//! Lacks on purpose: feedback and extended reports, which are skipped, and the choice of when to send.

use std::time::{Duration, Instant};

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const CNAME: u8 = 1;

/// Seconds from 1900 to 1970.
const UNIX_EPOCH: u64 = 2_208_988_800;
/// More packets than any honest compound holds.
const PACKETS_MAX: usize = 32;

/// A time in the NTP format: seconds since 1900 and their binary fraction (RFC 3550 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The time `since_unix` after the start of 1970.
    pub fn from_unix(since_unix: Duration) -> Self {
        let fraction = (u64::from(since_unix.subsec_nanos()) << 32) / 1_000_000_000;
        Self(UNIX_EPOCH.wrapping_add(since_unix.as_secs()) << 32 | fraction)
    }

    /// The middle 32 bits, which stand in report blocks: units of 1/65536 s.
    pub const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// Ties the monotonic clock to the wall clock, so that RTCP times come out of `now`.
#[derive(Clone, Copy, Debug)]
pub struct NtpClock {
    mono: Instant,
    unix: Duration,
}

impl NtpClock {
    /// At `mono` the wall clock stood at `since_unix` after the start of 1970.
    pub const fn new(mono: Instant, since_unix: Duration) -> Self {
        Self { mono, unix: since_unix }
    }

    /// The wall clock's time at `now`.
    pub fn at(&self, now: Instant) -> NtpTime {
        NtpTime::from_unix(match now.checked_duration_since(self.mono) {
            Some(after) => self.unix + after,
            None => self.unix.saturating_sub(self.mono.saturating_duration_since(now)),
        })
    }
}

/// What a sender says of its own stream (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall clock when the report was sent.
    pub ntp: NtpTime,
    /// The same instant in units of the RTP timestamp.
    pub rtp_timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload octets sent.
    pub octets: u32,
}

/// What a receiver says of one source (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source reported on.
    pub ssrc: u32,
    /// Lost since the report before, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the beginning, 24 bits, negative when duplicates outnumber losses.
    pub cumulative_lost: i32,
    /// Highest sequence number with the count of cycles above it.
    pub highest_sequence: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// [`NtpTime::middle`] of the source's last sender report, 0 if there was none.
    pub last_sender_report: u32,
    /// Time since that report arrived, in units of 1/65536 s.
    pub delay_since_sender_report: u32,
}

impl ReportBlock {
    /// The round trip this block measures when it arrives at `arrival` (RFC 3550 section 6.4.1): `None` without an
    /// earlier sender report, or when the figures are beyond belief (a minute, or negative by more than the clock's
    /// grain).
    pub fn round_trip(&self, arrival: NtpTime) -> Option<Duration> {
        if self.last_sender_report == 0 {
            return None;
        }
        let elapsed = arrival.middle().wrapping_sub(self.last_sender_report);
        let units = elapsed.wrapping_sub(self.delay_since_sender_report) as i32;
        if !(-655..60 * 65_536).contains(&units) {
            return None;
        }
        Some(Duration::from_nanos(u64::from(units.max(0) as u32) * 1_000_000_000 / 65_536))
    }
}

/// One packet of a compound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// SR.
    SenderReport {
        /// Who reports.
        ssrc: u32,
        /// Of its own stream.
        info: SenderInfo,
        /// Of the streams it hears.
        reports: Vec<ReportBlock>,
    },
    /// RR.
    ReceiverReport {
        /// Who reports.
        ssrc: u32,
        /// Of the streams it hears.
        reports: Vec<ReportBlock>,
    },
    /// The canonical name out of an SDES chunk.
    Cname {
        /// Whose name.
        ssrc: u32,
        /// The name.
        cname: String,
    },
    /// BYE, one for each source named.
    Goodbye {
        /// Who leaves.
        ssrc: u32,
    },
}

/// A compound to be sent: SR or RR, then the CNAME, then BYE if the stream ends (RFC 3550 section 6.1).
#[derive(Clone, Copy, Debug)]
pub struct Compound<'a> {
    /// The sender's own source.
    pub ssrc: u32,
    /// Present when packets were sent since the last two reports: makes it an SR.
    pub sender: Option<SenderInfo>,
    /// Of the stream heard.
    pub report: Option<ReportBlock>,
    /// The canonical name, at most 255 octets.
    pub cname: &'a str,
    /// Whether the stream ends here.
    pub goodbye: bool,
}

/// Reads a compound. `None` when a version or length in it is wrong (RFC 3550 appendix A.2; reduced-size packets of
/// RFC 5506 are welcome); unknown packet types are skipped.
pub fn parse(mut octets: &[u8]) -> Option<Vec<Packet>> {
    let mut packets = Vec::new();
    let mut count = 0;
    while !octets.is_empty() {
        let head = octets.first_chunk::<4>()?;
        let len = 4 + 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (packet, rest) = octets.split_at_checked(len)?;
        if head[0] >> 6 != 2 || count == PACKETS_MAX {
            return None;
        }
        let body = unpadded(packet, head[0] & 0x20 != 0 && rest.is_empty())?;
        parse_one(head[1], head[0] & 0x1f, body, &mut packets)?;
        octets = rest;
        count += 1;
    }
    (count > 0).then_some(packets)
}

/// Appends a compound to `out`.
pub fn write(compound: &Compound<'_>, out: &mut Vec<u8>) {
    let reports = u8::from(compound.report.is_some());
    let words = 6 * u16::from(reports);
    match &compound.sender {
        Some(info) => {
            write_head(reports, SENDER_REPORT, 6 + words, out);
            out.extend_from_slice(&compound.ssrc.to_be_bytes());
            out.extend_from_slice(&info.ntp.0.to_be_bytes());
            out.extend_from_slice(&info.rtp_timestamp.to_be_bytes());
            out.extend_from_slice(&info.packets.to_be_bytes());
            out.extend_from_slice(&info.octets.to_be_bytes());
        }
        None => {
            write_head(reports, RECEIVER_REPORT, 1 + words, out);
            out.extend_from_slice(&compound.ssrc.to_be_bytes());
        }
    }
    if let Some(report) = &compound.report {
        write_report(report, out);
    }
    write_cname(compound.ssrc, compound.cname, out);
    if compound.goodbye {
        write_head(1, GOODBYE, 1, out);
        out.extend_from_slice(&compound.ssrc.to_be_bytes());
    }
}

fn unpadded(packet: &[u8], padded: bool) -> Option<&[u8]> {
    let body = &packet[4..];
    if !padded {
        return Some(body);
    }
    let padding = usize::from(*body.last()?);
    body.get(..body.len().checked_sub(padding)?)
}

fn parse_one(kind: u8, count: u8, mut body: &[u8], packets: &mut Vec<Packet>) -> Option<()> {
    match kind {
        SENDER_REPORT => {
            let ssrc = take_u32(&mut body)?;
            let ntp = NtpTime(u64::from(take_u32(&mut body)?) << 32 | u64::from(take_u32(&mut body)?));
            let rtp_timestamp = take_u32(&mut body)?;
            let info = SenderInfo {
                ntp,
                rtp_timestamp,
                packets: take_u32(&mut body)?,
                octets: take_u32(&mut body)?,
            };
            packets.push(Packet::SenderReport { ssrc, info, reports: parse_reports(count, body)? });
        }
        RECEIVER_REPORT => {
            let ssrc = take_u32(&mut body)?;
            packets.push(Packet::ReceiverReport { ssrc, reports: parse_reports(count, body)? });
        }
        SOURCE_DESCRIPTION => parse_description(count, body, packets)?,
        GOODBYE => {
            for _ in 0..count {
                packets.push(Packet::Goodbye { ssrc: take_u32(&mut body)? });
            }
        }
        _ => {}
    }
    Some(())
}

fn parse_reports(count: u8, mut body: &[u8]) -> Option<Vec<ReportBlock>> {
    let mut reports = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let ssrc = take_u32(&mut body)?;
        let loss = take_u32(&mut body)?;
        reports.push(ReportBlock {
            ssrc,
            fraction_lost: (loss >> 24) as u8,
            cumulative_lost: (loss << 8) as i32 >> 8,
            highest_sequence: take_u32(&mut body)?,
            jitter: take_u32(&mut body)?,
            last_sender_report: take_u32(&mut body)?,
            delay_since_sender_report: take_u32(&mut body)?,
        });
    }
    Some(reports)
}

/// Chunks of items (RFC 3550 section 6.5); each chunk ends with a null octet and is filled to a whole word.
fn parse_description(count: u8, mut body: &[u8], packets: &mut Vec<Packet>) -> Option<()> {
    for _ in 0..count {
        let ssrc = take_u32(&mut body)?;
        let chunk = body;
        let mut used = 0;
        loop {
            match *chunk.get(used)? {
                0 => break,
                item => {
                    let len = usize::from(*chunk.get(used + 1)?);
                    let text = chunk.get(used + 2..used + 2 + len)?;
                    if item == CNAME {
                        let cname = String::from_utf8_lossy(text).into_owned();
                        packets.push(Packet::Cname { ssrc, cname });
                    }
                    used += 2 + len;
                }
            }
        }
        body = chunk.get((used / 4 + 1) * 4..)?;
    }
    Some(())
}

fn take_u32(body: &mut &[u8]) -> Option<u32> {
    let (head, rest) = body.split_first_chunk::<4>()?;
    *body = rest;
    Some(u32::from_be_bytes(*head))
}

fn write_head(count: u8, kind: u8, words: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x80 | count, kind]);
    out.extend_from_slice(&words.to_be_bytes());
}

fn write_report(report: &ReportBlock, out: &mut Vec<u8>) {
    let lost = report.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
    let words = [
        report.ssrc,
        u32::from(report.fraction_lost) << 24 | lost,
        report.highest_sequence,
        report.jitter,
        report.last_sender_report,
        report.delay_since_sender_report,
    ];
    for word in words {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

fn write_cname(ssrc: u32, cname: &str, out: &mut Vec<u8>) {
    let text = &cname.as_bytes()[..cname.len().min(255)];
    let octets = (2 + text.len()) / 4 * 4 + 4;
    write_head(1, SOURCE_DESCRIPTION, 1 + (octets / 4) as u16, out);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[CNAME, text.len() as u8]);
    out.extend_from_slice(text);
    out.resize(out.len() + octets - 2 - text.len(), 0);
}

#[cfg(test)]
mod tests;
