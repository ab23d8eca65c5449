//! Recordings on disk: one thread writes what the media threads hear, and says when a recording is whole.
//!
//! While somebody speaks the sound goes to `ID.part`; at its end it is trimmed, written to `ID.wav` and synchronised with
//! its name. A `.part` that is found at start is what the box died under: it is made whole in the same way.
//!
//! A slow disk costs frames of the recording, never of the call: the media threads do not wait.

use media::program::{Clip, RATE};
use media::{Recorded as Stretch, activity, wav};
use model::{Recorded, RecordingId};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use tokio::sync::mpsc;

/// Orders that may wait: four seconds of a hundred recordings.
const QUEUE_MAX: usize = 4_096;
/// Longer is no recording of ours, samples.
const SAMPLES_MAX: u64 = RATE as u64 * 3_600;
/// Silence that trimming leaves at both ends, milliseconds.
const MARGIN_MS: u32 = 400;
/// Octets given to a command at once.
const STRETCH_MAX: u64 = 131_072;

/// What the recorder is asked for.
enum Order {
    Heard(Stretch),
    Finish(RecordingId),
    Erase(RecordingId),
    Fetch(RecordingId),
}

/// What the recorder tells the core.
#[derive(Debug)]
pub(crate) enum Told {
    /// A recording is whole and durable, or is not.
    Finished { recording: RecordingId, result: Result<Recorded, String> },
    /// A recording has been read, or cannot be.
    Fetched { recording: RecordingId, clip: Option<Clip> },
}

/// Where orders go.
#[derive(Clone, Debug)]
pub struct Recorder {
    orders: SyncSender<Order>,
    folder: Arc<Path>,
}

impl Recorder {
    /// Starts the thread on a folder. Gives the recordings that are there, with their lengths in milliseconds.
    pub(crate) fn start(
        folder: &Path,
        tell: mpsc::Sender<Told>,
    ) -> io::Result<(Self, Vec<(RecordingId, u32)>)> {
        std::fs::create_dir_all(folder)?;
        let found = recover(folder)?;
        let (orders, receiver) = sync_channel(QUEUE_MAX);
        let folder: Arc<Path> = folder.into();
        let worker = Worker { folder: Arc::clone(&folder), tell, open: BTreeMap::new() };
        std::thread::Builder::new().name("recorder".to_owned()).spawn(move || worker.run(&receiver))?;
        Ok((Self { orders, folder }, found))
    }

    /// A media thread has heard this. Nothing waits: what does not fit is silence in the recording.
    pub fn hear(&self, stretch: Stretch) {
        if self.orders.try_send(Order::Heard(stretch)).is_err() {
            tracing::warn!("the disk is slow: a recording has a gap");
        }
    }

    /// All has been heard.
    pub(crate) fn finish(&self, recording: RecordingId) {
        self.order(Order::Finish(recording));
    }

    /// It is not wanted any more.
    pub(crate) fn erase(&self, recording: RecordingId) {
        self.order(Order::Erase(recording));
    }

    /// Somebody wants to hear it.
    pub(crate) fn fetch(&self, recording: RecordingId) {
        self.order(Order::Fetch(recording));
    }

    fn order(&self, order: Order) {
        let sent = match self.orders.try_send(order) {
            Err(TrySendError::Full(order)) => {
                tracing::warn!("the recorder does not keep up");
                self.orders.send(order).is_ok()
            }
            Err(TrySendError::Disconnected(_)) => false,
            Ok(()) => true,
        };
        if !sent {
            tracing::error!("the recorder has stopped");
        }
    }

    /// A stretch of a recording's file, for a command: how long all of it is, and its octets from one on.
    pub(crate) fn stretch(&self, recording: RecordingId, from: u64) -> io::Result<(u64, Vec<u8>)> {
        let mut file = File::open(whole(&self.folder, recording))?;
        let total = file.metadata()?.len();
        file.seek(SeekFrom::Start(from.min(total)))?;
        let mut octets = Vec::new();
        file.take(STRETCH_MAX).read_to_end(&mut octets)?;
        Ok((total, octets))
    }
}

