//! Packet indices and replay lists, one for each source (RFC 3711 sections 3.3.1 and 3.3.2).

/// Sources remembered; one more displaces the one unheard for longest.
const SOURCES_MAX: usize = 8;
/// Packets behind the highest that can still be told from replays.
const WINDOW: u64 = 64;

#[derive(Debug, Default)]
pub(super) struct Sources(Vec<Source>);

#[derive(Debug)]
struct Source {
    ssrc: u32,
    highest: u64,
    /// Bit n: `highest - n` was seen.
    seen: u64,
}

impl Sources {
    /// The 48-bit index that a sequence number most likely stands for, as RFC 3711 section 3.3.1 guesses the rollover
    /// counter: the one nearest to the highest so far.
    pub(super) fn rtp_index(&self, ssrc: u32, sequence: u16) -> u64 {
        let Some(source) = self.find(ssrc) else { return u64::from(sequence) };
        let step = sequence.wrapping_sub(source.highest as u16) as i16;
        let index = source.highest.checked_add_signed(step.into());
        // Before the first rollover there is nothing behind zero: then it is ahead by more than half.
        index.unwrap_or((source.highest & !0xffff) | u64::from(sequence))
    }

    /// The index after the highest, from 0.
    pub(super) fn next(&self, ssrc: u32) -> u64 {
        self.find(ssrc).map_or(0, |source| source.highest + 1)
    }

    /// Whether an index is neither seen nor too old.
    pub(super) fn is_new(&self, ssrc: u32, index: u64) -> bool {
        self.find(ssrc).is_none_or(|source| match source.highest.checked_sub(index) {
            None => true,
            Some(behind) => behind < WINDOW && source.seen >> behind & 1 == 0,
        })
    }

    /// Notes an index as seen.
    pub(super) fn note(&mut self, ssrc: u32, index: u64) {
        let position = self.0.iter().position(|source| source.ssrc == ssrc);
        let mut source = match position {
            Some(0) => return self.0[0].note(index), // The common case: one source.
            Some(position) => self.0.remove(position),
            None => Source { ssrc, highest: index, seen: 0 },
        };
        source.note(index);
        self.0.truncate(SOURCES_MAX - 1);
        self.0.insert(0, source);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, ssrc: u32) -> Option<&Source> {
        self.0.iter().find(|source| source.ssrc == ssrc)
    }
}

impl Source {
    fn note(&mut self, index: u64) {
        if index > self.highest {
            let step = index - self.highest;
            self.seen = if step < WINDOW { self.seen << step } else { 0 };
            self.highest = index;
        }
        let behind = self.highest - index;
        if behind < WINDOW {
            self.seen |= 1 << behind;
        }
    }
}
