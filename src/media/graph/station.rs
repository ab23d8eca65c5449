//! Music that many legs hear together: one program, encoded once for each codec.

use super::beat::FRAME;
use super::chorus::{Chorus, Form};
use super::mix::Lines;
use super::outbox::Outbox;
use super::player::Player;
use crate::program::Program;
use std::time::Instant;

/// A station's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StationId(pub(super) u64);

/// A program on the air.
pub(super) struct Station {
    pub(super) id: StationId,
    pub(super) program: Program,
    player: Player,
    chorus: Chorus,
    samples: Vec<i16>,
}

impl Station {
    pub(super) fn new(id: StationId, program: Program) -> Self {
        let player = Player::new(program.clone());
        Self { id, program, player, chorus: Chorus::default(), samples: Vec::with_capacity(FRAME) }
    }

    pub(super) fn position_ms(&self) -> u64 {
        self.player.position_ms()
    }

    /// In how many codecs and packet times it is heard.
    #[cfg(test)]
    pub(super) fn groups(&self) -> usize {
        self.chorus.groups()
    }

    /// Sends a frame to all listeners; whether there was any.
    pub(super) fn beat(&mut self, now: Instant, lines: &mut Lines, out: &mut Outbox) -> bool {
        self.chorus.begin();
        self.samples.clear();
        self.player.read(FRAME, &mut self.samples);
        let mut tuned = Vec::new();
        for (at, line) in lines.iter_mut().enumerate() {
            let Some(line) = line.as_deref_mut() else { continue };
            let Some(voice) = line.voice.as_mut().filter(|voice| voice.station() == Some(self.id)) else {
                continue;
            };
            let form = line.agreed.as_deref().map(Form::of);
            let new = voice.tune(form);
            let group = form.map(|form| {
                let group = self.chorus.join(form, || form.speaker());
                if new && let Some(speaker) = self.chorus.speaker(form) {
                    speaker.start_afresh();
                }
                group
            });
            tuned.push((at, group));
        }
        self.chorus.speak(&self.samples);
        for (at, group) in &tuned {
            if let (Some(line), Some(group)) = (lines[*at].as_deref_mut(), group) {
                line.send_played(now, self.chorus.payloads(*group), out);
            }
        }
        !tuned.is_empty()
    }
}
