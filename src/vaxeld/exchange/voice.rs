//! What the box can say: a clip for each id and language, and how words become a program.

use super::{Exchange, Network};
use crate::speaker::Saying;
use media::program::Clip;
use media::{Piece, Program};
use model::LegId;
use model::site::{Language, Site};
use pbx::Words;
use pbx::speech::{Part, Position};
use std::collections::{BTreeSet, HashMap};

/// Before the first words after an answer, milliseconds: the far end's comfort noise would swallow their beginning.
const LEAD_MS: u32 = 300;
/// Ids that are missing and have been told of, at most.
const TOLD_MAX: usize = 1_000;

/// Every clip there is, by language and id: prompts, and what is the site's own (`@text:ID`, `@say:ID.e`).
#[derive(Clone, Debug, Default)]
pub struct Voice {
    swedish: HashMap<String, Clip>,
    english: HashMap<String, Clip>,
    /// What was to be said and could not be.
    missing: BTreeSet<String>,
}

impl Voice {
    /// Learns to say something, in place of how it was said before.
    pub fn learn(&mut self, language: Language, id: String, clip: Clip) {
        self.clips(language).insert(id, clip);
    }

    /// Learns all that another can say.
    pub fn learn_all(&mut self, other: Self) {
        self.swedish.extend(other.swedish);
        self.english.extend(other.english);
    }

    fn clips(&mut self, language: Language) -> &mut HashMap<String, Clip> {
        match language {
            Language::Swedish => &mut self.swedish,
            Language::English => &mut self.english,
        }
    }

    fn clip(&self, language: Language, id: &str) -> Option<Clip> {
        let clips = match language {
            Language::Swedish => &self.swedish,
            Language::English => &self.english,
        };
        clips.get(id).cloned()
    }

    /// The words as sound. What there is no clip for is left out, or said in other words; where nothing is left, a tone is
    /// heard: never silence.
    fn program(&mut self, words: &Words, (first, recording): (bool, Option<(&Part, &Clip)>)) -> Program {
        let mut pieces = Vec::with_capacity(words.parts.len() * 2 + 1);
        if first {
            pieces.push(Piece::Silence { ms: LEAD_MS });
        }
        let mut said = 0;
        for (at, part) in words.parts.iter().enumerate() {
            let recorded = recording.filter(|(of, _)| *of == part).map(|(_, clip)| clip.clone());
            let Some(clip) = recorded.or_else(|| self.said(words.language, part)) else { continue };
            said += 1;
            pieces.push(Piece::Clip(clip));
            let gap = words.parts.get(at + 1).map_or(0, |next| part.gap_ms(next));
            if gap > 0 {
                pieces.push(Piece::Silence { ms: gap.into() });
            }
        }
        if said == 0 {
            pieces.push(Piece::Tone(super::program::SPEECHLESS));
        }
        Program::new(pieces)
    }

    fn said(&mut self, language: Language, part: &Part) -> Option<Clip> {
        let id = part.to_string();
        if let Some(clip) = self.clip(language, &id) {
            return Some(clip);
        }
        let instead = match part {
            Part::Say(_, position) | Part::Phrase(_, position) => format!("act.away{}", position.suffix()),
            Part::Name(_, Position::Inside) => "ref.person.m".to_owned(),
            _ => String::new(),
        };
        let clip = self.clip(language, &instead);
        if self.missing.len() < TOLD_MAX && self.missing.insert(format!("{} {id}", language.as_str())) {
            tracing::warn!(language = language.as_str(), id, "there is no sound for this; it is left out");
        }
        clip
    }
}

/// What the company has written and callers may hear.
pub(super) fn own_texts(site: &Site) -> Vec<Saying> {
    let mut sayings = Vec::new();
    for language in [Language::Swedish, Language::English] {
        for announcement in site.announcements() {
            let Some(text) = announcement.text.in_language(language) else { continue };
            let ids = vec![Part::Text(announcement.id.clone()).to_string()];
            sayings.push(Saying { language, ids, text: text.to_owned() });
        }
        for activity in site.activities() {
            let Some(text) = activity.own_words(language) else { continue };
            let at = |position| Part::Say(activity.id.clone(), position).to_string();
            let ids = vec![at(Position::SentenceEnd), at(Position::PhraseEnd)];
            sayings.push(Saying { language, ids, text: text.to_owned() });
        }
    }
    sayings
}

impl<N: Network> Exchange<N> {
    /// Learns to say one thing.
    pub fn handle_spoken(&mut self, (language, id): (Language, String), clip: Clip) {
        self.voice.learn(language, id, clip);
    }

    /// A leg hears the words that policy keeps for it.
    pub(crate) fn say(&mut self, leg: LegId) {
        let Some(words) = self.pbx.take_words(leg) else { return };
        if !self.must_fetch(leg, &words) {
            self.say_words(leg, &words, None);
        }
    }

    /// A leg hears words now, and in them a recording.
    pub(super) fn say_words(&mut self, leg: LegId, words: &Words, recording: Option<(&Part, &Clip)>) {
        let first = self.legs.get_mut(&leg).is_some_and(|leg| !std::mem::replace(&mut leg.spoken_to, true));
        let program = self.voice.program(words, (first, recording));
        self.play(leg, program);
    }
}
