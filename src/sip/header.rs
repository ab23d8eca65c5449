//! The ordered list of header fields of a message.

mod name;
mod refer;
mod typed;

use std::fmt;

pub use name::Name;
pub use refer::{Package, ReferTo, Replaces};
pub use typed::{HeaderError, RAck, Refresher, SessionExpires};
pub(crate) use typed::{digits, saturating};

use crate::lex;

/// The header fields of one message, in order (RFC 3261 section 7.3).
///
/// All text lives in one string and a line is an index into it: parsing copies the header section once and a header
/// becomes a typed value only when somebody asks for it. Replaced text stays until the list is dropped.
#[derive(Clone, Default)]
pub struct Headers {
    text: String,
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
struct Line {
    name: Name,
    start: u32,
    end: u32,
}

impl Headers {
    /// No headers.
    pub fn new() -> Headers {
        Headers::default()
    }

    /// An empty list with room for a header section of `bytes` bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Headers {
        Headers { text: String::with_capacity(bytes), lines: Vec::with_capacity(24) }
    }

    /// The value of the first line called `name`.
    pub fn get(&self, name: &Name) -> Option<&str> {
        self.all(name).next()
    }

    /// The value of every line called `name`, one item a line, commas untouched.
    pub fn all<'a, 'n>(&'a self, name: &'n Name) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.lines.iter().filter(move |line| line.name == *name).map(|line| self.value(line))
    }

    /// Every value of `name` in order, comma lists taken apart where the grammar of `name` has them.
    pub fn values<'a, 'n>(&'a self, name: &'n Name) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let list = name.is_list();
        self.all(name).flat_map(move |line| {
            let whole = (!list).then_some(line);
            let items = list.then(|| lex::split(line, b','));
            whole.into_iter().chain(items.into_iter().flatten())
        })
    }

    /// Whether there is a line called `name`.
    pub fn contains(&self, name: &Name) -> bool {
        self.lines.iter().any(|line| line.name == *name)
    }

    /// Every line as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.lines.iter().map(|line| (&line.name, self.value(line)))
    }

    /// The number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds a line at the end. Line breaks in `value` become spaces, so a value can never add a header.
    pub fn push(&mut self, name: Name, value: impl fmt::Display) {
        let line = self.store(name, value);
        self.lines.push(line);
    }

    /// Adds a line above all others, as a proxy adds its Via.
    pub fn insert_front(&mut self, name: Name, value: impl fmt::Display) {
        let line = self.store(name, value);
        self.lines.insert(0, line);
    }

    /// Replaces every line called `name` by one, in the place of the first.
    pub fn set(&mut self, name: Name, value: impl fmt::Display) {
        let line = self.store(name, value);
        let Some(first) = self.lines.iter().position(|old| old.name == line.name) else {
            self.lines.push(line);
            return;
        };
        let mut at = 0;
        self.lines.retain(|old| {
            at += 1;
            at - 1 <= first || old.name != line.name
        });
        self.lines[first] = line;
    }

    /// Replaces the first value of `name` (a whole line, or the first item of a comma list) by `value`.
    pub fn set_first(&mut self, name: &Name, value: impl fmt::Display) {
        let Some(first) = self.lines.iter().position(|line| line.name == *name) else {
            self.push(name.clone(), value);
            return;
        };
        let old = self.value(&self.lines[first]);
        let rest = lex::find(old, b',').filter(|_| name.is_list()).map(|at| old[at..].to_owned());
        let line = self.store(name.clone(), format_args!("{value}{}", rest.unwrap_or_default()));
        self.lines[first] = line;
    }

    /// Removes every line called `name`; tells whether there was one.
    pub fn remove(&mut self, name: &Name) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| line.name != *name);
        self.lines.len() != before
    }

    /// Adds all lines of `other` at the end.
    pub fn extend(&mut self, other: &Headers) {
        for (name, value) in other.iter() {
            self.push(name.clone(), value);
        }
    }

    /// Copies every line called `name` from `other` to the end.
    pub fn copy(&mut self, other: &Headers, name: &Name) {
        for value in other.all(name) {
            self.push(name.clone(), value);
        }
    }

    /// Begins a line whose value follows in pieces.
    pub(crate) fn begin(&mut self, name: Name) {
        let at = self.text.len() as u32;
        self.lines.push(Line { name, start: at, end: at });
    }

    /// Adds a piece to the value of the last line, white space around it removed, one space between pieces.
    pub(crate) fn part(&mut self, text: &str) {
        let (Some(line), text) = (self.lines.last_mut(), lex::trim(text)) else { return };
        if !text.is_empty() {
            if line.end > line.start {
                self.text.push(' ');
            }
            self.text.push_str(text);
            line.end = self.text.len() as u32;
        }
    }

    fn value(&self, line: &Line) -> &str {
        &self.text[line.start as usize..line.end as usize]
    }

    fn store(&mut self, name: Name, value: impl fmt::Display) -> Line {
        use fmt::Write;

        let start = self.text.len();
        // Writing to a String fails only if the value's own Display does; what was written until then is kept.
        if write!(OneLine(&mut self.text), "{value}").is_err() {
            self.text.truncate(start);
        }
        Line { name, start: start as u32, end: self.text.len() as u32 }
    }
}

/// A writer that turns line breaks and NUL into spaces: a header value is one line, whoever supplied it.
struct OneLine<'a>(&'a mut String);

impl fmt::Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().any(|byte| matches!(byte, b'\r' | b'\n')) {
            self.0.extend(text.chars().map(|char| if matches!(char, '\r' | '\n') { ' ' } else { char }));
        } else {
            self.0.push_str(text);
        }
        Ok(())
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Headers) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, value)| format!("{name}: {value}"))).finish()
    }
}

#[cfg(test)]
mod tests;
