//! Files: numbered generations, whole-file writes that are there entirely or not at all, barriers.

use crate::StoreError;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where what was found damaged is kept.
pub(crate) const SET_ASIDE: &str = "set-aside";
/// Ends the name of a file that is being written.
const DRAFT: &str = ".draft";
/// How many damaged things are kept at most; the oldest go.
const SET_ASIDE_LIMIT: usize = 8;

/// Makes names in a folder durable: created, renamed and removed ones.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(|error| StoreError::disk(dir, error))
}

/// The path of one generation of a kind of file.
pub(crate) fn numbered(dir: &Path, kind: &str, number: u64) -> PathBuf {
    dir.join(format!("{kind}.{number:012}"))
}

/// The generations of a kind of file that are there, ascending.
pub(crate) fn numbers(dir: &Path, kind: &str) -> Result<Vec<u64>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| StoreError::disk(dir, error))? {
        let entry = entry.map_err(|error| StoreError::disk(dir, error))?;
        let name = entry.file_name();
        let digits = name.to_str().and_then(|name| name.strip_prefix(kind)?.strip_prefix('.'));
        if let Some(digits) = digits.filter(|digits| digits.len() == 12)
            && let Ok(number) = digits.parse()
        {
            found.push(number);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Reads a file whole; none when it is not there.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::disk(path, error)),
    }
}

/// Writes a file so that after a power cut it is there whole or not there at all, and durable on return.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(DRAFT);
    let draft = path.with_file_name(name);
    let written = File::create(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(&draft, path)) {
        // The room of a half-written draft is given back at once; the first error is the one that matters.
        drop(fs::remove_file(&draft));
        return Err(StoreError::disk(path, error));
    }
    path.parent().map_or(Ok(()), sync_dir)
}

/// Removes a file, which may be gone already.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::disk(path, error)),
        _ => Ok(()),
    }
}

/// Moves a damaged file or folder out of the way and says where it is now.
pub(crate) fn set_aside(path: &Path, stamp: &str) -> Result<PathBuf, StoreError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let folder = dir.join(SET_ASIDE);
    fs::create_dir_all(&folder).map_err(|error| StoreError::disk(&folder, error))?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("unnamed");
    let mut target = folder.join(format!("{stamp}-{name}"));
    let mut count = 1;
    while target.exists() {
        count += 1;
        target = folder.join(format!("{stamp}-{name}-{count}"));
    }
    fs::rename(path, &target).map_err(|error| StoreError::disk(path, error))?;
    thin_out(&folder)?;
    sync_dir(&folder)?;
    sync_dir(dir)?;
    Ok(target)
}

/// Keeps the newest few: damage that comes back must not fill the disk. Names begin with their time.
pub(crate) fn thin_out(folder: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::disk(folder, error);
    let mut kept = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        kept.push(entry.map_err(failed)?.path());
    }
    kept.sort();
    while kept.len() > SET_ASIDE_LIMIT {
        let oldest = kept.remove(0);
        if oldest.is_dir() { fs::remove_dir_all(&oldest) } else { fs::remove_file(&oldest) }
            .map_err(failed)?;
    }
    Ok(())
}

/// Removes what a crash left half-written.
pub(crate) fn remove_drafts(dir: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).map_err(|error| StoreError::disk(dir, error))? {
        let path = entry.map_err(|error| StoreError::disk(dir, error))?.path();
        if path.to_str().is_some_and(|name| name.ends_with(DRAFT)) {
            remove(&path)?;
        }
    }
    Ok(())
}
