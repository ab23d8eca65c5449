//! One part of something spoken.

use model::{ActivityId, AnnouncementId, RecordingId, UserId};
use std::borrow::Cow;
use std::fmt;

/// One clip of something spoken. As text it is the id that stands in logs: `time.h13.m`, `@name:anna`, `tone.record`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A prompt of the box.
    Prompt(Prompt),
    /// The name that a user has recorded; inside a phrase or at the end of a sentence.
    Name(UserId, Position),
    /// The recorded phrase of an activity.
    Phrase(ActivityId, Position),
    /// The words that the company has written for an activity, spoken by the box.
    Say(ActivityId, Position),
    /// The greeting that a user has recorded.
    Greeting(UserId),
    /// An announcement of the site document.
    Text(AnnouncementId),
    /// A recording: a message.
    Recording(RecordingId),
    /// A tone.
    Tone(Tone),
}

/// A prompt of the box: its name, and where in a sentence it is spoken as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prompt {
    name: Cow<'static, str>,
    position: Position,
}

/// Where in a sentence a part stands. The same words are spoken differently in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Position {
    /// `.m`: inside a phrase; level, not lengthened, no pause after it.
    Inside,
    /// `.c`: at the end of a phrase, with more of the sentence to come.
    PhraseEnd,
    /// `.e`: at the end of the sentence; falling.
    SentenceEnd,
    /// No suffix: a sentence by itself.
    Whole,
}

/// A tone, made and not spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Recording begins after it.
    Record,
    /// Somebody has come into a room.
    Join,
    /// Somebody has left a room.
    Leave,
    /// A call is being recorded.
    Recording,
}

/// Silence after a part, in milliseconds; the clips themselves carry none. The same figures are in prompts.toml.
mod gap_ms {
    pub(super) const PHRASE: u16 = 80;
    pub(super) const DIGITS: u16 = 180;
    pub(super) const NAME: u16 = 60;
    pub(super) const CLIP: u16 = 80;
    pub(super) const SENTENCE: u16 = 350;
    pub(super) const TONE: u16 = 250;
}

impl Part {
    /// A prompt that is a sentence by itself.
    pub fn whole(name: impl Into<Cow<'static, str>>) -> Self {
        Self::prompt(name, Position::Whole)
    }

    /// A prompt inside a phrase.
    pub(super) fn inside(name: impl Into<Cow<'static, str>>) -> Self {
        Self::prompt(name, Position::Inside)
    }

    /// A prompt that ends its sentence.
    pub(super) fn last(name: impl Into<Cow<'static, str>>) -> Self {
        Self::prompt(name, Position::SentenceEnd)
    }

    pub(super) fn prompt(name: impl Into<Cow<'static, str>>, position: Position) -> Self {
        Self::Prompt(Prompt { name: name.into(), position })
    }

    /// How much silence there is between this part and the one after it, in milliseconds.
    pub fn gap_ms(&self, next: &Part) -> u16 {
        if let Part::Tone(_) = next {
            return gap_ms::TONE;
        }
        match self {
            // English says a.m. and p.m. after minutes, which end the sentence in Swedish.
            Part::Prompt(minutes) if minutes.is("time.m") && next.is_half_of_day() => 0,
            Part::Prompt(digit) if digit.is("digit.") && digit.position == Position::PhraseEnd => {
                gap_ms::DIGITS
            }
            Part::Prompt(prompt) => match prompt.position {
                Position::Inside => 0,
                Position::PhraseEnd => gap_ms::PHRASE,
                Position::SentenceEnd | Position::Whole => gap_ms::SENTENCE,
            },
            Part::Name(_, Position::Inside | Position::PhraseEnd) => gap_ms::NAME,
            Part::Phrase(_, Position::Inside | Position::PhraseEnd)
            | Part::Say(_, Position::Inside | Position::PhraseEnd) => gap_ms::CLIP,
            Part::Name(..) | Part::Phrase(..) | Part::Say(..) => gap_ms::SENTENCE,
            Part::Greeting(_) | Part::Text(_) | Part::Recording(_) | Part::Tone(_) => gap_ms::SENTENCE,
        }
    }

    fn is_half_of_day(&self) -> bool {
        matches!(self, Part::Prompt(prompt) if matches!(&*prompt.name, "time.am" | "time.pm"))
    }
}

impl Prompt {
    fn is(&self, family: &str) -> bool {
        // Longer than the family: `time.midnight` is no minute.
        self.name.strip_prefix(family).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    }
}

impl Tone {
    /// Its id.
    pub fn as_str(self) -> &'static str {
        match self {
            Tone::Record => "tone.record",
            Tone::Join => "tone.join",
            Tone::Leave => "tone.leave",
            Tone::Recording => "tone.recording",
        }
    }
}

impl Position {
    /// What an id ends with.
    pub fn suffix(self) -> &'static str {
        match self {
            Position::Inside => ".m",
            Position::PhraseEnd => ".c",
            Position::SentenceEnd => ".e",
            Position::Whole => "",
        }
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.position.suffix())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Prompt(prompt) => prompt.fmt(f),
            Part::Name(user, _) => write!(f, "@name:{user}"),
            Part::Phrase(activity, _) => write!(f, "@phrase:{activity}"),
            Part::Say(activity, position) => write!(f, "@say:{activity}{}", position.suffix()),
            Part::Greeting(user) => write!(f, "@greeting:{user}"),
            Part::Text(announcement) => write!(f, "@text:{announcement}"),
            Part::Recording(id) => write!(f, "@recording:{id}"),
            Part::Tone(tone) => f.write_str(tone.as_str()),
        }
    }
}
