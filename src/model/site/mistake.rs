//! What is wrong with a site document: every mistake at once, each with its place.

use super::known::Known;
use std::cell::RefCell;
use std::fmt;

/// One thing that is wrong with a site document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: table, id and key, as in `users.anna.no_answer.then`; `line 12` where the document is no TOML.
    pub path: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// More mistakes than this are not listed: nobody reads them, and memory is bounded.
const MOST: usize = 1000;

/// What reading a document is surrounded by: what is known of the whole, and what was found wrong.
pub(super) struct Reading {
    /// The ids and numbers that references may name.
    pub known: Known,
    mistakes: RefCell<Vec<Mistake>>,
}

impl Reading {
    pub fn new(known: Known) -> Self {
        Self { known, mistakes: RefCell::new(Vec::new()) }
    }

    /// Notes a mistake.
    pub fn wrong(&self, path: impl Into<String>, message: impl Into<String>) {
        let mut mistakes = self.mistakes.borrow_mut();
        match mistakes.len() {
            0..MOST => mistakes.push(Mistake { path: path.into(), message: message.into() }),
            MOST => mistakes.push(Mistake {
                path: "document".to_owned(),
                message: format!("there are more than {MOST} mistakes; the rest is not listed"),
            }),
            _ => {}
        }
    }

    /// Everything noted.
    pub fn mistakes(self) -> Vec<Mistake> {
        self.mistakes.into_inner()
    }
}

/// The known word that was probably meant: at most one wrong letter in three.
pub(super) fn meant<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    if word.len() > 64 {
        return None;
    }
    let most = (word.chars().count() / 3).clamp(1, 3);
    let nearest = known.map(|candidate| (distance(word, candidate), candidate)).min_by_key(|(far, _)| *far);
    nearest.filter(|(far, _)| *far <= most).map(|(_, candidate)| candidate)
}

/// How many letters must be changed, added or taken away (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

/// ` Did you mean …?`, or nothing.
pub(super) fn suggestion<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> String {
    meant(word, known).map(|meant| format!("; did you mean \"{meant}\"?")).unwrap_or_default()
}
