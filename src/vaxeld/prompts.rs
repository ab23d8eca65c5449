//! The prompts as they are on disk: a file of samples and an index a language, made by `scripts/prompts`.

use crate::exchange::Voice;
use media::program::Clip;
use model::site::Language;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Half an hour of speech is 58 MB.
const BYTES_MAX: u64 = 512 << 20;

/// Reads all prompts of a folder. Beside what could be read: what is wrong, and what to do.
pub(crate) fn read(folder: &Path) -> (Voice, Option<String>) {
    let mut voice = Voice::default();
    let mut trouble = Vec::new();
    for language in [Language::Swedish, Language::English] {
        if let Err(error) = read_set(folder, language, &mut voice) {
            trouble.push(format!("{}: {error}", language.as_str()));
        }
    }
    let why = trouble.join("; ");
    let trouble = (!trouble.is_empty()).then(|| {
        let folder = folder.display();
        format!("the prompts in {folder} cannot be read ({why}); callers hear tones: run scripts/prompts, or install the package again")
    });
    (voice, trouble)
}

fn read_set(folder: &Path, language: Language, voice: &mut Voice) -> io::Result<()> {
    let path = folder.join(format!("{}.pcm", language.as_str()));
    let index = std::fs::read_to_string(path.with_extension("index"))?;
    let all = Clip::owned(samples(&path)?);
    for line in index.lines() {
        let wrong =
            || io::Error::new(io::ErrorKind::InvalidData, format!("the index is wrong at \"{line}\""));
        let mut words = line.split(' ');
        let (Some(id), Some(from), Some(length)) = (words.next(), words.next(), words.next()) else {
            return Err(wrong());
        };
        let (Ok(from), Ok(length)) = (from.parse(), length.parse()) else { return Err(wrong()) };
        let clip = all.part(from, length).ok_or_else(wrong)?;
        voice.learn(language, id.to_owned(), clip);
    }
    Ok(())
}

/// The samples of a file, read by and by: it is large, and should not be in memory twice.
fn samples(path: &Path) -> io::Result<Vec<i16>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is far too large"));
    }
    let mut samples = Vec::with_capacity(usize::try_from(length / 2).unwrap_or(0));
    let mut octets = vec![0; 1 << 16];
    let mut kept = 0;
    loop {
        let read = file.read(&mut octets[kept..])?;
        if read == 0 {
            return Ok(samples);
        }
        let whole = (kept + read) & !1;
        let pairs = octets[..whole].chunks_exact(2);
        samples.extend(pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
        kept = kept + read - whole;
        octets.copy_within(whole..whole + kept, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_broken_is_told_with_what_to_do() {
        let folder = std::env::temp_dir().join(format!("vaxel-prompts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("room");
        for (language, index) in [("sv", "ref.person.m 0 4\n"), ("en", "ref.person.m 0 5\n")] {
            std::fs::write(folder.join(format!("{language}.pcm")), [1, 0, 2, 0, 3, 0, 4, 0]).expect("room");
            std::fs::write(folder.join(format!("{language}.index")), index).expect("room");
        }
        let (voice, trouble) = read(&folder);
        let trouble = trouble.expect("the English index wants more than there is");
        assert!(trouble.contains("en: the index is wrong at \"ref.person.m 0 5\""), "{trouble}");
        assert!(format!("{voice:?}").contains("ref.person.m"));
        std::fs::remove_dir_all(&folder).expect("it is ours");
        let (_, trouble) = read(&folder);
        assert!(trouble.is_some_and(|text| text.contains("scripts/prompts")));
    }
}
