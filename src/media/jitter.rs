//! The jitter buffer: packets in as they come, frames out one after the other.
//!
//! It is paced by its reader. Each [`JitterBuffer::pull`] asks for the next frame of sound because the reader has run
//! out, so a peer's packet time and clock need not match ours: a fast or slow peer shows as frames that wait longer
//! and longer, or as an empty buffer, and the buffer drops one frame or lets the reader conceal one. Used where sound
//! is decoded, never on the relay path.

use std::time::{Duration, Instant};

use crate::rtp::Header;

mod delay;

use delay::Delay;

/// Slots, a power of two: 640 ms of the shortest packets.
const CAPACITY: u64 = 64;
/// No sane audio payload is longer.
const PAYLOAD_MAX: usize = 1_500;
/// A reader that starved this many times in a row is not delayed but cut off: play starts afresh.
const STARVED_MAX: u32 = 10;
/// A frame that waited this long is trimmed at once, whatever the window says.
const WAIT_MAX: Duration = Duration::from_millis(400);
/// Frames over which the shortest wait is taken before one is dropped.
const WINDOW: u32 = 25;

/// What the reader has to play next.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A packet, to be decoded.
    Payload {
        /// Its header.
        header: Header,
        /// What it carries.
        payload: &'a [u8],
    },
    /// A packet that did not come, to be concealed.
    Lost {
        /// Its length in timestamp units, guessed from its neighbours.
        units: u32,
    },
    /// Nothing to play: not begun, between talk spurts, or starved. Nothing is skipped; conceal or be silent.
    Empty,
}

/// Counts of what became of packets that were not simply played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discards {
    /// Came after their turn.
    pub late: u64,
    /// Came twice.
    pub duplicate: u64,
    /// Dropped to shorten the delay, or because the buffer was full.
    pub trimmed: u64,
    /// Outside of any sequence, or too long.
    pub stray: u64,
}

/// An adaptive jitter buffer of bounded size, holding packets between 20 and 200 ms.
#[derive(Debug)]
pub struct JitterBuffer {
    clock_rate: u32,
    ssrc: Option<u32>,
    slots: Vec<Slot>,
    /// Extended sequence number of the frame played next.
    next: u64,
    /// One beyond the highest extended sequence number held or seen.
    end: u64,
    /// Where a restarted sender would go on.
    restart: Option<u16>,
    playing: bool,
    starved: u32,
    /// Timestamp at which the frame played next begins if nothing was left out.
    expected: Option<u32>,
    frame_units: u32,
    last: Option<Last>,
    delay: Delay,
    window: Window,
    discards: Discards,
}

/// The sound packet pushed last, and its distance in time from the one before it.
#[derive(Clone, Copy, Debug)]
struct Last {
    index: u64,
    timestamp: u32,
    units: u32,
}

#[derive(Debug, Default)]
struct Slot {
    held: Option<Held>,
    payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    header: Header,
    arrival: Instant,
    /// Whether it is sound; otherwise it only keeps its place in the sequence.
    sound: bool,
}

#[derive(Debug, Default)]
struct Window {
    frames: u32,
    shortest: Option<Duration>,
}

impl JitterBuffer {
    /// An empty buffer for a codec whose timestamps run at `clock_rate`.
    pub fn new(clock_rate: u32) -> Self {
        let clock_rate = clock_rate.max(1_000);
        Self {
            clock_rate,
            ssrc: None,
            slots: Vec::new(),
            next: 0,
            end: 0,
            restart: None,
            playing: false,
            starved: 0,
            expected: None,
            frame_units: clock_rate / 50,
            last: None,
            delay: Delay::new(clock_rate),
            window: Window::default(),
            discards: Discards::default(),
        }
    }

    /// Takes in a packet of sound that arrived at `now`.
    pub fn push(&mut self, header: &Header, payload: &[u8], now: Instant) {
        self.insert(header, Some(payload), now);
    }

    /// Notes that a sequence number was used by something other than sound, a telephone event, so that it does not
    /// pass for lost.
    pub fn skip(&mut self, header: &Header, now: Instant) {
        self.insert(header, None, now);
    }

