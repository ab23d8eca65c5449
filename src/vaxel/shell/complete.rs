//! Completion: the grammar itself says what can follow.

use crate::grammar::ShellLine;
use clap::Command;
use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

/// Completes commands, options and files.
pub(crate) struct Completion {
    grammar: Command,
    files: FilenameCompleter,
}

impl Completion {
    /// Completion of the shell's own grammar.
    pub fn new() -> Self {
        Self { grammar: ShellLine::grammar(), files: FilenameCompleter::new() }
    }

    /// What can stand at the end of `line`, and where the unfinished word there begins. None where a value
    /// is wanted.
    pub(super) fn words(&self, line: &str) -> (usize, Option<Vec<String>>) {
        let start = line.trim_end_matches(|c: char| !c.is_whitespace()).len();
        let (before, begun) = line.split_at(start);
        let mut command = &self.grammar;
        let mut values = 0;
        for word in before.split_whitespace() {
            match command.find_subcommand(word) {
                Some(next) => command = next,
                None if word.starts_with('-') => {}
                None => values += 1,
            }
        }
        let wants_value = command.get_positionals().nth(values).is_some();
        if wants_value && !begun.starts_with('-') {
            return (start, None);
        }
        let names =
            command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(|sub| sub.get_name().to_owned());
        let options = command
            .get_arguments()
            .filter(|argument| !argument.is_hide_set())
            .filter_map(|argument| argument.get_long().map(|long| format!("--{long}")))
            .filter(|_| begun.starts_with('-'));
        let farewell = std::iter::once("exit".to_owned()).filter(|_| before.trim().is_empty());
        let mut found: Vec<String> =
            names.chain(options).chain(farewell).filter(|word| word.starts_with(begun)).collect();
        found.sort();
        (start, Some(found))
    }
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        match self.words(&line[..at]) {
            (start, Some(words)) => {
                let pair = |word: String| Pair { replacement: format!("{word} "), display: word };
                Ok((start, words.into_iter().map(pair).collect()))
            }
            (_, None) => self.files.complete(line, at, context),
        }
    }
}

impl Hinter for Completion {
    type Hint = String;
}
impl Highlighter for Completion {}
impl Validator for Completion {}
impl Helper for Completion {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_completes_itself() {
        let table: &[(&str, &[&str])] = &[
            ("sta", &["status"]),
            ("ca", &["call-log", "call-waiting", "calls"]),
            ("e", &["exit"]),
            ("site ", &["apply", "diff", "export", "help"]),
            ("site a", &["apply"]),
            ("call-log s", &["show"]),
            ("forward ", &["clear", "help", "set", "show"]),
            ("forward set bo always 202 --a", &["--accept", "--after"]),
            ("call-w", &["call-waiting"]),
            ("call-log --l", &["--limit"]),
            ("call-log --j", &["--json"]),
            ("trace 7 --f", &["--full"]),
            ("nonsense", &[]),
            ("help ca", &["call-log", "call-waiting", "calls"]),
            ("call-log\u{a0}s", &["show"]),
        ];
        for (line, words) in table {
            assert_eq!(Completion::new().words(line).1.unwrap(), *words, "{line}");
        }
    }

    #[test]
    fn a_file_is_completed_as_a_file() {
        assert_eq!(Completion::new().words("site apply et").1, None);
    }
}
