//! The voice of the simulated box: for every prompt a hum as long as its words take, so that stories need no engine.

use media::program::{Clip, RATE};
use model::site::Language;
use std::sync::OnceLock;
use vaxeld::exchange::Voice;

/// What a letter takes, milliseconds: some 150 words a minute.
const LETTER_MS: usize = 65;

/// A hum in place of words.
pub(crate) fn hum(words: &str) -> Clip {
    let samples = words.chars().count() * LETTER_MS * RATE as usize / 1000;
    let wave = |at: usize| (3_000.0 * (at as f64 * 0.1).sin()) as i16;
    Clip::new(RATE, &(0..samples).map(wave).collect::<Vec<i16>>())
}

/// Everything the box says by itself.
pub(crate) fn voice() -> Voice {
    static VOICE: OnceLock<Voice> = OnceLock::new();
    VOICE.get_or_init(read).clone()
}

fn read() -> Voice {
    let text = include_str!("../../../etc/prompts/prompts.toml");
    let mut voice = Voice::default();
    let value = |line: &str, key: &str| {
        let value = line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')?;
        Some(value.to_owned())
    };
    let mut id = String::new();
    for line in text.lines() {
        if let Some(found) = value(line, "id") {
            if found.starts_with("tone.") {
                voice.learn(Language::Swedish, found.clone(), hum("pip"));
                voice.learn(Language::English, found.clone(), hum("pip"));
            }
            id = found;
        }
        for (key, language) in [("sv", Language::Swedish), ("en", Language::English)] {
            if let Some(words) = value(line, key).filter(|_| !id.is_empty()) {
                voice.learn(language, id.clone(), hum(&words));
            }
        }
    }
    voice
}
