//! Which payload type stands for what, for the whole life of a session (RFC 3264 section 8.3.2).

use super::choose;
use crate::codec::Codec;
use crate::sdp::Format;
use std::collections::HashMap;

/// What a payload type can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Meaning {
    /// A codec.
    Codec(Codec),
    /// Telephone events at a clock rate.
    Event(u32),
    /// Something of the peer's that the box does not speak.
    Foreign,
}

impl Meaning {
    pub(super) fn of(format: &Format) -> Self {
        match (choose::codec(format), choose::is_event(format)) {
            (Some(codec), _) => Meaning::Codec(codec),
            (None, true) => Meaning::Event(format.clock_rate),
            (None, false) => Meaning::Foreign,
        }
    }

    /// The number tried first: what most phones use.
    fn usual(self) -> u8 {
        match self {
            Meaning::Codec(codec) => codec.static_payload_type().unwrap_or(96),
            Meaning::Event(8000) => 101,
            Meaning::Event(_) => 100,
            Meaning::Foreign => 127,
        }
    }
}

/// The numbers used so far, by either end.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    meanings: HashMap<u8, Meaning>,
}

impl Numbers {
    /// Remembers the peer's numbers. A peer that changes a meaning breaks the rule; it is followed all the same.
    pub(super) fn learn(&mut self, formats: &[Format]) {
        for format in formats {
            let meaning = Meaning::of(format);
            if meaning != Meaning::Foreign {
                self.meanings.retain(|_, known| *known != meaning);
            }
            self.meanings.insert(format.payload_type, meaning);
        }
    }

    /// The number of a meaning, taken now if it has none; none when the peer has used up every number.
    pub(super) fn number(&mut self, meaning: Meaning) -> Option<u8> {
        let known = self.meanings.iter().filter(|(_, known)| **known == meaning).map(|(number, _)| *number);
        if let Some(number) = known.min() {
            return Some(number);
        }
        let mut candidates = std::iter::once(meaning.usual()).chain(96..=127).chain(35..=63);
        let number = candidates.find(|number| !self.meanings.contains_key(number))?;
        self.meanings.insert(number, meaning);
        Some(number)
    }
}
