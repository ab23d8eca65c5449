//! The fake is outside: a real Unix socket, and a peer on it that says what the test wants.

use crate::terminal::{Terminal, run};
use jiff::tz::TimeZone;
use model::{Reply, Request};
use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Cursor, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::rc::Rc;
use std::thread::JoinHandle;
use tempfile::TempDir;

/// A peer on a control socket for as many conversations as it has replies.
pub(super) struct Daemon {
    folder: TempDir,
    listening: JoinHandle<Vec<Request>>,
}

impl Daemon {
    /// Answers with these replies in turn.
    pub fn replies(replies: Vec<Reply>) -> Self {
        let texts = replies.iter().map(|reply| serde_json::to_string(reply).unwrap() + "\n").collect();
        Self::says(texts)
    }

    /// Answers with these bytes in turn, hanging up after each.
    pub fn says(texts: Vec<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("control.sock")).unwrap();
        let listening = std::thread::spawn(move || {
            texts.iter().map(|text| converse(&listener.accept().unwrap().0, text)).collect()
        });
        Self { folder, listening }
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    /// Everything it was asked; waits for the last conversation.
    pub fn asked(self) -> Vec<Request> {
        self.listening.join().unwrap()
    }
}

fn converse(stream: &UnixStream, text: &str) -> Request {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    (&*stream).write_all(text.as_bytes()).unwrap();
    serde_json::from_str(&line).unwrap()
}

/// What a run came to.
#[derive(Debug)]
pub(super) struct Ran {
    pub code: u8,
    pub out: String,
    pub err: String,
}

/// Runs `vaxel` with these arguments, `input` on standard input, in Stockholm.
pub(super) fn vaxel(socket: PathBuf, arguments: &[&str], input: &str) -> Ran {
    let (out, err) = (Paper::default(), Paper::default());
    let terminal = Terminal {
        interactive: false,
        input: Box::new(Cursor::new(input.to_owned())),
        out: Box::new(out.clone()),
        err: Box::new(err.clone()),
        zone: TimeZone::get("Europe/Stockholm").unwrap(),
        socket: Some(socket),
    };
    let code = run(arguments.iter().map(Into::into), terminal);
    Ran { code, out: out.text(), err: err.text() }
}

/// Something to write on and read again.
#[derive(Clone, Default)]
struct Paper(Rc<RefCell<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