    /// The next frame. To be called once for each frame the reader has room for.
    pub fn pull(&mut self, now: Instant) -> Frame<'_> {
        if !self.playing && !self.begin(now) {
            return Frame::Empty;
        }
        self.trim(now);
        // Each turn steps over one place; there are never more than the slots.
        loop {
            match self.held(self.next) {
                Some(held) if !held.sound => {
                    self.step();
                    self.expected = None;
                }
                Some(held) if self.is_early(&held, now) => {
                    self.playing = false;
                    return Frame::Empty;
                }
                Some(held) => return self.play(held),
                None if self.next >= self.end => return self.starve(),
                None => {
                    self.step();
                    if self.starved == 0 {
                        return Frame::Lost { units: self.frame_units };
                    }
                    // The reader has concealed it already, when it was not yet known to be lost.
                    self.starved -= 1;
                }
            }
        }
    }

    /// The delay aimed at, beyond the length of a frame.
    pub fn target(&self) -> Duration {
        self.delay.target()
    }

    /// Packets held.
    pub fn len(&self) -> usize {
        self.slots.iter().filter(|slot| slot.held.is_some()).count()
    }

    /// Whether no packet is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was thrown away since the beginning.
    pub const fn discards(&self) -> Discards {
        self.discards
    }

    /// Forgets the stream but not the counts: after a hold, or a new codec.
    pub fn reset(&mut self, clock_rate: u32) {
        let discards = self.discards;
        let mut slots = std::mem::take(&mut self.slots);
        for slot in &mut slots {
            slot.held = None;
        }
        *self = Self::new(clock_rate);
        self.slots = slots;
        self.discards = discards;
    }

    fn insert(&mut self, header: &Header, payload: Option<&[u8]>, now: Instant) {
        if payload.is_some_and(|payload| payload.len() > PAYLOAD_MAX) {
            self.discards.stray += 1;
            return;
        }
        if self.ssrc != Some(header.ssrc) {
            self.start_at(header);
        }
        let Some(index) = self.place(header) else { return };
        if payload.is_some() {
            self.delay.observe(header.timestamp, now);
            self.learn_frame(index, header.timestamp);
        }
        if index < self.next {
            self.discards.late += 1;
            return;
        }
        let slot = &mut self.slots[(index % CAPACITY) as usize];
        if slot.held.is_some() {
            self.discards.duplicate += 1;
            return;
        }
        slot.payload.clear();
        slot.payload.extend_from_slice(payload.unwrap_or_default());
        slot.held = Some(Held { header: *header, arrival: now, sound: payload.is_some() });
        self.end = self.end.max(index + 1);
    }

    /// The extended sequence number of a packet, with room made for it; `None` when it belongs nowhere.
    fn place(&mut self, header: &Header) -> Option<u64> {
        let step = i64::from(header.sequence.wrapping_sub(self.end as u16) as i16);
        let reach = CAPACITY as i64;
        if !(-reach..reach).contains(&step) {
            if self.restart != Some(header.sequence) {
                self.restart = Some(header.sequence.wrapping_add(1));
                self.discards.stray += 1;
                return None;
            }
            self.start_at(header);
            return Some(self.next);
        }
        self.restart = None;
        let index = self.end.checked_add_signed(step)?;
        if index < self.next && !self.playing && index + CAPACITY > self.end && !self.has_played() {
            self.next = index; // Reordered before play began.
        }
        while index >= self.next + CAPACITY {
            self.drop_next();
        }
        Some(index)
    }

    fn has_played(&self) -> bool {
        self.expected.is_some()
    }

    fn start_at(&mut self, header: &Header) {
        let clock_rate = self.clock_rate;
        self.reset(clock_rate);
        self.slots.resize_with(CAPACITY as usize, Slot::default);
        self.ssrc = Some(header.ssrc);
        // Far enough from zero that a reordered packet before the first has a number.
        self.next = (1 << 32) | u64::from(header.sequence);
        self.end = self.next;
    }

    /// The packets of sound that have not been played, in their order; gaps are left out.
    pub fn waiting(&self) -> impl Iterator<Item = (&Header, &[u8])> {
        (self.next..self.end).filter(|index| self.held(*index).is_some_and(|held| held.sound)).filter_map(
            |index| {
                let slot = self.slots.get((index % CAPACITY) as usize)?;
                Some((&slot.held.as_ref()?.header, slot.payload.as_slice()))
            },
        )
    }

    fn begin(&mut self, now: Instant) -> bool {
        let Some((first, held)) = (self.next..self.end).find_map(|index| Some((index, self.held(index)?)))
        else {
            return false;
        };
        if now.saturating_duration_since(held.arrival) < self.target() {
            return false;
        }
        // A gap before it was heard as silence already.
        self.next = first;
        self.expected = None;
        self.starved = 0;
        self.playing = true;
        self.window = Window::default();
        // After a stall a whole queue arrives at once; what is older than the delay aimed at is stale.
        let frames = self.frames(self.target()) + 1;
        while self.end - self.next > frames {
            self.drop_next();
        }
        true
    }

    fn trim(&mut self, now: Instant) {
        let Some(held) = self.held(self.next) else { return };
        let wait = now.saturating_duration_since(held.arrival);
        let target = self.target();
        if wait > target + WAIT_MAX {
            let keep = self.frames(target) + 1;
            while self.end - self.next > keep {
                self.drop_next();
            }
            self.window = Window::default();
            return;
        }
        let shortest = self.window.shortest.map_or(wait, |shortest| shortest.min(wait));
        self.window = Window { frames: self.window.frames + 1, shortest: Some(shortest) };
        if self.window.frames >= WINDOW {
            if shortest > target + self.frame_duration() && self.held(self.next + 1).is_some() {
                self.drop_next();
            }
            self.window = Window::default();
        }
    }

    fn play(&mut self, held: Held) -> Frame<'_> {
        self.expected = Some(held.header.timestamp.wrapping_add(self.frame_units));
        self.starved = 0;
        let slot = &mut self.slots[(self.next % CAPACITY) as usize];
        slot.held = None;
        self.next += 1;
        Frame::Payload { header: held.header, payload: &slot.payload }
    }

    fn starve(&mut self) -> Frame<'_> {
        self.starved += 1;
        if self.starved >= STARVED_MAX {
            self.playing = false;
        }
        Frame::Empty
    }

    /// Whether a frame begins a talk spurt, or a new timeline, that has not waited for its delay yet.
    fn is_early(&self, held: &Held, now: Instant) -> bool {
        let gap = |expected| (held.header.timestamp.wrapping_sub(expected) as i32).unsigned_abs();
        self.expected.is_some_and(|expected| gap(expected) > self.frame_units / 2)
            && now.saturating_duration_since(held.arrival) < self.target()
    }

    fn step(&mut self) {
        let slot = &mut self.slots[(self.next % CAPACITY) as usize];
        slot.held = None;
        self.next += 1;
        self.expected = self.expected.map(|expected| expected.wrapping_add(self.frame_units));
    }

    /// Learns the packet time from neighbours in the sequence: at once at first, later when two agree.
    fn learn_frame(&mut self, index: u64, timestamp: u32) {
        if let Some(last) = self.last.filter(|last| last.index + 1 == index) {
            let units = timestamp.wrapping_sub(last.timestamp);
            let is_packet_time = (self.clock_rate / 400..=self.clock_rate / 8).contains(&units);
            if is_packet_time && (last.units == 0 || last.units == units) {
                self.frame_units = units;
            }
            self.last = Some(Last { index, timestamp, units });
        } else {
            let units = self.last.map_or(0, |last| last.units);
            self.last = Some(Last { index, timestamp, units });
        }
    }

    fn drop_next(&mut self) {
        if self.slots[(self.next % CAPACITY) as usize].held.is_some() {
            self.discards.trimmed += 1;
        }
        self.step();
        self.end = self.end.max(self.next);
    }

    fn held(&self, index: u64) -> Option<Held> {
        if !(self.next..self.end).contains(&index) {
            return None;
        }
        self.slots.get((index % CAPACITY) as usize)?.held
    }

    fn frame_duration(&self) -> Duration {
        Duration::from_micros(u64::from(self.frame_units) * 1_000_000 / u64::from(self.clock_rate))
    }

    fn frames(&self, duration: Duration) -> u64 {
        duration.as_micros() as u64 / (self.frame_duration().as_micros() as u64).max(1)
    }
}

#[cfg(test)]
mod tests;
