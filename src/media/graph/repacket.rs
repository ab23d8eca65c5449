//! Another packet time without another coding: the codecs of 8 octets a millisecond are cut and joined as they are.
//!
//! G.711 and G.722 have no frames (RFC 3551 sections 4.5.2, 4.5.14): any octet boundary will do. What was lost stays
//! lost: whole frames by a gap in the sequence, part of a frame by silence. A packet out of turn waits for the missing
//! one, but not for long.

use super::pace::Pace;
use crate::codec::Codec;
use crate::rtp::Header;
use std::collections::VecDeque;
use std::time::Instant;

/// Octets, and timestamp units, in a millisecond.
pub(super) const RATE: usize = 8;
/// Sound held at most, in octets: 240 ms.
const LIMIT: usize = 240 * RATE;
/// Packets out of turn that are held.
const HELD: usize = 4;

/// Something to be sent.
pub(super) enum Piece<'a> {
    /// Frames that were lost.
    Gap(u16),
    /// A frame.
    Frame(&'a [u8]),
}

/// Cuts and joins.
pub(super) struct Repacket {
    codec: Codec,
    /// Octets a frame.
    frame: usize,
    ssrc: u32,
    /// The timestamp wanted next.
    next: Option<u32>,
    sound: VecDeque<u8>,
    /// Frames to be left out before `sound`; only set while it holds no whole frame.
    gap: u16,
    held: Vec<(u32, Vec<u8>)>,
    scratch: Vec<u8>,
    pace: Pace,
}

impl Repacket {
    pub(super) fn new(codec: Codec, ptime_ms: u8) -> Self {
        Self {
            codec,
            frame: usize::from(ptime_ms.max(10)) * RATE,
            ssrc: 0,
            next: None,
            sound: VecDeque::new(),
            gap: 0,
            held: Vec::new(),
            scratch: Vec::new(),
            pace: Pace::default(),
        }
    }

    /// A frame's length in timestamp units.
    pub(super) fn units(&self) -> u32 {
        self.frame as u32
    }

    pub(super) fn push(&mut self, header: &Header, payload: &[u8]) {
        let expected = match self.next {
            Some(next) if header.ssrc == self.ssrc => next,
            _ => {
                self.ssrc = header.ssrc;
                self.held.clear();
                header.timestamp
            }
        };
        let ahead = header.timestamp.wrapping_sub(expected) as i32;
        self.next = Some(expected);
        if ahead == 0 {
            self.take(header.timestamp, payload);
            self.release();
        } else if ahead > 0 && self.held.len() < HELD && ahead < LIMIT as i32 {
            self.held.push((header.timestamp, payload.to_vec()));
        } else if ahead > 0 {
            self.held.push((header.timestamp, payload.to_vec()));
            self.bridge();
        } else if ahead < -(LIMIT as i32) {
            // The sender has started a new timeline.
            self.held.clear();
            self.take(header.timestamp, payload);
        }
    }

    /// Begins anew with the next packet: something else was sent meanwhile, or nothing for good reason.
    pub(super) fn restart(&mut self) {
        self.next = None;
        self.held.clear();
        self.gap = 0;
    }

    /// The next thing due. To be called until there is none, after each packet and each tick.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Piece<'_>> {
        if self.sound.len() < self.frame {
            return None;
        }
        if self.gap > 0 {
            return Some(Piece::Gap(std::mem::take(&mut self.gap)));
        }
        let frame_ms = (self.frame / RATE) as u32;
        if self.sound.len() < LIMIT && !self.pace.due(now, frame_ms) {
            return None;
        }
        self.scratch.clear();
        self.scratch.extend(self.sound.drain(..self.frame));
        Some(Piece::Frame(&self.scratch))
    }

    fn take(&mut self, timestamp: u32, payload: &[u8]) {
        self.next = Some(timestamp.wrapping_add(payload.len() as u32));
        if self.sound.len() + payload.len() <= 2 * LIMIT {
            self.sound.extend(payload);
        }
    }

    /// Takes what was held, as far as it continues.
    fn release(&mut self) {
        while let Some(index) = self.held.iter().position(|(at, _)| Some(*at) == self.next) {
            let (timestamp, payload) = self.held.swap_remove(index);
            self.take(timestamp, &payload);
        }
        let Some(next) = self.next else { return };
        self.held.retain(|(at, _)| at.wrapping_sub(next) as i32 > 0);
    }

    /// Gives up on what is missing before the earliest packet held.
    fn bridge(&mut self) {
        let Some(next) = self.next else { return };
        let Some(earliest) = self.held.iter().map(|(at, _)| at.wrapping_sub(next)).min() else { return };
        let mut missing = earliest as usize;
        let partial = self.sound.len() % self.frame;
        if missing < LIMIT {
            // Complete the frame begun, leave out whole ones, and begin the next with what remains.
            let fill = if partial == 0 { 0 } else { missing.min(self.frame - partial) };
            self.fill(fill);
            missing -= fill;
            if self.sound.len() < self.frame {
                self.gap = self.gap.saturating_add((missing / self.frame) as u16);
                missing %= self.frame;
            }
        } else {
            // A pause, not a loss: what was begun is finished and the pause is seen by the clock.
            missing = if partial == 0 { 0 } else { self.frame - partial };
        }
        self.fill(missing);
        self.next = Some(next.wrapping_add(earliest));
        self.release();
    }

    fn fill(&mut self, octets: usize) {
        let silence = match self.codec {
            Codec::Pcmu => 0xff,
            Codec::Pcma => 0xd5,
            // The two lowest quantiser steps of G.722: near enough to nothing for part of a frame.
            Codec::G722 | Codec::Opus => 0xfa,
        };
        self.sound.extend(std::iter::repeat_n(silence, octets));
    }
}
