//! Telephone events: one digit is a row of RTP packets with one timestamp and a growing duration (RFC 4733).

use std::time::{Duration, Instant};

use super::{DIGITS, Digit, code};
use crate::rtp::Header;

/// How often the last packet is sent (RFC 4733 section 2.5.1.4).
const END_PACKETS: u8 = 3;
/// A digit whose end packets are all lost ends this long after its last packet.
const SILENCE: Duration = Duration::from_millis(300);
/// Key tones at -10 dBm0, as phones send them.
const VOLUME: u8 = 10;
/// The shortest digit made, which detectors downstream still need (Q.24).
const DURATION_MIN: u32 = 40;

/// The payload of a telephone event packet (RFC 4733 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// 0 to 15 are the digits, others are other things.
    pub code: u8,
    /// The key was released.
    pub end: bool,
    /// Level in -dBm0, 0 to 63.
    pub volume: u8,
    /// Since the event began, in timestamp units.
    pub duration: u16,
}

impl Event {
    /// Reads a payload; `None` when it is too short. More events behind the first are not looked at.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [code, flags, high, low] = *payload.first_chunk::<4>()?;
        let duration = u16::from_be_bytes([high, low]);
        Some(Self { code, end: flags & 0x80 != 0, volume: flags & 0x3f, duration })
    }

    /// The payload's octets.
    pub fn octets(&self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, u8::from(self.end) << 7 | self.volume & 0x3f, high, low]
    }
}

/// Turns event packets into digits, each once, however its packets are lost, repeated or reordered.
#[derive(Debug)]
pub struct EventReceiver {
    clock_rate: u32,
    running: Option<Running>,
    /// The timestamp of the last event that ended.
    ended: Option<u32>,
}

#[derive(Debug)]
struct Running {
    digit: char,
    /// Of the packet that began it, or of the segment going on (RFC 4733 section 2.5.1.3).
    timestamp: u32,
    /// In segments before this one.
    earlier: u32,
    duration: u16,
    heard: Instant,
}

impl EventReceiver {
    /// A receiver for events whose timestamps run at `clock_rate`.
    pub const fn new(clock_rate: u32) -> Self {
        Self { clock_rate, running: None, ended: None }
    }

    /// Takes in a packet; returns a digit when it ends, or when the next begins and the end was never seen.
    pub fn handle(&mut self, now: Instant, header: &Header, payload: &[u8]) -> Option<Digit> {
        let event = Event::parse(payload)?;
        let digit = *DIGITS.get(usize::from(event.code))?;
        if self.is_past(header.timestamp) {
            return None;
        }
        let cut_off = match &mut self.running {
            Some(running) if running.timestamp == header.timestamp => {
                running.duration = running.duration.max(event.duration);
                running.heard = now;
                None
            }
            Some(running) if running.is_continued(digit, header) => {
                running.earlier =
                    running.earlier.saturating_add(header.timestamp.wrapping_sub(running.timestamp));
                running.timestamp = header.timestamp;
                running.duration = event.duration;
                running.heard = now;
                None
            }
            _ => {
                let cut_off = self.finish();
                let timestamp = header.timestamp;
                self.running =
                    Some(Running { digit, timestamp, earlier: 0, duration: event.duration, heard: now });
                cut_off
            }
        };
        // The end of a digit that began with its end packet waits for the next packet; both are never lost at once.
        if event.end && cut_off.is_none() { self.finish() } else { cut_off }
    }

    /// Ends a digit whose end packets never came; to be called by and by.
    pub fn expire(&mut self, now: Instant) -> Option<Digit> {
        let heard = self.running.as_ref()?.heard;
        if now.saturating_duration_since(heard) < SILENCE {
            return None;
        }
        self.finish()
    }

    /// Whether a key is held at present.
    pub const fn is_held(&self) -> bool {
        self.running.is_some()
    }

    /// Repeated end packets of a digit already told, and stragglers from before it.
    fn is_past(&self, timestamp: u32) -> bool {
        let newest = self.running.as_ref().map(|running| running.timestamp);
        let behind = |other: u32| timestamp.wrapping_sub(other) as i32;
        let late =
            newest.is_some_and(|newest| (-i64::from(self.clock_rate)..0).contains(&behind(newest).into()));
        late || self.ended.is_some_and(|ended| (-(self.clock_rate as i32)..=0).contains(&behind(ended)))
    }

    fn finish(&mut self) -> Option<Digit> {
        let running = self.running.take()?;
        self.ended = Some(running.timestamp);
        let units = u64::from(running.earlier) + u64::from(running.duration);
        let duration_ms = (units * 1_000 / u64::from(self.clock_rate.max(1))).min(u64::from(u32::MAX)) as u32;
        Some(Digit { digit: running.digit, duration_ms })
    }
}

impl Running {
    /// A digit longer than the duration can count goes on in a new segment: the same event, no marker, beginning
    /// where the last one ended.
    fn is_continued(&self, digit: char, header: &Header) -> bool {
        let step = header.timestamp.wrapping_sub(self.timestamp);
        digit == self.digit
            && !header.marker
            && self.duration > 0xf000
            && step >= u32::from(self.duration)
            && step <= 0xffff
    }
}

/// One packet of a digit being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// The marker of its RTP header, set on the first.
    pub marker: bool,
    /// Its payload.
    pub payload: [u8; 4],
}

/// The packets of one digit, one each packet time. All carry the timestamp at which the digit began; sequence numbers
/// go on. The stream's own timestamps go on by [`EventSender::units`] after it.
#[derive(Debug)]
pub struct EventSender {
    code: u8,
    step: u16,
    total: u16,
    sent: u16,
    ends: u8,
}

impl EventSender {
    /// A digit of `duration_ms` (40 ms at least, 8 s at 8 kHz and 1.3 s at 48 kHz at most: what one segment can count)
    /// in packets every `packet_ms`. `None` if it is no digit.
    pub fn new(digit: char, duration_ms: u32, clock_rate: u32, packet_ms: u8) -> Option<Self> {
        let code = code(digit)?;
        let per_ms = (clock_rate / 1_000).clamp(1, 48);
        let step = (u32::from(packet_ms.clamp(10, 60)) * per_ms) as u16;
        let longest = 0xffff / u32::from(step) * u32::from(step);
        let wanted = duration_ms.clamp(DURATION_MIN, 10_000) * per_ms;
        let total = wanted.next_multiple_of(step.into()).min(longest) as u16;
        Some(Self { code, step, total, sent: 0, ends: 0 })
    }

    /// How far the timestamp of what follows is ahead of the digit's.
    pub const fn units(&self) -> u32 {
        self.total as u32
    }
}

impl Iterator for EventSender {
    type Item = EventPacket;

    fn next(&mut self) -> Option<EventPacket> {
        if self.ends == END_PACKETS {
            return None;
        }
        let marker = self.sent == 0;
        self.sent = self.sent.saturating_add(self.step).min(self.total);
        let end = self.sent == self.total;
        self.ends += u8::from(end);
        let event = Event { code: self.code, end, volume: VOLUME, duration: self.sent };
        Some(EventPacket { marker, payload: event.octets() })
    }
}
