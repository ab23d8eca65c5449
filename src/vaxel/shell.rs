//! The shell: what an administrator meets after SSH.
//!
//! History is kept in memory only: command lines name people and numbers.

mod complete;

use crate::grammar::ShellLine;
use crate::session::Session;
use crate::terminal::{DONE, REFUSED, run_line};
use complete::Completion;
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{CompletionType, Config, Editor};
use std::io::{self, BufRead, Write};

/// What a person sees before typing.
const PROMPT: &str = "vaxel> ";
/// The longest line taken from a pipe, bytes.
const MAX_LINE: u64 = 64 << 10;

/// Talks with a person until they leave. A refused command does not make the visit a failure.
pub(crate) fn interactive(session: &mut Session, err: &mut dyn Write) -> u8 {
    let config = Config::builder().auto_add_history(true).completion_type(CompletionType::List).build();
    let mut editor = match Editor::<Completion, MemHistory>::with_history(config, MemHistory::new()) {
        Ok(editor) => editor,
        // No line editing on this terminal; it can still be read.
        Err(_) => return piped(session, err),
    };
    editor.set_helper(Some(Completion::new()));
    if greet(&mut session.out).is_err() {
        return DONE;
    }
    loop {
        match editor.readline(PROMPT) {
            Ok(line) if is_farewell(&line) => return DONE,
            Ok(line) => run_line(&line, session, err),
            Err(ReadlineError::Interrupted) => continue,
            Err(_) => return DONE,
        };
    }
}

/// Runs the lines of a pipe or of a terminal without line editing. The exit code is the last command's.
pub(crate) fn piped(session: &mut Session, err: &mut dyn Write) -> u8 {
    let mut code = DONE;
    loop {
        match next_line(&mut session.input) {
            Ok(None) => return code,
            Ok(Some(line)) if is_farewell(&line) => return code,
            Ok(Some(line)) => code = run_line(&line, session, err),
            Err(problem) => match writeln!(err, "cannot read commands: {problem}") {
                Ok(()) | Err(_) => return REFUSED,
            },
        }
    }
}

/// Whether the shell would understand a line. Nothing is done; completion at its end is worked out as well.
pub fn understands(line: &str) -> bool {
    Completion::new().words(line);
    crate::words::split(line).is_ok_and(|words| ShellLine::from_words(words).is_ok())
}

fn greet(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Vaxel {}. `help` lists the commands, `exit` leaves.", env!("CARGO_PKG_VERSION"))?;
    out.flush()
}

fn is_farewell(line: &str) -> bool {
    matches!(line.trim(), "exit" | "quit" | "logout")
}

fn next_line(input: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let taken = io::Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut line)?;
    if taken as u64 == MAX_LINE && line.last() != Some(&b'\n') {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than 64 KiB"));
    }
    Ok((taken > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_is_not_read_for_ever() {
        let mut endless = io::BufReader::new(io::repeat(b'x'));
        assert_eq!(next_line(&mut endless).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn lines_end_with_the_input() {
        let mut input: &[u8] = b"status\ncalls";
        assert_eq!(next_line(&mut input).unwrap().as_deref(), Some("status\n"));
        assert_eq!(next_line(&mut input).unwrap().as_deref(), Some("calls"));
        assert_eq!(next_line(&mut input).unwrap(), None);
    }
}
