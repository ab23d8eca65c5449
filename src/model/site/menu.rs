//! Menus of digits, announcements, rooms: what answers by itself.

use super::company::Language;
use super::defaults;
use super::fields::{Fields, Read, Wrong, shown};
use super::group::reached_by;
use super::secret::Pin;
use super::value::{count, id, line, pin, reference, speech, string};
use crate::{AnnouncementId, E164, Extension, HoursId, MenuId, Number, RoomId};
use std::collections::BTreeMap;
use toml::Value;

/// `[[menus]]`: digits lead on.
#[derive(Clone, Debug, PartialEq)]
pub struct Menu {
    /// Its id.
    pub id: MenuId,
    /// What it is called.
    pub name: String,
    /// Its number inside.
    pub extension: Option<Extension>,
    /// Its number outside.
    pub number: Option<E164>,
    /// What callers hear.
    pub prompt: Phrase,
    /// What each digit does.
    pub digits: BTreeMap<char, Choice>,
    /// How long a caller may think, seconds.
    pub timeout_s: u32,
    /// Where callers go who press nothing; the call ends where none is given.
    pub no_choice: Option<Number>,
    /// When it is open; always where none is given.
    pub hours: Option<HoursId>,
}

/// What a digit of a menu does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The call goes to a number.
    Call(Number),
    /// The caller dials an extension.
    DialExtension,
}

impl Menu {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let known = &fields.reading.known;
        let id = fields.need("id", id::<MenuId>);
        let name = fields.need("name", line);
        let (extension, number) = reached_by(fields);
        let prompt = fields.table("prompt", Phrase::read).unwrap_or_default();
        let digits = fields.entries("digits", |digit_pressed, value| {
            let choice = match string(value)? {
                "dial-extension" => Choice::DialExtension,
                number => Choice::Call(known.callable_text(number)?),
            };
            Ok((digit(digit_pressed)?, choice))
        });
        let digits = digits.unwrap_or_default().into_iter().map(|(_, choice)| choice).collect();
        let timeout_s = fields.or("timeout_s", count(1..=60), defaults::MENU_TIMEOUT_S);
        let no_choice = fields.maybe("no_choice", |value| known.callable(value));
        let hours = fields.maybe("hours", reference("hours", &known.hours));
        Some(Self { id: id?, name: name?, extension, number, prompt, digits, timeout_s, no_choice, hours })
    }
}

/// A key of a telephone.
pub(super) fn digit(text: &str) -> Read<char> {
    match text.as_bytes() {
        [key @ (b'0'..=b'9' | b'*' | b'#')] => Ok(char::from(*key)),
        _ => Err(Wrong(format!("\"{}\" is no key of a telephone: 0 to 9, * or #", shown(text)))),
    }
}

/// Words in the languages the company speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase {
    /// In Swedish.
    pub swedish: Option<String>,
    /// In English.
    pub english: Option<String>,
}

impl Phrase {
    /// In a language, or in the other where it has not been written in that one.
    pub fn in_language(&self, language: Language) -> Option<&str> {
        let (first, second) = match language {
            Language::Swedish => (&self.swedish, &self.english),
            Language::English => (&self.english, &self.swedish),
        };
        first.as_deref().or(second.as_deref())
    }

    /// Reads the table `{ text = { sv = "…", en = "…" } }`.
    fn read(fields: &mut Fields<'_>) -> Self {
        Self::key(fields, "text", speech).unwrap_or_default()
    }

    /// Reads a table of languages under a key.
    pub(super) fn key(
        fields: &mut Fields<'_>,
        key: &'static str,
        read: impl Fn(&Value) -> Read<String>,
    ) -> Option<Self> {
        fields.table(key, |fields| {
            let (swedish, english) = (fields.maybe("sv", &read), fields.maybe("en", &read));
            if !fields.has("sv") && !fields.has("en") {
                fields.wrong("", "write it in sv, en or both");
            }
            Self { swedish, english }
        })
    }
}

/// `[[announcements]]`: something to be spoken.
#[derive(Clone, Debug, PartialEq)]
pub struct Announcement {
    /// Its id.
    pub id: AnnouncementId,
    /// What is said.
    pub text: Phrase,
}

impl Announcement {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.need("id", id::<AnnouncementId>);
        let text = Phrase::key(fields, "text", speech);
        if !fields.has("text") {
            fields.wrong("text", "this must be given");
        }
        Some(Self { id: id?, text: text? })
    }
}

/// `[[rooms]]`: a conference reached by telephone.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// What it is called.
    pub name: String,
    /// Its number inside.
    pub extension: Option<Extension>,
    /// Its number outside.
    pub number: Option<E164>,
    /// Asked for at the door.
    pub pin: Option<Pin>,
    /// Who types it at the door instead has the say in the room.
    pub moderator_pin: Option<Pin>,
    /// How many fit.
    pub max_participants: u32,
}

impl Room {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.need("id", id::<RoomId>);
        let name = fields.need("name", line);
        let (extension, number) = reached_by(fields);
        let (pin, moderator_pin) = (fields.maybe("pin", pin), fields.maybe("moderator_pin", pin));
        if moderator_pin.is_some() && !fields.has("pin") {
            fields.wrong(
                "moderator_pin",
                "this needs the key pin of the same room, or nobody is asked for one",
            );
        }
        if moderator_pin.is_some() && moderator_pin == pin {
            fields.wrong("moderator_pin", "this must differ from the room's pin");
        }
        let participants = fields.or("max_participants", count(2..=50), defaults::ROOM_PARTICIPANTS);
        Some(Self {
            id: id?,
            name: name?,
            extension,
            number,
            pin,
            moderator_pin,
            max_participants: participants,
        })
    }
}
