//! What is said to whom. Words wait here from when they are chosen until the leg they are for can hear them.

use crate::pbx::Pbx;
use crate::speech::Part;
use call::{Effect, Program};
use model::site::Language;
use model::{CallId, Cause, LegId, Now, What};
use std::collections::BTreeMap;
use std::time::Duration;

/// A speech whose end is never heard of ends then.
const SPEECH_MAX: Duration = Duration::from_secs(60);

/// Something to be said: clips one after another, with the silence between them that [`Part::gap_ms`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// In which language.
    pub language: Language,
    /// What.
    pub parts: Vec<Part>,
}

/// Words that nobody has heard yet, at most one speech a leg.
#[derive(Debug, Default)]
pub(crate) struct Speeches(BTreeMap<LegId, Words>);

impl Speeches {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Pbx {
    /// What is said to a leg now: asked for once, when it is told to hear [`Program::Speech`].
    pub fn take_words(&mut self, leg: LegId) -> Option<Words> {
        self.speeches.0.remove(&leg)
    }

    /// Says something to a leg that the box serves, in place of what it heard; [`call::Wish::Played`] follows at the end.
    /// `topic` names it in the trail.
    pub(crate) fn speak(&mut self, now: Now, (id, leg): (CallId, LegId), topic: &str, words: Words) {
        let ids = words.parts.iter().map(ToString::to_string).collect();
        self.calls.note(now, id, What::Spoken { prompt: topic.to_owned(), ids });
        self.speeches.0.insert(leg, words);
        self.calls.perform(Effect::Play { leg, program: Program::Speech });
    }

    /// Says something to somebody who dialled a code, and hangs up after it.
    pub(crate) fn tell(&mut self, now: Now, id: CallId, (topic, words): (&str, Words)) {
        if let Some(leg) = self.calls.serve(now, id, (Cause::Answered, Some(SPEECH_MAX))) {
            self.speak(now, (id, leg), topic, words);
        }
    }

    /// Words for legs that have gone are heard by nobody.
    pub(crate) fn forget_speeches(&mut self) {
        let calls = &self.calls;
        self.speeches.0.retain(|leg, _| calls.call_of(*leg).is_some());
    }
}
