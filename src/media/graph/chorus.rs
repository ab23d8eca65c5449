//! Encoding once for many: all who hear the same in the same codec and packet time.

use super::transcode::Speaker;
use crate::codec::Codec;
use crate::negotiation::Agreed;
use crate::program::RATE;
use std::ops::Range;

/// What a leg needs its packets to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    codec: Codec,
    ptime_ms: u8,
}

impl Form {
    pub(super) fn of(agreed: &Agreed) -> Self {
        Self { codec: agreed.codec, ptime_ms: agreed.codec.packet_time_ms(agreed.ptime_ms) }
    }

    /// Whether a speaker speaks it.
    pub(super) fn is_of(self, speaker: &Speaker) -> bool {
        Self { codec: speaker.codec(), ptime_ms: speaker.ptime_ms() } == self
    }

    /// Whether its encoder's state is that of the far decoder, and cannot be begun afresh.
    pub(super) fn adapts(self) -> bool {
        self.codec == Codec::G722
    }

    /// A speaker of its own.
    pub(super) fn speaker(self) -> Speaker {
        Speaker::new(self.codec, self.ptime_ms, RATE)
    }
}

/// One codec and packet time.
struct Group {
    form: Form,
    speaker: Speaker,
    used: bool,
    payloads: Payloads,
}

/// The payloads of one beat.
#[derive(Default)]
pub(super) struct Payloads {
    octets: Vec<u8>,
    /// Where each is, and its length in timestamp units.
    places: Vec<(Range<usize>, u32)>,
}

impl Payloads {
    /// Takes what a speaker has to say by now.
    pub(super) fn collect(&mut self, speaker: &mut Speaker) {
        self.octets.clear();
        self.places.clear();
        while let Some((payload, units)) = speaker.payload() {
            let start = self.octets.len();
            self.octets.extend_from_slice(payload);
            self.places.push((start..self.octets.len(), units));
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], u32)> {
        self.places.iter().map(|(place, units)| (&self.octets[place.clone()], *units))
    }
}

/// A group for each form in use.
#[derive(Default)]
pub(super) struct Chorus {
    groups: Vec<Group>,
}

impl Chorus {
    /// A beat begins: groups nobody heard in the last one are forgotten.
    pub(super) fn begin(&mut self) {
        self.groups.retain(|group| group.used);
        self.groups.iter_mut().for_each(|group| group.used = false);
    }

    #[cfg(test)]
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The speaker of a form, if there is a group.
    pub(super) fn speaker(&mut self, form: Form) -> Option<&mut Speaker> {
        self.groups.iter_mut().find(|group| group.form == form).map(|group| &mut group.speaker)
    }

    /// The group of a form; a new one speaks with what `speaker` gives.
    pub(super) fn join(&mut self, form: Form, speaker: impl FnOnce() -> Speaker) -> usize {
        let at = match self.groups.iter().position(|group| group.form == form) {
            Some(at) => at,
            None => {
                let payloads = Payloads::default();
                self.groups.push(Group { form, speaker: speaker(), used: false, payloads });
                self.groups.len() - 1
            }
        };
        self.groups[at].used = true;
        at
    }

    /// Encodes a frame for all groups in use.
    pub(super) fn speak(&mut self, samples: &[i16]) {
        for group in self.groups.iter_mut().filter(|group| group.used) {
            group.speaker.write(samples);
            group.payloads.collect(&mut group.speaker);
        }
    }

    /// What a group says in this beat.
    pub(super) fn payloads(&self, group: usize) -> &Payloads {
        &self.groups[group].payloads
    }
}
