//! How one source's numbers map to a leg's own while its packets are passed on as they are.

use crate::rtp::Header;

/// A jump further than this is another stream (RFC 3550 appendix A.1).
const MAX_JUMP: u16 = 3000;
/// A step back further than this is another stream.
const MAX_MISORDER: u16 = 100;

/// The offsets between a source's numbers and the leg's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapping {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    first: u16,
    highest: u16,
}

/// Where a packet falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At these numbers.
    At {
        /// The leg's own sequence number.
        sequence: u16,
        /// The leg's own timestamp.
        timestamp: u32,
    },
    /// Before the mapping began: another source had those numbers.
    Before,
    /// In another stream: a new mapping is due.
    Elsewhere,
}

impl Mapping {
    /// A mapping whose first packet gets the numbers given.
    pub(super) fn new(header: &Header, sequence: u16, timestamp: u32) -> Self {
        Self {
            ssrc: header.ssrc,
            sequence: sequence.wrapping_sub(header.sequence),
            timestamp: timestamp.wrapping_sub(header.timestamp),
            first: header.sequence,
            highest: header.sequence,
        }
    }

    /// Notes a packet that is not passed on: its sequence number is taken out, so that it does not pass for lost.
    pub(super) fn remove(&mut self, header: &Header) {
        let ahead = header.sequence.wrapping_sub(self.highest);
        if header.ssrc == self.ssrc && (1..MAX_JUMP).contains(&ahead) {
            self.highest = header.sequence;
            self.sequence = self.sequence.wrapping_sub(1);
        }
    }

    /// Where a packet falls. Gaps stay gaps, so that the far end sees and conceals what was lost.
    pub(super) fn place(&mut self, header: &Header) -> Place {
        let ahead = header.sequence.wrapping_sub(self.highest);
        let behind = self.highest.wrapping_sub(header.sequence);
        if header.ssrc != self.ssrc || (ahead >= MAX_JUMP && behind >= MAX_MISORDER) {
            return Place::Elsewhere;
        }
        if ahead < MAX_JUMP {
            self.highest = header.sequence;
            // Sequence numbers wrap: what lies 100 behind cannot be before the beginning for ever.
            if header.sequence.wrapping_sub(self.first) > 2 * MAX_JUMP {
                self.first = header.sequence.wrapping_sub(MAX_JUMP);
            }
        } else if header.sequence.wrapping_sub(self.first) > u16::MAX / 2 {
            return Place::Before;
        }
        Place::At {
            sequence: header.sequence.wrapping_add(self.sequence),
            timestamp: header.timestamp.wrapping_add(self.timestamp),
        }
    }
}