fn samples(octets: &[u8]) -> Vec<i16> {
    octets.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

fn whole(folder: &Path, recording: RecordingId) -> PathBuf {
    folder.join(format!("{recording}.wav"))
}

fn part(folder: &Path, recording: RecordingId) -> PathBuf {
    folder.join(format!("{recording}.part"))
}

/// A recording that is being written.
struct Open {
    file: BufWriter<File>,
    samples: u64,
    failed: Option<io::Error>,
}

struct Worker {
    folder: Arc<Path>,
    tell: mpsc::Sender<Told>,
    open: BTreeMap<RecordingId, Open>,
}

impl Worker {
    fn run(mut self, orders: &Receiver<Order>) {
        for order in orders {
            let told = match order {
                Order::Heard(stretch) => {
                    self.hear(&stretch);
                    continue;
                }
                Order::Erase(recording) => {
                    self.erase(recording);
                    continue;
                }
                Order::Finish(recording) => {
                    let result = self.finish(recording).map_err(|error| error.to_string());
                    Told::Finished { recording, result }
                }
                Order::Fetch(recording) => Told::Fetched { recording, clip: self.fetch(recording) },
            };
            if self.tell.blocking_send(told).is_err() {
                tracing::debug!("the core has stopped");
            }
        }
    }

    fn hear(&mut self, stretch: &Stretch) {
        let recording = RecordingId::from_key(stretch.tape.0);
        if !self.open.contains_key(&recording) {
            match File::create(part(&self.folder, recording)) {
                Ok(file) => {
                    let open = Open { file: BufWriter::new(file), samples: 0, failed: None };
                    self.open.insert(recording, open);
                }
                Err(error) => return tracing::error!(%error, %recording, "a recording cannot be written"),
            }
        }
        let Some(open) = self.open.get_mut(&recording).filter(|open| open.failed.is_none()) else { return };
        if let Err(error) = open.write(stretch) {
            tracing::error!(%error, %recording, "a recording cannot be written");
            open.failed = Some(error);
        }
    }

    fn finish(&mut self, recording: RecordingId) -> io::Result<Recorded> {
        let Some(mut open) = self.open.remove(&recording) else { return Ok(Recorded::default()) };
        if let Some(error) = open.failed {
            return Err(error);
        }
        open.file.flush()?;
        drop(open);
        make_whole(&self.folder, recording)
    }

    fn erase(&mut self, recording: RecordingId) {
        self.open.remove(&recording);
        for path in [whole(&self.folder, recording), part(&self.folder, recording)] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, path = %path.display(), "a recording cannot be removed");
                }
                Ok(()) | Err(_) => {}
            }
        }
    }

    fn fetch(&self, recording: RecordingId) -> Option<Clip> {
        let file = std::fs::read(whole(&self.folder, recording));
        let clip = file
            .map_err(|error| error.to_string())
            .and_then(|file| wav::read(&file).map_err(|error| error.to_string()));
        clip.map_err(|error| tracing::error!(error, %recording, "a recording cannot be read")).ok()
    }
}

impl Open {
    /// What was dropped on the way here is silence, so that the rest keeps its place.
    fn write(&mut self, stretch: &Stretch) -> io::Result<()> {
        let gap = stretch.from.saturating_sub(self.samples).min(SAMPLES_MAX.saturating_sub(self.samples));
        let silence = usize::try_from(gap).unwrap_or(0) * 2;
        io::copy(&mut io::repeat(0).take(silence as u64), &mut self.file)?;
        self.file.write_all(&wav::octets(&stretch.samples))?;
        self.samples += gap + stretch.samples.len() as u64;
        Ok(())
    }
}

/// Trims what was written while somebody spoke, and gives it its name for good.
fn make_whole(folder: &Path, recording: RecordingId) -> io::Result<Recorded> {
    let part = part(folder, recording);
    let heard = samples(&std::fs::read(&part)?);
    let spoken = activity::trimmed(&heard);
    let duration =
        |samples: usize| u32::try_from(samples as u64 * 1000 / u64::from(RATE)).unwrap_or(u32::MAX);
    let kept = heard.get(spoken).unwrap_or_default();
    let mut file = wav::head(u32::try_from(kept.len()).unwrap_or(u32::MAX)).to_vec();
    file.extend(wav::octets(kept));
    let fresh = part.with_extension("new");
    let mut written = File::create(&fresh)?;
    written.write_all(&file)?;
    written.sync_all()?;
    std::fs::rename(&fresh, whole(folder, recording))?;
    File::open(folder)?.sync_all()?;
    std::fs::remove_file(&part)?;
    let duration_ms = duration(kept.len());
    Ok(Recorded { duration_ms, speech_ms: duration_ms.saturating_sub(MARGIN_MS) })
}

/// What is there at start. What the box died under is made whole.
fn recover(folder: &Path) -> io::Result<Vec<(RecordingId, u32)>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let Ok(recording) = name.parse::<RecordingId>() else { continue };
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("wav") => {
                let octets = std::fs::metadata(&path)?.len().saturating_sub(wav::head(0).len() as u64);
                let ms = octets / 2 * 1000 / u64::from(RATE);
                found.entry(recording).or_insert(u32::try_from(ms).unwrap_or(u32::MAX));
            }
            Some("part") => match make_whole(folder, recording) {
                Ok(whole) => drop(found.insert(recording, whole.duration_ms)),
                Err(error) => tracing::error!(%error, %recording, "a cut recording cannot be made whole"),
            },
            // Of a recording that was just made whole it is gone already.
            Some("new") => match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            },
            _ => {}
        }
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests;
