//! Archives: the records of a checkpoint in one file that is never changed again.
//!
//! All archives together are the truth about old records; the index only finds them quickly.

use crate::frame::{self, Item, Reader};
use crate::live::Records;
use crate::row::{self, ArchiveRow, RecordRow, Unreadable};
use crate::{StoreError, disk};
use jiff::Timestamp;
use std::path::Path;

/// Kind of file.
pub(crate) const KIND: &str = "calls";
/// An archive smaller than this is merged into the next one, so that frequent checkpoints leave few files.
const SMALL: u64 = 2 << 20;

/// One record as it lies in an archive and in the index.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) call: u64,
    pub(crate) version: u8,
    pub(crate) payload: Vec<u8>,
}

/// An archive as read.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) entries: Vec<Entry>,
    /// What is damaged, in words; none when every record is there.
    pub(crate) damage: Option<String>,
}

/// Writes the records of a checkpoint, with the last archive merged in when that is small, and returns the new
/// list of archives.
pub(crate) fn write(
    dir: &Path,
    generation: u64,
    old: &[ArchiveRow],
    records: &Records,
) -> Result<Vec<ArchiveRow>, StoreError> {
    let mut list = old.to_vec();
    if records.is_empty() {
        return Ok(list);
    }
    let mut bytes = Vec::new();
    let mut newest = Timestamp::MIN;
    let mut count = 0;
    if let Some(last) = list.last().filter(|last| last.bytes < SMALL).cloned() {
        let contents = read(dir, &last)?;
        if contents.damage.is_none() {
            for entry in
                contents.entries.iter().filter(|entry| !records.contains_key(&model::CallId(entry.call)))
            {
                frame::push(&mut bytes, entry.call, entry.version, &entry.payload);
                count += 1;
            }
            newest = last.newest;
            list.pop();
        }
    }
    for record in records.values() {
        frame::push(&mut bytes, record.call.id.0, row::VERSION, &row::encode(&RecordRow::from(&**record))?);
        newest = newest.max(record.ended);
        count += 1;
    }
    disk::write_whole(&disk::numbered(dir, KIND, generation), &bytes)?;
    list.push(ArchiveRow { generation, records: count, bytes: bytes.len() as u64, newest });
    Ok(list)
}

/// Reads an archive as far as it is good.
pub(crate) fn read(dir: &Path, archive: &ArchiveRow) -> Result<Contents, StoreError> {
    let path = disk::numbered(dir, KIND, archive.generation);
    let Some(bytes) = disk::read(&path)? else {
        let damage = Some(format!("the archive is gone, with {} records", archive.records));
        return Ok(Contents { damage, ..Contents::default() });
    };
    let mut contents = Contents::default();
    for item in Reader::new(&bytes) {
        if let Item::Frame(found) = item {
            if found.version > row::VERSION {
                return Err(StoreError::Newer { path, version: found.version });
            }
            let entry = Entry { call: found.seq, version: found.version, payload: found.payload.to_vec() };
            contents.entries.push(entry);
        }
    }
    let missing = archive.records.saturating_sub(contents.entries.len() as u64);
    if missing > 0 {
        contents.damage = Some(format!("{missing} of {} records are unreadable", archive.records));
    }
    Ok(contents)
}

/// Reads one entry's record.
pub(crate) fn decode(version: u8, payload: &[u8]) -> Result<RecordRow, String> {
    row::decode(version, payload).map_err(|error| match error {
        Unreadable::Newer(version) => format!("format {version} is newer than this program"),
        Unreadable::Malformed(what) => what,
    })
}
