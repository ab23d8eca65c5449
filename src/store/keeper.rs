//! Keeps the index: opens it, brings it up to date with the archives, replaces it when it is damaged.

use crate::index::{self, Index, Trouble};
use crate::opening::Recovery;
use crate::row::ArchiveRow;
use crate::{StoreError, alone, archive, disk};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Kind of folder.
const KIND: &str = "index";
/// An index is rebuilt when it is larger than this many times its records, and
const BLOAT: u64 = 4;
/// larger than this.
const BLOAT_FLOOR: u64 = 64 << 20;

/// An index that is up, and where.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) index: Index,
    number: u64,
    folder: PathBuf,
    mark: PathBuf,
}

/// Opens the newest index and brings it up to date; a damaged one is set aside and rebuilt.
pub(crate) fn bring_up(
    dir: &Path,
    archives: &[ArchiveRow],
    stamp: &str,
    recoveries: &mut Vec<Recovery>,
) -> Result<Kept, StoreError> {
    if alone::PROCESS.is_stuck() {
        // Said when it happened.
        return Err(StoreError::Index(Trouble::Stuck.to_string()));
    }
    let mut number = disk::numbers(dir, KIND)?.last().copied().unwrap_or(1);
    // The second attempt is on an empty folder: trouble there is none of the data's.
    for attempt in 0..2 {
        let folder = disk::numbered(dir, KIND, number);
        match open(dir, number)
            .and_then(|(kept, check)| update(dir, &kept, archives, check).map(|lost| (kept, lost)))
        {
            Ok((kept, lost)) => {
                note_lost(dir, lost, recoveries);
                remove_older(dir, number)?;
                return Ok(kept);
            }
            Err(Failure::Store(error)) => return Err(error),
            Err(Failure::Index(Trouble::Disk(what))) => return Err(StoreError::Index(what)),
            Err(Failure::Index(trouble)) => {
                recoveries.push(put_aside(&folder, &trouble, stamp)?);
                if attempt > 0 || matches!(trouble, Trouble::Stuck) {
                    return Err(StoreError::Index(trouble.to_string()));
                }
                number += 1;
            }
        }
    }
    Err(StoreError::Index("it could not be rebuilt".to_owned()))
}

/// Brings an index that is up to date with the archives of a checkpoint.
pub(crate) fn catch_up(
    dir: &Path,
    kept: &Kept,
    archives: &[ArchiveRow],
    recoveries: &mut Vec<Recovery>,
) -> Result<(), Failure> {
    kept.mark_busy()?;
    let lost = update(dir, kept, archives, Trust::Whole)?;
    note_lost(dir, lost, recoveries);
    Ok(())
}

/// Whether most of the index is space that sled no longer uses.
pub(crate) fn is_bloated(kept: &Kept, archives: &[ArchiveRow]) -> Result<bool, Failure> {
    let records: u64 = archives.iter().map(|archive| archive.bytes).sum();
    Ok(kept.index.size()? > BLOAT_FLOOR.max(records.saturating_mul(BLOAT)))
}

/// Makes an empty index beside an old one; the next [`bring_up`] fills it and removes the old one.
pub(crate) fn begin_anew(dir: &Path, kept: &Kept) -> Result<(), StoreError> {
    let fresh = disk::numbered(dir, KIND, kept.number + 1);
    fs::create_dir_all(&fresh).map_err(|error| StoreError::disk(&fresh, error))
}

/// Sets an index in trouble aside; the next [`bring_up`] makes a new one.
pub(crate) fn give_up(
    dir: &Path,
    kept: &Kept,
    trouble: &Trouble,
    stamp: &str,
) -> Result<Recovery, StoreError> {
    // A sled that still runs may write through its open files, but must find no name any more: moved first, and the
    // next index gets another name.
    let recovery = put_aside(&kept.folder, trouble, stamp)?;
    begin_anew(dir, kept)?;
    Ok(recovery)
}

