//! From arguments to an exit code.

use crate::error::Error;
use crate::grammar::{CommandLine, DEFAULT_SOCKET, ShellLine};
use crate::session::Session;
use crate::{client::Client, shell, words};
use clap::Parser;
use jiff::tz::TimeZone;
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

/// Done.
pub(crate) const DONE: u8 = 0;
/// Refused, or could not be done; standard error says what to do.
pub(crate) const REFUSED: u8 = 1;
/// Not a command.
pub(crate) const USAGE: u8 = 2;

/// Everything a run takes from its surroundings.
pub struct Terminal {
    /// A person types and reads.
    pub interactive: bool,
    /// What is typed, or piped in.
    pub input: Box<dyn BufRead>,
    /// Answers.
    pub out: Box<dyn Write>,
    /// Refusals.
    pub err: Box<dyn Write>,
    /// The zone times are shown in.
    pub zone: TimeZone,
    /// The control socket named by the environment.
    pub socket: Option<PathBuf>,
}

/// Runs one command, or the shell where none is given. The first argument is the program's own name, which
/// begins with a dash when this is a login shell. Returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, mut terminal: Terminal) -> u8 {
    let parsed = match CommandLine::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(problem) => return explain(&problem, &mut terminal.out, &mut terminal.err),
    };
    let socket = parsed.socket.or(terminal.socket).unwrap_or_else(|| DEFAULT_SOCKET.into());
    let mut session = Session {
        client: Client::new(socket),
        json: parsed.form.json,
        zone: terminal.zone,
        input: terminal.input,
        out: terminal.out,
    };
    let mut err = terminal.err;
    match (parsed.verb, parsed.line) {
        (Some(verb), _) => finish(verb.run(&mut session), &mut err),
        (None, Some(line)) => run_line(&line, &mut session, &mut err),
        (None, None) if terminal.interactive => shell::interactive(&mut session, &mut err),
        (None, None) => shell::piped(&mut session, &mut err),
    }
}

/// Runs one line of the shell; an empty one is done at once.
pub(crate) fn run_line(line: &str, session: &mut Session, err: &mut dyn Write) -> u8 {
    let words = match words::split(line) {
        Ok(words) => words,
        Err(problem) => return tell(err, &problem.to_string(), USAGE),
    };
    if words.is_empty() {
        return DONE;
    }
    let parsed = match ShellLine::from_words(words) {
        Ok(parsed) => parsed,
        Err(problem) => return explain(&problem, &mut session.out, err),
    };
    let usual = session.json;
    session.json = usual || parsed.form.json;
    let result = parsed.verb.run(session);
    session.json = usual;
    finish(result, err)
}

/// The exit code of a command that ran.
fn finish(result: Result<(), Error>, err: &mut dyn Write) -> u8 {
    match result {
        Ok(()) => DONE,
        // The reader of our answer has seen enough: `vaxel log | head`.
        Err(Error::Output(problem)) if problem.kind() == io::ErrorKind::BrokenPipe => DONE,
        Err(problem) => tell(err, &problem.to_string(), REFUSED),
    }
}

/// The exit code of something that is no command; help and version are answers, not mistakes.
fn explain(problem: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let text = problem.render().to_string();
    if problem.use_stderr() {
        tell(err, text.trim_end(), USAGE)
    } else {
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => DONE,
            Err(problem) => finish(Err(problem.into()), err),
        }
    }
}

/// Says why on standard error. Where even that is closed, the exit code alone must tell.
fn tell(err: &mut dyn Write, text: &str, code: u8) -> u8 {
    match writeln!(err, "{}", crate::table::printable_lines(text)) {
        Ok(()) | Err(_) => code,
    }
}
