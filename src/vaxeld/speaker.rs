//! The local speech engine: a program that reads a text aloud, run for what the company has written itself.
//!
//! It runs on a thread of its own, one text at a time, long before anybody needs to hear it; what it has spoken is kept on
//! disk, so a start speaks nothing anew.

use crate::exchange::Voice;
use media::program::Clip;
use media::{voice, wav};
use model::site::Language;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Texts that may wait.
const QUEUE_MAX: usize = 4_096;
/// How long the engine may take for one text.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest file: some quarters of an hour.
const FILE_MAX: u64 = 64 << 20;
/// How often it is looked whether it is done.
const LOOK: Duration = Duration::from_millis(5);

/// A text to be spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// In which language.
    pub language: Language,
    /// What it is called in words: `@text:stangt`.
    pub ids: Vec<String>,
    /// What is said.
    pub text: String,
}

/// What the speaker tells.
#[derive(Debug)]
pub(crate) enum Spoken {
    /// A text can be heard.
    Clip { saying: Saying, clip: Clip },
    /// The prompts have been read, and what is wrong with them.
    Prompts { voice: Box<Voice>, trouble: Option<String> },
    /// The engine does not work, and why; or it does again.
    Trouble(Option<String>),
}

/// The thread that has texts spoken.
#[derive(Debug)]
pub(crate) struct Speaker {
    wishes: SyncSender<Saying>,
}

impl Speaker {
    /// Starts it. `engine` is the program, which takes espeak-ng's options.
    pub fn start(engine: PathBuf, folder: PathBuf, tell: mpsc::Sender<Spoken>) -> io::Result<Self> {
        let (wishes, receiver) = sync_channel(QUEUE_MAX);
        let worker = Worker { engine, folder, tell, failed: false };
        std::thread::Builder::new().name("speaker".to_owned()).spawn(move || worker.run(&receiver))?;
        Ok(Self { wishes })
    }

    /// Has a text spoken, sooner or later.
    pub fn speak(&self, saying: Saying) {
        match self.wishes.try_send(saying) {
            Ok(()) => {}
            Err(TrySendError::Full(saying)) => {
                tracing::warn!(ids = ?saying.ids, "too many texts at once; not spoken")
            }
            Err(TrySendError::Disconnected(_)) => tracing::error!("the speaker has stopped"),
        }
    }
}

struct Worker {
    engine: PathBuf,
    folder: PathBuf,
    tell: mpsc::Sender<Spoken>,
    failed: bool,
}

impl Worker {
    fn run(mut self, wishes: &Receiver<Saying>) {
        for saying in wishes {
            let spoken = self.kept(&saying).map_or_else(|| self.spoken(&saying), Ok);
            let told = match spoken {
                Ok(clip) => {
                    let well = std::mem::replace(&mut self.failed, false);
                    let told = if well { self.tell.blocking_send(Spoken::Trouble(None)) } else { Ok(()) };
                    told.and_then(|()| self.tell.blocking_send(Spoken::Clip { saying, clip }))
                }
                Err(error) => {
                    self.failed = true;
                    let text = format!(
                        "{} cannot speak the company's own texts ({error}); callers hear other words or a tone: \
                         apt install espeak-ng, then apply the site again",
                        self.engine.display()
                    );
                    self.tell.blocking_send(Spoken::Trouble(Some(text)))
                }
            };
            if told.is_err() {
                return;
            }
        }
    }

    /// What was spoken before, if it was of the same text.
    fn kept(&self, saying: &Saying) -> Option<Clip> {
        let (sound, text) = self.files(saying)?;
        (std::fs::read_to_string(text).ok()? == saying.text).then_some(())?;
        wav::read(&std::fs::read(sound).ok()?).ok()
    }

    fn spoken(&self, saying: &Saying) -> io::Result<Clip> {
        let wrong =
            |error: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
        let clip = wav::read(&speak(&self.engine, saying)?).map_err(|error| wrong(&error))?;
        let clip = voice::levelled(&clip).ok_or_else(|| wrong(&"it is all silence"))?;
        if let Err(error) = self.keep(saying, &clip) {
            tracing::warn!(%error, "what was spoken is not kept; the next start speaks it again");
        }
        Ok(clip)
    }

    fn keep(&self, saying: &Saying, clip: &Clip) -> io::Result<()> {
        let (sound, text) = self.files(saying).ok_or(io::ErrorKind::InvalidInput)?;
        if let Some(folder) = sound.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = wav::head(u32::try_from(clip.samples().len()).unwrap_or(u32::MAX)).to_vec();
        file.extend(wav::octets(clip.samples()));
        // The text comes last: without it the sound counts for nothing.
        std::fs::write(&sound, file)?;
        std::fs::write(&text, &saying.text)
    }

    fn files(&self, saying: &Saying) -> Option<(PathBuf, PathBuf)> {
        // `@text:stangt` is `text.stangt.wav`; ids have no other characters that a file name cannot.
        let name = saying.ids.first()?.trim_start_matches('@').replace([':', '/'], ".");
        let path = self.folder.join(saying.language.as_str()).join(name);
        let with = |ending: &str| PathBuf::from(format!("{}.{ending}", path.display()));
        Some((with("wav"), with("txt")))
    }
}

/// Lets the engine read a text aloud, with the voice of the prompts; gives its WAV file.
fn speak(engine: &Path, saying: &Saying) -> io::Result<Vec<u8>> {
    let voice = match saying.language {
        Language::Swedish => "sv",
        Language::English => "en-us",
    };
    let mut child = Command::new(engine)
        .args(["-v", voice, "-s", "150", "-p", "60", "-a", "50", "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // One that does not read ends by itself or by the clock.
        if let Err(error) = input.write_all(saying.text.as_bytes()) {
            tracing::debug!(%error, "the engine did not take the text");
        }
    }
    let output = child.stdout.take();
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut file = Vec::new();
            output.map_or(Ok(0), |output| output.take(FILE_MAX).read_to_end(&mut file)).map(|_| file)
        });
        // One that is killed has closed its output: the reader ends as well.
        let ended = wait(&mut child);
        let file = reader.join().map_err(|_| io::Error::other("the reader panicked"))?;
        ended.and(file)
    })
}

#[allow(clippy::disallowed_methods)] // a driver's wait for a process, bounded by the clock
fn wait(child: &mut Child) -> io::Result<()> {
    let began = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(format!("it ended with {status}"))),
            None if began.elapsed() > PATIENCE => {
                child.kill()?;
                child.wait()?;
                return Err(io::ErrorKind::TimedOut.into());
            }
            None => std::thread::sleep(LOOK),
        }
    }
}
