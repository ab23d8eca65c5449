//! Exports of the state: everything but records and journal in one file a checkpoint, two generations kept.

use crate::frame::{self, Item, Reader};
use crate::row::{self, StateRow, Unreadable};
use crate::{StoreError, disk};
use std::path::Path;

/// Kind of file.
pub(crate) const KIND: &str = "state";

/// Writes one generation; durable on return.
pub(crate) fn write(dir: &Path, generation: u64, row: &StateRow) -> Result<(), StoreError> {
    let payload = row::encode(row)?;
    if payload.len() > frame::MAX_PAYLOAD {
        return Err(StoreError::TooLarge { bytes: payload.len(), limit: frame::MAX_PAYLOAD });
    }
    let mut bytes = Vec::with_capacity(frame::HEAD + payload.len());
    frame::push(&mut bytes, row.seq, row::VERSION, &payload);
    disk::write_whole(&disk::numbered(dir, KIND, generation), &bytes)
}

/// Reads one generation; the inner error says how it is damaged.
pub(crate) fn read(path: &Path) -> Result<Result<StateRow, String>, StoreError> {
    let bytes = disk::read(path)?.unwrap_or_default();
    let Some(Item::Frame(found)) = Reader::new(&bytes).next() else {
        return Ok(Err("it is no frame".to_owned()));
    };
    match row::decode(found.version, found.payload) {
        Ok(row) => Ok(Ok(row)),
        Err(Unreadable::Newer(version)) => Err(StoreError::Newer { path: path.to_owned(), version }),
        Err(Unreadable::Malformed(what)) => Ok(Err(what)),
    }
}
