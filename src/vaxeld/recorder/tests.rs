//! Recordings in a folder of their own.

use super::*;
use media::Tape;
use model::CallId;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("vaxel-recorder-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("room");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("it is ours");
    }
}

const ID: RecordingId = RecordingId { call: CallId(7), number: 1 };

fn stretch(from: u64, samples: Vec<i16>) -> Stretch {
    Stretch { tape: Tape(ID.key()), from, samples }
}

/// Loud and soft in turn, as speech is.
fn speech(ms: usize) -> Vec<i16> {
    (0..ms * 16)
        .map(|at| if at / 3_200 % 2 == 0 { [6_000, -6_000][at / 20 % 2] } else { [600, -600][at / 20 % 2] })
        .collect()
}

fn begin(folder: &Folder) -> (Recorder, mpsc::Receiver<Told>, Vec<(RecordingId, u32)>) {
    let (tell, told) = mpsc::channel(8);
    let (recorder, found) = Recorder::start(&folder.0, tell).expect("a folder");
    (recorder, told, found)
}

#[test]
fn what_is_kept_is_what_was_heard_without_the_silence_around_it() {
    let folder = Folder::new("whole");
    let (recorder, mut told, found) = begin(&folder);
    assert!(found.is_empty());
    let mut heard = vec![0; 32_000];
    heard.extend(speech(2_000));
    heard.extend(vec![0; 48_000]);
    for (at, samples) in heard.chunks(1_600).enumerate() {
        recorder.hear(stretch(at as u64 * 1_600, samples.to_vec()));
    }
    recorder.finish(ID);
    let Some(Told::Finished { recording: ID, result: Ok(sound) }) = told.blocking_recv() else {
        panic!("no end")
    };
    assert!((2_200..2_500).contains(&sound.duration_ms), "{sound:?}");
    recorder.fetch(ID);
    let Some(Told::Fetched { clip: Some(clip), .. }) = told.blocking_recv() else { panic!("no sound") };
    let at = heard.windows(clip.samples().len()).position(|window| window == clip.samples());
    assert!(at.is_some(), "it is a piece of what was heard, unchanged");
    let (total, file) = recorder.stretch(ID, 0).expect("readable");
    assert_eq!((total as usize, wav::read(&file)), (file.len(), Ok(clip)));
    assert!(recorder.stretch(ID, total).expect("readable").1.is_empty());
    recorder.erase(ID);
    recorder.fetch(ID);
    assert!(matches!(told.blocking_recv(), Some(Told::Fetched { clip: None, .. })));
}

#[test]
fn what_was_dropped_on_the_way_is_silence() {
    let folder = Folder::new("gap");
    let (recorder, mut told, _) = begin(&folder);
    recorder.hear(stretch(0, speech(1_000)));
    recorder.hear(stretch(32_000, speech(1_000)));
    recorder.finish(ID);
    let Some(Told::Finished { result: Ok(sound), .. }) = told.blocking_recv() else { panic!("no end") };
    assert!((2_900..=3_000).contains(&sound.duration_ms), "{sound:?}");
}

#[test]
fn what_the_box_died_under_is_made_whole_at_the_next_start() {
    let folder = Folder::new("cut");
    let octets = wav::octets(&speech(3_000));
    std::fs::write(part(&folder.0, ID), &octets[..octets.len() - 1]).expect("room");
    std::fs::write(folder.0.join("7-1.new"), b"half").expect("room");
    std::fs::write(folder.0.join("notes.txt"), b"not ours").expect("room");
    let (recorder, mut told, found) = begin(&folder);
    assert!(matches!(found[..], [(ID, 2_900..=3_000)]), "{found:?}");
    recorder.fetch(ID);
    assert!(matches!(told.blocking_recv(), Some(Told::Fetched { clip: Some(_), .. })));
    assert!(folder.0.join("notes.txt").exists() && !folder.0.join("7-1.new").exists());
}

#[test]
fn nothing_heard_is_nothing_kept() {
    let folder = Folder::new("nothing");
    let (recorder, mut told, _) = begin(&folder);
    recorder.finish(ID);
    let nothing = Ok(Recorded::default());
    assert!(matches!(told.blocking_recv(), Some(Told::Finished { result, .. }) if result == nothing));
    recorder.hear(stretch(0, vec![0; 160_000]));
    recorder.finish(ID);
    let Some(Told::Finished { result: Ok(sound), .. }) = told.blocking_recv() else { panic!("no end") };
    assert_eq!(sound.speech_ms, 0);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_of_the_recording() {
    let folder = Folder::new("broken");
    let (recorder, mut told, _) = begin(&folder);
    recorder.hear(stretch(0, speech(2_000)));
    recorder.fetch(ID);
    assert!(matches!(told.blocking_recv(), Some(Told::Fetched { clip: None, .. })), "not before its end");
    std::fs::remove_dir_all(&folder.0).expect("it is ours");
    recorder.finish(ID);
    assert!(matches!(told.blocking_recv(), Some(Told::Finished { result: Err(_), .. })));
    std::fs::create_dir_all(&folder.0).expect("room");
}
