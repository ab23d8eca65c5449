//! Recordings of what parties say, and hearing them again.

use super::{Exchange, Network, Output};
use call::LegEvent;
use media::program::Clip;
use media::{Command, Take, Tape, Watch};
use model::{LegId, Now, RecordingId};
use pbx::speech::Part;
use pbx::{Input, Words};
use std::collections::BTreeMap;
use std::time::Duration;

/// Legs that wait for a recording to be read before they hear words about it.
#[derive(Debug, Default)]
pub(crate) struct Fetching(BTreeMap<LegId, Words>);

impl<N: Network> Exchange<N> {
    /// Records what a leg's party says.
    pub(crate) fn record(
        &mut self,
        leg: LegId,
        recording: RecordingId,
        (limit, quiet): (Duration, Duration),
    ) {
        let ms = |span: Duration| u32::try_from(span.as_millis()).unwrap_or(u32::MAX);
        let watch = Watch { quiet_ms: ms(quiet), limit_ms: ms(limit) };
        let leg = media::Leg(leg.0);
        let command = Command::Record { tape: Tape(recording.key()), take: Take::Leg(leg), watch };
        self.network.command(leg, command);
    }

    /// Ends a recording.
    pub(crate) fn end_record(&mut self, leg: LegId, recording: RecordingId) {
        self.network.command(media::Leg(leg.0), Command::EndRecord { tape: Tape(recording.key()) });
    }

    /// A recording has all it will have.
    pub(crate) fn record_ended(&mut self, tape: Tape) {
        self.outputs.push_back(Output::Finish(RecordingId::from_key(tape.0)));
    }

    /// Nobody has spoken in a recording for a while.
    pub(crate) fn record_quiet(&mut self, now: Now, leg: LegId) {
        self.pbx.handle_input(now, Input::Leg { leg, event: LegEvent::Quiet });
    }

    /// Whether words must wait until a recording in them has been read.
    pub(super) fn must_fetch(&mut self, leg: LegId, words: &Words) -> bool {
        let recording = words.parts.iter().find_map(|part| match part {
            Part::Recording(id) => Some(*id),
            _ => None,
        });
        let Some(recording) = recording else { return false };
        self.fetching.0.insert(leg, words.clone());
        self.outputs.push_back(Output::Fetch(recording));
        true
    }

    /// A recording has been read, or could not be.
    pub fn handle_sound(&mut self, now: Now, recording: RecordingId, clip: Option<Clip>) {
        let part = Part::Recording(recording);
        let waiting: Vec<LegId> = self
            .fetching
            .0
            .iter()
            .filter(|(_, words)| words.parts.contains(&part))
            .map(|(leg, _)| *leg)
            .collect();
        for leg in waiting {
            let Some(words) = self.fetching.0.remove(&leg) else { continue };
            self.say_words(leg, &words, clip.as_ref().map(|clip| (&part, clip)));
        }
        self.drain(now);
    }

    /// A leg has gone: it waits for nothing.
    pub(crate) fn forget_fetching(&mut self, leg: LegId) {
        self.fetching.0.remove(&leg);
    }
}
