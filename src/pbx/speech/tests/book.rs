//! What each prompt says, as `etc/prompts/prompts.toml` has it.

use super::super::Part;
use model::site::Language;
use std::collections::BTreeMap;
use toml::{Table, Value};

const PROMPTS: &str = include_str!("../../../../etc/prompts/prompts.toml");

/// The texts of every prompt by its id, and the clips of a site.
pub(super) struct Book {
    document: Table,
    texts: BTreeMap<(&'static str, String), String>,
}

impl Book {
    pub(super) fn read() -> Self {
        let document: Table = PROMPTS.parse().unwrap();
        let mut book = Self { document, texts: BTreeMap::new() };
        let prompts = book.document["prompt"].as_array().unwrap().clone();
        for prompt in &prompts {
            for language in ["sv", "en"] {
                book.put(language, prompt["id"].as_str().unwrap(), prompt[language].as_str().unwrap());
            }
        }
        let tones = book.document["tone"].as_array().unwrap().clone();
        for tone in &tones {
            for language in ["sv", "en"] {
                book.texts.insert((language, tone["id"].as_str().unwrap().to_owned()), String::new());
            }
        }
        book
    }

    /// Adds a clip; an empty text means that the language has none.
    pub(super) fn put(&mut self, language: &'static str, id: &str, text: &str) {
        if !text.is_empty() {
            self.texts.insert((language, id.to_owned()), text.to_owned());
        }
    }

    pub(super) fn gap(&self, name: &str) -> i64 {
        self.document["gap_ms"][name].as_integer().unwrap()
    }

    /// The fragments of a language.
    pub(super) fn fragments(&self, language: Language) -> impl Iterator<Item = &str> {
        let fragment = move |prompt: &&Value| {
            prompt["kind"].as_str() == Some("part") && prompt[language.as_str()].as_str() != Some("")
        };
        let prompts = self.document["prompt"].as_array().unwrap();
        prompts.iter().filter(fragment).map(|prompt| prompt["id"].as_str().unwrap())
    }

    /// What a part says; panics where there is no clip for it.
    pub(super) fn text(&self, language: Language, part: &Part) -> &str {
        let id = part.to_string();
        match self.texts.get(&(language.as_str(), id)) {
            Some(text) => text,
            None => panic!("there is no {part} in {}", language.as_str()),
        }
    }

    /// The sentences that parts make.
    pub(super) fn sentences(&self, language: Language, parts: &[Part]) -> String {
        let mut said = String::new();
        for (at, part) in parts.iter().enumerate() {
            let text = self.text(language, part);
            if text.is_empty() {
                continue;
            }
            let begins = said.is_empty() || said.ends_with(['.', '?', '!', ':']);
            if !said.is_empty() {
                said.push(' ');
            }
            let mut letters = text.chars();
            match letters.next().filter(|_| begins) {
                Some(first) => said.extend(first.to_uppercase().chain(letters)),
                None => said.push_str(text),
            }
            // A clip of the site has no full stop; one that is followed by silence ends its sentence.
            let clip = !matches!(part, Part::Prompt(_));
            let ends = parts.get(at + 1).is_none_or(|next| part.gap_ms(next) == 350);
            if clip && ends {
                said.push('.');
            }
        }
        said
    }
}
