//! A foreign program as a child: its words are kept, and it ends with the test.

use super::deadline::wait_for;
use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How much of a log a failing test shows, bytes.
const SHOWN: usize = 16 << 10;

/// A running child. Dropped, it is killed; in a failing test its last words are printed first.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command whose output goes to the file `log`.
    pub fn start(name: &str, command: &mut Command, log: PathBuf) -> Result<Self> {
        Self::start_reading(name, command.stdin(Stdio::null()), log)
    }

    /// Starts a command that is told what to do by its standard input.
    pub fn start_listening(name: &str, command: &mut Command, log: PathBuf) -> Result<(Self, ChildStdin)> {
        let mut process = Self::start_reading(name, command.stdin(Stdio::piped()), log)?;
        let input = process.child.stdin.take().context("its input is piped")?;
        Ok((process, input))
    }

    fn start_reading(name: &str, command: &mut Command, log: PathBuf) -> Result<Self> {
        let out = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let child = command
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("starting {name}; scripts/test installs it"))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has printed so far.
    pub fn words(&self) -> String {
        read(&self.log)
    }

    /// Its exit status, once it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end.
    pub fn wait(&mut self, span: Duration) -> Result<ExitStatus> {
        let what = format!("end of {}", self.name);
        wait_for(&what, span, || self.child.try_wait().ok().flatten())
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.child.id()).context("a process id is positive")?;
        kill(Pid::from_raw(id), signal).with_context(|| format!("sending {signal} to {}", self.name))
    }

    /// Fails, with its last words, if it has ended.
    pub fn must_run(&mut self) -> Result<()> {
        match self.ended() {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status}): {}", self.name, tail(&self.words())),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error here means that it has ended already.
        if self.child.kill().and_then(|()| self.child.wait()).is_err() {
            eprintln!("{} could not be ended", self.name);
        }
        if std::thread::panicking() {
            eprintln!("---- {} said ----\n{}", self.name, tail(&self.words()));
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn tail(words: &str) -> &str {
    let start = words.len().saturating_sub(SHOWN);
    let start = (start..words.len()).find(|&at| words.is_char_boundary(at)).unwrap_or(words.len());
    &words[start..]
}
