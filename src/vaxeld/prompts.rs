//! The prompts as they are on disk: a file of samples and an index a language, made by `scripts/prompts`.

use crate::exchange::Voice;
use media::program::{Clip, RATE};
use model::site::Language;
use std::io;
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
    if std::fs::metadata(&path)?.len() > BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is far too large"));
    }
    let octets = std::fs::read(&path)?;
    let samples: Vec<i16> =
        octets.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    drop(octets);
    let all = Clip::new(RATE, &samples);
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
