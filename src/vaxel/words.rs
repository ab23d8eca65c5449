//! A typed line into words, as in any shell: spaces between, quotes around, backslash before.

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfinished {
    /// A quote was opened and not closed.
    #[error("the quote {0} is not closed")]
    Quote(char),
    /// A backslash ends the line.
    #[error("nothing follows the backslash at the end")]
    Backslash,
}

/// Splits a line. Single quotes keep everything; within double quotes a backslash keeps `"` and `\`.
pub(crate) fn split(line: &str) -> Result<Vec<String>, Unfinished> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => quoted(c, &mut rest, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(rest.next().ok_or(Unfinished::Backslash)?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Takes everything up to the closing quote into `word`.
fn quoted(quote: char, rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Unfinished> {
    while let Some(c) = rest.next() {
        match c {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => match rest.next() {
                Some(kept @ ('"' | '\\')) => word.push(kept),
                Some(other) => word.extend(['\\', other]),
                None => break,
            },
            c => word.push(c),
        }
    }
    Err(Unfinished::Quote(quote))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_split_as_in_a_shell() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            ("  \t ", &[]),
            ("status", &["status"]),
            ("  call-log   show 7 ", &["call-log", "show", "7"]),
            ("site apply 'my site.toml'", &["site", "apply", "my site.toml"]),
            ("site apply \"my \\\"site\\\".toml\"", &["site", "apply", "my \"site\".toml"]),
            (r"site apply my\ site.toml", &["site", "apply", "my site.toml"]),
            (r"'a\b' 'c'd", &[r"a\b", "cd"]),
            (r#""a\b""#, &[r"a\b"]),
            ("'' x", &["", "x"]),
            ("räksmörgås\u{a0}x", &["räksmörgås", "x"]),
        ];
        for (line, words) in table {
            assert_eq!(split(line).unwrap(), *words, "{line}");
        }
    }

    #[test]
    fn an_unfinished_line_is_refused() {
        assert_eq!(split("note 'at lunch"), Err(Unfinished::Quote('\'')));
        assert_eq!(split("note \"at lunch"), Err(Unfinished::Quote('"')));
        assert_eq!(split("note \"at lunch\\"), Err(Unfinished::Quote('"')));
        assert_eq!(split("note \\"), Err(Unfinished::Backslash));
    }
}
