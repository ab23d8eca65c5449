//! Recordings of what parties say, and hearing them again.

use super::{Exchange, Network, Output, Voice};
use call::LegEvent;
use media::program::Clip;
use media::{Command, Piece, Program, Repeat, Take, Tape, Watch};
use model::{LegId, Now, RecordingId};
use pbx::speech::Part;
use pbx::{Input, Words};
use std::collections::BTreeMap;
use std::time::Duration;

/// Legs that wait for something to be read before they hear their words: a recording, or at start the prompts.
#[derive(Debug, Default)]
pub(crate) struct Fetching {
    waiting: BTreeMap<LegId, Words>,
    /// The prompts have been read, or cannot be.
    can_speak: bool,
}

impl<N: Network> Exchange<N> {
    /// Records what a leg's party says. It is sent silence meanwhile: what hears nothing at all takes the call for dead.
    pub(crate) fn record(
        &mut self,
        leg: LegId,
        recording: RecordingId,
        (limit, quiet): (Duration, Duration),
    ) {
        let ms = |span: Duration| u32::try_from(span.as_millis()).unwrap_or(u32::MAX);
        let watch = Watch { quiet_ms: ms(quiet), limit_ms: ms(limit) };
        let silence = Program::new([Piece::Silence { ms: 1_000 }]).repeated(Repeat::Forever);
        self.play(leg, silence);
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
        if recording.is_none() && self.fetching.can_speak {
            return false;
        }
        self.fetching.waiting.insert(leg, words.clone());
        self.outputs.extend(recording.map(Output::Fetch));
        true
    }

    /// The prompts have been read, or cannot be: who waited for them hears something now.
    pub fn handle_voice(&mut self, voice: Voice) {
        self.voice.learn_all(voice);
        self.fetching.can_speak = true;
        let has_recording = |words: &Words| words.parts.iter().any(|part| matches!(part, Part::Recording(_)));
        let (with, without) = std::mem::take(&mut self.fetching.waiting)
            .into_iter()
            .partition(|(_, words)| has_recording(words));
        self.fetching.waiting = with;
        let without: BTreeMap<LegId, Words> = without;
        for (leg, words) in without {
            self.say_words(leg, &words, None);
        }
    }

    /// A recording has been read, or could not be.
    pub fn handle_sound(&mut self, now: Now, recording: RecordingId, clip: Option<Clip>) {
        let part = Part::Recording(recording);
        let waiting: Vec<LegId> = self
            .fetching
            .waiting
            .iter()
            .filter(|(_, words)| words.parts.contains(&part))
            .map(|(leg, _)| *leg)
            .collect();
        for leg in waiting {
            let Some(words) = self.fetching.waiting.remove(&leg) else { continue };
            self.say_words(leg, &words, clip.as_ref().map(|clip| (&part, clip)));
        }
        self.drain(now);
    }

    /// A leg has gone: it waits for nothing.
    pub(crate) fn forget_fetching(&mut self, leg: LegId) {
        self.fetching.waiting.remove(&leg);
    }
}
