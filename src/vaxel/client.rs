//! The control socket: one line of JSON there, one line back, and the connection is done.

use crate::error::Error;
use model::{Command, Reply, Request};
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the daemon may take, from connecting to the end of its answer.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// How long it may take to put a site in force: each new password of a large company is hashed, slowly on
/// purpose.
const APPLY_WAIT: Duration = Duration::from_secs(150);
/// The longest answer taken, bytes.
pub(crate) const MAX_REPLY: usize = 64 << 20;
/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// The way to one daemon.
pub(crate) struct Client {
    path: PathBuf,
    patience: Option<Duration>,
}

impl Client {
    /// A client of the daemon whose control socket is at `path`. Nothing is opened yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, patience: None }
    }

    /// The same with less patience, so that a test need not wait.
    #[cfg(test)]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// Asks one thing and waits for its answer.
    pub fn ask(&self, command: Command) -> Result<Reply, Error> {
        let usual = if matches!(command, Command::SiteApply { .. }) { APPLY_WAIT } else { ANSWER_WAIT };
        let deadline = Deadline::after(self.patience.unwrap_or(usual));
        let mut stream = connect(&self.path, &deadline)?;
        let mut line = serde_json::to_vec(&Request { command })
            .map_err(|problem| self.broken(io::Error::other(problem)))?;
        line.push(b'\n');
        match stream.write_all(&line) {
            // A daemon that stopped listening half way may still have said why.
            Err(problem) if problem.kind() != ErrorKind::BrokenPipe => return Err(self.broken(problem)),
            Ok(()) | Err(_) => {}
        }
        let line = self.read_line(&mut stream, &deadline)?;
        serde_json::from_slice(&line).map_err(|problem| Error::Unknown(problem.to_string()))
    }

    fn read_line(&self, stream: &mut UnixStream, deadline: &Deadline) -> Result<Vec<u8>, Error> {
        let mut line = Vec::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let wait = deadline.left().ok_or(Error::TooSlow)?;
            stream.set_read_timeout(Some(wait)).map_err(|problem| self.broken(problem))?;
            let taken = match stream.read(&mut chunk) {
                Ok(0) => return Err(Error::NoAnswer),
                Ok(taken) => &chunk[..taken],
                Err(problem) if problem.kind() == ErrorKind::Interrupted => continue,
                Err(problem) => return Err(self.broken(problem)),
            };
            let end = taken.iter().position(|&byte| byte == b'\n');
            line.extend_from_slice(&taken[..end.unwrap_or(taken.len())]);
            if line.len() > MAX_REPLY {
                return Err(Error::TooLong);
            }
            if end.is_some() {
                return Ok(line);
            }
        }
    }

    fn broken(&self, source: io::Error) -> Error {
        match source.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::TooSlow,
            _ => Error::Socket { path: self.path.clone(), source },
        }
    }
}

/// Connects. The send timeout also bounds the wait for a daemon whose queue of connections is full.
fn connect(path: &Path, deadline: &Deadline) -> Result<UnixStream, Error> {
    let attempt = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_write_timeout(deadline.left())?;
        socket.connect(&SockAddr::unix(path)?)?;
        Ok(UnixStream::from(socket))
    };
    attempt().map_err(|source: io::Error| match source.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => Error::NotRunning(path.to_owned()),
        ErrorKind::PermissionDenied => Error::NotAllowed(path.to_owned()),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::TooSlow,
        _ => Error::Socket { path: path.to_owned(), source },
    })
}

/// A point in time not to be passed.
struct Deadline(Instant);

impl Deadline {
    #[allow(clippy::disallowed_methods, reason = "the command line waits on a real daemon, in real time")]
    fn after(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    /// What is left of it, if anything.
    #[allow(clippy::disallowed_methods, reason = "the command line waits on a real daemon, in real time")]
    fn left(&self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}
