//! The customer's own music on hold: a WAV file named in the configuration, read at start.

use media::music::soften;
use media::program::Clip;
use media::wav;
use std::path::Path;
use std::time::Duration;

/// A file of half an hour in the best quality; it is held in memory at 16 kHz, 2 MB a minute.
const BYTES_MAX: u64 = 350 << 20;
/// Shorter is no music.
const LENGTH_MIN: Duration = Duration::from_secs(1);
const LENGTH_MAX: Duration = Duration::from_secs(30 * 60);

/// Reads the music, no louder than ours; or says what is wrong with the file and what to do.
pub(crate) fn read(path: &Path) -> Result<Clip, String> {
    let name = path.display();
    let wrong = |why: &str| format!("the music on hold in {name} {why}; callers hear the music of the box");
    let size = std::fs::metadata(path).map_err(|error| wrong(&format!("cannot be read ({error})")))?.len();
    if size > BYTES_MAX {
        return Err(wrong("is longer than half an hour: give a shorter one"));
    }
    let file = std::fs::read(path).map_err(|error| wrong(&format!("cannot be read ({error})")))?;
    let clip = wav::read(&file).map_err(|error| wrong(&format!("is no usable WAV file ({error})")))?;
    let length = Duration::from_millis(clip.duration_ms());
    if length < LENGTH_MIN || length > LENGTH_MAX {
        return Err(wrong("must last between a second and half an hour"));
    }
    soften(&clip).ok_or_else(|| wrong("is silent from beginning to end"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A file that goes with its owner.
    struct File(PathBuf);

    impl File {
        fn new(name: &str, bytes: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("vaxel-music-{}-{name}", std::process::id()));
            std::fs::write(&path, bytes).expect("room");
            Self(path)
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            std::fs::remove_file(&self.0).expect("it is ours");
        }
    }

    fn file(name: &str, samples: &[i16]) -> File {
        let mut bytes = wav::head(u32::try_from(samples.len()).expect("few")).to_vec();
        bytes.extend(wav::octets(samples));
        File::new(name, &bytes)
    }

    #[test]
    fn a_file_is_read_and_what_is_too_loud_is_softened() {
        let loud = file("loud", &[30_000, -30_000].repeat(16_000));
        let clip = read(&loud.0).expect("music");
        assert_eq!(clip.duration_ms(), 2_000);
        let peak = clip.samples().iter().map(|sample| sample.unsigned_abs()).max().expect("samples");
        assert!((3_000..3_600).contains(&peak), "{peak}");
        let quiet = file("quiet", &[900, -900].repeat(16_000));
        assert_eq!(read(&quiet.0).expect("music").samples()[..2], [900, -900]);
    }

    #[test]
    fn what_is_no_music_is_told_with_its_file() {
        let told = |path: &Path| read(path).expect_err("no music");
        assert!(told(Path::new("/nowhere/music.wav")).contains("/nowhere/music.wav cannot be read"));
        assert!(told(&File::new("text", b"no sound").0).contains("no usable WAV"));
        assert!(told(&file("short", &[100; 800]).0).contains("between a second"));
        assert!(told(&file("silent", &[0; 32_000]).0).contains("silent"));
    }
}