fn put_aside(folder: &Path, trouble: &Trouble, stamp: &str) -> Result<Recovery, StoreError> {
    let set_aside = match (disk::set_aside(folder, stamp), trouble) {
        (Ok(set_aside), _) => set_aside,
        // It is said all the same; its mark has the next start compare it record by record.
        (Err(_), Trouble::Stuck) => folder.to_owned(),
        (Err(error), _) => return Err(error),
    };
    let found = match trouble {
        Trouble::Stuck => {
            "the index of call records got stuck; call records are read without it, which is slow, until vaxeld is \
             started again"
                .to_owned()
        }
        Trouble::Disk(what) | Trouble::Damaged(what) => {
            format!("the index of call records was damaged: {what}")
        }
    };
    Ok(Recovery { set_aside, found, lost: None })
}

/// Why the index could not be brought up to date.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The index itself.
    Index(Trouble),
    /// What it is made from.
    Store(StoreError),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Index(trouble)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What an index may contain without being compared again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// It was closed or at rest.
    Whole,
    /// It was being written when the box went down.
    Nothing,
}

fn open(dir: &Path, number: u64) -> Result<(Kept, Trust), Failure> {
    let folder = disk::numbered(dir, KIND, number);
    let mark = disk::numbered(dir, "index-busy", number);
    let trust = if mark.exists() { Trust::Nothing } else { Trust::Whole };
    disk::write_whole(&mark, b"")?;
    let index = Index::open(&folder)?;
    Ok((Kept { index, number, folder, mark }, trust))
}

/// Brings the index up to date and returns what no copy of could be read.
fn update(dir: &Path, kept: &Kept, archives: &[ArchiveRow], trust: Trust) -> Result<Vec<String>, Failure> {
    let mut contained = kept.index.contained()?;
    let mut lost = Vec::new();
    for row in archives {
        if trust == Trust::Whole && contained.contains(&row.generation) {
            continue;
        }
        let contents = archive::read(dir, row)?;
        kept.index.put(contents.entries)?;
        if let Some(damage) = contents.damage.filter(|_| !contained.contains(&row.generation)) {
            lost.push(format!("{}: {damage}", disk::numbered(dir, archive::KIND, row.generation).display()));
        }
        contained.insert(row.generation);
    }
    let listed: BTreeSet<u64> = archives.iter().map(|row| row.generation).collect();
    contained.retain(|generation| listed.contains(generation));
    kept.settle(&contained)?;
    Ok(lost)
}

impl Kept {
    /// Says beside the index that it is being written.
    pub(crate) fn mark_busy(&self) -> Result<(), StoreError> {
        disk::write_whole(&self.mark, b"")
    }

    /// Makes the index durable after records were taken out.
    pub(crate) fn settle_again(&self) -> Result<(), Failure> {
        self.settle(&self.index.contained()?)
    }

    /// Makes the index durable, notes what it contains, and takes the mark away.
    fn settle(&self, contained: &BTreeSet<u64>) -> Result<(), Failure> {
        self.index.flush()?;
        index::barrier(&self.folder)?;
        self.index.note_contained(contained)?;
        index::barrier(&self.folder)?;
        disk::remove(&self.mark)?;
        if let Some(dir) = self.mark.parent() {
            disk::sync_dir(dir)?;
        }
        Ok(())
    }
}

fn note_lost(dir: &Path, lost: Vec<String>, recoveries: &mut Vec<Recovery>) {
    for what in lost {
        let found = "an archive of call records is damaged".to_owned();
        recoveries.push(Recovery { set_aside: dir.to_owned(), found, lost: Some(what) });
    }
}

/// Removes indexes that a rebuild left behind.
fn remove_older(dir: &Path, number: u64) -> Result<(), StoreError> {
    for older in disk::numbers(dir, KIND)?.into_iter().filter(|older| *older < number) {
        let folder = disk::numbered(dir, KIND, older);
        fs::remove_dir_all(&folder).map_err(|error| StoreError::disk(&folder, error))?;
    }
    for older in disk::numbers(dir, "index-busy")?.into_iter().filter(|older| *older < number) {
        disk::remove(&disk::numbered(dir, "index-busy", older))?;
    }
    Ok(())
}
